package kdf

import (
	"errors"
	"io"
	"log/slog"
	"net/rpc"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
)

// Job is one password with the costs of argon2id (RFC 9106).
type Job struct {
	Password, Salt []byte
	Time, Memory   uint32 // passes, KiB
	Threads        uint8
	Length         uint32 // bytes of the key
}

// Derive derives the key in this process.
func Derive(j Job) []byte {
	return argon2.IDKey(j.Password, j.Salt, j.Time, j.Memory, j.Threads, j.Length)
}

// patience is how long a derivation may take. The process is at a low
// priority: on a machine that is busy with other things it waits.
const patience = 15 * time.Second

var errSilent = errors.New("no answer in time")

// Process derives keys in a process that it starts when it is first needed, and
// anew when it is gone.
type Process struct {
	log      *slog.Logger
	command  []string
	patience time.Duration

	lock    sync.Mutex
	barred  bool // it could not be started, and will not be tried again
	started *started
}

type started struct {
	*rpc.Client
	*os.Process
}

// NewProcess returns a Process whose command calls Serve.
func NewProcess(log *slog.Logger, command ...string) *Process {
	return &Process{log: log, command: command, patience: patience}
}

// Derive derives the key, in this process where the other is of no use.
func (p *Process) Derive(j Job) []byte {
	s := p.running()
	if s == nil {
		return Derive(j)
	}
	var key []byte
	err := errSilent
	select {
	case call := <-s.Go(method, j, &key, make(chan *rpc.Call, 1)).Done:
		err = call.Error
	case <-time.After(p.patience):
	}
	if err != nil {
		p.log.Warn("the process that checks passwords failed; this one is checked here", "error", err)
		p.end(s)
		return Derive(j)
	}
	return key
}

// running is the process, nil when there can be none.
func (p *Process) running() *started {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.started != nil || p.barred {
		return p.started
	}
	var err error
	if p.started, err = start(p.command); err != nil {
		p.barred = true
		p.log.Warn("passwords are checked in this process, where they slow others down: a second one cannot be started", "error", err)
	}
	return p.started
}

// end ends a process that failed, so that the next derivation starts another.
func (p *Process) end(s *started) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if p.started == s {
		p.started = nil
	}
	s.Kill()
	s.Close()
}

// start starts the command, which ends when this process does: its input ends
// then. It inherits no environment, which may hold secrets.
func start(command []string) (*started, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Env, cmd.Stderr = []string{}, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := startLow(cmd); err != nil {
		return nil, err
	}
	go cmd.Wait()
	return &started{rpc.NewClient(pipe{out, in}), cmd.Process}, nil
}

// Self is the file of the running program, on Linux even after another version
// took its place.
func Self() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// pipe is the two ends that one side has.
type pipe struct {
	io.ReadCloser
	io.WriteCloser
}

func (p pipe) Close() error { return errors.Join(p.WriteCloser.Close(), p.ReadCloser.Close()) }

const method = "kdf.Derive"

// service derives, and gives the memory back when nothing has come for a while.
type service struct{ idle *time.Timer }

// Derive is what net/rpc calls.
func (s service) Derive(j Job, key *[]byte) error {
	*key = Derive(j)
	s.idle.Reset(time.Second)
	return nil
}

// Serve derives keys for the process at the other end until it ends.
func Serve(in io.ReadCloser, out io.WriteCloser) error {
	s := rpc.NewServer()
	if err := s.RegisterName("kdf", service{time.AfterFunc(time.Second, debug.FreeOSMemory)}); err != nil {
		return err
	}
	s.ServeConn(pipe{in, out})
	return nil
}
