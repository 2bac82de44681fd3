package kdf

import (
	"encoding/json"
	"errors"
	"io"
	"log/slog"
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

// Processes derives keys in processes that it starts when they are needed, each for
// one key at a time: so many as are asked for at once.
type Processes struct {
	log      *slog.Logger
	command  []string
	patience time.Duration

	lock   sync.Mutex
	barred bool // none could be started, and none will be tried again
	idle   []*process
}

// NewProcesses returns Processes whose command calls Serve.
func NewProcesses(log *slog.Logger, command ...string) *Processes {
	return &Processes{log: log, command: command, patience: patience}
}

// Derive derives the key, in this process where another is of no use.
func (p *Processes) Derive(j Job) []byte {
	other := p.take()
	if other == nil {
		return Derive(j)
	}
	key, err := other.derive(j, p.patience)
	if err != nil {
		p.log.Warn("a process that checks passwords failed; this one is checked here", "error", err)
		other.end()
		return Derive(j)
	}
	p.lock.Lock()
	defer p.lock.Unlock()
	p.idle = append(p.idle, other)
	return key
}

// take is a process that has nothing to do, nil when there can be none.
func (p *Processes) take() *process {
	p.lock.Lock()
	defer p.lock.Unlock()
	if n := len(p.idle); n > 0 {
		other := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return other
	}
	if p.barred {
		return nil
	}
	other, err := start(p.command)
	if err != nil {
		p.barred = true
		p.log.Warn("passwords are checked in this process, where they slow others down: no other can be started", "error", err)
		return nil
	}
	return other
}

// process is a running command and the two ends of its pipes.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out io.ReadCloser
	enc *json.Encoder
	dec *json.Decoder
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
	return &process{cmd: cmd, in: in, out: out, enc: json.NewEncoder(in), dec: json.NewDecoder(out)}, nil
}

// derive has the key derived. A process that is silent for too long is killed, which
// ends the waiting.
func (o *process) derive(j Job, patience time.Duration) (key []byte, err error) {
	silent := time.AfterFunc(patience, func() { o.cmd.Process.Kill() })
	defer silent.Stop()
	if err := o.enc.Encode(j); err != nil {
		return nil, err
	}
	if err := o.dec.Decode(&key); err != nil {
		return nil, err
	}
	if len(key) != int(j.Length) {
		return nil, errors.New("the key has another length")
	}
	return key, nil
}

func (o *process) end() {
	o.cmd.Process.Kill()
	o.in.Close()
	o.cmd.Wait() // which closes out
}

// Self is the file of the running program, on Linux even after another version
// took its place.
func Self() (string, error) {
	if runtime.GOOS == "linux" {
		return "/proc/self/exe", nil
	}
	return os.Executable()
}

// Serve derives keys for the process at the other end until that ends, and gives
// memory back when nothing has come for a while. It keeps to one core, collector
// included.
func Serve(in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(1)
	dec, enc := json.NewDecoder(in), json.NewEncoder(out)
	rest := time.AfterFunc(time.Second, debug.FreeOSMemory)
	defer rest.Stop()
	for {
		var j Job
		if err := dec.Decode(&j); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := enc.Encode(Derive(j)); err != nil {
			return err
		}
		rest.Reset(time.Second)
	}
}
