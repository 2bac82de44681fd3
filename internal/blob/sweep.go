package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

// Prefixes are the beginnings of hashes by which a store is listed.
func Prefixes() []string {
	out := make([]string, 256)
	for i := range out {
		out[i] = fmt.Sprintf("%02x", i)
	}
	return out
}

// aside begins the name that a file has while a sweep looks at it once more.
const aside = "aside-"

// List implements Store. It also clears away what a crash left before that moment:
// files half written; and it puts back what a sweep had put aside.
func (f *Folder) List(ctx context.Context, prefix string, before time.Time) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(f.root.FS(), prefix)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	var out []string
	for _, e := range entries {
		if hash, ok := strings.CutPrefix(e.Name(), aside); ok {
			f.back(hash)
			continue
		}
		info, err := e.Info()
		if err != nil || !before.IsZero() && !info.ModTime().Before(before) {
			continue
		}
		switch {
		case isHash(e.Name()):
			out = append(out, e.Name())
		case strings.HasPrefix(e.Name(), "tmp-") && !before.IsZero():
			f.root.Remove(prefix + "/" + e.Name())
		}
	}
	return out, nil
}

// Sweep implements Store. The file is put aside before the last look, so that one
// who puts it again meanwhile writes a new one.
func (f *Folder) Sweep(ctx context.Context, sha256 string, before time.Time, needed func(context.Context) (bool, error)) (gone bool, err error) {
	if !isHash(sha256) {
		return false, ErrMissing
	}
	away := sha256[:2] + "/" + aside + sha256
	if !f.old(name(sha256), before) {
		return false, nil
	}
	if yes, err := needed(ctx); err != nil || yes {
		return false, err
	}
	if err := f.root.Rename(name(sha256), away); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil // another node was faster
		}
		return false, failed(err)
	}
	yes, err := needed(ctx)
	if err != nil || yes || !f.old(away, before) {
		f.back(sha256)
		return false, err
	}
	if err := f.root.Remove(away); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, failed(err)
	}
	return true, nil
}

func (f *Folder) old(name string, before time.Time) bool {
	info, err := f.root.Stat(name)
	return err == nil && info.ModTime().Before(before)
}

// back gives a file that was put aside its name again, unless it was put anew.
func (f *Folder) back(sha256 string) {
	away := sha256[:2] + "/" + aside + sha256
	if f.root.Link(away, name(sha256)) == nil || f.exists(name(sha256)) {
		f.root.Remove(away)
	}
}

func (f *Folder) exists(name string) bool {
	_, err := f.root.Stat(name)
	return err == nil
}
