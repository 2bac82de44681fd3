// Package durable writes files wholly and durably, or not at all.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a file in the making. It has a temporary name, and its owner alone can
// read it. Commit gives it its name; Discard, which does nothing after Commit,
// removes it.
type File struct {
	*os.File
	path string
	done bool
}

// Create begins a file that will be at path.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path}, nil
}

// Commit makes the content and the name durable. It answers fs.ErrExist when there is
// a file of that name already, which it leaves alone.
func (f *File) Commit() error {
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	// Unlike a renaming, a link never takes the place of what is there; but not all
	// file systems have links.
	err := os.Link(f.Name(), f.path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		if _, there := os.Lstat(f.path); errors.Is(there, fs.ErrNotExist) {
			err = os.Rename(f.Name(), f.path)
		}
	}
	if err != nil {
		return err
	}
	os.Remove(f.Name())
	f.done = true
	return SyncFolder(filepath.Dir(f.path))
}

// Discard ends a file that was not committed.
func (f *File) Discard() {
	if !f.done {
		f.Close()
		os.Remove(f.Name())
	}
}

// Write makes a whole file at path.
func Write(path string, data []byte) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Discard()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Commit()
}

// SyncFolder makes the names in a folder durable.
func SyncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
