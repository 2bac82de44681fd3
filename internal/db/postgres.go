package db

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

func (d *DB) openPostgres(ctx context.Context, o Options) error {
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return fmt.Errorf("the database URL cannot be read") // the error would quote the password
	}
	cfg.MaxConns = 16
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	}
	cfg.ConnConfig.RuntimeParams["application_name"] = "igny8"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	cfg.ConnConfig.RuntimeParams["statement_timeout"] = "10s"
	cfg.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "15s"
	// Times come back in UTC whatever zone the machine is in.
	cfg.AfterConnect = func(_ context.Context, c *pgx.Conn) error {
		c.TypeMap().RegisterType(&pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}})
		return nil
	}
	if d.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if err := d.pool.Ping(ctx); err != nil {
		d.pool.Close()
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	d.write = stdlib.OpenDBFromPool(d.pool)
	d.write.SetMaxIdleConns(0) // the pool keeps them
	d.read = d.write
	return nil
}

// beginPostgres opens a pgx transaction on one connection of database/sql, so
// that generated queries (which speak database/sql) and River (which speaks pgx)
// share it. The scope is set for this transaction only, which also works behind
// PgBouncer in transaction mode.
func beginPostgres(ctx context.Context, pool *sql.DB, tx *Tx, readOnly bool) error {
	conn, err := pool.Conn(ctx)
	if err != nil {
		return err
	}
	err = conn.Raw(func(driver any) error {
		tx.pg, err = driver.(*stdlib.Conn).Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: beginQuery(tx, readOnly)})
		return err
	})
	if err != nil {
		conn.Close()
		return err
	}
	tx.q = conn
	tx.close = func() { conn.Close() }
	// Through Raw: when a statement found its context over, database/sql has closed
	// the connection, and the pool ends it in another goroutine. Raw then answers
	// ErrConnDone and leaves the transaction alone; the server rolls it back.
	tx.commit = func(ctx context.Context) error {
		return conn.Raw(func(any) error { return tx.pg.Commit(ctx) })
	}
	tx.rollback = func() {
		// The caller's context may be over; the connection must come back clean.
		conn.Raw(func(any) error { return tx.pg.Rollback(context.WithoutCancel(ctx)) })
	}
	return nil
}

// beginQuery begins and sets the scope, in one round trip. It has no parameters,
// which only a statement of its own could have: all it says is ours, or an id.
func beginQuery(tx *Tx, readOnly bool) string {
	begin := "BEGIN"
	if readOnly {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	role, account := "igny8_tenant", tx.Account.UUID().String()
	if tx.system {
		role, account = "igny8_system", ""
	}
	return fmt.Sprintf("%s; SELECT set_config('role', '%s', true), set_config('app.account', '%s', true)", begin, role, account)
}
