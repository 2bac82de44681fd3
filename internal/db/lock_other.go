//go:build !unix

package db

import (
	"errors"
	"io/fs"
	"os"
)

// lockFile takes a lock by creating the file; it must be removed by hand after a crash.
func lockFile(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		err = errLocked
	}
	if err != nil {
		return nil, err
	}
	return func() { f.Close(); os.Remove(path) }, nil
}
