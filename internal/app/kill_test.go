package app

import (
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
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
		if a.status >= 300 || a.header.Get("Idempotent-Replayed") != "" {
			t.Errorf("at once: want the work to be done, got %s", a)
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

// A server that is paused in the middle of a request is not gone: nobody takes its key
// before the lease is over, and what it writes when it wakes up is refused.
func TestAPausedServerKeepsItsKeyAndWritesNothingLate(t *testing.T) {
	c := dbtest.NewCluster(t)
	i := installation{data: t.TempDir(), url: c.Database("paused")}
	q := i.start(t)
	u := q.signUp("")
	p := i.start(t, "IGNY8_PAUSEPOINT=credits.spend/0")
	const key = "Idempotency-Key: of-a-paused-server"
	ask := func(c *client) answer { return c.send("POST", "/credits/spend", u.token, `{"credits":3}`, key) }
	late := make(chan answer, 1)
	go func() { late <- ask(p.client) }()
	defer p.cmd.Process.Signal(syscall.SIGCONT)
	p.waitPaused()
	time.Sleep(3 * presence) // it has not shown itself for a while
	if a := ask(q.client); a.text("code") != "idempotency_in_progress" || a.header.Get("Retry-After") == "" {
		t.Errorf("while it is paused: want 409 idempotency_in_progress with Retry-After, got %s", a)
	}
	d := i.open(t)
	aMinuteLater(t, d)
	if a := ask(q.client); a.status != 201 {
		t.Errorf("after the lease: %s", a)
	}
	p.cmd.Process.Signal(syscall.SIGCONT)
	if a := <-late; a.status == 201 && a.header.Get("Idempotent-Replayed") == "" {
		t.Errorf("the late one was done as well: %s", a)
	}
	if n := countIn(t, d, "SELECT count(*) FROM credit_transaction WHERE source = 'spend'"); n != 1 {
		t.Errorf("%d ledger lines, want 1", n)
	}
	healthy(t, d)
}

// waitPaused waits until the process has stopped where its pause point is.
func (p *process) waitPaused() {
	p.Helper()
	for range 1000 {
		stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		if _, state, _ := strings.Cut(string(stat), ") "); strings.HasPrefix(state, "T") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	p.Fatal("the process does not pause")
}

// presence is how often a server shows that it is there.
const presence = 2 * time.Second

// Of two servers one dies in the middle of a request; the other one does the work at
// once.
func TestAKeyIsFreeAtOnceWhenItsServerIsGone(t *testing.T) {
	c := dbtest.NewCluster(t)
	for name, url := range map[string]string{"directly": c.Database("gone"), "through a pooler": ""} {
		t.Run(name, func(t *testing.T) {
			if url == "" {
				c.Database("pooled")
				url = c.PgBouncer("pooled")
			}
			i := installation{data: t.TempDir(), url: url}
			q := i.start(t)
			u := q.signUp("")
			p := i.start(t, "IGNY8_FAILPOINT=credits.spend/3")
			const key = "Idempotency-Key: of-a-dead-server"
			if a := p.send("POST", "/credits/spend", u.token, `{"credits":3}`, key); a.lost == nil {
				t.Errorf("an answer came from a dead process: %s", a)
			}
			p.died()
			begin := time.Now()
			a := q.ask("POST", "/credits/spend", u.token, `{"credits":3}`, key)
			for a.text("code") == "idempotency_in_progress" && time.Since(begin) < 2*time.Second { // until PostgreSQL has noticed
				time.Sleep(20 * time.Millisecond)
				a = q.ask("POST", "/credits/spend", u.token, `{"credits":3}`, key)
			}
			if a.status != 201 {
				t.Errorf("at once: %s", a)
			}
			t.Logf("free after %v", time.Since(begin).Round(time.Millisecond))
			d := i.open(t)
			if n := countIn(t, d, "SELECT count(*) FROM credit_transaction WHERE source = 'spend'"); n != 1 {
				t.Errorf("%d ledger lines, want 1", n)
			}
		})
	}
}
