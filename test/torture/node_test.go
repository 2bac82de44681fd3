//go:build torture

package torture

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	staffEmail = "staff@example.com"
	password   = "correct-horse-battery-9"
)

// node is one server, which is ended and started again on the same port.
type node struct {
	t       *testing.T
	program string
	data    string
	url     string // of PostgreSQL; "" is SQLite
	addr    string
	log     *tail

	mu     sync.Mutex
	cmd    *exec.Cmd
	ended  chan struct{}
	paused bool
}

// tail keeps the last lines that a server said, and those that tell of a fault of ours.
type tail struct {
	mu       sync.Mutex
	last     []string
	internal []string
}

func (l *tail) read(r io.Reader) {
	for s := bufio.NewScanner(r); s.Scan(); {
		text := s.Text()
		l.mu.Lock()
		if strings.Contains(text, "internal error") {
			l.internal = append(l.internal, text)
		}
		if l.last = append(l.last, text); len(l.last) > 30 {
			l.last = l.last[1:]
		}
		l.mu.Unlock()
	}
}

func build(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "igny8")
	if out, err := exec.Command("go", "build", "-o", name, "igny8/cmd/igny8").CombinedOutput(); err != nil {
		t.Fatalf("build the program: %v\n%s", err, out)
	}
	return name
}

func newNode(t *testing.T, program, data, url string) *node {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	n := &node{t: t, program: program, data: data, url: url, addr: l.Addr().String(), log: &tail{}}
	t.Cleanup(n.kill)
	return n
}

func (n *node) command(args ...string) *exec.Cmd {
	cmd := exec.Command(n.program, args...)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "IGNY8_DATA=" + n.data, "IGNY8_DATABASE_URL=" + n.url, "IGNY8_RATE_LIMITS=off",
		"IGNY8_ADDR=" + n.addr, "IGNY8_STAFF_EMAIL=" + staffEmail, "IGNY8_STAFF_PASSWORD=" + password}
	return cmd
}

// run runs a command of the program beside the server.
func (n *node) run(args ...string) error {
	out, err := n.command(args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("igny8 %s: %w\n%s", strings.Join(args, " "), err, bytes.TrimSpace(out))
	}
	return nil
}

// start starts the server and waits until it is ready. While the database is down it
// ends at once, and is started again, as a supervisor would.
func (n *node) start() {
	n.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		if !n.running() {
			n.launch()
		}
		if res, err := (&http.Client{Timeout: 3 * time.Second}).Get("http://" + n.addr + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == 200 {
				return
			}
		}
	}
	n.t.Fatalf("the server does not start:\n%s", strings.Join(n.log.last, "\n"))
}

func (n *node) launch() {
	cmd, ended := n.command("serve"), make(chan struct{})
	r, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		n.t.Error(err)
		return
	}
	n.mu.Lock()
	n.cmd, n.ended, n.paused = cmd, ended, false
	n.mu.Unlock()
	go func() {
		n.log.read(r)
		cmd.Wait()
		close(ended)
	}()
}

func (n *node) running() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd == nil {
		return false
	}
	select {
	case <-n.ended:
		return false
	default:
		return true
	}
}

// signal sends a signal, and waits for the end when it is one that ends.
func (n *node) signal(s syscall.Signal) {
	if !n.running() {
		return
	}
	n.mu.Lock()
	n.paused = s == syscall.SIGSTOP
	cmd, ended := n.cmd, n.ended
	n.mu.Unlock()
	cmd.Process.Signal(s)
	if s == syscall.SIGKILL || s == syscall.SIGTERM {
		<-ended
	}
}

func (n *node) kill() { n.signal(syscall.SIGKILL) }

func (n *node) isPaused() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.paused
}
