package db

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// Migration is one step and whether it was done.
type Migration struct {
	Version int64  `json:"version"`
	Name    string `json:"name"`
	Applied bool   `json:"applied"`
}

// Migrate brings the schema to this program's version. One of several starting
// servers does it while the others wait.
func (d *DB) Migrate(ctx context.Context) error {
	return d.Alone(ctx, func(ctx context.Context) error {
		return d.withGoose(ctx, func(p *goose.Provider) error {
			_, err := p.Up(ctx)
			return err
		})
	})
}

// MigrationStatus lists all steps.
func (d *DB) MigrationStatus(ctx context.Context) ([]Migration, error) {
	var list []Migration
	err := d.withGoose(ctx, func(p *goose.Provider) error {
		all, err := p.Status(ctx)
		for _, s := range all {
			list = append(list, Migration{s.Source.Version, s.Source.Path, s.State == goose.StateApplied})
		}
		return err
	})
	return list, err
}

// Schema is the newest step that was done, even by a newer program, and the newest
// that this program knows.
func (d *DB) Schema(ctx context.Context) (done, known int64, err error) {
	err = d.read.QueryRowContext(ctx, "SELECT coalesce(max(version_id), 0) FROM goose_db_version WHERE is_applied").Scan(&done)
	if err != nil {
		return 0, 0, fmt.Errorf("read the schema's version: %w", translate(err))
	}
	return done, KnownSchema(), nil
}

// KnownSchema is the newest step that this program knows.
func KnownSchema() (newest int64) {
	files, _ := migrations.ReadDir("migrations/sqlite") // both databases have the same steps
	for _, f := range files {
		if n, err := goose.NumericComponent(f.Name()); err == nil {
			newest = max(newest, n)
		}
	}
	return newest
}

func (d *DB) withGoose(ctx context.Context, f func(*goose.Provider) error) error {
	conn, dialect, folder := d.write, goose.DialectSQLite3, "migrations/sqlite"
	if d.Postgres() {
		dialect, folder = goose.DialectPostgres, "migrations/postgres"
		conn = stdlib.OpenDB(*d.pool.Config().ConnConfig.Copy())
		defer conn.Close()
	}
	sub, err := fs.Sub(migrations, folder)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return runGoose(conn, dialect, sub, f)
}

func runGoose(conn *sql.DB, dialect goose.Dialect, files fs.FS, f func(*goose.Provider) error) error {
	p, err := goose.NewProvider(dialect, conn, files)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := f(p); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
