package browsertest

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Server is one running program with data of its own. It ends with its test, and
// fails it when it wrote an error into its log or did not end cleanly.
type Server struct {
	Base string // address without a slash at the end: http://127.0.0.1:40123
	Data string // its data folder

	t       *testing.T
	env     []string
	machine *Machine
	log     *watchedLog
}

// Start starts the program on a copy of the demonstration's data, with settings
// besides such as "IGNY8_APPROVAL_HOLD=10s". Approvals are not held unless asked.
func (m *Machine) Start(t *testing.T, settings ...string) *Server {
	t.Helper()
	return m.start(t, true, "127.0.0.1:0", settings...)
}

// StartEmpty starts the program in an empty folder, as an operator does first.
func (m *Machine) StartEmpty(t *testing.T) *Server {
	t.Helper()
	return m.start(t, false, "127.0.0.1:0")
}

// StartNamed is Start with a public address that is a name, which passkeys need.
func (m *Machine) StartNamed(t *testing.T, settings ...string) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	base := "http://localhost:" + port
	s := m.start(t, true, "127.0.0.1:"+port, append(settings, "IGNY8_PUBLIC_URL="+base)...)
	s.Base = base
	return s
}

func (m *Machine) start(t *testing.T, demo bool, addr string, settings ...string) *Server {
	t.Helper()
	m.ready(t)
	if err := m.build(); err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, env: settings, machine: m, Data: filepath.Join(t.TempDir(), "data"), log: &watchedLog{started: make(chan string, 1)}}
	if demo {
		if err := os.CopyFS(s.Data, os.DirFS(m.demo)); err != nil {
			t.Fatalf("copy the demonstration: %v", err)
		}
	}
	cmd := s.command("serve", "--addr", addr)
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the program: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case s.Base = <-s.log.started:
	case err := <-ended:
		t.Fatalf("the program ended at once: %v\n%s", err, s.log)
	case <-time.After(90 * time.Second):
		cmd.Process.Kill()
		t.Fatalf("the program does not tell its address:\n%s", s.log)
	}
	t.Cleanup(func() { s.stop(cmd, ended) })
	return s
}

func (s *Server) stop(cmd *exec.Cmd, ended <-chan error) {
	cmd.Process.Signal(os.Interrupt)
	select {
	case err := <-ended:
		if err != nil {
			s.t.Errorf("the program ended badly: %v\n%s", err, s.log)
		}
	case <-time.After(25 * time.Second):
		cmd.Process.Kill()
		s.t.Errorf("the program did not end:\n%s", s.log)
	}
	for line := range strings.Lines(s.log.String()) {
		if strings.Contains(line, "level=ERROR") {
			s.t.Errorf("the program logged an error: %s", line)
		}
	}
}

func (s *Server) command(args ...string) *exec.Cmd {
	cmd := exec.Command(s.machine.binary, args...)
	cmd.Env = environment("IGNY8_DATA="+s.Data, "IGNY8_RATE_LIMITS=off", "IGNY8_APPROVAL_HOLD=0s")
	cmd.Env = append(cmd.Env, s.env...)
	return cmd
}

// Run runs a command of the program on the same data, such as
// Run("doctor", "--invariants"), and returns what it printed. It fails the test
// when the command fails.
func (s *Server) Run(args ...string) string {
	s.t.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("igny8 %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Page opens a browser of somebody new: nobody's cookies, nothing cached.
func (s *Server) Page() *Page {
	s.t.Helper()
	return s.machine.Page(s.t, s.Base)
}

// watchedLog keeps what the program writes and tells its address, once.
type watchedLog struct {
	mu      sync.Mutex
	text    bytes.Buffer
	told    bool
	started chan string
}

var address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`)

// Write implements io.Writer.
func (l *watchedLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(p)
	if found := address.FindString(l.text.String()); !l.told && found != "" && strings.Contains(l.text.String(), "Stop with Ctrl-C") {
		l.told = true
		l.started <- found
	}
	return len(p), nil
}

// String returns all that was written.
func (l *watchedLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
