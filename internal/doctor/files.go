package doctor

import (
	"context"
	"fmt"
	"time"

	"igny8/internal/blob"
	"igny8/internal/db"
)

// sweptAfter is when a file that no payment refers to is gone: two hours, within
// which a form may be mended, and the time between two sweeps with some to spare.
const sweptAfter = 3 * time.Hour

// Files compares the store of files with the database: a file that no payment refers
// to is gone after two hours, and the file of a payment is there unless its account
// was erased. It is not part of Run, since the two cannot be read at one moment:
// the rows are read before the files that nobody needs, and after those that are
// there.
func Files(ctx context.Context, d *db.DB, files blob.Store) (Check, error) {
	check := Check{Name: "9 files are those of payments", Text: "a payment's file is there, and no file that no payment refers to is older than 2 hours", Findings: []Finding{}}
	late := d.Now().Add(-sweptAfter)
	for _, prefix := range blob.Prefixes() {
		old, err := files.List(ctx, prefix, late)
		if err != nil {
			return check, fmt.Errorf("list files: %w", err)
		}
		needed, err := proofs(ctx, d, prefix)
		if err != nil {
			return check, err
		}
		all, err := files.List(ctx, prefix, time.Time{})
		if err != nil {
			return check, fmt.Errorf("list files: %w", err)
		}
		for _, sha := range old {
			if _, ok := needed[sha]; !ok {
				check.Findings = append(check.Findings, Finding{"", sha + " belongs to no payment; a running server sweeps it"})
			}
		}
		for _, sha := range all {
			delete(needed, sha)
		}
		for sha, account := range needed {
			check.Findings = append(check.Findings, Finding{accountName(account), sha + " is the file of a payment, and missing"})
		}
	}
	return check, nil
}

// proofs are the files with a prefix that payments refer to, with one account each.
func proofs(ctx context.Context, d *db.DB, prefix string) (map[string]string, error) {
	out := map[string]string{}
	err := d.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		return each(ctx, tx, fmt.Sprintf(`SELECT p.sha256, CAST(p.account_id AS text) FROM payment_proof p JOIN account a ON a.id = p.account_id
WHERE p.sha256 >= '%[1]s' AND p.sha256 < '%[1]sg' AND a.erased_at IS NULL`, prefix), func(c [3]string) { out[c[0]] = c[1] }, 2)
	})
	if err != nil {
		return nil, fmt.Errorf("read the files of payments: %w", err)
	}
	return out, nil
}
