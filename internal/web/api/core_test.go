package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

func TestTrialSignup(t *testing.T) {
	onCore(t, func(c *core) {
		u := c.signUp("ayesha@example.com", "")
		c.is(u.answer, map[string]string{"account/status": `"trial"`, "account/currency": `"PKR"`, "subscription/plan": `"free-trial"`,
			"subscription/status": `"active"`, "tokens/token_type": `"Bearer"`, "tokens/expires_in": "900", "invoice": "null",
			"user/email_verified": "false", "account/billing/email": `"ayesha@example.com"`})
		me := c.v1("GET", "/me", u.access, "", 200, "")
		c.is(me, map[string]string{"role": `"owner"`, "account/status": `"trial"`, "user/email": `"ayesha@example.com"`,
			"memberships/0/role": `"owner"`, "account/id": `"` + u.text("account/id") + `"`})
		c.is(c.v1("GET", "/account", u.access, "", 200, ""), map[string]string{"status": `"trial"`})
		c.is(c.v1("GET", "/billing/subscription", u.access, "", 200, ""), map[string]string{"plan": `"free-trial"`, "trial_ends_at": `"2026-11-29T12:00:00Z"`})
		events := c.v1("GET", "/account/audit-events", u.access, "", 200, "")
		c.is(events, map[string]string{"data/0/action": `"account.create"`, "data/0/actor/email": `"ayesha@example.com"`, "data/0/details/plan": `"free-trial"`})

		again := `{"email":"AYESHA@example.com","password":"` + password + `","first_name":"A","last_name":"K","country":"PK"}`
		c.v1("POST", "/auth/register", "", again, 409, "email_taken")
		c.v1("POST", "/auth/register", "", strings.Replace(again, "AYESHA@", "ayesha+2@", 1), 409, "trial_already_used")
		c.v1("POST", "/auth/register", "", strings.Replace(again, `"PK"`, `"PK","role":"developer"`, 1), 422, "unknown_field")
		c.v1("POST", "/auth/register", "", strings.Replace(again, password, "password", 1), 422, "validation_failed")
	})
}

func TestRegisterIsDoneOnce(t *testing.T) {
	onCore(t, func(c *core) {
		body := `{"email":"a@example.com","password":"` + password + `","first_name":"A","last_name":"K","country":"PK"}`
		first := c.v1("POST", "/auth/register", "", body, 201, "", "Idempotency-Key: once")
		again := c.v1("POST", "/auth/register", "", body, 201, "", "Idempotency-Key: once")
		if again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
			c.Errorf("%s\n%s", first.Body, again.Body)
		}
	})
}

func TestVerificationByLetter(t *testing.T) {
	onCore(t, func(c *core) {
		u := c.signUp("ayesha@example.com", `,"account_name":"<b>Khan</b>"`)
		list := c.do("GET", "/dev/mail", "", "")
		_, rest, ok := strings.Cut(list.Body.String(), `href="/dev/mail/`)
		id, _, _ := strings.Cut(rest, `"`)
		if list.Code != 200 || !ok {
			c.Fatalf("%d %s", list.Code, list.Body)
		}
		letter := c.do("GET", "/dev/mail/"+id, "", "").Body.String()
		_, rest, ok = strings.Cut(letter, `href="http://127.0.0.1/verify/`)
		token, _, _ := strings.Cut(rest, `"`)
		if !ok {
			c.Fatal(letter)
		}
		c.v1("POST", "/auth/email/verify", "", `{"token":"`+token+`"}`, 204, "")
		c.v1("POST", "/auth/email/verify", "", `{"token":"`+token+`"}`, 422, "link_invalid")
		c.is(c.v1("GET", "/me", u.access, "", 200, ""), map[string]string{"user/email_verified": "true"})
		for _, header := range []string{"X-Forwarded-For: 10.0.0.1", "Forwarded: for=10.0.0.1"} {
			if a := c.do("GET", "/dev/mail", "", "", header); a.Code != 404 {
				c.Errorf("%s: %d", header, a.Code)
			}
		}
	})
}

func TestSessions(t *testing.T) {
	onCore(t, func(c *core) {
		c.signUp("ayesha@example.com", "")
		c.v1("POST", "/auth/login", "", `{"email":"ayesha@example.com","password":"wrong-horse-battery-9"}`, 401, "invalid_credentials")
		c.v1("POST", "/auth/login", "", `{"email":"nobody@example.com","password":"wrong-horse-battery-9"}`, 401, "invalid_credentials")
		in := c.v1("POST", "/auth/login", "", `{"email":"Ayesha@example.com","password":"`+password+`","remember_me":true}`, 200, "")
		c.is(in, map[string]string{"account/status": `"trial"`, "memberships/0/role": `"owner"`})

		first := in.text("tokens/refresh")
		refresh := func(token string, status int, code string) answer {
			c.Helper()
			return c.v1("POST", "/auth/refresh", "", `{"refresh":"`+token+`"}`, status, code)
		}
		second := refresh(first, 200, "")
		if again := refresh(first, 200, ""); again.text("tokens/refresh") != second.text("tokens/refresh") {
			c.Error("a retry within ten seconds got another token")
		}
		c.v1("GET", "/me", second.text("tokens/access"), "", 200, "")
		c.clock.Advance(11 * time.Second)
		refresh(first, 401, "token_reused")
		refresh(second.text("tokens/refresh"), 401, "invalid_token") // the family is gone
		c.v1("GET", "/me", second.text("tokens/access"), "", 401, "invalid_token")

		in = c.v1("POST", "/auth/login", "", `{"email":"ayesha@example.com","password":"`+password+`"}`, 200, "")
		c.v1("POST", "/auth/logout", "", `{"refresh":"`+in.text("tokens/refresh")+`"}`, 204, "")
		c.v1("POST", "/auth/logout", "", `{"refresh":"`+in.text("tokens/refresh")+`"}`, 204, "")
		c.v1("GET", "/me", in.text("tokens/access"), "", 401, "invalid_token")
		refresh(in.text("tokens/refresh"), 401, "invalid_token")

		jwks := c.do("GET", "/.well-known/jwks.json", "", "")
		c.is(jwks, map[string]string{"keys/0/kty": `"OKP"`, "keys/0/crv": `"Ed25519"`})
	})
}

func TestStaffHaveNoAccount(t *testing.T) {
	onCore(t, func(c *core) {
		s := c.staff("staff@igny8.example")
		c.is(c.v1("GET", "/me", s, "", 200, ""), map[string]string{"account": "null", "role": `"developer"`, "memberships": "[]", "user/staff": "true"})
		c.v1("GET", "/account", s, "", 404, "not_found")
		c.v1("PATCH", "/account", s, `{"name":"x"}`, 403, "forbidden")
		c.v1("GET", "/billing/invoices", s, "", 403, "forbidden")
	})
}

func TestAccountProfile(t *testing.T) {
	onCore(t, func(c *core) {
		u := c.paying("ayesha@example.com") // who has not paid yet can still complete the profile
		tag := c.v1("GET", "/account", u.access, "", 200, "").Header().Get("ETag")
		a := c.v1("PATCH", "/account", u.access, `{"name":"Khan Traders","billing":{"city":"Karachi"}}`, 200, "", "If-Match: "+tag)
		c.is(a, map[string]string{"name": `"Khan Traders"`, "billing/city": `"Karachi"`, "billing/email": `"ayesha@example.com"`, "billing/country": `"PK"`})
		if now := c.v1("GET", "/account", u.access, "", 200, "").Header().Get("ETag"); now != a.Header().Get("ETag") || now == tag {
			c.Errorf("tags %s, %s, %s", tag, a.Header().Get("ETag"), now)
		}
		c.v1("PATCH", "/account", u.access, `{"name":"Other"}`, 412, "stale", "If-Match: "+tag)
		for _, body := range []string{`{"status":"active"}`, `{"currency":"USD"}`, `{"billing":{"nome":"x"}}`} {
			c.v1("PATCH", "/account", u.access, body, 422, "unknown_field")
		}
		for _, body := range []string{`{"name":" "}`, `{"time_zone":"Mars/Olympus"}`, `{"billing":{"country":"p1"}}`, `{"billing":{"email":"x"}}`} {
			c.v1("PATCH", "/account", u.access, body, 422, "validation_failed")
		}
		viewer := c.member(u, "viewer@example.com", igny8.RoleViewer)
		c.is(c.v1("GET", "/account", viewer, "", 200, ""), map[string]string{"name": `"Khan Traders"`})
		c.v1("PATCH", "/account", viewer, `{"name":"Mine"}`, 403, "forbidden")
		c.v1("GET", "/account/audit-events", viewer, "", 403, "forbidden")
		c.v1("GET", "/billing/invoices", viewer, "", 403, "forbidden")
		page := c.v1("GET", "/account/audit-events?limit=1", u.access, "", 200, "")
		c.is(page, map[string]string{"data/0/action": `"account.update"`, "has_more": "true"})
		next := c.v1("GET", "/account/audit-events?limit=1&cursor="+page.text("next_cursor"), u.access, "", 200, "")
		c.is(next, map[string]string{"data/0/action": `"account.create"`, "has_more": "false"})
	})
}

func TestMyProfile(t *testing.T) {
	onCore(t, func(c *core) {
		u := c.paying("ayesha@example.com")
		before := c.v1("GET", "/me", u.access, "", 200, "")
		c.is(before, map[string]string{"user/language": `"en"`, "user/number_style": `"auto"`})
		tag := before.Header().Get("ETag")
		a := c.v1("PATCH", "/me", u.access, `{"language":"ur","number_style":"indian","last_name":" Khan "}`, 200, "", "If-Match: "+tag)
		c.is(a, map[string]string{"user/language": `"ur"`, "user/number_style": `"indian"`, "user/last_name": `"Khan"`, "user/email": `"ayesha@example.com"`})
		if now := c.v1("GET", "/me", u.access, "", 200, "").Header().Get("ETag"); now != a.Header().Get("ETag") || now == tag {
			c.Errorf("tags %s, %s, %s", tag, a.Header().Get("ETag"), now)
		}
		c.v1("PATCH", "/me", u.access, `{"language":"ar"}`, 412, "stale", "If-Match: "+tag)
		for _, body := range []string{`{"email":"x@example.com"}`, `{"staff":true}`, `{"role":"owner"}`} {
			c.v1("PATCH", "/me", u.access, body, 422, "unknown_field")
		}
		for _, body := range []string{`{"first_name":""}`, `{"last_name":" "}`, `{"language":"fr"}`, `{"number_style":"roman"}`} {
			c.v1("PATCH", "/me", u.access, body, 422, "validation_failed")
		}
		c.is(c.v1("GET", "/account/audit-events?limit=1", u.access, "", 200, ""), map[string]string{"data/0/action": `"user.update"`})
		s := c.staff("staff@igny8.example") // who belongs to no account
		c.is(c.v1("PATCH", "/me", s, `{"first_name":"Sana"}`, 200, ""), map[string]string{"user/first_name": `"Sana"`, "account": "null"})
	})
}

func TestPaidSignupAndSubmission(t *testing.T) {
	onCore(t, func(c *core) {
		u := c.paying("ayesha@example.com")
		c.is(u.answer, map[string]string{"account/status": `"pending_payment"`, "subscription/status": `"incomplete"`,
			"invoice/total": `"24742.00"`, "invoice/total_amount": `"24742.00"`, "invoice/total_minor": "2474200", "invoice/currency": `"PKR"`,
			"invoice/amount_due_minor": "2474200", "invoice/rate/rate": `"278"`, "invoice/rate/base_minor": "8900", "invoice/rate/base_currency": `"USD"`,
			"invoice/billing_snapshot/name": `"Ayesha Khan"`, "invoice/status": `"pending"`, "invoice/lines/0/amount_minor": "2474200",
			"invoice/subscription": `"` + u.text("subscription/id") + `"`, "invoice/number": `"INV-1-202611-0001"`})
		read := c.v1("GET", "/billing/invoices/"+u.invoice, u.access, "", 200, "")
		c.is(read, map[string]string{"total": `"24742.00"`, "pay_url": fmt.Sprintf("%q", u.text("invoice/pay_url"))})
		c.is(c.v1("GET", "/billing/invoices?status=pending", u.access, "", 200, ""), map[string]string{"data/0/id": `"` + u.invoice + `"`})
		c.is(c.v1("GET", "/billing/invoices?status=paid", u.access, "", 200, ""), map[string]string{"data": "[]"})
		c.is(c.v1("GET", "/billing/payment-methods", u.access, "", 200, ""), map[string]string{"data/0/method": `"jazzcash"`, "data/0/default": "true"})
		c.is(c.v1("GET", "/billing/balance", u.access, "", 200, ""), map[string]string{"data": "[]"})

		path := "/billing/invoices/" + u.invoice + "/payments"
		body := fmt.Sprintf(proofOfPayment, "1001")
		if a := c.do("POST", "/api/v1"+path, u.access, body, "Idempotency-Key: "); a.text("code") != "idempotency_key_invalid" {
			c.Errorf("%s", a.Body)
		}
		c.v1("POST", path, u.access, strings.Replace(body, "{", `{"status":"succeeded",`, 1), 422, "unknown_field")
		c.v1("POST", path, u.access, strings.Replace(body, "{", `{"currency":"USD",`, 1), 422, "currency_mismatch")
		c.v1("POST", path, u.access, strings.Replace(body, "2026-11-22", "yesterday", 1), 422, "validation_failed")
		dbtest.Exec(c, c.d, "UPDATE payment_method SET submission = $1 WHERE slug = 'jazzcash'", []byte(`{"proof_required":true}`))
		bare := c.v1("POST", path, u.access, strings.Replace(body, "raast", "jazzcash", 1), 422, "validation_failed")
		c.is(bare, map[string]string{"errors/0/pointer": `"#/proof"`, "errors/0/code": `"required"`})
		p := c.v1("POST", path, u.access, body, 201, "", "Idempotency-Key: pay")
		c.is(p, map[string]string{"status": `"pending_approval"`, "amount_minor": "2474200", "amount": `"24742.00"`, "reference": `"TID 1001"`,
			"proofs": "[]", "invoice": `"` + u.invoice + `"`, "refunded_minor": "0", "failure": "null"})
		again := c.v1("POST", path, u.access, body, 201, "", "Idempotency-Key: pay")
		if again.Body.String() != p.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" || again.Header().Get("Location") != p.Header().Get("Location") {
			c.Errorf("%v %s", again.Header(), again.Body)
		}
		second := c.v1("POST", path, u.access, body, 409, "payment_already_pending")
		c.is(second, map[string]string{"payment": `"` + p.text("id") + `"`})
		get := c.v1("GET", "/billing/payments/"+p.text("id"), u.access, "", 200, "")
		if get.Body.String() != p.Body.String() || get.Header().Get("ETag") != p.Header().Get("ETag") {
			c.Errorf("%s\n%s", get.Body, p.Body)
		}
		w := c.v1("POST", "/billing/payments/"+p.text("id")+"/withdraw", u.access, "", 200, "")
		c.is(w, map[string]string{"status": `"failed"`, "failure/code": `"withdrawn"`})
		c.v1("POST", "/billing/payments/"+p.text("id")+"/withdraw", u.access, "", 409, "invalid_transition")

		form, header := receipt(c.T, "TID 1002")
		p = c.v1("POST", path, u.access, form, 201, "", header)
		c.is(p, map[string]string{"proofs/0/n": "1", "proofs/0/content_type": `"image/png"`, "status": `"pending_approval"`})
		c.is(c.v1("GET", "/billing/payments?status=pending_approval", u.access, "", 200, ""), map[string]string{"data/0/id": `"` + p.text("id") + `"`, "data/1": "null"})
	})
}

func TestTenantsAreStrangers(t *testing.T) {
	onCore(t, func(c *core) {
		mine, theirs := c.paying("a@example.com"), c.paying("b@example.com")
		pay := c.submit(theirs, "7001")
		absent := igny8.NewID[igny8.InvoiceID](c.d.Now()).String()
		gone := igny8.NewID[igny8.PaymentID](c.d.Now()).String()
		for _, r := range []struct{ method, path, foreign, absent, body string }{
			{"GET", "/billing/invoices/%s", theirs.invoice, absent, ""},
			{"POST", "/billing/invoices/%s/payments", theirs.invoice, absent, fmt.Sprintf(proofOfPayment, "9")},
			{"GET", "/billing/payments/%s", pay, gone, ""},
			{"POST", "/billing/payments/%s/withdraw", pay, gone, ""},
		} {
			body := strings.Replace(r.body, "TID 9", "TID 999", 1)
			a := c.v1(r.method, fmt.Sprintf(r.path, r.foreign), mine.access, body, 404, "not_found")
			b := c.v1(r.method, fmt.Sprintf(r.path, r.absent), mine.access, body, 404, "not_found")
			if anonymous(a, r.foreign) != anonymous(b, r.absent) {
				c.Errorf("%s %s can be told apart:\n%s\n%s", r.method, r.path, a.Body, b.Body)
			}
		}
		c.is(c.v1("GET", "/billing/payments", mine.access, "", 200, ""), map[string]string{"data": "[]"})
		viewer := c.member(theirs, "viewer@example.com", igny8.RoleViewer)
		for _, token := range []string{mine.access, theirs.access, viewer} {
			c.v1("POST", "/admin/payments/"+pay+"/approve", token, "{}", 403, "forbidden")
			c.v1("POST", "/admin/payments/bulk-approve", token, `{"payments":["`+pay+`"]}`, 403, "forbidden")
			c.v1("GET", "/admin/payments", token, "", 403, "forbidden")
		}
		c.v1("POST", "/admin/payments/"+pay+"/approve", "", "{}", 401, "unauthenticated")
		c.is(c.v1("GET", "/billing/payments/"+pay, theirs.access, "", 200, ""), map[string]string{"status": `"pending_approval"`})
	})
}

// credits reads a customer's balance.
func (c *core) credits(u customer) (n int64) {
	c.Helper()
	id, err := igny8.ParseID[igny8.AccountID](u.text("account/id"))
	if err == nil {
		err = c.d.Read(c.Context(), id, func(ctx context.Context, tx *db.Tx) error {
			b, err := credit.BalanceOf(ctx, tx)
			n = b.Balance
			return err
		})
	}
	if err != nil {
		c.Fatal(err)
	}
	return n
}

func TestApproval(t *testing.T) {
	onCore(t, func(c *core) {
		u, staff := c.paying("ayesha@example.com"), c.staff("staff@igny8.example")
		form, header := receipt(c.T, "TID 1001")
		pay := c.v1("POST", "/billing/invoices/"+u.invoice+"/payments", u.access, form, 201, "", header).text("id")
		queue := c.v1("GET", "/admin/payments", staff, "", 200, "")
		c.is(queue, map[string]string{"data/0/id": `"` + pay + `"`, "data/0/account/name": `"Ayesha Khan"`, "data/0/account/country": `"PK"`,
			"data/0/invoice_number": `"INV-1-202611-0001"`, "data/0/warnings": "[]", "data/0/matches": "[]", "data/0/amount_due_minor": "2474200"})
		proof := c.v1("GET", "/admin/payments/"+pay+"/proofs/1", staff, "", 200, "")
		if proof.Header().Get("Content-Type") != "image/png" || !strings.HasPrefix(proof.Header().Get("Content-Disposition"), "attachment;") ||
			proof.Header().Get("Content-Security-Policy") != "default-src 'none'; sandbox" || proof.Header().Get("X-Content-Type-Options") != "nosniff" ||
			len(proof.Header().Values("Cross-Origin-Resource-Policy")) != 1 || proof.Header().Get("Cache-Control") != "no-store" ||
			!strings.HasPrefix(proof.Body.String(), "\x89PNG") || strings.Contains(proof.Body.String(), "script") {
			c.Errorf("%v", proof.Header())
		}
		c.v1("GET", "/admin/payments/"+pay+"/proofs/2", staff, "", 404, "not_found")

		approve := "/admin/payments/" + pay + "/approve"
		c.is(c.v1("GET", "/account", u.access, "", 200, ""), map[string]string{"status": `"pending_payment"`})
		done := c.v1("POST", approve, staff, `{"evidence":"line 7","note":"a note for staff"}`, 200, "", "Idempotency-Key: yes")
		c.is(done, map[string]string{"status": `"succeeded"`, "received_minor": "2474200", "decided_by": `"staff@igny8.example"`,
			"amount_due_minor": "0", "evidence": `"line 7"`, "receipt_number": `"RCT-1-202611-0001"`, "review": "null"})
		get := c.v1("GET", "/admin/payments/"+pay, staff, "", 200, "")
		if get.Body.String() != done.Body.String() || get.Header().Get("ETag") != done.Header().Get("ETag") {
			c.Errorf("%v %s\n%v %s", done.Header(), done.Body, get.Header(), get.Body)
		}
		replay := c.v1("POST", approve, staff, `{"evidence":"line 7","note":"a note for staff"}`, 200, "", "Idempotency-Key: yes")
		if replay.Header().Get("Idempotent-Replayed") != "true" || replay.Body.String() != done.Body.String() || replay.Header().Get("ETag") != done.Header().Get("ETag") {
			c.Errorf("%v %s", replay.Header(), replay.Body)
		}
		again := c.v1("POST", approve, staff, `{}`, 409, "invalid_transition")
		c.is(again, map[string]string{"current": `"succeeded"`, "decided_by": `"staff@igny8.example"`, "decided_at": `"2026-11-22T12:00:00Z"`})

		c.is(c.v1("GET", "/account", u.access, "", 200, ""), map[string]string{"status": `"active"`})
		c.is(c.v1("GET", "/billing/subscription", u.access, "", 200, ""), map[string]string{"status": `"active"`,
			"current_period_start": `"2026-11-22T12:00:00Z"`, "current_period_end": `"2026-12-22T12:00:00Z"`})
		c.is(c.v1("GET", "/billing/invoices/"+u.invoice, u.access, "", 200, ""), map[string]string{"status": `"paid"`, "amount_due_minor": "0", "paid_at": `"2026-11-22T12:00:00Z"`})
		if n := c.credits(u); n != 1000 {
			c.Errorf("%d credits", n)
		}
		events := c.v1("GET", "/account/audit-events", u.access, "", 200, "")
		if strings.Contains(events.Body.String(), "a note for staff") || strings.Contains(events.Body.String(), "staff@igny8") {
			c.Errorf("the customer sees staff's notes: %s", events.Body)
		}
		c.is(events, map[string]string{"data/0/action": `"payment.view"`, "data/1/action": `"payment.approve"`, "data/1/details/receipt": `"RCT-1-202611-0001"`})
		if n := strings.Count(events.Body.String(), `"payment.view_proof"`); n != 1 {
			c.Errorf("the look at the proof is told %d times", n)
		}
		c.v1("POST", "/billing/invoices/"+u.invoice+"/payments", u.access, fmt.Sprintf(proofOfPayment, "1002"), 409, "invoice_not_payable")
	})
}

func TestDecisionsUponWhatWasSeen(t *testing.T) {
	onCore(t, func(c *core) {
		u, other := c.paying("a@example.com"), c.paying("b@example.com")
		c.clock.Advance(-48 * time.Hour) // they are no newcomers
		c.hire("anna@igny8.example")
		c.hire("ben@igny8.example")
		c.clock.Advance(48 * time.Hour)
		anna, ben := c.enter("anna@igny8.example"), c.enter("ben@igny8.example")
		pay := c.submit(u, "5001")
		tag := func() string {
			c.Helper()
			return c.v1("GET", "/admin/payments/"+pay, anna, "", 200, "").Header().Get("ETag")
		}
		seen := tag()
		claimed := c.v1("POST", "/admin/payments/"+pay+"/claim", anna, "", 200, "")
		c.is(claimed, map[string]string{"claimed_by": `"anna@igny8.example"`, "claimed_until": `"2026-11-22T12:05:00Z"`})
		if tag() == seen || tag() != claimed.Header().Get("ETag") {
			c.Error("a strong entity tag stays although the body changed")
		}
		c.is(c.v1("POST", "/admin/payments/"+pay+"/claim", ben, "", 409, "claimed"), map[string]string{"claimed_by": `"anna@igny8.example"`})

		twin := c.submit(other, "5001") // now there is a warning that was not there
		c.v1("POST", "/admin/payments/"+pay+"/approve", anna, `{}`, 412, "stale", "If-Match: "+seen)
		c.v1("POST", "/admin/payments/"+pay+"/reject", anna, `{"reason_code":"other","reason":"because"}`, 412, "stale", `If-Match: "x.y"`)
		warned := c.v1("POST", "/admin/payments/"+pay+"/approve", anna, `{}`, 409, "warnings_not_overridden", "If-Match: "+tag())
		c.is(warned, map[string]string{"warnings": `["duplicate_reference"]`})
		seen = tag() // the claim of somebody else changes nothing about it
		c.v1("POST", "/admin/payments/"+twin+"/withdraw", other.access, "", 404, "")
		c.v1("POST", "/billing/payments/"+twin+"/withdraw", other.access, "", 200, "")
		c.v1("POST", "/admin/payments/"+pay+"/approve", anna, `{}`, 412, "stale", "If-Match: "+seen)
		seen = tag()
		c.clock.Advance(6 * time.Minute)
		c.v1("POST", "/admin/payments/"+pay+"/claim", ben, "", 200, "")
		defer c.clock.Advance(-6 * time.Minute) // the clock serves the second database too
		c.v1("POST", "/admin/payments/"+pay+"/approve", ben, `{}`, 200, "", "If-Match: "+seen)
	})
}

func TestSecondApproval(t *testing.T) {
	onCore(t, func(c *core) {
		u, other := c.paying("a@example.com"), c.paying("b@example.com")
		c.clock.Advance(-48 * time.Hour) // they are no newcomers
		c.hire("anna@igny8.example")
		c.hire("ben@igny8.example")
		c.clock.Advance(48 * time.Hour)
		anna, ben := c.enter("anna@igny8.example"), c.enter("ben@igny8.example")
		pay := c.submit(u, "5001")
		c.submit(other, "5001")
		approve := "/admin/payments/" + pay + "/approve"
		body := `{"override_warnings":["duplicate_reference"],"evidence":"both arrived"}`
		first := c.v1("POST", approve, anna, body, 202, "", "Idempotency-Key: first")
		c.is(first, map[string]string{"status": `"pending_approval"`, "review/state": `"awaiting_second"`, "review/first_approved_at": `"2026-11-22T12:00:00Z"`})
		replay := c.v1("POST", approve, anna, body, 202, "", "Idempotency-Key: first")
		if replay.Header().Get("Idempotent-Replayed") != "true" || replay.Body.String() != first.Body.String() {
			c.Errorf("%v %s", replay.Header(), replay.Body)
		}
		c.v1("POST", approve, anna, body, 409, "second_approver_required")
		c.is(c.v1("GET", "/billing/payments/"+pay, u.access, "", 200, ""), map[string]string{"status": `"pending_approval"`})
		done := c.v1("POST", approve, ben, body, 200, "", "If-Match: "+first.Header().Get("ETag"))
		c.is(done, map[string]string{"status": `"succeeded"`, "decided_by": `"ben@igny8.example"`, "review": "null"})
	})
}

func TestRejection(t *testing.T) {
	onCore(t, func(c *core) {
		u, staff := c.paying("a@example.com"), c.staff("staff@igny8.example")
		pay := c.submit(u, "3001")
		reject := "/admin/payments/" + pay + "/reject"
		c.v1("POST", reject, staff, `{"reason_code":"mood","reason":"because"}`, 422, "validation_failed")
		c.v1("POST", reject, staff, `{"reason_code":"other"}`, 422, "validation_failed")
		no := c.v1("POST", reject, staff, `{"reason_code":"not_received","reason":"Nothing arrived.","note":"checked twice"}`, 200, "")
		c.is(no, map[string]string{"status": `"failed"`, "failure/code": `"not_received"`, "note": `"checked twice"`})
		c.v1("POST", reject, staff, `{"reason_code":"other","reason":"again"}`, 409, "invalid_transition")
		mine := c.v1("GET", "/billing/payments/"+pay, u.access, "", 200, "")
		c.is(mine, map[string]string{"failure/reason": `"Nothing arrived."`})
		if strings.Contains(mine.Body.String(), "checked twice") || strings.Contains(mine.Body.String(), "staff@") {
			c.Errorf("the customer sees staff's notes: %s", mine.Body)
		}
		c.is(c.v1("GET", "/billing/invoices/"+u.invoice, u.access, "", 200, ""), map[string]string{"status": `"pending"`})
		again := c.submit(u, "3002")
		c.is(c.v1("POST", "/admin/payments/"+again+"/approve", staff, "", 200, ""), map[string]string{"status": `"succeeded"`})
		c.is(c.v1("GET", "/admin/payments?status=failed", staff, "", 200, ""), map[string]string{"data/0/id": `"` + pay + `"`})
	})
}

func TestBulkApprovalAndQueue(t *testing.T) {
	onCore(t, func(c *core) {
		staff := c.staff("staff@igny8.example")
		var pays []string
		for i := range 3 {
			pays = append(pays, c.submit(c.paying(fmt.Sprintf("u%d@example.com", i)), fmt.Sprint(8000+i)))
			c.clock.Advance(time.Second) // ids sort by their instant
		}
		defer c.clock.Advance(-3 * time.Second) // the clock serves the second database too
		var seen []string
		for path := "/admin/payments?limit=2"; path != ""; { // oldest first, page by page
			a := c.v1("GET", path, staff, "", 200, "")
			for i := range a.at("data").([]any) {
				seen = append(seen, a.text(fmt.Sprintf("data/%d/id", i)))
			}
			if path = ""; a.at("has_more") == true {
				path = "/admin/payments?limit=2&cursor=" + a.text("next_cursor")
			}
		}
		if !slices.Equal(seen, pays) {
			c.Errorf("%v, want %v", seen, pays)
		}
		c.v1("POST", "/admin/payments/"+pays[1]+"/approve", staff, "{}", 200, "")
		absent := igny8.NewID[igny8.PaymentID](c.d.Now()).String()
		body := `{"payments":["` + strings.Join(append(pays, absent), `","`) + `"],"evidence":"statement"}`
		a := c.v1("POST", "/admin/payments/bulk-approve", staff, body, 200, "", "Idempotency-Key: bulk")
		c.is(a, map[string]string{"data/0/status": "200", "data/0/payment/status": `"succeeded"`, "data/0/error": "null",
			"data/1/status": "409", "data/1/error/code": `"invalid_transition"`, "data/1/error/current": `"succeeded"`, "data/1/payment": "null",
			"data/2/status": "200", "data/2/payment/evidence": `"statement"`, "data/3/status": "404", "data/3/error/code": `"not_found"`})
		again := c.v1("POST", "/admin/payments/bulk-approve", staff, body, 200, "", "Idempotency-Key: bulk")
		if again.Body.String() != a.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" {
			c.Errorf("%s", again.Body)
		}
		c.v1("POST", "/admin/payments/bulk-approve", staff, `{"payments":[]}`, 422, "validation_failed")
		c.is(c.v1("GET", "/admin/payments", staff, "", 200, ""), map[string]string{"data": "[]"})
	})
}

func TestPayLink(t *testing.T) {
	onCore(t, func(c *core) {
		u, staff := c.paying("ayesha@example.com"), c.staff("staff@igny8.example")
		path := payPath(u.answer, "invoice/pay_url")
		page := c.v1("GET", path, "", "", 200, "")
		c.is(page, map[string]string{"invoice/total": `"24742.00"`, "invoice/total_amount": `"24742.00"`, "invoice/amount_due": `"24742.00"`,
			"account/name": `"Ayesha Khan"`, "waiting": "false", "invoice/pay_code": fmt.Sprintf("%q", u.text("invoice/pay_code"))})
		if !strings.Contains(page.Body.String(), `"slug":"jazzcash"`) {
			c.Errorf("no methods: %s", page.Body)
		}
		form, header := receipt(c.T, "TID 6001")
		sent := c.v1("POST", path+"/payments", "", form, 201, "", header)
		c.is(sent, map[string]string{"payment/status": `"pending_approval"`, "payment/amount": `"24742.00"`, "payment/reference": `"TID 6001"`})
		all := page.Body.String() + sent.Body.String()
		for _, secret := range []string{u.text("account/id"), u.invoice, "ayesha@example.com", "acc_", "pay_0"} {
			if strings.Contains(all, secret) {
				c.Errorf("the pay page tells %s:\n%s", secret, all)
			}
		}
		c.is(c.v1("GET", path, "", "", 200, ""), map[string]string{"waiting": "true"})
		c.v1("POST", path+"/payments", "", fmt.Sprintf(proofOfPayment, "6002"), 409, "payment_already_pending")
		for _, bad := range []string{path[:len(path)-1], path + "A", "/pay/x"} {
			c.v1("GET", bad, "", "", 404, "not_found")
			c.v1("POST", bad+"/payments", "", fmt.Sprintf(proofOfPayment, "6003"), 404, "not_found")
		}
		id := c.v1("GET", "/admin/payments", staff, "", 200, "").text("data/0/id")
		c.v1("POST", "/admin/payments/"+id+"/approve", staff, "{}", 200, "")
		c.is(c.v1("GET", path, "", "", 200, ""), map[string]string{"invoice/status": `"paid"`, "invoice/amount_due": `"0.00"`, "waiting": "false"})
	})
}

func TestTheDocumentHasEveryRoute(t *testing.T) {
	onCore(t, func(c *core) {
		doc := c.do("GET", "/openapi.json", "", "")
		if doc.Code != 200 || !strings.Contains(doc.Body.String(), `"approvePayment"`) || !strings.Contains(doc.Body.String(), `"202"`) {
			c.Errorf("%d", doc.Code)
		}
		if page := c.do("GET", "/docs/api", "", ""); page.Code != 200 || !strings.Contains(page.Body.String(), "submitPaymentByLink") {
			c.Errorf("%d", page.Code)
		}
		if strings.Contains(doc.Body.String(), `"User-Agent"`) {
			c.Error("User-Agent is no parameter")
		}
	})
}
