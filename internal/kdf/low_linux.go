package kdf

import (
	"os/exec"
	"runtime"
	"syscall"
)

// lowest is the nice value of who gives way to everyone else.
const lowest = 19

// startLow starts the command at the lowest priority. On Linux a priority belongs
// to a thread, a new process has that of the thread that starts it, and no thread
// may raise its own: so the thread that starts it ends here.
func startLow(cmd *exec.Cmd) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		syscall.Setpriority(syscall.PRIO_PROCESS, 0, lowest)
		done <- cmd.Start()
	}()
	return <-done
}
