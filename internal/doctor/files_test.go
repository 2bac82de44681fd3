package doctor

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"igny8/internal/blob"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// Each disorder between the files and the rows is found, and goes with its cause.
func TestFilesAreThoseOfPayments(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		dir := fill(t, d)
		store, err := blob.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		wants := func(moment string, parts ...string) {
			t.Helper()
			check, err := Files(t.Context(), d, store)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range check.Findings {
				if len(parts) == 0 || !strings.Contains(f.Account+" "+f.Detail, parts[0]) {
					t.Errorf("%s: %+v", moment, f)
				}
			}
			if len(check.Findings) != len(parts) {
				t.Errorf("%s: %d findings, want %d", moment, len(check.Findings), len(parts))
			}
		}
		wants("at first")
		ref, err := store.Put(t.Context(), []byte("stray"))
		if err != nil {
			t.Fatal(err)
		}
		at := func(age time.Duration) {
			when := d.Now().Add(-age)
			if err := os.Chtimes(filepath.Join(dir, ref.SHA256[:2], ref.SHA256), when, when); err != nil {
				t.Fatal(err)
			}
		}
		at(time.Hour)
		wants("a new file without a payment")
		at(4 * time.Hour)
		wants("an old file without a payment", ref.SHA256)
		if err := store.Delete(t.Context(), ref.SHA256); err != nil {
			t.Fatal(err)
		}
		proofs, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		if err != nil || len(proofs) != 1 {
			t.Fatalf("the fixture has the files %v, %v", proofs, err)
		}
		if err := os.Rename(proofs[0], proofs[0]+"-"); err != nil {
			t.Fatal(err)
		}
		wants("a payment whose file is missing", "acc_")
		err = d.System(t.Context(), "test", [16]byte{}, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE account SET erased_at = $1", tx.Now)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		wants("its account was erased")
	})
}
