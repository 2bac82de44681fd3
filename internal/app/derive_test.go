package app

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Passwords are hashed in a process beside the server's, which ends with it even
// when the server is killed.
func TestPasswordsAreHashedBesideTheServer(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	p := installation{data: t.TempDir()}.start(t)
	if p.login(staffEmail) == "" {
		t.Fatal("no login")
	}
	server := p.cmd.Process.Pid
	children := childrenOf(t, server)
	if len(children) != 1 || !strings.Contains(children[0], derivePasswords) {
		t.Fatalf("the server's processes are %q, want one for passwords", children)
	}
	child, _, _ := strings.Cut(children[0], " ")
	pid, err := strconv.Atoi(child)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} { // what a terminal or a service manager sends to all
		if err := syscall.Kill(pid, s); err != nil {
			t.Fatal(err)
		}
	}
	if p.login(staffEmail); !slices.Equal(childrenOf(t, server), children) {
		t.Errorf("after signals the processes are %q, want %q: it ends with the server's last login", childrenOf(t, server), children)
	}
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-p.exited
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if data, err := os.ReadFile("/proc/" + child + "/cmdline"); err != nil || len(data) == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the process for passwords outlives the server")
		}
	}
}

// childrenOf lists a process's children, each as its id and its command.
func childrenOf(t *testing.T, pid int) (list []string) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range all {
		status, _ := os.ReadFile(dir + "/status")
		if !strings.Contains(string(status), fmt.Sprintf("\nPPid:\t%d\n", pid)) {
			continue
		}
		command, _ := os.ReadFile(dir + "/cmdline")
		list = append(list, filepath.Base(dir)+" "+strings.ReplaceAll(string(command), "\x00", " "))
	}
	return list
}
