package billing_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/blob"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// A file without a payment goes after two hours, on both databases; one with a
// payment stays, and so does what is new.
func TestFilesWithoutAPaymentAreSwept(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		dir := t.TempDir()
		store, err := blob.OpenFolder(dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		s := billing.New(d, store, []byte("secret"), "http://localhost")
		age := func(sha string, by time.Duration) {
			at := d.Now().Add(-by)
			if err := os.Chtimes(filepath.Join(dir, sha[:2], sha), at, at); err != nil {
				t.Fatal(err)
			}
		}
		send := func(reference string, in billing.Submission) (billing.Payment, error) {
			owner, inv := billingtest.Unpaid(t, d, "starter", "PK")
			in.Method, in.Reference, in.PayerName, in.PaidOn = "jazzcash", reference, "Zara", d.Now().Format(time.DateOnly)
			return s.Submit(t.Context(), owner, inv.ID, in)
		}
		paid, err := send("AB-1", billing.Submission{Files: []blob.Upload{blob.Bytes("a.png", picture(t, 1))}})
		if err != nil {
			t.Fatal(err)
		}
		owner, _ := billingtest.Unpaid(t, d, "starter", "PK")
		intake := blob.NewIntake(store, nil)
		var stray []blob.Kept
		for shade := uint8(2); shade < 5; shade++ {
			k, err := intake.Keep(t.Context(), owner.Account.String(), blob.Bytes("x.png", picture(t, shade)))
			if err != nil {
				t.Fatal(err)
			}
			stray = append(stray, k)
		}
		age(paid.Proofs[0].Sha256, 5*time.Hour)
		age(stray[0].SHA256, 3*time.Hour)
		age(stray[1].SHA256, time.Hour)
		age(stray[2].SHA256, 3*time.Hour)
		mended, err := send("AB-2", billing.Submission{Kept: stray[2:]}) // which makes it new
		if err != nil || len(mended.Proofs) != 1 || mended.Proofs[0].OriginalSha256 != stray[2].OriginalSHA256 {
			t.Fatalf("%+v, %v", mended.Proofs, err)
		}
		if n, err := s.SweepFiles(t.Context()); n != 1 || err != nil {
			t.Errorf("swept %d, %v, want 1", n, err)
		}
		for sha, want := range map[string]bool{paid.Proofs[0].Sha256: true, stray[0].SHA256: false, stray[1].SHA256: true, stray[2].SHA256: true} {
			if _, err := store.Get(t.Context(), sha); errors.Is(err, blob.ErrMissing) == want {
				t.Errorf("%s: %v, want there %v", sha, err, want)
			}
		}
		if _, err := send("AB-3", billing.Submission{Kept: stray[:1]}); igny8.CodeOf(err) != "file_gone" {
			t.Errorf("a payment with a file that was swept: %v", err)
		}

		err = d.System(t.Context(), "test", mended.AccountID, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE account SET erased_at = $1 WHERE id = $2", tx.Now, mended.AccountID)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		age(stray[2].SHA256, 3*time.Hour)
		if n, err := s.SweepFiles(t.Context()); n != 1 || err != nil {
			t.Errorf("of an account that was erased %d files were swept, %v, want 1", n, err)
		}
	})
}
