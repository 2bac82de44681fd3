package worker

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"time"
)

// The failures of Do. Neither says anything about what others ask for.
var (
	// ErrNone means that no process can be had: the work is to be done here.
	ErrNone = errors.New("worker: no process can be started")
	// ErrTime means that the work took too long, and was ended.
	ErrTime = errors.New("worker: the work took too long")
	// ErrDied means that the process ended amid the work, or said nothing that can
	// be read: it had no memory left, for one.
	ErrDied = errors.New("worker: the process ended amid its work")
)

// Processes does work in processes that it starts when they are needed, each for
// one piece at a time: so many as are asked for at once.
type Processes struct {
	log      *slog.Logger
	command  []string
	patience time.Duration

	lock   sync.Mutex
	barred bool // none could be started, and none will be tried again
	idle   []*process
}

// New returns Processes whose command calls Serve. A piece of work that takes
// longer than patience is ended, with its process.
func New(log *slog.Logger, patience time.Duration, command ...string) *Processes {
	return &Processes{log: log, command: command, patience: patience}
}

// Do sends n bytes of work and returns the answer. It fails with ErrNone, ErrTime,
// ErrDied, what reading the work fails with, or the context, which ends the work.
func (p *Processes) Do(ctx context.Context, work io.Reader, n int64) ([]byte, error) {
	other, err := p.take()
	if err != nil {
		return nil, err
	}
	answer, err := other.do(ctx, work, n, p.patience)
	if err != nil {
		other.end()
		return nil, err
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.idle = append(p.idle, other)
	return answer, nil
}

// DoAlone is Do in a process that did nothing before and does nothing after.
func (p *Processes) DoAlone(ctx context.Context, work io.Reader, n int64) ([]byte, error) {
	p.lock.Lock()
	other, err := p.another()
	p.lock.Unlock()
	if err != nil {
		return nil, err
	}
	defer other.end()
	return other.do(ctx, work, n, p.patience)
}

// take is a process that has nothing to do.
func (p *Processes) take() (*process, error) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if n := len(p.idle); n > 0 {
		other := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return other, nil
	}
	return p.another()
}

// another starts a process; the lock is held.
func (p *Processes) another() (*process, error) {
	if p.barred {
		return nil, ErrNone
	}
	other, err := start(p.command)
	if err != nil {
		p.barred = true
		p.log.Warn("heavy work is done in this process, where it slows others down: no other can be started", "error", err)
		return nil, ErrNone
	}
	return other, nil
}

// process is a running command and the two ends of its pipes.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start starts the command, which ends when this process does: its input ends
// then. It inherits no environment, which may hold secrets.
func start(command []string) (*process, error) {
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
	return &process{cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// do has one piece of work done. The process is killed when the time is over or
// nobody waits any more, which ends the waiting.
func (o *process) do(ctx context.Context, work io.Reader, n int64, patience time.Duration) ([]byte, error) {
	late, cancel := context.WithTimeoutCause(ctx, patience, ErrTime)
	defer cancel()
	defer context.AfterFunc(late, func() { o.cmd.Process.Kill() })()
	answer, err := o.talk(work, n)
	switch {
	case err == nil:
		return answer, nil
	case late.Err() != nil:
		return nil, context.Cause(late)
	}
	return nil, err
}

func (o *process) talk(work io.Reader, n int64) ([]byte, error) {
	read := &reading{Reader: work}
	if err := send(o.in, read, n); err != nil {
		if read.err != nil {
			return nil, read.err
		}
		return nil, fmt.Errorf("%w: %w", ErrDied, err)
	}
	answer, err := receive(o.out)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDied, err)
	}
	return answer, nil
}

// reading remembers why its reader failed.
type reading struct {
	io.Reader
	err error
}

func (r *reading) Read(b []byte) (int, error) {
	n, err := r.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

func (o *process) end() {
	o.cmd.Process.Kill()
	o.in.Close()
	o.cmd.Wait() // which closes out
}

// send writes a length and so many bytes.
func send(w io.Writer, content io.Reader, n int64) error {
	if n < 0 || n > math.MaxUint32 {
		return errors.New("worker: the message is too long")
	}
	if _, err := w.Write(binary.BigEndian.AppendUint32(nil, uint32(n))); err != nil {
		return err
	}
	_, err := io.CopyN(w, content, n)
	return err
}

func receive(r io.Reader) ([]byte, error) {
	var n [4]byte
	if _, err := io.ReadFull(r, n[:]); err != nil {
		return nil, err
	}
	content := make([]byte, binary.BigEndian.Uint32(n[:]))
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	return content, nil
}

// Self is the file of the running program, on Linux even after another version
// took its place.
func Self() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}
