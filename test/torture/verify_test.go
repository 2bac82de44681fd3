//go:build torture

package torture

import (
	"context"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/doctor"
)

// verify compares a database with what the clients know. Everything acknowledged
// before the instant must be there once, and nothing that they did not do. What was
// acknowledged later may be there: a backup does not have it.
func verify(t *testing.T, d *db.DB, what string, acked []done, before time.Time) {
	t.Helper()
	v := &verifier{T: t, what: what, before: before, acked: acked}
	err := d.ReadSystem(db.Patient(t.Context(), time.Minute), func(ctx context.Context, tx *db.Tx) error {
		same(ctx, tx, v, "accounts", "SELECT id FROM account", igny8.AccountID.String, "trial", "paid")
		same(ctx, tx, v, "payments", "SELECT id FROM payment", igny8.PaymentID.String, "submit")
		same(ctx, tx, v, "sites", "SELECT id FROM site", igny8.SiteID.String, "site")
		same(ctx, tx, v, "spends", "SELECT id FROM credit_transaction WHERE source = 'spend'", igny8.CreditID.String, "spend")
		v.decisions(ctx, tx, "succeeded", "approve")
		v.decisions(ctx, tx, "failed", "reject", "withdraw")
		v.once(ctx, tx)
		return nil
	})
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	report, err := doctor.Run(t.Context(), d)
	if err != nil {
		t.Errorf("%s: the invariants could not be checked: %v", what, err)
	}
	for _, check := range report.Checks {
		for _, f := range check.Findings {
			t.Errorf("%s: %s: %s %s", what, check.Name, f.Account, f.Detail)
		}
	}
}

type verifier struct {
	*testing.T
	what   string
	before time.Time
	acked  []done
}

// effects are the acknowledged effects of some operations: the id of what was made, or
// of what it was about, and whether it must be there.
func (v *verifier) effects(about bool, ops ...string) map[string]bool {
	out := map[string]bool{}
	for _, a := range v.acked {
		for _, op := range ops {
			if a.Op != op || a.Status >= 300 {
				continue
			}
			id := a.ID
			if about {
				id = a.Ref
			}
			out[id] = a.ack.At.Before(v.before)
		}
	}
	return out
}

// same compares the ids that a query finds with those of acknowledged effects.
func same[T any](ctx context.Context, tx *db.Tx, v *verifier, name, query string, text func(T) string, ops ...string) {
	v.Helper()
	compare(v, name, found(ctx, tx, v, query, text), v.effects(false, ops...))
}

func found[T any](ctx context.Context, tx *db.Tx, v *verifier, query string, text func(T) string) map[string]bool {
	v.Helper()
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		v.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var id T
		if err := rows.Scan(&id); err != nil {
			v.Fatalf("%s: %v", query, err)
		}
		out[text(id)] = true
	}
	if err := rows.Err(); err != nil {
		v.Fatalf("%s: %v", query, err)
	}
	return out
}

func compare(v *verifier, name string, there, acked map[string]bool) {
	v.Helper()
	for id, must := range acked {
		if must && !there[id] {
			v.Errorf("%s: %s: %s was acknowledged and is missing", v.what, name, id)
		}
	}
	for id := range there {
		if _, known := acked[id]; !known {
			v.Errorf("%s: %s: %s is there, and nobody was told so: done twice, or by nobody", v.what, name, id)
		}
	}
	v.Logf("%s: %d %s, %d acknowledged", v.what, len(there), name, len(acked))
}

func (v *verifier) decisions(ctx context.Context, tx *db.Tx, status string, ops ...string) {
	v.Helper()
	there := found(ctx, tx, v, "SELECT id FROM payment WHERE status = '"+status+"'", igny8.PaymentID.String)
	compare(v, status+" payments", there, v.effects(true, ops...))
}

// once checks that each payment that succeeded brought one of everything.
func (v *verifier) once(ctx context.Context, tx *db.Tx) {
	v.Helper()
	count := func(query string) (n int64) {
		if err := tx.QueryRowContext(ctx, query).Scan(&n); err != nil {
			v.Errorf("%s: %v", query, err)
		}
		return n
	}
	paid := count("SELECT count(*) FROM payment WHERE status = 'succeeded'")
	for name, query := range map[string]string{
		"periods":    "SELECT count(*) FROM subscription_period",
		"lots":       "SELECT count(*) FROM credit_lot WHERE source = 'invoice'",
		"lines":      "SELECT count(*) FROM credit_transaction WHERE source = 'invoice'",
		"receipts":   "SELECT count(DISTINCT receipt_number) FROM payment WHERE receipt_number IS NOT NULL",
		"events":     "SELECT count(*) FROM outbox_event WHERE type = 'payment.approved'",
		"audit rows": "SELECT count(*) FROM audit_event WHERE action = 'payment.approve'",
		"letters":    "SELECT count(*) FROM mail_message WHERE template = 'payment_approved'",
	} {
		if n := count(query); n != paid {
			v.Errorf("%s: %d payments succeeded, and there are %d %s", v.what, paid, n, name)
		}
	}
}
