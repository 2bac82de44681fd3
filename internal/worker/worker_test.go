package worker

import (
	"bytes"
	"context"
	"errors"
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

// TestMain is also the process that works: it says backwards what it hears, fills its
// memory, or never comes to an end.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "work" {
		if err := Serve(os.Stdin, os.Stdout, 64<<20, backwards); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func backwards(work []byte) []byte {
	switch string(work) {
	case "fill":
		var all [][]byte
		for range 1000 {
			b := make([]byte, 1<<20)
			for i := range b {
				b[i] = 1
			}
			all = append(all, b)
		}
		return all[0][:1]
	case "hang":
		time.Sleep(time.Hour)
	}
	out := make([]byte, len(work))
	for i, b := range work {
		out[len(work)-1-i] = b
	}
	return out
}

func processes(t *testing.T, patience time.Duration, command ...string) (*Processes, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	if len(command) == 0 {
		self, err := Self()
		if err != nil {
			t.Fatal(err)
		}
		command = []string{self, "work"}
	}
	return New(slog.New(slog.NewTextHandler(&log, nil)), patience, command...), &log
}

func (p *Processes) say(ctx context.Context, work string) (string, error) {
	answer, err := p.Do(ctx, strings.NewReader(work), int64(len(work)))
	return string(answer), err
}

func wants(t *testing.T, p *Processes, work string) {
	t.Helper()
	if got, err := p.say(t.Context(), work); got != string(backwards([]byte(work))) || err != nil {
		t.Errorf("%q became %q, %v", work, got, err)
	}
}

func TestManyAtOnce(t *testing.T) {
	p, log := processes(t, time.Minute)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() { wants(t, p, strings.Repeat(fmt.Sprint("work ", i), i*1000)) })
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
	p, _ := processes(t, time.Minute)
	wants(t, p, "some work")
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

// What ends one piece of work ends nothing else: the next one has another process.
func TestWorkFails(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	time.AfterFunc(300*time.Millisecond, leave)
	for name, c := range map[string]struct {
		ctx  context.Context
		harm syscall.Signal
		work string
		want error
	}{
		"killed":          {t.Context(), syscall.SIGKILL, "x", ErrDied},
		"stopped":         {t.Context(), syscall.SIGSTOP, "x", ErrTime},
		"endless":         {t.Context(), 0, "hang", ErrTime},
		"nobody waits":    {gone, 0, "hang", context.Canceled},
		"too much memory": {t.Context(), 0, "fill", ErrDied},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "too much memory" && runtime.GOOS != "linux" {
				t.Skip("only Linux bounds it")
			}
			if name == "too much memory" && detector > 1 {
				t.Skip("the race detector's own memory is in the same limit; make proofs runs this without it")
			}
			p, _ := processes(t, 2*time.Second)
			wants(t, p, "before")
			first := p.idle[0].cmd.Process.Pid
			if c.harm != 0 {
				if err := p.idle[0].cmd.Process.Signal(c.harm); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := p.say(c.ctx, c.work); !errors.Is(err, c.want) || got != "" {
				t.Errorf("got %q, %v, want %v", got, err, c.want)
			}
			wants(t, p, "after")
			if len(p.idle) != 1 || p.idle[0].cmd.Process.Pid == first {
				t.Error("it was not replaced by one other process")
			}
		})
	}
}

func TestProcessCannotStart(t *testing.T) {
	p, log := processes(t, time.Minute, filepath.Join(t.TempDir(), "nothing"))
	for range 2 {
		if _, err := p.say(t.Context(), "x"); !errors.Is(err, ErrNone) {
			t.Errorf("got %v", err)
		}
	}
	if n := strings.Count(log.String(), "can be started"); n != 1 {
		t.Errorf("it was told %d times, want once: %s", n, log)
	}
}

// Work that is done alone has a process that nobody had before and nobody has after.
func TestWorkDoneAlone(t *testing.T) {
	p, _ := processes(t, 2*time.Second)
	wants(t, p, "before")
	first := p.idle[0].cmd.Process.Pid
	answer, err := p.DoAlone(t.Context(), strings.NewReader("x"), 1)
	if err != nil || len(answer) == 0 {
		t.Fatalf("%q, %v", answer, err)
	}
	if len(p.idle) != 1 || p.idle[0].cmd.Process.Pid != first {
		t.Error("its process was kept, or another one's was taken")
	}
}
