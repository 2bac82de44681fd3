//go:build unix

package backup

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// In production the database's user is no superuser: row level security holds for it
// too, and a dump that it filtered would look whole.
func TestABackupByAnOwnerWhoIsNoSuperuserHasEveryRow(t *testing.T) {
	c := dbtest.NewCluster(t)
	c.Do("CREATE ROLE app LOGIN CREATEROLE")
	c.Do("CREATE DATABASE app OWNER app")
	c.Do("CREATE DATABASE empty OWNER app")
	url := strings.NewReplacer("postgres@", "app@", "/postgres?", "/app?").Replace(c.URL)
	d := dbtest.Open(t, url)
	for n := range 3 {
		err := d.System(t.Context(), "t", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			id := igny8.NewID[igny8.AccountID](tx.Now)
			_, err := tx.ExecContext(ctx, `INSERT INTO account (id, number, name, slug, status, country, currency, time_zone, billing, version, created_at, updated_at)
				VALUES ($1, $2, 'n', $3, 'trial', 'PK', 'PKR', 'Asia/Karachi', $4, 1, $5, $5)`, id, n, id.String(), []byte("{}"), tx.Now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	file := saved(t, d, url)
	target := strings.Replace(url, "/app?", "/empty?", 1)
	if _, err := Restore(t.Context(), file, Target{Data: filepath.Join(t.TempDir(), "data"), URL: target}); err != nil {
		t.Fatal(err)
	}
	e := dbtest.Open(t, target)
	if n := dbtest.Value[int](t, e, "SELECT count(*) FROM account"); n != 3 {
		t.Errorf("%d accounts, want 3", n)
	}
	err := e.Read(t.Context(), igny8.NewID[igny8.AccountID](e.Now()), func(ctx context.Context, tx *db.Tx) error {
		var n int
		if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM account").Scan(&n); err != nil || n != 0 {
			t.Errorf("another tenant sees %d accounts: %v", n, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
