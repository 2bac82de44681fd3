package worker

import (
	"os/exec"
	"runtime"
	"syscall"
)

// low is the nice value: a tenth of a core when others keep all of them busy. With
// 19, the lowest priority, a login then takes seconds, and floods are no better.
const low = 10

// startLow starts the command at a low priority. On Linux a priority belongs
// to a thread, a new process has that of the thread that starts it, and no thread
// may raise its own: so the thread that starts it ends here.
func startLow(cmd *exec.Cmd) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked
		syscall.Setpriority(syscall.PRIO_PROCESS, 0, low)
		done <- cmd.Start()
	}()
	return <-done
}

// confine bounds what this process may map to write to, in bytes, beside what its
// threads have already. The kernel counts those mappings and no others, so the
// addresses that Go only reserves do not matter, as they would to RLIMIT_AS.
func confine(memory uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: memory, Max: memory})
}
