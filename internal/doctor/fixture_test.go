package doctor

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/blob"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/site"
)

// fixture fills a database through the real stories: accounts in every state
// that exists, with payments in full, in part, too much, by two, rejected and
// waiting.
type fixture struct {
	testing.TB
	ctx   context.Context
	d     *db.DB
	bill  *billing.Service
	sites *site.Service
	staff igny8.Actor
}

// It returns the folder of their files.
func fill(t testing.TB, d *db.DB) string {
	t.Helper()
	dir := t.TempDir()
	files, err := blob.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { files.Close() })
	billingtest.Seed(t, d)
	f := &fixture{TB: t, ctx: context.Background(), d: d, sites: site.New(d), staff: billingtest.Staff(t, d),
		bill: billing.New(d, files, []byte("secret"), "https://igny8.example")}
	f.trial()
	f.paid()
	f.partial()
	f.second()
	f.undecided()
	f.session()
	f.others()
	return dir
}

// ok fails on an error, as in ok(f, f.bill.Reject(…)).
func ok[T any](f *fixture, v T, err error) T {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
	return v
}

// trial: sites, sectors, and credits spent on the site.
func (f *fixture) trial() {
	tim := billingtest.Trial(f, f.d)
	s, err := f.sites.Create(f.ctx, tim, site.NewSite{Name: "S", Domain: "example.com", Industry: "automotive"})
	ok(f, s, err)
	for _, slugs := range []string{"motorcycles", "car-repair-and-servicing used-car-sales electric-vehicle-charging car-detailing tyres-and-wheels"} {
		_, err = f.sites.SetSectors(f.ctx, tim, s.ID, "automotive", strings.Fields(slugs))
		ok(f, 0, err)
	}
	_, err = f.bill.SpendCredits(f.ctx, tim, billing.SpendRequest{Credits: 30, Site: s.ID})
	ok(f, 0, err)
	billingtest.Trial(f, f.d)
}

// paid: growth in Pakistan with a proof, a credit package, and more spent than
// the plan's credits, so that a line burns two lots.
func (f *fixture) paid() {
	una, inv := billingtest.Unpaid(f, f.d, "growth", "PK")
	var picture bytes.Buffer
	ok(f, 0, png.Encode(&picture, image.NewGray(image.Rect(0, 0, 9, 9))))
	p, err := f.bill.Submit(f.ctx, una, inv.ID, billing.Submission{Method: "jazzcash", Reference: "JC-778812", PayerName: "Una",
		PaidOn: f.d.Now().Format(time.DateOnly), Files: []blob.Upload{blob.Bytes("receipt.png", picture.Bytes())}})
	ok(f, p, err)
	_, err = f.bill.Approve(f.ctx, f.staff, p.ID, billing.Approval{Evidence: "statement"})
	ok(f, 0, err)
	billingtest.Pay(f, f.d, f.bill, f.staff, una, f.packageFor(una, inv), 0)
	_, err = f.bill.SpendCredits(f.ctx, una, billing.SpendRequest{Credits: 2100})
	ok(f, 0, err)
	for _, domain := range []string{"a.com", "b.com"} {
		_, err := f.sites.Create(f.ctx, una, site.NewSite{Name: "S", Domain: domain, Industry: "insurance"})
		ok(f, 0, err)
	}
}

// packageFor issues an invoice for 500 credits, as the purchase of a package does.
func (f *fixture) packageFor(actor igny8.Actor, like billing.Invoice) billing.Invoice {
	id := igny8.NewID[igny8.InvoiceID](f.d.Now())
	ok(f, 0, f.d.System(f.ctx, "test", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO invoice (account_id, id, number, type, status, currency, subtotal_minor, tax_minor, total_minor, amount_paid_minor,
  balance_used_minor, base_minor, base_currency, rate, rate_source, rate_at, rounding, billing, pay_code, credits, due_at, issued_at, version, created_at, updated_at)
SELECT account_id, $3, REPLACE(number, '-0001', '-0002'), 'credit_package', 'pending', currency, subtotal_minor, 0, subtotal_minor, 0, 0, base_minor,
  base_currency, rate, rate_source, rate_at, rounding, billing, 'IGPACKAGE', 500, due_at, issued_at, 1, created_at, updated_at
FROM invoice WHERE account_id = $1 AND id = $2`,
			`INSERT INTO invoice_line (account_id, invoice_id, n, description, quantity, unit_minor, amount_minor)
SELECT account_id, $3, n, '500 credits', quantity, unit_minor, amount_minor FROM invoice_line WHERE account_id = $1 AND invoice_id = $2`,
		} {
			if _, err := tx.ExecContext(ctx, q, actor.Account, like.ID, id); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE series SET last_value = 2 WHERE account_id = $1 AND name = 'INV'", actor.Account)
		return err
	}))
	inv, err := f.bill.Invoice(f.ctx, actor, id)
	return ok(f, inv, err)
}

// partial: a half, then too much for the rest; and an account that stays half paid.
func (f *fixture) partial() {
	for _, whole := range []bool{true, false} {
		actor, inv := billingtest.Unpaid(f, f.d, "starter", "US")
		if p := billingtest.Pay(f, f.d, f.bill, f.staff, actor, inv, inv.TotalMinor/2); p.Invoice.Status != igny8.InvoicePending {
			f.Fatalf("half is %s", p.Invoice.Status)
		}
		if whole {
			billingtest.Pay(f, f.d, f.bill, f.staff, actor, inv, inv.TotalMinor)
		}
	}
}

// second: two members of staff approve a large one.
func (f *fixture) second() {
	actor, inv := billingtest.Unpaid(f, f.d, "scale", "DE")
	p := billingtest.Submit(f, f.d, f.bill, actor, inv, 600_000)
	for _, staff := range []igny8.Actor{f.staff, billingtest.Staff(f, f.d)} {
		_, err := f.bill.Approve(f.ctx, staff, p.ID, billing.Approval{Evidence: "statement"})
		ok(f, 0, err)
	}
}

// undecided: withdrawn, rejected, then waiting.
func (f *fixture) undecided() {
	actor, inv := billingtest.Unpaid(f, f.d, "growth", "GB")
	p := billingtest.Submit(f, f.d, f.bill, actor, inv, 0)
	_, err := f.bill.Withdraw(f.ctx, actor, p.ID)
	ok(f, 0, err)
	p = billingtest.Submit(f, f.d, f.bill, actor, inv, 0)
	_, err = f.bill.Reject(f.ctx, f.staff, p.ID, billing.Rejection{Code: "not_received", Reason: "Nothing came in."})
	ok(f, 0, err)
	billingtest.Submit(f, f.d, f.bill, actor, inv, 0)
}

// session: a rotated refresh token and its child.
func (f *fixture) session() {
	tim := billingtest.Trial(f, f.d)
	ok(f, 0, f.d.System(f.ctx, "test", tim.Account, func(ctx context.Context, tx *db.Tx) error {
		id := db.NewID[igny8.SessionID](tx)
		_, err := tx.ExecContext(ctx, `INSERT INTO session (id, user_id, home_account, remember, user_agent, network, created_at, last_seen_at, expires_at)
VALUES ($1, $2, $3, FALSE, '', '', $4, $4, $4)`, id, tim.User, tim.Account, tx.Now)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO refresh_token (hash, session_id, created_at, expires_at, used_at) VALUES ('old', $1, $2, $2, $2)", id, tx.Now)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO refresh_token (hash, session_id, created_at, expires_at) VALUES ('new', $1, $2, $2)", id, tx.Now)
		return err
	}))
	// A row without a default method would leave that table empty.
	ok(f, 0, f.d.Tenant(f.ctx, "test", tim.Account, func(ctx context.Context, tx *db.Tx) error { return billing.UseMethod(ctx, tx, "manual") }))
}

// others: a row in each of the tables that no story above writes to.
func (f *fixture) others() {
	id := func() igny8.RowID { return igny8.NewID[igny8.RowID](f.d.Now()) }
	const once = " FROM site JOIN membership ON membership.account_id = site.account_id ORDER BY site.id LIMIT 1"
	for _, q := range []string{
		"INSERT INTO api_key (account_id, id, name, hash, start, scopes, site_id, networks, created_by, created_email, created_at) " +
			"SELECT site.account_id, $1, 'k', 'h', 's', 'read', site.id, '', membership.user_id, 'e', site.created_at" + once,
		"INSERT INTO invitation (account_id, id, email, email_norm, role, hash, link_hash, invited_by, invited_email, created_at, expires_at) " +
			"SELECT site.account_id, $1, 'e', 'e', 'viewer', 'h', 'l', membership.user_id, 'e', site.created_at, site.created_at" + once,
		"INSERT INTO ownership_transfer (account_id, id, from_user, to_user, hash, created_at, expires_at) " +
			"SELECT site.account_id, $1, membership.user_id, membership.user_id, 'h', site.created_at, site.created_at" + once,
		"INSERT INTO staff_gift (account_id, id, kind, credits, plan, cycle, months, note, status, given_by, given_email, created_at) " +
			"SELECT site.account_id, $1, 'credits', 1, '', '', 0, 'n', 'waiting', membership.user_id, 'e', site.created_at" + once,
	} {
		dbtest.Exec(f, f.d, q, id())
	}
	dbtest.Exec(f, f.d, "INSERT INTO approval_hold (account_id, payment_id, held_by, held_email, received_minor, evidence, decision_note, overridden, due_at, created_at) "+
		"SELECT account_id, id, $1, 'e', 1, '', '', overridden, created_at, created_at FROM payment WHERE status = 'pending_approval' ORDER BY id LIMIT 1", f.staff.User)
}
