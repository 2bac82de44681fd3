package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Options say how to open a database.
type Options struct {
	// URL is postgres://… or the path of a SQLite file.
	URL string
	// Now is the clock; nil means the machine's.
	Now func() time.Time
	// Exclusive takes SQLite's lock file, so that a second server is refused.
	Exclusive bool
	// MaxConns bounds PostgreSQL connections; 0 means 16.
	MaxConns int32
	// Hook is called before each statement with the number of statements the
	// transaction has done, before COMMIT, and after COMMIT (with committed).
	// An error fails the transaction at that point. For fault tests.
	Hook func(story string, done int, committed bool) error
}

// DB is an open database. It is safe for concurrent use.
type DB struct {
	write  *sql.DB       // SQLite: one connection; PostgreSQL: over pool
	read   *sql.DB       // SQLite: a query_only pool; PostgreSQL: the same as write
	pool   *pgxpool.Pool // nil on SQLite
	now    func() time.Time
	hook   func(string, int, bool) error
	unlock func()
	url    string
	pooled bool    // a pooler stands in front of PostgreSQL
	outage *outage // nil on SQLite

	exclusive bool
	presence  presence

	writing, reading *statements // nil on PostgreSQL
}

// Open opens the database without migrating it.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	d := &DB{now: o.Now, hook: o.Hook, unlock: func() {}, url: o.URL, exclusive: o.Exclusive}
	var err error
	if IsPostgres(o.URL) {
		err = d.openPostgres(ctx, o)
	} else {
		err = d.openSQLite(ctx, o)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// IsPostgres reports whether the URL names a PostgreSQL server.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Postgres reports which of the two databases this is.
func (d *DB) Postgres() bool { return d.pool != nil }

// Now is the clock's instant in UTC, at the databases' precision of a microsecond.
func (d *DB) Now() time.Time { return d.now().UTC().Truncate(time.Microsecond) }

// Pool is the PostgreSQL pool, for River; nil on SQLite.
func (d *DB) Pool() *pgxpool.Pool { return d.pool }

// Writer is the SQLite writer, for River and migrations.
func (d *DB) Writer() *sql.DB { return d.write }

// Ping reports whether the database answers, within two seconds.
func (d *DB) Ping(ctx context.Context) error {
	if d.outage != nil && d.outage.now.Load() {
		return unavailable(errOutage)
	}
	short, cancel := context.WithTimeout(ctx, pingWithin)
	defer cancel()
	err := d.read.PingContext(short)
	if err == nil {
		return nil
	}
	if d.outage != nil && ctx.Err() == nil && short.Err() != nil {
		d.outage.suspect(false)
		return unavailable(err)
	}
	return translate(err)
}

// Describe names the database and its version, for doctor and logs, without secrets.
func (d *DB) Describe(ctx context.Context) (string, error) {
	q, name := "SELECT sqlite_version()", "SQLite"
	if d.Postgres() {
		q, name = "SHOW server_version", "PostgreSQL"
	}
	var version string
	if err := d.read.QueryRowContext(ctx, q).Scan(&version); err != nil {
		return "", translate(err)
	}
	return name + " " + version, nil
}

// Close waits for running statements and closes all connections. It does not wait
// for a PostgreSQL that has stopped.
func (d *DB) Close() error {
	d.presence.close()
	if d.outage != nil {
		d.outage.close()
	}
	var err error
	if d.write != nil {
		err = d.write.Close()
	}
	if d.read != nil && d.read != d.write {
		err = errors.Join(err, d.read.Close())
	}
	if d.pool != nil {
		d.closePool()
	}
	d.unlock()
	if err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

func (d *DB) closePool() {
	closed := make(chan struct{})
	go func() {
		d.pool.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(rollbackWithin):
	}
}
