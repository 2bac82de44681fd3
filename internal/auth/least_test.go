package auth_test

import (
	"context"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// What is nobody's tenant is not for the role of a tenant: an injection into one of its
// stories finds no salt, no setup link, no tries and no stored answers of others.
func TestTheRoleOfAnAccountReadsNoSecrets(t *testing.T) {
	d := dbtest.Open(t, dbtest.MigratedURL(t)) // SQLite has no roles
	for _, query := range []string{"SELECT value FROM setting", "SELECT key FROM throttle", "DELETE FROM throttle", "SELECT answer FROM idempotency_record",
		"DELETE FROM idempotency_record", "SELECT password_hash FROM app_user", "SELECT hash FROM staff_key", "SELECT made_by FROM staff_change", "SELECT id FROM session"} {
		err := d.Tenant(t.Context(), "test.least", igny8.NewID[igny8.AccountID](d.Now()), func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, query)
			return err
		})
		if err == nil || !strings.Contains(err.Error(), "permission denied") {
			t.Errorf("%s: %v, want permission denied", query, err)
		}
	}
}
