package db

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// minSQLite is the oldest library accepted: 3.51.3 mends a WAL fault.
const minSQLite = 3051003

func (d *DB) openSQLite(ctx context.Context, o Options) error {
	if err := os.MkdirAll(filepath.Dir(o.URL), 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	if o.Exclusive {
		unlock, err := lockFile(o.URL + ".lock")
		if err != nil {
			return fmt.Errorf("another igny8 is using %s; stop it first: %w", o.URL, err)
		}
		d.unlock = unlock
	}
	var err error
	if d.write, err = sql.Open("sqlite", sqliteDSN(o.URL, false)); err != nil {
		return fmt.Errorf("open SQLite: %w", err)
	}
	d.write.SetMaxOpenConns(1)
	if d.read, err = sql.Open("sqlite", sqliteDSN(o.URL, true)); err != nil {
		return fmt.Errorf("open SQLite for reading: %w", err)
	}
	d.read.SetMaxOpenConns(4)
	d.read.SetMaxIdleConns(4)
	d.writing, d.reading = newStatements(d.write), newStatements(d.read)
	if err := checkSQLite(ctx, d.write); err != nil {
		d.Close()
		return err
	}
	return nil
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
