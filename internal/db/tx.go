package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"igny8"
)

// Tx is a running transaction: one operation, one instant, one account. It is
// the second parameter of every function that takes part in one. It satisfies
// the interface that sqlc's generated code asks for.
type Tx struct {
	// Account is the tenant the transaction is for; zero in system scope without one.
	Account igny8.AccountID
	// Now is the instant at which the transaction began; all its rows share it.
	Now time.Time

	system   bool
	story    string
	done     int
	made     int
	failed   error
	broken   bool // the connection was, when the transaction was rolled back
	q        querier
	pg       pgx.Tx
	sqlite   *sql.Tx
	commit   func(context.Context) error
	rollback func()
	close    func()
	after    []func()
	hook     func(string, int, bool) error
}

type querier interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
	PrepareContext(context.Context, string) (*sql.Stmt, error)
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// NewID returns a fresh id. Ids made in one transaction sort in the order of
// their making.
func NewID[T ~[16]byte](tx *Tx) T {
	tx.made++
	return igny8.NewID[T](tx.Now.Add(time.Duration(tx.made) * 250 * time.Nanosecond))
}

// Postgres reports which database the transaction runs on, for the few queries
// that differ.
func (tx *Tx) Postgres() bool { return tx.pg != nil }

// System reports whether the transaction sees all accounts.
func (tx *Tx) System() bool { return tx.system }

// Pgx is the transaction as pgx knows it, for River; nil on SQLite.
func (tx *Tx) Pgx() pgx.Tx { return tx.pg }

// SQLite is the transaction as database/sql knows it, for River; nil on PostgreSQL.
func (tx *Tx) SQLite() *sql.Tx { return tx.sqlite }

// OnCommit runs f after a successful commit: for nudges inside the process
// only. What must happen is a row.
func (tx *Tx) OnCommit(f func()) { tx.after = append(tx.after, f) }

// before is asked before each statement and before COMMIT. Once it has failed the
// transaction fails: by the hook, or because the caller gave up. The driver then
// hears nothing of it, which would cost the connection.
func (tx *Tx) before(ctx context.Context) error {
	if tx.hook != nil && tx.failed == nil {
		tx.failed = tx.hook(tx.story, tx.done, false)
	}
	if tx.failed == nil {
		tx.failed = ctx.Err()
	}
	tx.done++
	return tx.failed
}

// ExecContext runs a statement without rows.
func (tx *Tx) ExecContext(ctx context.Context, q string, args ...any) (sql.Result, error) {
	if err := tx.before(ctx); err != nil {
		return nil, err
	}
	return tx.q.ExecContext(ctx, q, args...)
}

// PrepareContext prepares a statement.
func (tx *Tx) PrepareContext(ctx context.Context, q string) (*sql.Stmt, error) {
	return tx.q.PrepareContext(ctx, q)
}

// QueryContext runs a query.
func (tx *Tx) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if err := tx.before(ctx); err != nil {
		return nil, err
	}
	return tx.q.QueryContext(ctx, q, args...)
}

// QueryRowContext runs a query for at most one row.
func (tx *Tx) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	if err := tx.before(ctx); err != nil { // only a statement can make a row that holds an error
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWithin)
		defer cancel()
		return tx.q.QueryRowContext(ctx, "this transaction has failed")
	}
	return tx.q.QueryRowContext(ctx, q, args...)
}

// Func is the body of a transaction. It may run again after a serialization
// failure, so it must not change anything but the database.
type Func func(ctx context.Context, tx *Tx) error

// Tenant runs f in a transaction that sees one account. story names it in logs
// and fault tests, "billing.approve".
func (d *DB) Tenant(ctx context.Context, story string, account igny8.AccountID, f Func) error {
	if account.IsZero() {
		return fmt.Errorf("db: tenant transaction %q without an account", story)
	}
	return d.run(ctx, Tx{story: story, Account: account}, false, f)
}

// System runs f in a transaction that sees all accounts: staff, background work,
// and stories that begin before the account is known. account may be zero.
func (d *DB) System(ctx context.Context, story string, account igny8.AccountID, f Func) error {
	return d.run(ctx, Tx{story: story, Account: account, system: true}, false, f)
}

// Read runs f in a read-only transaction that sees one account.
func (d *DB) Read(ctx context.Context, account igny8.AccountID, f Func) error {
	if account.IsZero() {
		return errors.New("db: tenant read without an account")
	}
	return d.run(ctx, Tx{story: "read", Account: account}, true, f)
}

// ReadSystem runs f in a read-only transaction that sees all accounts.
func (d *DB) ReadSystem(ctx context.Context, f Func) error {
	return d.run(ctx, Tx{story: "read", system: true}, true, f)
}

type openKey struct{}

const maxTries = 4

func (d *DB) run(ctx context.Context, proto Tx, readOnly bool, f Func) error {
	if outer, ok := ctx.Value(openKey{}).(string); ok {
		return fmt.Errorf("db: transaction %q opened inside %q; pass the *db.Tx down instead", proto.story, outer)
	}
	for try := 1; ; try++ {
		tx := proto
		err := d.bounded(ctx, &tx, readOnly, f)
		if err == nil {
			for _, g := range tx.after {
				g()
			}
			return nil
		}
		if !retryable(err) || try == maxTries {
			return translate(err)
		}
		select {
		case <-ctx.Done():
			return translate(err)
		case <-time.After(time.Duration(try*10+rand.IntN(20)) * time.Millisecond):
		}
	}
}

// bounded is once with an end in time, on PostgreSQL: a server that has stopped
// answers nothing, not even that a statement took too long.
func (d *DB) bounded(ctx context.Context, tx *Tx, readOnly bool, f Func) error {
	if d.outage == nil {
		return d.once(ctx, tx, readOnly, f)
	}
	if d.outage.now.Load() {
		return unavailable(errOutage)
	}
	short, cancel := context.WithTimeout(ctx, patience(ctx)+hangsAfter)
	defer cancel()
	if patience(ctx) > usual {
		d.outage.watch(short, cancel)
	}
	err := d.once(short, tx, readOnly, f)
	hangs := short.Err() != nil && ctx.Err() == nil
	if hangs {
		d.outage.suspect(true)
	}
	var known *igny8.Error // such as an unknown outcome
	if _, said := sqlState(err); err == nil || said || errors.As(err, &known) {
		return err
	}
	// Whatever broke the connection, and however a driver words it.
	if hangs || ctx.Err() == nil && tx.broken {
		return unavailable(err)
	}
	return err
}

func (d *DB) once(ctx context.Context, tx *Tx, readOnly bool, f Func) (err error) {
	if !readOnly {
		tx.hook = d.hook
	}
	if err := d.begin(ctx, tx, readOnly); err != nil {
		return err
	}
	finished := false
	defer func() {
		if !finished { // an error or a panic in f
			tx.rollback()
		}
		tx.close()
	}()
	tx.Now = d.Now() // after BEGIN: on SQLite it waits for the writer
	if err := f(context.WithValue(ctx, openKey{}, tx.story), tx); err != nil {
		if tx.failed != nil {
			return tx.failed
		}
		var known *igny8.Error
		if over := ctx.Err(); over != nil && !errors.As(err, &known) {
			return over // which ended the transaction beneath the statement, whatever that says of it
		}
		return err
	}
	if err := tx.before(ctx); err != nil { // COMMIT was not sent: it is known that nothing is done
		return err
	}
	finished = true
	if err := tx.commit(ctx); err != nil {
		tx.rollback()
		if _, known := sqlState(err); known && !unsynced(err) || readOnly || errors.Is(err, sql.ErrConnDone) {
			return err
		}
		return errOutcomeUnknown.Because(err)
	}
	if tx.hook != nil && tx.hook(tx.story, tx.done, true) != nil {
		return errOutcomeUnknown
	}
	return nil
}

func (d *DB) begin(ctx context.Context, tx *Tx, readOnly bool) error {
	if d.Postgres() {
		return beginPostgres(ctx, d.write, tx, readOnly)
	}
	kept := d.writing
	if readOnly {
		kept = d.reading
	}
	var err error
	// Read-only begins deferred, so that readers never wait for the writer.
	if tx.sqlite, err = kept.pool.BeginTx(ctx, &sql.TxOptions{ReadOnly: readOnly}); err != nil {
		return err
	}
	q := &prepared{Tx: tx.sqlite, statements: kept}
	tx.q = q
	tx.commit = func(context.Context) error { return tx.sqlite.Commit() }
	tx.rollback = func() { tx.sqlite.Rollback() }
	tx.close = func() { kept.keep(ctx, q.missing) }
	return nil
}
