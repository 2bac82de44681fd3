package blob

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"igny8"
	"igny8/internal/worker"
)

const (
	inspectWithin = 10 * time.Second
	inspectMemory = 256 << 20 // bytes
	small         = 64 << 20  // bytes of a file's cost, up to which many are inspected at once
	smallSlots    = 4
	largeSlots    = 1
)

var (
	errSlow = igny8.E(igny8.Unsupported, "file_too_complex",
		"The file takes too long to open. Take a screenshot of it, or print it to a new PDF, and send that.")
	errGone = igny8.E(igny8.Invalid, "file_gone", "A file that you sent before is not kept any more; choose it again.")
)

// Upload is a file as somebody sent it: nobody has looked into it yet. Name is the
// sender's claim.
type Upload struct {
	Name    string
	Size    int64  // bytes
	SHA256  string // of the content, lower-case hex
	Content io.ReaderAt
}

// Bytes is an upload that is in memory.
func Bytes(name string, data []byte) Upload {
	return Upload{name, int64(len(data)), Hash(data), bytes.NewReader(data)}
}

// Kept is a file that was inspected and stored. Two equal uploads are equal in
// OriginalSHA256.
type Kept struct {
	SHA256, OriginalSHA256 string // of what is stored, and of what was sent
	ContentType, Name      string
	Size                   int64 // bytes of what is stored
}

// Intake is the only way for files into a store: it keeps what Inspect returns, and
// never what was sent.
type Intake struct {
	store        Store
	others       *worker.Processes // nil: inspected in this process
	small, large *queue
}

// NewIntake returns an Intake that inspects in the processes, or in this one when
// others is nil or none can be started.
func NewIntake(store Store, others *worker.Processes) *Intake {
	return &Intake{store, others, newQueue(smallSlots), newQueue(largeSlots)}
}

// Processes are those in which an Intake inspects: their command calls Serve.
func Processes(log *slog.Logger, command ...string) *worker.Processes {
	return worker.New(log, inspectWithin, command...)
}

// Keep inspects a file and stores the clean copy. caller is who sends it, for a fair
// turn. It fails as Inspect does, with file_too_complex (415) when that takes too
// long, and with too_many_uploads or storage_unavailable (503).
func (i *Intake) Keep(ctx context.Context, caller string, u Upload) (Kept, error) {
	need, err := cost(u.Content, u.Size)
	if err != nil {
		return Kept{}, err
	}
	q := i.small
	if need > small {
		q = i.large
	}
	leave, err := q.enter(ctx, caller)
	if err != nil {
		return Kept{}, err
	}
	defer leave()
	clean, err := i.inspect(ctx, u, need > small)
	if err != nil {
		return Kept{}, err
	}
	ref, err := i.store.Put(ctx, clean.Data)
	if err != nil {
		return Kept{}, fmt.Errorf("store file: %w", err)
	}
	return Kept{ref.SHA256, u.SHA256, clean.ContentType, u.Name, ref.Size}, nil
}

// Again makes a kept file new, so that no sweep takes it while it comes to be
// referred to. file_gone (422) when it was swept.
func (i *Intake) Again(ctx context.Context, f Kept) error {
	data, err := i.store.Get(ctx, f.SHA256)
	if errors.Is(err, ErrMissing) {
		return errGone
	}
	if err != nil {
		return err
	}
	_, err = i.store.Put(ctx, data)
	return err
}

// inspect has a large file looked into by a process of its own: the kernel counts memory
// that a process gave back to itself, so a second large one might not fit.
func (i *Intake) inspect(ctx context.Context, u Upload, large bool) (Clean, error) {
	whole := io.NewSectionReader(u.Content, 0, u.Size)
	if i.others != nil {
		do := i.others.Do
		if large {
			do = i.others.DoAlone
		}
		answer, err := do(ctx, whole, u.Size)
		switch {
		case err == nil:
			return openAnswer(answer)
		case errors.Is(err, worker.ErrTime), errors.Is(err, worker.ErrDied):
			return Clean{}, errSlow.Because(err)
		case !errors.Is(err, worker.ErrNone):
			return Clean{}, err
		}
	}
	data, err := io.ReadAll(whole)
	if err != nil {
		return Clean{}, fmt.Errorf("read upload: %w", err)
	}
	return Inspect(data)
}

// Serve inspects files for the process at the other end until that ends.
func Serve(in io.Reader, out io.Writer) error {
	return worker.Serve(in, out, inspectMemory, func(work []byte) []byte { return answer(Inspect(work)) })
}

// told is what an answer begins with: one line of JSON, then the clean file.
type told struct {
	Type          string `json:",omitempty"`
	Width, Height int    `json:",omitempty"`
	Code, Detail  string `json:",omitempty"`
	Kind          igny8.Kind
	Cause         string `json:",omitempty"`
}

func answer(c Clean, err error) []byte {
	t := told{Type: c.ContentType, Width: c.Width, Height: c.Height}
	var e *igny8.Error
	if errors.As(err, &e) {
		t = told{Code: e.Code, Detail: e.Detail, Kind: e.Kind}
		if cause := errors.Unwrap(e); cause != nil {
			t.Cause = cause.Error()
		}
	}
	head, _ := json.Marshal(t) // strings and numbers
	return append(append(head, '\n'), c.Data...)
}

func openAnswer(answer []byte) (Clean, error) {
	head, data, _ := bytes.Cut(answer, []byte("\n"))
	var t told
	if err := json.Unmarshal(head, &t); err != nil {
		return Clean{}, fmt.Errorf("read what the inspection says: %w", err)
	}
	if t.Code != "" {
		return Clean{}, igny8.E(t.Kind, t.Code, t.Detail).Because(errors.New(t.Cause))
	}
	return Clean{t.Type, data, t.Width, t.Height}, nil
}
