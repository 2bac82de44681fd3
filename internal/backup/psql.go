package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
)

// postgres is the empty database that a dump is restored into.
type postgres struct {
	*server
	restorer, psql string
}

// isEmpty asks whether the database has no table, sequence or view of its own.
const isEmpty = `SELECT NOT EXISTS (SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%')`

func (t Target) database(ctx context.Context, m Manifest) (*postgres, error) {
	srv, conn, err := reach(ctx, t.URL, t.Tools)
	if err != nil {
		return nil, err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	p := &postgres{server: srv}
	var empty bool
	if err := conn.QueryRow(ctx, isEmpty, pgx.QueryExecModeSimpleProtocol).Scan(&empty); err != nil {
		return nil, fmt.Errorf("look into the database: %w", err)
	}
	if !empty {
		return nil, errors.New("the database is not empty: a backup is only restored into an empty one; make one with createdb, and name it with --database-url")
	}
	if made := majorOf(strings.Replace(m.Database, "PostgreSQL", "(PostgreSQL)", 1)); made > srv.major {
		return nil, fmt.Errorf("the backup is of PostgreSQL %d, and the server is PostgreSQL %d: restore it into the same version, or a newer one", made, srv.major)
	}
	if p.restorer, err = srv.tool(ctx, "pg_restore"); err == nil {
		p.psql, err = srv.tool(ctx, "psql")
	}
	return p, err
}

// before makes the roles that the dump speaks of and that belong to no database.
const before = `\set ON_ERROR_STOP on
BEGIN;
DO $igny8$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['igny8_tenant', 'igny8_system'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO %I', r, current_user);
    END IF;
  END LOOP;
END $igny8$;
`

// after ends what was issued before, in the same transaction as all the rest.
func after() string {
	return "\nSET LOCAL ROLE igny8_system;\nSET LOCAL row_security = on;\nSET LOCAL search_path = public;\n" + strings.Join(epoch, ";\n") + ";\nCOMMIT;\n"
}

// restore runs the dump in one transaction. psql is told to commit only when the
// whole of it was read: if its input ends before, all is rolled back.
func (p *postgres) restore(ctx context.Context, dump string) error {
	reading, readTalk := p.command(ctx, p.restorer, "--no-owner", "--file=-", dump)
	writing, writeTalk := p.command(ctx, p.psql, "--no-psqlrc", "--quiet", "--no-password", "--output=/dev/null", "--dbname="+p.url)
	script, err := reading.StdoutPipe()
	if err != nil {
		return fmt.Errorf("pg_restore: %w", err)
	}
	in, err := writing.StdinPipe()
	if err != nil {
		return fmt.Errorf("psql: %w", err)
	}
	if err := writing.Start(); err != nil {
		return fmt.Errorf("psql: %w", err)
	}
	fed := p.feed(in, script, reading.Start, reading.Wait)
	in.Close()
	if err := writing.Wait(); err != nil {
		return said("psql", errors.Join(ctx.Err(), err), writeTalk)
	}
	if fed != nil {
		return said("pg_restore", errors.Join(ctx.Err(), fed), readTalk)
	}
	return nil
}

func (p *postgres) feed(in io.Writer, script io.Reader, start, wait func() error) error {
	if err := start(); err != nil {
		return err
	}
	_, err := io.WriteString(in, before)
	if err == nil {
		_, err = io.Copy(in, script)
	}
	if err != nil {
		io.Copy(io.Discard, script)
	}
	if e := wait(); err == nil {
		err = e
	}
	if err == nil {
		_, err = io.WriteString(in, after())
	}
	return err
}
