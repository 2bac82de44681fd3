package app

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db/dbtest"
)

// lookIn lets the staff user look into an account and returns the access token.
func (w *world) lookIn(o *tenant, write string) string {
	w.Helper()
	return w.must(200, "POST", "/admin/accounts/"+o.account+"/impersonate", w.staff, `{"reason":"they asked for help"`+write+`}`).text("tokens/access")
}

// Every route that is no GET refuses staff who look in to read, and changes nothing;
// what an owner may read, they may read.
func TestStaffWhoLookInOnlyRead(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		ours := w.paidUp()
		ours.job = "1" // as good as any
		token, refused, read := w.lookIn(ours, ""), 0, 0
		before := w.dump()
		for _, rt := range w.app.api.Routes() {
			if rt.Public {
				continue
			}
			a := w.ask(rt.Method, pathOf(rt, ours), token, bodyOf(w, rt, ours))
			switch {
			case rt.Method == http.MethodGet && (rt.Perm == igny8.PermRead || rt.Perm == igny8.PermBillingRead):
				if read++; a.status != 200 {
					t.Errorf("%s: want 200, got %s", rt.Pattern(), a)
				}
			default:
				if refused++; a.status != 403 || a.text("code") != "staff_looking" {
					t.Errorf("%s: want 403 staff_looking, got %s", rt.Pattern(), a)
				}
			}
		}
		if diff := difference(before, w.dump()); diff != "" {
			t.Errorf("looking changed something:\n%s", diff)
		}
		if t.Logf("%d refused, %d read", refused, read); refused < 30 || read < 10 {
			t.Errorf("%d refused and %d read are too few", refused, read)
		}
	})
}

func TestStaffWhoLookInToWrite(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		ours := w.paidUp()
		token := w.lookIn(ours, `,"write":true`)
		w.must(200, "PATCH", "/sites/"+ours.site, token, `{"name":"Mended by staff"}`)
		for _, c := range []struct{ method, path, body string }{
			{"POST", "/account/api-keys", `{"name":"Plugin"}`}, {"PATCH", "/account", `{"name":"Ours"}`},
			{"PATCH", "/me", `{"language":"ur"}`}, {"GET", "/admin/accounts", ""},
			{"POST", "/admin/accounts/" + ours.account + "/impersonate", `{"reason":"once more"}`},
		} {
			if a := w.must(403, c.method, c.path, token, c.body); a.text("code") != "staff_looking" {
				t.Errorf("%s %s: %s", c.method, c.path, a)
			}
		}
		rows := w.must(200, "GET", "/account/audit-events?limit=2", ours.token, "").raw
		if strings.Contains(rows, staffEmail) || !strings.Contains(rows, `"action":"site.update"`) || !strings.Contains(rows, "they asked for help") ||
			strings.Count(rows, `"actor":{"role":"developer"}`) != 2 {
			t.Errorf("the account's audit log: %s", rows)
		}
		all := w.must(200, "GET", "/admin/accounts/"+ours.account+"/timeline?limit=2", w.staff, "").raw
		if strings.Count(all, staffEmail) != 2 {
			t.Errorf("staff see who it was: %s", all)
		}
	})
}

func TestLooksEnd(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		ours, theirs := w.tenant(w.signUp(""), ""), w.tenant(w.signUp(""), "")
		first := w.lookIn(ours, "")
		w.must(200, "GET", "/sites", first, "")
		second := w.lookIn(theirs, "") // ends the first
		w.must(401, "GET", "/sites", first, "")
		if n := w.must(200, "POST", "/admin/impersonation/end", w.staff, "").body["ended"]; n != 1.0 {
			t.Errorf("%v ended, want 1", n)
		}
		w.must(401, "GET", "/sites", second, "")
		w.must(422, "POST", "/admin/accounts/"+ours.account+"/impersonate", w.staff, `{"reason":"  x"}`)
		rows := w.must(200, "GET", "/account/audit-events?limit=3", theirs.token, "").raw
		if strings.Count(rows, "impersonation.") != 2 || strings.Count(rows, "they asked for help") != 2 {
			t.Errorf("start and end tell the reason: %s", rows)
		}
		// Whatever state an account is in, staff may look; what they change meets the gate.
		w.must(200, "POST", "/admin/accounts/"+ours.account+"/suspend", w.staff, `{"reason":"policy","note":"sends spam"}`)
		token := w.lookIn(ours, `,"write":true`)
		w.must(200, "GET", "/sites", token, "")
		w.must(200, "GET", "/billing/invoices", token, "")
		if a := w.must(403, "POST", "/sites", token, siteForm()); a.text("code") != "account_suspended" {
			t.Errorf("%s", a)
		}
	})
}

// Each look of staff at one account's details is in that account's own log.
func TestEveryLookIsTold(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		ours := w.paidUp()
		for path, action := range map[string]string{
			"/admin/accounts/" + ours.account:               "account.view",
			"/admin/accounts/" + ours.account + "/timeline": "account.view_timeline",
			"/admin/payments/" + ours.paid:                  "payment.view",
			"/admin/payments/" + ours.paid + "/proofs/1":    "payment.view_proof",
		} {
			w.must(200, "GET", path, w.staff, "")
			if rows := w.must(200, "GET", "/account/audit-events?limit=1", ours.token, "").raw; !strings.Contains(rows, `"action":"`+action+`"`) {
				t.Errorf("%s: %s", path, rows)
			}
		}
	})
}

// What staff do on one node holds on the other within a second of the commit.
func TestActsHoldOnTwoNodes(t *testing.T) {
	url, data := dbtest.PostgresURL(t), t.TempDir()
	one, two := startNode(t, url, data, loud), startNode(t, url, data, loud)
	ours := one.paidUp()
	clerk := one.must(201, "POST", "/admin/staff", one.staff, newClerk())
	clerkToken := two.login(clerk.text("email"))
	for _, c := range []struct {
		what, path, token string
		act               func()
	}{
		{"a look that was ended", "/sites", one.lookIn(ours, ""), func() { one.must(200, "POST", "/admin/impersonation/end", one.staff, "") }},
		{"a suspended account", "/sites", ours.token, func() {
			one.must(200, "POST", "/admin/accounts/"+ours.account+"/suspend", one.staff, suspension)
		}},
		{"a staff user with less to do", "/admin/payments", clerkToken, func() {
			one.must(200, "PATCH", "/admin/staff/"+clerk.text("id"), one.staff, `{"permissions":["platform.catalogue"]}`)
		}},
	} {
		two.must(200, "GET", c.path, c.token, "")
		if last, n := lastSuccess(two, c.path, c.token, c.act); last > time.Second || n == 0 {
			t.Errorf("%s: the other node let it in %v after the commit (%d successes)", c.what, last, n)
		} else {
			t.Logf("%s: last success %v after the answer, of %d", c.what, last, n)
		}
	}
	healthy(t, one.app.db)
}

// lastSuccess asks a node all the time, acts on the other one meanwhile, and returns
// how long after that the last success came.
func lastSuccess(w *world, path, token string, act func()) (time.Duration, int64) {
	var last, n atomic.Int64
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if w.ask("GET", path, token, "").status == 200 {
					last.Store(time.Now().UnixNano())
					n.Add(1)
				}
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	act()
	done := time.Now()
	time.Sleep(1500 * time.Millisecond)
	close(stop)
	asking.Wait()
	return max(0, time.Unix(0, last.Load()).Sub(done)), n.Load()
}
