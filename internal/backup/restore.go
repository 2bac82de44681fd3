package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/durable"
)

// Target is the empty place that a backup is put into.
type Target struct {
	Data  string // folder; missing or empty
	File  string // where SQLite's database belongs
	URL   string // of an empty database of PostgreSQL; "" is SQLite
	Tools string // folder of pg_restore and psql; "" looks for them
}

// partPrefix begins the name of the folder in which a restore is made.
const partPrefix = ".restoring-"

// Restore makes an installation of a backup in an empty place. All that was issued
// before ends: sessions, tokens, and links in letters; see epoch. Until its last
// step, which is one commit or one renaming, there is no database in the place.
func Restore(ctx context.Context, file string, t Target) (Manifest, error) {
	r, err := open(file)
	if err != nil {
		return Manifest{}, err
	}
	defer r.file.Close()
	if err := t.suits(r.Manifest); err != nil {
		return r.Manifest, err
	}
	if err := t.empty(); err != nil {
		return r.Manifest, err
	}
	var database *postgres
	if !r.Manifest.SQLite() {
		if database, err = t.database(ctx, r.Manifest); err != nil {
			return r.Manifest, err
		}
	}
	if err := r.check(ctx); err != nil {
		return r.Manifest, err
	}
	return r.Manifest, t.restore(ctx, r, database)
}

// suits refuses a backup of a newer igny8, and one of the other database.
func (t Target) suits(m Manifest) error {
	switch known := db.KnownSchema(); {
	case m.Schema > known:
		return fmt.Errorf("the backup was made by igny8 %s with schema %d, and this igny8 knows schema %d: use that version, or a newer one", m.Version, m.Schema, known)
	case m.SQLite() && t.URL != "":
		return fmt.Errorf("the backup is of %s, and the database URL names PostgreSQL: leave the URL out, it is restored into the data folder", m.Database)
	case !m.SQLite() && t.URL == "":
		return fmt.Errorf("the backup is of %s: name an empty database of PostgreSQL with --database-url", m.Database)
	}
	return nil
}

// empty refuses a place in which something is, and removes what a restore left that
// was killed.
func (t Target) empty() error {
	if err := os.MkdirAll(t.Data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	there, err := os.ReadDir(t.Data)
	if err != nil {
		return fmt.Errorf("look into the data folder: %w", err)
	}
	for _, e := range there {
		switch name := e.Name(); {
		case strings.HasPrefix(name, partPrefix):
			if err := os.RemoveAll(filepath.Join(t.Data, name)); err != nil {
				return fmt.Errorf("remove what an earlier restore left: %w", err)
			}
		case name == "lost+found": // of a file system of its own
		default:
			return fmt.Errorf("%s is not empty (%s): a backup is only restored into an empty place; move it away, or choose another folder with --data", t.Data, name)
		}
	}
	return nil
}

func (t Target) restore(ctx context.Context, r *reader, database *postgres) (err error) {
	part, err := os.MkdirTemp(t.Data, partPrefix+"*") // 0700
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer os.RemoveAll(part)
	if err := r.unpack(ctx, part); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	names := []string{filesName, secretName}
	if database == nil {
		if err := endSQLite(ctx, filepath.Join(part, sqliteName)); err != nil {
			return err
		}
	}
	var placed []string
	defer func() {
		if err != nil { // nothing half made
			for _, path := range placed {
				os.RemoveAll(path)
			}
		}
	}()
	place := func(from, to string) error {
		err := os.Rename(filepath.Join(part, from), to)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a backup without files, or without a secret
		}
		placed = append(placed, to)
		return err
	}
	for _, name := range names {
		if err := place(name, filepath.Join(t.Data, name)); err != nil {
			return fmt.Errorf("restore: %w", err)
		}
	}
	if err := errors.Join(durable.SyncFolder(t.Data), ctx.Err()); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if database != nil {
		return database.restore(ctx, filepath.Join(part, postgresName))
	}
	if err := errors.Join(place(sqliteName, t.File), durable.SyncFolder(t.Data)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

// unpack writes all entries into a folder, and makes them durable.
func (r *reader) unpack(ctx context.Context, dir string) error {
	folders := []string{dir}
	for _, e := range r.Manifest.Entries {
		path := filepath.Join(dir, filepath.FromSlash(e.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		folders = append(folders, filepath.Dir(path))
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(r.copy(ctx, e, f), f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	slices.Sort(folders)
	for _, f := range slices.Compact(folders) {
		if err := durable.SyncFolder(f); err != nil {
			return err
		}
	}
	return nil
}

// endSQLite looks whether the copied database is sound, and ends what was issued.
func endSQLite(ctx context.Context, path string) (err error) {
	d, err := db.Open(ctx, db.Options{URL: path})
	if err != nil {
		return err
	}
	defer func() { // closing writes the log back, and removes the files beside
		err = errors.Join(err, d.Close())
	}()
	if err := d.Check(ctx); err != nil {
		return err
	}
	return d.System(ctx, "backup.epoch", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		for _, statement := range epoch {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("end what was issued before: %w", err)
			}
		}
		return nil
	})
}
