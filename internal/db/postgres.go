package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// connectWithin bounds the making of one connection, unless the URL says otherwise.
const connectWithin = 5 * time.Second

func (d *DB) openPostgres(ctx context.Context, o Options) error {
	if err := checkPostgresURL(o.URL); err != nil {
		return err
	}
	cfg, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return errors.New("the database URL cannot be read") // the error would quote the password
	}
	cfg.MaxConns = 16
	if o.MaxConns > 0 {
		cfg.MaxConns = o.MaxConns
	}
	cfg.PingTimeout = 2 * time.Second
	if cfg.ConnConfig.ConnectTimeout == 0 {
		cfg.ConnConfig.ConnectTimeout = connectWithin
	}
	// PgBouncer takes these two. What it would refuse is set as each transaction begins.
	cfg.ConnConfig.RuntimeParams["application_name"] = "igny8"
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if d.pooled, err = behindPooler(ctx, cfg.ConnConfig); err != nil {
		return fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	if d.pooled && cfg.ConnConfig.DefaultQueryExecMode == pgx.QueryExecModeCacheStatement {
		// A prepared statement belongs to a session, and a pooler gives each transaction another.
		cfg.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
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
	d.outage = newOutage(d.pool)
	d.write = stdlib.OpenDBFromPool(d.pool)
	d.write.SetMaxIdleConns(0) // the pool keeps them
	d.read = d.write
	return nil
}

// checkPostgresURL refuses ways of asking that send JSON as bytes, which
// PostgreSQL does not take. Which one suits is found out by itself.
func checkPostgresURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return errors.New("the database URL cannot be read")
	}
	switch mode := u.Query().Get("default_query_exec_mode"); mode {
	case "exec", "simple_protocol":
		return fmt.Errorf("default_query_exec_mode=%s in the database URL does not work with igny8: leave it out, it is found out by itself", mode)
	}
	return nil
}

// behindPooler reports whether another program, such as PgBouncer, stands between
// us and the server: the process that the connection was told of is then not the
// one that answers.
func behindPooler(ctx context.Context, cfg *pgx.ConnConfig) (bool, error) {
	c, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return false, err
	}
	defer c.Close(context.WithoutCancel(ctx))
	var pid uint32
	// Without parameters it needs no prepared statement.
	err = c.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&pid)
	return pid != c.PgConn().PID(), err
}

// Pooled reports whether a pooler such as PgBouncer stands in front of PostgreSQL.
// Nothing that belongs to a session may be relied upon then: no LISTEN, no lock of
// a session, no prepared statement.
func (d *DB) Pooled() bool { return d.pooled }

// Alone runs f while no other process of this database runs its own f. The lock is
// that of a transaction which stays open, so it holds through PgBouncer as well.
// On SQLite the lock of the file has the same effect.
func (d *DB) Alone(ctx context.Context, f func(context.Context) error) error {
	if !d.Postgres() {
		return f(ctx)
	}
	const key = 0x69676e7938 // "igny8"
	held, err := d.hold(ctx, key)
	if err != nil {
		return fmt.Errorf("wait for other servers: %w", err)
	}
	defer held.release()
	return f(ctx)
}

// holder keeps a lock of PostgreSQL in a transaction on a connection of its own.
type holder struct{ conn *pgx.Conn }

// hold waits for the lock.
func (d *DB) hold(ctx context.Context, key int64) (*holder, error) {
	c, err := pgx.ConnectConfig(ctx, d.pool.Config().ConnConfig)
	if err != nil {
		return nil, err
	}
	_, err = c.Exec(ctx, fmt.Sprintf("BEGIN; SELECT set_config('idle_in_transaction_session_timeout', '0', true), pg_advisory_xact_lock(%d)", key))
	if err != nil {
		c.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return &holder{c}, nil
}

// alive asks whether the connection, and so the lock, is still there.
func (h *holder) alive(ctx context.Context) bool {
	_, err := h.conn.Exec(ctx, "SELECT 1")
	return err == nil
}

// release ends the connection and with it the transaction.
func (h *holder) release() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	h.conn.Close(ctx)
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
		tx.pg, err = driver.(*stdlib.Conn).Conn().BeginTx(ctx, pgx.TxOptions{BeginQuery: beginQuery(tx, readOnly, patience(ctx))})
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
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackWithin)
		defer cancel()
		conn.Raw(func(any) error {
			tx.broken = tx.pg.Conn().IsClosed()
			return tx.pg.Rollback(ctx)
		})
	}
	return nil
}

// beginQuery begins and sets scope and time limits, in one round trip. It has no
// parameters, which only a statement of its own could have: all it says is ours, or
// an id. The limits belong to the transaction, since PgBouncer takes none for a session.
func beginQuery(tx *Tx, readOnly bool, limit time.Duration) string {
	begin := "BEGIN"
	if readOnly {
		begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
	}
	role, account := "igny8_tenant", tx.Account.UUID().String()
	if tx.system {
		role, account = "igny8_system", ""
	}
	return fmt.Sprintf("%s; SELECT set_config('role', '%s', true), set_config('app.account', '%s', true), "+
		"set_config('statement_timeout', '%d', true), set_config('idle_in_transaction_session_timeout', '%d', true)",
		begin, role, account, limit.Milliseconds(), (limit + idleBeyond).Milliseconds())
}
