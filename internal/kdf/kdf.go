package kdf

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"time"

	"golang.org/x/crypto/argon2"

	"igny8/internal/worker"
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

// Processes derives keys in processes of their own.
type Processes struct {
	log    *slog.Logger
	others *worker.Processes
}

// NewProcesses returns Processes whose command calls Serve.
func NewProcesses(log *slog.Logger, command ...string) *Processes {
	return &Processes{log, worker.New(log, patience, command...)}
}

// Derive derives the key, in this process where another is of no use.
func (p *Processes) Derive(j Job) []byte {
	work, err := json.Marshal(j)
	if err != nil {
		return Derive(j)
	}
	key, err := p.others.Do(context.Background(), bytes.NewReader(work), int64(len(work)))
	if err == nil && len(key) != int(j.Length) {
		err = errors.New("the key has another length")
	}
	if err != nil {
		if !errors.Is(err, worker.ErrNone) {
			p.log.Warn("a process that checks passwords failed; this one is checked here", "error", err)
		}
		return Derive(j)
	}
	return key
}

// Serve derives keys for the process at the other end until that ends.
func Serve(in io.Reader, out io.Writer) error {
	return worker.Serve(in, out, 0, func(work []byte) []byte {
		var j Job
		if json.Unmarshal(work, &j) != nil {
			return nil // which has the wrong length
		}
		return Derive(j)
	})
}
