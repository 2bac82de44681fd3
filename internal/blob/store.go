package blob

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"igny8"
)

// The failures of a store beside those of the disk.
var (
	// ErrMissing means that the store has nothing under the hash.
	ErrMissing = errors.New("blob: no such file")
	// ErrIntegrity means that what the store has does not have the hash: the
	// file is damaged, or someone changed it.
	ErrIntegrity = errors.New("blob: stored bytes do not match their hash")
)

// failed is the answer when the disk refuses: nothing was stored, and the caller
// may try again.
func failed(err error) error {
	return igny8.E(igny8.Unavailable, "storage_unavailable", "The file store does not work at this moment; nothing was saved. Try again in a minute.").
		Retry(time.Minute).Because(err)
}

// Ref names stored bytes.
type Ref struct {
	SHA256 string // lower-case hex
	Size   int64  // bytes
}

// Store keeps bytes by their SHA-256. What Put returned without an error is
// durable; its failures are igny8.Unavailable. Putting the same bytes again makes
// them new.
type Store interface {
	Put(ctx context.Context, data []byte) (Ref, error)
	// Get returns the bytes with the hash, ErrMissing, ErrIntegrity or
	// igny8.Unavailable.
	Get(ctx context.Context, sha256 string) ([]byte, error)
	// Delete forgets the bytes with the hash. That there are none is fine.
	Delete(ctx context.Context, sha256 string) error
	// List returns the hashes that begin with prefix, two hex digits, of what was
	// last put before a moment; the zero time lists all.
	List(ctx context.Context, prefix string, before time.Time) ([]string, error)
	// Sweep deletes what was last put before a moment, unless it is needed. Who
	// puts bytes and then makes them needed never loses them, however the two meet.
	Sweep(ctx context.Context, sha256 string, before time.Time, needed func(context.Context) (bool, error)) (gone bool, err error)
}

// Hash returns the SHA-256 of data in lower-case hex.
func Hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// Folder is a Store in a folder: 256 sub-folders by the hash's first two
// letters, files only their owner can read. Several processes may share it.
type Folder struct {
	root *os.Root
}

// OpenFolder opens the folder, making it when it is missing.
func OpenFolder(path string) (*Folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return &Folder{root}, nil
}

// Close releases the folder.
func (f *Folder) Close() error { return f.root.Close() }

// Put implements Store. A crash leaves either the whole file or a temporary one
// whose name begins with "tmp-", never half a file under a hash. What is there is
// written again: that mends damage, and no sweep takes what is new.
func (f *Folder) Put(ctx context.Context, data []byte) (Ref, error) {
	ref := Ref{SHA256: Hash(data), Size: int64(len(data))}
	if err := ctx.Err(); err != nil {
		return Ref{}, err
	}
	shard := ref.SHA256[:2]
	switch err := f.root.Mkdir(shard, 0o700); {
	case err == nil:
		if err := f.sync("."); err != nil {
			return Ref{}, err
		}
	case !errors.Is(err, fs.ErrExist):
		return Ref{}, failed(err)
	}
	temporary := shard + "/tmp-" + rand.Text()
	if err := f.write(temporary, data); err != nil {
		f.root.Remove(temporary)
		return Ref{}, err
	}
	if err := f.root.Rename(temporary, name(ref.SHA256)); err != nil {
		f.root.Remove(temporary)
		return Ref{}, failed(err)
	}
	return ref, f.sync(shard)
}

func (f *Folder) write(name string, data []byte) error {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return failed(err)
	}
	_, err = file.Write(data)
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return failed(err)
	}
	return nil
}

// sync makes the names inside a folder durable.
func (f *Folder) sync(dir string) error {
	d, err := f.root.Open(dir)
	if err != nil {
		return failed(err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return failed(err)
	}
	return nil
}

// Get implements Store.
func (f *Folder) Get(ctx context.Context, sha256 string) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !isHash(sha256) {
		return nil, ErrMissing
	}
	data, err := f.root.ReadFile(name(sha256))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrMissing
	case err != nil:
		return nil, failed(err)
	case Hash(data) != sha256:
		return nil, ErrIntegrity
	}
	return data, nil
}

// Delete removes a file.
func (f *Folder) Delete(_ context.Context, sha256 string) error {
	if !isHash(sha256) {
		return ErrMissing
	}
	if err := f.root.Remove(name(sha256)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failed(err)
	}
	return nil
}

func isHash(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

func name(sha256 string) string { return sha256[:2] + "/" + sha256 }
