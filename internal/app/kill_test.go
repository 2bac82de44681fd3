package app

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
)

// killedAt are moments at which the process is gone as after kill -9, over both
// money stories: before the n-th statement, and right after COMMIT.
var killedAt = []string{
	"signup.register/9", "signup.register/30", "signup.register/committed",
	"billing.approve/10", "billing.approve/33", "billing.approve/committed",
}

func TestAKilledProcessNeedsNoRepair(t *testing.T) {
	installations(t, func(t *testing.T, i installation) {
		for _, at := range killedAt {
			t.Run(at, func(t *testing.T) { killAndReturn(t, i, at) })
		}
	})
}

// killAndReturn lets a process die in the middle of a request, starts another,
// and sends the same request again.
func killAndReturn(t *testing.T, i installation, at string) {
	p := i.start(t, "IGNY8_FAILPOINT="+at)
	path, token, body := "/auth/register", "", form(newEmail(), starter)
	if strings.HasPrefix(at, "billing.approve") {
		token = p.login(staffEmail)
		path, body = "/admin/payments/"+p.paying().paid+"/approve", `{"evidence":"statement"}`
	}
	key := fmt.Sprint("Idempotency-Key: killed-", made.Add(1))
	if a := p.send("POST", path, token, body, key); a.lost == nil {
		t.Errorf("an answer came from a dead process: %s", a)
	}
	p.died()

	d := i.open(t)
	healthy(t, d)
	q := i.start(t)
	a := q.ask("POST", path, token, body, key)
	if committed := strings.HasSuffix(at, "/committed"); !committed {
		if a.status != 409 || a.text("code") != "idempotency_in_progress" || a.header.Get("Retry-After") == "" {
			t.Errorf("at once: want 409 idempotency_in_progress with Retry-After, got %s", a)
		}
		aMinuteLater(t, d)
		a = q.ask("POST", path, token, body, key)
		if a.status >= 300 || a.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("a minute later: want the work to be done, got %s", a)
		}
	} else if a.status >= 300 || a.header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("after COMMIT: want the stored answer, got %s", a)
	}
	if b := q.ask("POST", path, token, body, key); b.header.Get("Idempotent-Replayed") != "true" || b.raw != a.raw {
		t.Errorf("once more: want the same answer\n%s\n%s", a, b)
	}
	healthy(t, d)
	onceEach(t, d)
	q.stop()
}

// aMinuteLater makes claims on idempotency keys as old as their lease.
func aMinuteLater(t *testing.T, d *db.DB) {
	t.Helper()
	err := d.System(t.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE idempotency_record SET locked_at = $1, created_at = $1 WHERE state = 'running'", tx.Now.Add(-time.Minute))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// onceEach checks that every succeeded payment brought exactly one period, one
// lot, one ledger line and one receipt, and that every signup is there once.
func onceEach(t *testing.T, d *db.DB) {
	t.Helper()
	paid := countIn(t, d, "SELECT count(*) FROM payment WHERE status = 'succeeded'")
	for what, query := range map[string]string{
		"periods":      "SELECT count(*) FROM subscription_period",
		"lots":         "SELECT count(*) FROM credit_lot WHERE source = 'invoice'",
		"ledger lines": "SELECT count(*) FROM credit_transaction WHERE source = 'invoice'",
		"receipts":     "SELECT count(*) FROM (SELECT DISTINCT receipt_number FROM payment WHERE receipt_number IS NOT NULL) r",
		"accounts":     "SELECT count(*) FROM account WHERE status = 'active'",
		"events":       "SELECT count(*) FROM outbox_event WHERE type = 'payment.approved'",
		"audit rows":   "SELECT count(*) FROM audit_event WHERE action = 'payment.approve'",
		"letters":      "SELECT count(*) FROM mail_message WHERE template = 'payment_approved'",
	} {
		if n := countIn(t, d, query); n != paid {
			t.Errorf("%d succeeded payments, but %d %s", paid, n, what)
		}
	}
	if a, b := countIn(t, d, "SELECT count(*) FROM account"), countIn(t, d, "SELECT count(*) FROM app_user WHERE NOT staff"); a != b {
		t.Errorf("%d accounts, but %d users", a, b)
	}
}
