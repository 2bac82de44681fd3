package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"modernc.org/sqlite" // also the driver named "sqlite"
)

// minSQLite is the oldest library accepted: 3.51.3 mends a WAL fault.
const minSQLite = 3051003

// checkWithin bounds the look at a file when a server starts; a file that takes
// longer is checked by `igny8 doctor` alone.
const checkWithin = 10 * time.Second

func (d *DB) openSQLite(ctx context.Context, o Options) error {
	if err := os.MkdirAll(filepath.Dir(o.URL), 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if o.Exclusive {
		unlock, err := lockFile(o.URL + ".lock")
		switch {
		case errors.Is(err, errLocked):
			return fmt.Errorf("another igny8 is using %s; stop it first", o.URL)
		case err != nil:
			return fmt.Errorf("the folder %s cannot be written to: let the server's user write there, or choose another folder with --data: %w", filepath.Dir(o.URL), err)
		}
		d.unlock = unlock
	}
	err := ownFile(o.URL)
	if err == nil {
		err = d.connectSQLite(o.URL)
	}
	if err == nil {
		err = checkSQLite(ctx, d.write)
	}
	if err == nil && o.Exclusive {
		short, cancel := context.WithTimeout(ctx, checkWithin)
		defer cancel()
		if err = d.Check(short); short.Err() != nil && ctx.Err() == nil {
			err = nil
		}
	}
	if err != nil {
		d.Close()
		return explainSQLite(o.URL, err)
	}
	return nil
}

// ownFile makes the file when it is missing, and leaves it to its owner alone, with
// what SQLite keeps beside it.
func ownFile(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("the database %s cannot be written to: let the server's user write to it: %w", path, err)
	}
	f.Close()
	for _, beside := range []string{"", "-wal", "-shm"} {
		// What belongs to somebody else keeps its mode; doctor complains of it.
		os.Chmod(path+beside, 0o600)
	}
	return nil
}

func (d *DB) connectSQLite(path string) (err error) {
	if d.write, err = sql.Open("sqlite", sqliteDSN(path, false)); err != nil {
		return fmt.Errorf("open SQLite: %w", err)
	}
	d.write.SetMaxOpenConns(1)
	if d.read, err = sql.Open("sqlite", sqliteDSN(path, true)); err != nil {
		return fmt.Errorf("open SQLite for reading: %w", err)
	}
	d.read.SetMaxOpenConns(4)
	d.read.SetMaxIdleConns(4)
	d.writing, d.reading = newStatements(d.write), newStatements(d.read)
	return nil
}

// errDamaged says what PRAGMA quick_check found first.
var errDamaged = errors.New("the file is damaged")

// Check reads all of a SQLite file and looks whether its pages fit together (PRAGMA
// quick_check); a gigabyte takes three seconds once it is read. PostgreSQL looks after its own.
func (d *DB) Check(ctx context.Context) error {
	if d.Postgres() {
		return nil
	}
	var found string
	if err := d.read.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&found); err != nil {
		return fmt.Errorf("check the file: %w", err)
	}
	if found != "ok" {
		return fmt.Errorf("%w: %s", errDamaged, found)
	}
	return nil
}

// CopyTo writes a consistent copy of a SQLite database to a file that is not there
// yet, while others read and write it.
func (d *DB) CopyTo(ctx context.Context, path string) error {
	if _, err := d.write.ExecContext(ctx, "VACUUM INTO ?", path); err != nil {
		return fmt.Errorf("copy the database: %w", explainSQLite(d.url, err))
	}
	return nil
}

// Damaged reports whether an error says that the SQLite file is no sound database.
func Damaged(err error) bool {
	var lite *sqlite.Error
	return errors.Is(err, errDamaged) || errors.As(err, &lite) && (lite.Code()&0xff == sqliteCorrupt || lite.Code()&0xff == sqliteNotADB)
}

func explainSQLite(path string, err error) error {
	if Damaged(err) {
		return fmt.Errorf("the database %s is damaged and was left as it is: move the data folder away, and put a backup in its place with `igny8 restore FILE`: %w", path, err)
	}
	return err
}

func sqliteDSN(path string, readOnly bool) string {
	v := url.Values{}
	for _, p := range []string{"journal_mode(wal)", "synchronous(full)", "foreign_keys(1)", "busy_timeout(5000)"} {
		v.Add("_pragma", p)
	}
	v.Set("_time_format", "sqlite")
	if readOnly {
		v.Add("_pragma", "query_only(1)")
	} else {
		v.Set("_txlock", "immediate")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode()
}

func checkSQLite(ctx context.Context, w *sql.DB) error {
	var major, minor, patch int
	var version string
	if err := w.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return fmt.Errorf("open SQLite: %w", err)
	}
	fmt.Sscanf(version, "%d.%d.%d", &major, &minor, &patch)
	if major*1_000_000+minor*1_000+patch < minSQLite {
		return fmt.Errorf("SQLite %s is too old, need 3.51.3", version)
	}
	return nil
}
