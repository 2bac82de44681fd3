package kdf

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestMain is also the process that derives.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "derive" {
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func job(password string) Job {
	return Job{Password: []byte(password), Salt: []byte("somesalt"), Time: 2, Memory: 64, Threads: 1, Length: 32}
}

func wants(t *testing.T, p *Processes, password string) {
	t.Helper()
	if got := p.Derive(job(password)); !bytes.Equal(got, Derive(job(password))) {
		t.Errorf("the key of %q is %x, want %x", password, got, Derive(job(password)))
	}
}

func newProcesses(t *testing.T, command ...string) (*Processes, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	if len(command) == 0 {
		self, err := Self()
		if err != nil {
			t.Fatal(err)
		}
		command = []string{self, "derive"}
	}
	return NewProcesses(slog.New(slog.NewTextHandler(&log, nil)), command...), &log
}

func TestManyAtOnce(t *testing.T) {
	p, log := newProcesses(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { wants(t, p, fmt.Sprint("password ", i)) })
	}
	all.Wait()
	if n := len(p.idle); n < 1 || n > 20 || log.Len() > 0 {
		t.Errorf("it was done by %d processes, with the log %q", n, log)
	}
}

func TestLowPriorityAndNoEnvironment(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells")
	}
	p, _ := newProcesses(t)
	wants(t, p, "a password")
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", p.idle[0].cmd.Process.Pid))
	if err != nil || len(threads) < 2 {
		t.Fatalf("threads: %q, %v", threads, err)
	}
	for _, name := range threads {
		if n := niceness(t, name); n != low {
			t.Errorf("%s has the nice value %d, want %d", name, n, low)
		}
	}
	own, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil || len(own) < 2 {
		t.Fatalf("threads: %q, %v", own, err)
	}
	lowered := 0
	for _, name := range own {
		if niceness(t, name) == low {
			lowered++
		}
	}
	if lowered > 1 { // the thread that started it may be the first, which Go cannot end
		t.Errorf("%d threads of this process have the low priority as well", lowered)
	}
	env, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", p.idle[0].cmd.Process.Pid))
	if err != nil || len(env) > 0 {
		t.Errorf("it inherits %q, %v", env, err)
	}
}

// niceness is the nice value of a thread, field 19 of its stat (proc_pid_stat(5)).
func niceness(t *testing.T, name string) int {
	t.Helper()
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) {
		return 0 // it ended meanwhile
	}
	if err != nil {
		t.Fatal(err)
	}
	var nice int
	_, after, _ := strings.Cut(string(data), ") ") // fields from the third
	if _, err := fmt.Sscan(strings.Fields(after)[16], &nice); err != nil {
		t.Fatal(err)
	}
	return nice
}

// A derivation is never lost, whatever becomes of the process; the next one has
// another.
func TestProcessFails(t *testing.T) {
	for name, harm := range map[string]syscall.Signal{"killed": syscall.SIGKILL, "stopped": syscall.SIGSTOP} {
		t.Run(name, func(t *testing.T) {
			p, log := newProcesses(t)
			p.patience = time.Second
			wants(t, p, "before")
			first := p.idle[0].cmd.Process.Pid
			if err := p.idle[0].cmd.Process.Signal(harm); err != nil {
				t.Fatal(err)
			}
			wants(t, p, "meanwhile")
			if !strings.Contains(log.String(), "failed") {
				t.Errorf("the log says %q", log)
			}
			wants(t, p, "after")
			if len(p.idle) != 1 || p.idle[0].cmd.Process.Pid == first {
				t.Error("it was not replaced by one other process")
			}
		})
	}
}

func TestProcessCannotStart(t *testing.T) {
	p, log := newProcesses(t, filepath.Join(t.TempDir(), "nothing"))
	wants(t, p, "one")
	wants(t, p, "two")
	if n := strings.Count(log.String(), "can be started"); n != 1 {
		t.Errorf("it was told %d times, want once: %s", n, log)
	}
}
