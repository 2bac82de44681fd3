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
