package app

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"igny8/internal/db"
)

// binary builds the program once, with its failpoints.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "igny8-test")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "igny8")
	out, err := exec.Command("go", "build", "-tags", "failpoint", "-o", name, "igny8/cmd/igny8").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return name, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built.Load() {
		if name, err := binary(); err == nil {
			os.RemoveAll(filepath.Dir(name))
		}
	}
	os.Exit(code)
}

var built atomic.Bool // whether any test asked for the binary

// process is a running `igny8 serve`.
type process struct {
	*client
	cmd    *exec.Cmd
	exited chan struct{}
}

// installation is where processes of one installation keep their things.
type installation struct {
	data, url string // url is empty for SQLite in data
}

// start serves and waits until the server listens. more are settings.
func (i installation) start(t *testing.T, more ...string) *process {
	t.Helper()
	built.Store(true)
	name, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, "serve", "--addr", "127.0.0.1:0")
	cmd.Env = append([]string{"IGNY8_DATA=" + i.data, "IGNY8_DATABASE_URL=" + i.url, "IGNY8_RATE_LIMITS=off",
		"IGNY8_SECRET=" + strings.Repeat("0123456789abcdef", 4), "IGNY8_STAFF_EMAIL=" + staffEmail, "IGNY8_STAFF_PASSWORD=" + password}, more...)
	talk, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: cmd, exited: make(chan struct{})}
	found := make(chan string, 1)
	var said strings.Builder
	go func() {
		for s := bufio.NewScanner(talk); s.Scan(); {
			if base, ok := strings.CutPrefix(strings.TrimSpace(s.Text()), "start page"); ok {
				found <- strings.TrimRight(strings.TrimSpace(base), "/")
			}
			if said.Len() < 4000 {
				said.WriteString(s.Text() + "\n")
			}
		}
		cmd.Wait()
		close(p.exited)
	}()
	t.Cleanup(p.stop)
	select {
	case base := <-found:
		p.client = newClient(t, base)
	case <-p.exited:
		t.Fatalf("the server ended at once:\n%s", said.String())
	case <-time.After(90 * time.Second):
		t.Fatal("the server does not start")
	}
	return p
}

// stop ends the process as an operator does, and waits.
func (p *process) stop() {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.exited:
	case <-time.After(90 * time.Second):
		p.cmd.Process.Kill()
		<-p.exited
	}
}

// died waits for the end that the failpoint brings.
func (p *process) died() {
	p.Helper()
	select {
	case <-p.exited:
		if code := p.cmd.ProcessState.ExitCode(); code != 137 {
			p.Errorf("the process ended with %d, want 137", code)
		}
	case <-time.After(60 * time.Second):
		p.Error("the process passed its failpoint")
	}
}

// open opens the installation's database beside its processes.
func (i installation) open(t *testing.T) *db.DB {
	t.Helper()
	url := i.url
	if url == "" {
		url = filepath.Join(i.data, "igny8.db")
	}
	d, err := db.Open(t.Context(), db.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// installations runs f on an empty installation of each kind.
func installations(t *testing.T, f func(t *testing.T, i installation)) {
	t.Helper()
	both(t, func(t *testing.T, url string) {
		i := installation{data: t.TempDir()}
		if db.IsPostgres(url) {
			i.url = url
		}
		f(t, i)
	})
}

func TestTheFirstAnswerComesSoon(t *testing.T) {
	installations(t, func(t *testing.T, i installation) {
		built.Store(true)
		if _, err := binary(); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		p := i.start(t)
		res, err := http.Get(p.base + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		t.Logf("from nothing (migrations, catalogue, first staff user) to the first answer, %d: %v", res.StatusCode, time.Since(begin).Round(time.Millisecond))
		p.stop()
		begin = time.Now()
		i.start(t)
		t.Logf("again, over what is there: %v", time.Since(begin).Round(time.Millisecond))
	})
}
