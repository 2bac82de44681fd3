// Package dbtest runs store tests on both databases.
package dbtest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver named "pgx", to make databases

	"igny8"
	"igny8/internal/db"
)

// Option changes how the database under test is opened.
type Option func(*db.Options)

// Run runs f as two subtests, each with an empty migrated database: "sqlite" in
// a temporary folder, "postgres" as a new database of the server that
// IGNY8_TEST_DATABASE_URL names (make test starts one). Without that variable
// the PostgreSQL half fails, unless -short is given.
func Run(t *testing.T, f func(t *testing.T, d *db.DB), opts ...Option) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		f(t, Open(t, SQLiteURL(t), opts...))
	})
	t.Run("postgres", func(t *testing.T) {
		f(t, Open(t, MigratedURL(t), opts...))
	})
}

// Open opens and migrates the database at url and closes it with the test. A new
// file of SQLite begins as a copy of one that was migrated before: to migrate
// takes SQLite far longer than most tests do.
func Open(t testing.TB, url string, opts ...Option) *db.DB {
	t.Helper()
	o := db.Options{URL: url}
	for _, opt := range opts {
		opt(&o)
	}
	if _, err := os.Stat(url); !db.IsPostgres(url) && os.IsNotExist(err) {
		data, err := migrated()
		if err == nil {
			err = os.WriteFile(url, data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := context.Background()
	d, err := db.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(ctx); err != nil {
		t.Fatal(err)
	}
	return d
}

// migrated is the content of a migrated file of SQLite.
var migrated = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "dbtest")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, path := context.Background(), filepath.Join(dir, "migrated.db")
	d, err := db.Open(ctx, db.Options{URL: path})
	if err != nil {
		return nil, err
	}
	err = d.Migrate(ctx)
	if err == nil {
		_, err = d.Writer().ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
	}
	if err := errors.Join(err, d.Close()); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Exec changes the database behind the program's back, in system scope.
func Exec(t testing.TB, d *db.DB, query string, args ...any) {
	t.Helper()
	err := d.System(db.Patient(context.Background(), time.Minute), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// Value is the one value that a query answers, read in system scope.
func Value[T any](t testing.TB, d *db.DB, query string, args ...any) (v T) {
	t.Helper()
	err := d.ReadSystem(db.Patient(context.Background(), time.Minute), func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(&v)
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// SQLiteURL is the path of a fresh file.
func SQLiteURL(t testing.TB) string { return filepath.Join(t.TempDir(), "igny8.db") }

// PostgresURL makes a fresh, empty database and drops it with the test.
func PostgresURL(t testing.TB) string {
	t.Helper()
	return newDatabase(t, "template1")
}

// MigratedURL is PostgresURL with a database that is migrated: a copy of one that was
// migrated once for this schema, which takes a third of the time.
func MigratedURL(t testing.TB) string {
	t.Helper()
	name, err := template(server(t))
	if err != nil {
		t.Fatal(err)
	}
	return newDatabase(t, name)
}

func server(t testing.TB) string {
	t.Helper()
	url := os.Getenv("IGNY8_TEST_DATABASE_URL")
	if url == "" {
		if testing.Short() {
			t.Skip("no PostgreSQL: IGNY8_TEST_DATABASE_URL is not set")
		}
		t.Fatal("IGNY8_TEST_DATABASE_URL is not set: run `make test`, or go test -short for SQLite alone")
	}
	return url
}

func newDatabase(t testing.TB, from string) string {
	t.Helper()
	url := server(t)
	admin, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 6)
	rand.Read(b)
	name := "igny8_test_" + hex.EncodeToString(b)
	if _, err := admin.Exec("CREATE DATABASE " + name + " TEMPLATE " + from); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		admin.Exec("DROP DATABASE " + name + " WITH (FORCE)")
		admin.Close()
	})
	return within(url, name)
}

// within is the URL of another database of the same server.
func within(server, database string) string {
	u, err := url.Parse(server)
	if err != nil {
		return server
	}
	u.Path = "/" + database
	return u.String()
}

// template makes, once for each server and schema, the database that others are copied
// from, and returns its name. Test programs that run at once wait for the first. It stays
// on a server of yours until you drop it.
var template = func() func(server string) (string, error) {
	var once sync.Once
	var name string
	var err error
	return func(server string) (string, error) {
		once.Do(func() { name, err = makeTemplate(context.Background(), server) })
		return name, err
	}
}()

// schemaHash is one of all migrations of PostgreSQL.
func schemaHash() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	files, err := filepath.Glob(filepath.Join(filepath.Dir(here), "../migrations/postgres/*.sql"))
	if err != nil || len(files) == 0 {
		return "", fmt.Errorf("no migrations beside %s: %w", here, err)
	}
	h := sha256.New()
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", filepath.Base(f), len(data), data)
	}
	return hex.EncodeToString(h.Sum(nil)[:6]), nil
}

func makeTemplate(ctx context.Context, server string) (string, error) {
	hash, err := schemaHash()
	if err != nil {
		return "", err
	}
	name := "igny8_template_" + hash
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return "", err
	}
	defer admin.Close()
	c, err := admin.Conn(ctx) // the lock is this connection's
	if err != nil {
		return "", err
	}
	defer c.Close()
	if _, err := c.ExecContext(ctx, "SELECT pg_advisory_lock(hashtext($1))", name); err != nil {
		return "", err
	}
	defer c.ExecContext(ctx, "SELECT pg_advisory_unlock(hashtext($1))", name)
	var there bool
	if err := c.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return name, err
	}
	half := name + "_half"
	for _, q := range []string{"DROP DATABASE IF EXISTS " + half, "CREATE DATABASE " + half} {
		if _, err := c.ExecContext(ctx, q); err != nil {
			return "", err
		}
	}
	d, err := db.Open(ctx, db.Options{URL: within(server, half)})
	if err != nil {
		return "", err
	}
	if err := errors.Join(d.Migrate(ctx), d.Close()); err != nil {
		return "", err
	}
	_, err = c.ExecContext(ctx, "ALTER DATABASE "+half+" RENAME TO "+name)
	return name, err
}

// Clock is a settable clock. The zero value is not usable; see NewClock.
type Clock struct{ now chan time.Time }

// NewClock returns a clock that stands at t.
func NewClock(t time.Time) *Clock {
	c := &Clock{make(chan time.Time, 1)}
	c.now <- t
	return c
}

// Now returns the clock's instant.
func (c *Clock) Now() time.Time {
	t := <-c.now
	c.now <- t
	return t
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	t := <-c.now
	c.now <- t.Add(d)
}

// WithClock opens the database under test with this clock.
func WithClock(c *Clock) Option { return func(o *db.Options) { o.Now = c.Now } }

// WithHook opens the database under test with a fault hook.
func WithHook(h func(string, int, bool) error) Option { return func(o *db.Options) { o.Hook = h } }

// End ends a connection of PostgreSQL by the number of its process, after a while.
func End(d *db.DB, pid int, after time.Duration) {
	time.Sleep(after)
	d.Pool().Exec(context.Background(), "SELECT pg_terminate_backend($1)", pid)
}
