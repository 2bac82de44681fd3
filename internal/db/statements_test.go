package db

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"igny8"
)

// SQLite alone: pgx keeps PostgreSQL's statements.
func openSQLite(t *testing.T) *DB {
	t.Helper()
	d, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "test.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func (d *DB) must(t *testing.T, text string, args ...any) {
	t.Helper()
	if err := d.System(t.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *Tx) error {
		_, err := tx.ExecContext(ctx, text, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func (d *DB) count(t *testing.T, text string, args ...any) (n int) {
	t.Helper()
	if err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *Tx) error {
		return tx.QueryRowContext(ctx, text, args...).Scan(&n)
	}); err != nil {
		t.Error(err)
	}
	return n
}

func TestPreparedStatementsOfManyReaders(t *testing.T) {
	d := openSQLite(t)
	d.must(t, "CREATE TABLE thing (n INTEGER NOT NULL)")
	const insert, count = "INSERT INTO thing (n) VALUES ($1)", "SELECT count(*) FROM thing WHERE n < $1"
	for i := range 20 {
		d.must(t, insert, i)
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 50 {
				if n, want := d.count(t, count, (i+j)%20), (i+j)%20; n != want {
					t.Errorf("%d things, want %d", n, want)
				}
			}
		})
	}
	all.Wait()
	if d.writing.find(insert) == nil || d.reading.find(count) == nil {
		t.Error("the statements were not kept")
	}
	d.must(t, "ALTER TABLE thing ADD COLUMN m INTEGER NOT NULL DEFAULT 7")
	d.must(t, insert, 20)
	if n := d.count(t, count, 100); n != 21 {
		t.Errorf("after a change of the table %d things, want 21", n)
	}
}

func TestPreparedStatementsRollBack(t *testing.T) {
	d := openSQLite(t)
	d.must(t, "CREATE TABLE thing (n INTEGER NOT NULL CHECK (n > 0))")
	for range 3 { // not yet prepared, then prepared
		err := d.System(t.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *Tx) error {
			if _, err := tx.ExecContext(ctx, "INSERT INTO thing (n) VALUES (1)"); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, "INSERT INTO thing (n) VALUES ($1)", -1)
			return err
		})
		if err == nil {
			t.Fatal("a row that the table refuses was taken")
		}
	}
	if n := d.count(t, "SELECT count(*) FROM thing"); n != 0 {
		t.Errorf("%d rows stay of transactions that failed", n)
	}
}

func TestKeptStatementsAreBounded(t *testing.T) {
	d := openSQLite(t)
	for i := range maxStatements + 10 {
		if n := d.count(t, fmt.Sprintf("SELECT %d", i)); n != i {
			t.Fatalf("%d, want %d", n, i)
		}
	}
	if n := len(d.reading.kept); n != maxStatements {
		t.Errorf("%d statements are kept, want %d", n, maxStatements)
	}
	if n := d.count(t, "SELECT 99999"); n != 99999 {
		t.Errorf("%d, want 99999", n)
	}
}
