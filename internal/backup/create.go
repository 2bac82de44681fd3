package backup

import (
	"archive/zip"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"igny8/internal/db"
	"igny8/internal/durable"
)

// Source is the installation that is copied.
type Source struct {
	DB      *db.DB
	URL     string // of PostgreSQL; "" is SQLite
	Data    string // the folder with the files
	Secret  string // "" leaves it out
	Version string // of this program
	Tools   string // folder of pg_dump; "" looks for it
}

// Create writes a backup of an installation, which may be running, to a file that is
// not there yet. It is made under a temporary name in the same folder: whatever goes
// wrong, there is a whole file of that name, or none.
func Create(ctx context.Context, s Source, to string) (m Manifest, err error) {
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%s is there already: choose another name", to)
	}
	f, err := durable.Create(to)
	if err != nil {
		return m, fmt.Errorf("write the backup: %w", err)
	}
	defer f.Discard()
	if m, err = s.describe(ctx); err != nil {
		return m, err
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	w := &writer{zip: zip.NewWriter(buffered)}
	if err := s.write(ctx, w, filepath.Dir(to)); err != nil {
		return m, err
	}
	err = w.finish(&m)
	if err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = seal(f.File)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err == nil {
		err = f.Commit()
	}
	if err != nil {
		return m, fmt.Errorf("write the backup: %w", err)
	}
	return m, nil
}

func (s Source) describe(ctx context.Context) (m Manifest, err error) {
	m = Manifest{Format: format, Version: s.Version, CreatedAt: s.DB.Now().Truncate(time.Second)}
	if m.Database, err = s.DB.Describe(ctx); err != nil {
		return m, err
	}
	m.Schema, _, err = s.DB.Schema(ctx)
	return m, err
}

// write adds the database first: whatever it names was stored before.
func (s Source) write(ctx context.Context, w *writer, folder string) error {
	database := s.writeSQLite
	if s.DB.Postgres() {
		database = s.writePostgres
	}
	if err := database(ctx, w, folder); err != nil {
		return err
	}
	if s.Secret != "" {
		if err := w.add(secretName, false, strings.NewReader(s.Secret+"\n")); err != nil {
			return fmt.Errorf("write the backup: %w", err)
		}
	}
	return s.writeFiles(ctx, w)
}

func (s Source) writeSQLite(ctx context.Context, w *writer, folder string) error {
	dir, err := os.MkdirTemp(folder, ".igny8-backup-*") // 0700
	if err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	defer os.RemoveAll(dir)
	copied := filepath.Join(dir, sqliteName)
	if err := s.DB.CopyTo(ctx, copied); err != nil {
		return err
	}
	f, err := os.Open(copied)
	if err != nil {
		return fmt.Errorf("read the copy: %w", err)
	}
	defer f.Close()
	if err := w.add(sqliteName, false, &patient{ctx, f}); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

// writeFiles adds what customers sent. What is deleted meanwhile is left out, and so
// are files in the making.
func (s Source) writeFiles(ctx context.Context, w *writer) error {
	root := filepath.Join(s.Data, filesName)
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil:
			return err
		case !e.Type().IsRegular() || strings.HasPrefix(e.Name(), "tmp-"):
			return nil
		}
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer f.Close()
		inside, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return w.add(path.Join(filesName, filepath.ToSlash(inside)), true, &patient{ctx, f})
	})
	if err != nil {
		return fmt.Errorf("copy the files: %w", err)
	}
	return nil
}
