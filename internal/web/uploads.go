package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"igny8"
	"igny8/internal/blob"
)

const (
	// uploadBudget is how many bytes of forms with files are taken at once.
	uploadBudget = 256 << 20
	// uploadReserve is what of it is left to forms of smallForm and less.
	uploadReserve = 32 << 20
	smallForm     = 1 << 20
	// uploadSpeed is how many bytes a second all larger forms are read with together:
	// more than lines to the internet bring, and less than keeps a core busy.
	uploadSpeed = 48 << 20
	// uploadsByLink and uploadsByNetwork are how many forms with files one pay link or
	// account, and one network, may send in an hour.
	uploadsByLink    = 30
	uploadsByNetwork = 120
	uploadWindow     = time.Hour
)

var (
	errUploads = igny8.E(igny8.Unavailable, "too_many_uploads", "Too many files are being sent at this moment; send them again in a few seconds.").
			Retry(10 * time.Second)
	errUploadLimit = igny8.E(igny8.TooMany, "upload_limit", "Too many forms with files came from here; wait as Retry-After says.")
	errSpool       = igny8.E(igny8.Unavailable, "storage_unavailable", "The server has no room for files at this moment; nothing was saved. Try again in a minute.").
			Retry(time.Minute)
)

// Lease takes chunk of the quota of a key's window and returns how many it got; see
// rate.Store.
type Lease func(ctx context.Context, key string, window time.Time, chunk, quota int64) (int64, error)

// Uploads takes the files of forms in: written to disk while they come, so many
// bytes at once, and so many forms an hour from each sender.
type Uploads struct {
	dir   string
	lease Lease
	now   func() time.Time
	pace  *rate.Limiter

	lock     sync.Mutex
	all      int64            // bytes that are being taken
	networks map[string]int64 // of them, by network
}

// NewUploads returns Uploads that write to the folder, which is made when it is
// missing; "" is the system's for temporary files. lease counts forms; nil: without
// a limit.
func NewUploads(dir string, lease Lease, now func() time.Time) (*Uploads, error) {
	if dir != "" {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	return &Uploads{dir: dir, lease: lease, now: now, pace: rate.NewLimiter(uploadSpeed, smallForm), networks: map[string]int64{}}, nil
}

// Allow counts one form with files of a sender, such as a pay link or an account, and
// of the network that it comes from. It fails with upload_limit (429). Call it
// before the body is read.
func (u *Uploads) Allow(ctx context.Context, sender string) error {
	if u.lease == nil {
		return nil
	}
	start := u.now().Truncate(uploadWindow)
	sum := sha256.Sum256([]byte(sender)) // which may be a secret link
	for _, one := range []struct {
		key   string
		quota int64
	}{{"upload from " + hex.EncodeToString(sum[:16]), uploadsByLink}, {"upload net " + Network(ClientIP(ctx)), uploadsByNetwork}} {
		n, err := u.lease(ctx, one.key, start, 1, one.quota)
		if err != nil {
			return err
		}
		if n == 0 {
			return errUploadLimit.Retry(start.Add(uploadWindow).Sub(u.now()))
		}
	}
	return nil
}

// Begin makes room for the form of a request, most bytes at most. It fails with
// body_too_large (413) or too_many_uploads (503). Close the Spool in the end.
func (u *Uploads) Begin(r *http.Request, most int64) (*Spool, error) {
	n := r.ContentLength
	if n > most {
		return nil, ErrBodyTooLarge
	}
	if n < 0 {
		n = most
	}
	s := &Spool{u: u, network: Network(ClientIP(r.Context())), room: n, body: http.MaxBytesReader(nil, r.Body, most), ctx: r.Context()}
	u.lock.Lock()
	defer u.lock.Unlock()
	if u.all+n > uploadBudget || n > smallForm && (u.all+n > uploadBudget-uploadReserve || u.networks[s.network]+n > uploadBudget/2) {
		return nil, errUploads
	}
	u.all += n
	u.networks[s.network] += n
	return s, nil
}

// Spool holds the files of one form while it is worked on.
type Spool struct {
	u       *Uploads
	network string
	room    int64
	body    io.Reader
	ctx     context.Context
	files   []*os.File
}

// Read reads the request's body, no more than was said to Begin, and a large one no
// faster than leaves time for others.
func (s *Spool) Read(b []byte) (int, error) {
	n, err := s.body.Read(b[:min(len(b), smallForm)])
	if s.room > smallForm && n > 0 {
		err = cmp.Or(err, s.u.pace.WaitN(s.ctx, n))
	}
	return n, err
}

// File writes one file of the form, most bytes at most, and reports false for one
// that is larger, of which the rest is not read.
func (s *Spool) File(name string, content io.Reader, most int64) (up blob.Upload, ok bool, err error) {
	f, err := os.CreateTemp(s.u.dir, "upload-")
	if err != nil {
		return up, false, errSpool.Because(err)
	}
	os.Remove(f.Name()) // where the system allows it: then nothing is left after a crash
	s.files = append(s.files, f)
	h := sha256.New()
	disk := &disk{File: f}
	n, err := io.Copy(io.MultiWriter(disk, h), io.LimitReader(content, most+1))
	switch {
	case disk.err != nil:
		return up, false, errSpool.Because(disk.err)
	case err != nil:
		return up, false, err
	case n > most:
		return up, false, nil
	}
	return blob.Upload{Name: name, Size: n, SHA256: hex.EncodeToString(h.Sum(nil)), Content: f}, true, nil
}

// Close forgets the files, and gives the room back.
func (s *Spool) Close() {
	for _, f := range s.files {
		f.Close()
		os.Remove(f.Name())
	}
	s.u.lock.Lock()
	defer s.u.lock.Unlock()
	s.u.all -= s.room
	if s.u.networks[s.network] -= s.room; s.u.networks[s.network] == 0 {
		delete(s.u.networks, s.network)
	}
	s.files, s.room = nil, 0
}

// disk remembers that writing failed, to tell it from what the caller sends.
type disk struct {
	*os.File
	err error
}

func (d *disk) Write(b []byte) (int, error) {
	n, err := d.File.Write(b)
	if err != nil {
		d.err = errors.Join(d.err, err)
	}
	return n, err
}

// Multipart reports whether a request brings a form that may hold files.
func Multipart(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}
