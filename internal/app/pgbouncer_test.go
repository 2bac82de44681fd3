package app

import (
	"strings"
	"sync"
	"testing"
	"time"

	"igny8/internal/db/dbtest"
)

// The main job, the queue and two servers that start at the same moment, all through
// PgBouncer in transaction mode.
func TestTheMainJobThroughPgBouncer(t *testing.T) {
	c := dbtest.NewCluster(t, "log_statement = all")
	c.Database("main")
	i := installation{data: t.TempDir(), url: c.PgBouncer("main")}
	var nodes [2]*process
	var both sync.WaitGroup
	for n := range nodes {
		both.Go(func() { nodes[n] = i.start(t, "IGNY8_APPROVAL_HOLD=0s") })
	}
	both.Wait()
	if t.Failed() {
		return
	}
	p, q := nodes[0], nodes[1]
	staff := q.login(staffEmail)
	for range 12 { // as many as would use each connection of the pool anew
		p.signUp("")
		u := p.signUp(starter)
		body, kind := p.receipt()
		u.paid = p.must(201, "POST", "/billing/invoices/"+u.invoice+"/payments", u.token, body, kind).text("id")
		q.must(200, "POST", "/admin/payments/"+u.paid+"/approve", staff, `{"evidence":"statement"}`)
		p.must(201, "POST", "/sites", u.token, siteForm())
		q.must(201, "POST", "/credits/spend", u.token, `{"credits":10}`)
		p.must(200, "GET", "/credits/balance", u.token, "")
	}
	d := i.open(t)
	if !d.Pooled() {
		t.Error("the pooler was not noticed")
	}
	for begin := time.Now(); countIn(t, d, "SELECT count(*) FROM mail_message WHERE sent_at IS NULL") > 0; time.Sleep(100 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("%d letters still wait for the queue", countIn(t, d, "SELECT count(*) FROM mail_message WHERE sent_at IS NULL"))
		}
	}
	if n := countIn(t, d, "SELECT count(*) FROM mail_message"); n < 12 {
		t.Errorf("%d letters", n)
	}
	if limit := dbtest.Value[string](t, d, "SHOW statement_timeout"); limit == "0" {
		t.Error("a statement has no bound in time")
	}
	if strings.Contains(c.Log(), "LISTEN ") {
		t.Error("something listens, on a connection that belongs to everybody")
	}
	healthy(t, d)
}
