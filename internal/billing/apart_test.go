package billing_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingdb"
	"igny8/internal/billing/billingtest"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// Whoever may not approve payments neither approves, rejects nor takes back, whatever the
// routes in front of it ask.
func TestOnlyStaffWhoMayApproveDecide(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		stranger, _ := billingtest.Unpaid(o, o.d, "starter", "PK")
		clerk := o.another
		clerk.Scopes = []igny8.Permission{igny8.PermPlatform, igny8.PermAccounts}
		for who, a := range map[string]igny8.Actor{"the customer": owner, "another customer": stranger, "staff for accounts": clerk, "nobody": {}} {
			for what, err := range map[string]error{
				"approves":   second(o.approve(a, p.ID, billing.Approval{})),
				"rejects":    second(o.s.Reject(o.Context(), a, p.ID, billing.Rejection{Code: "other", Reason: "Because."})),
				"takes back": second(o.s.UndoApproval(o.Context(), a, p.ID)),
			} {
				if igny8.CodeOf(err) != "forbidden" {
					o.Errorf("%s %s: %v", who, what, err)
				}
			}
		}
		if _, err := o.s.Withdraw(o.Context(), stranger, p.ID); igny8.KindOf(err) != igny8.NotFound {
			o.Errorf("another customer withdraws: %v", err)
		}
		if o.status(p.ID) != igny8.PaymentPendingApproval {
			o.Errorf("the payment is %s", o.status(p.ID))
		}
	})
}

// A pay link that we did not make opens nothing: the seal is over both ids.
func TestPayLinksAreSealed(t *testing.T) {
	inOffice(t, func(o office) {
		_, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		_, other := billingtest.Unpaid(o, o.d, "starter", "PK")
		raw := func(i billing.Invoice) []byte {
			b, err := base64.RawURLEncoding.DecodeString(o.s.PayToken(i))
			if err != nil || len(b) != 48 {
				o.Fatalf("%d bytes, %v", len(b), err)
			}
			return b
		}
		mixed := func(account, invoice, seal []byte) string {
			return base64.RawURLEncoding.EncodeToString(append(append(append([]byte{}, account[:16]...), invoice[16:32]...), seal[32:]...))
		}
		ours, theirs := raw(inv), raw(other)
		if page, err := o.s.PayPage(o.Context(), mixed(ours, ours, ours)); err != nil || page.Invoice.ID != inv.ID {
			o.Fatalf("our own link: %v", err)
		}
		foreign := billing.New(o.d, nil, []byte("another secret"), "http://localhost").PayToken(inv)
		for what, token := range map[string]string{"another's seal": mixed(ours, ours, theirs), "our seal": mixed(theirs, theirs, ours),
			"another invoice": mixed(ours, theirs, ours), "another account": mixed(theirs, ours, ours), "another secret": foreign,
			"no seal": mixed(ours, ours, ours)[:43], "one more byte": mixed(ours, ours, append(append([]byte{}, ours...), 0)), "nothing": ""} {
			if _, err := o.s.PayPage(o.Context(), token); igny8.KindOf(err) != igny8.NotFound {
				o.Errorf("%s: %v", what, err)
			}
		}
	})
}

// twin copies the first invoice of an account, with its lines and its waiting payment,
// within the account, and returns the copies' ids.
func (o office) twin(p billing.Payment, number string) (igny8.PaymentID, igny8.InvoiceID) {
	o.Helper()
	payment, invoice := igny8.NewID[igny8.PaymentID](o.clock.Now()), igny8.NewID[igny8.InvoiceID](o.clock.Now())
	copied := func(table string, others map[string]string, where string, args ...any) {
		o.Helper()
		var names, values []string
		for _, c := range o.columns(table) {
			names = append(names, c)
			if v, ok := others[c]; ok {
				c = v
			}
			values = append(values, c)
		}
		dbtest.Exec(o, o.d, fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s WHERE %s", table, strings.Join(names, ", "),
			strings.Join(values, ", "), table, where), args...)
	}
	copied("invoice", map[string]string{"id": "$1", "number": "$2", "pay_code": "'TWIN-0001'"}, "id = $3", invoice,
		strings.TrimSuffix(number, "0001")+"0002", p.InvoiceID)
	dbtest.Exec(o, o.d, "UPDATE series SET last_value = 2 WHERE account_id = $1 AND name = 'INV'", p.AccountID)
	copied("invoice_line", map[string]string{"invoice_id": "$1", "description": "'twin'"}, "invoice_id = $2", invoice, p.InvoiceID)
	copied("payment", map[string]string{"id": "$1", "invoice_id": "$2", "reference": "'TWIN'", "reference_norm": "'TWIN'"}, "id = $3", payment, invoice, p.ID)
	return payment, invoice
}

// columns are the names of a table's columns.
func (o office) columns(table string) (names []string) {
	o.Helper()
	err := o.d.ReadSystem(o.Context(), func(ctx context.Context, tx *db.Tx) error {
		rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table+" WHERE 1 = 0")
		if err != nil {
			return err
		}
		defer rows.Close()
		names, err = rows.Columns()
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
	return names
}

// What is decided about one payment of an account is not decided about another that
// waits: each statement names the one that it is about.
func TestADecisionIsAboutOnePayment(t *testing.T) {
	cases := map[string]func(o office, owner igny8.Actor, p billing.Payment) error{
		"approve": func(o office, _ igny8.Actor, p billing.Payment) error {
			return second(o.approve(o.one, p.ID, billing.Approval{}))
		},
		"hold": func(o office, _ igny8.Actor, p billing.Payment) error {
			err := second(o.approve(o.one, p.ID, billing.Approval{Hold: time.Second}))
			o.clock.Advance(time.Minute)
			o.complete()
			return err
		},
		"first of two": func(o office, _ igny8.Actor, p billing.Payment) error {
			dbtest.Exec(o, o.d, "UPDATE currency SET second_approval_minor = 1 WHERE code = 'PKR'")
			err := second(o.approve(o.one, p.ID, billing.Approval{}))
			dbtest.Exec(o, o.d, "UPDATE currency SET second_approval_minor = NULL WHERE code = 'PKR'")
			return err
		},
		"reject": func(o office, _ igny8.Actor, p billing.Payment) error {
			return second(o.s.Reject(o.Context(), o.one, p.ID, billing.Rejection{Code: "other", Reason: "Not there."}))
		},
		"withdraw": func(o office, owner igny8.Actor, p billing.Payment) error {
			return second(o.s.Withdraw(o.Context(), owner, p.ID))
		},
	}
	inOffice(t, func(o office) {
		for name, decide := range cases {
			owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
			p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
			payment, invoice := o.twin(p, inv.Number)
			if err := decide(o, owner, p); err != nil {
				o.Fatal(err)
			}
			now, err := o.s.StaffPayment(o.Context(), payment)
			if err != nil || now.Status != igny8.PaymentPendingApproval || now.Version != p.Version || !now.FirstApprovedBy.IsZero() || now.Hold != nil {
				o.Errorf("%s: the other payment is %s, version %d, %v", name, now.Status, now.Version, err)
			}
			if now.Invoice.ID != invoice || now.Invoice.AmountPaidMinor != 0 || now.Invoice.Status == igny8.InvoicePaid {
				o.Errorf("%s: its invoice is %s %s, %d paid", name, now.Invoice.ID, now.Invoice.Status, now.Invoice.AmountPaidMinor)
			}
			if len(now.Invoice.Lines) != 1 || now.Invoice.Lines[0].Description != "twin" {
				o.Errorf("%s: its lines are %+v", name, now.Invoice.Lines)
			}
		}
	})
}

// What was decided stays decided: for whoever asks, and by the statements alone.
func TestDecidedPaymentsStay(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		if _, err := o.approve(o.one, p.ID, billing.Approval{}); err != nil {
			o.Fatal(err)
		}
		for what, err := range map[string]error{
			"approved": second(o.approve(o.another, p.ID, billing.Approval{})),
			"held":     second(o.approve(o.another, p.ID, billing.Approval{Hold: time.Second})),
			"rejected": second(o.s.Reject(o.Context(), o.another, p.ID, billing.Rejection{Code: "other", Reason: "Not there."})),
		} {
			if igny8.CodeOf(err) != "invalid_transition" {
				o.Errorf("a payment that succeeded is %s: %v", what, err)
			}
		}
		for what, run := range map[string]func(ctx context.Context, q *billingdb.Queries, now time.Time) error{
			"fails": func(ctx context.Context, q *billingdb.Queries, now time.Time) error {
				return second(q.FailPayment(ctx, billingdb.FailPaymentParams{AccountID: owner.Account, ID: p.ID, Now: &now}))
			},
			"is approved first": func(ctx context.Context, q *billingdb.Queries, now time.Time) error {
				return second(q.FirstApproval(ctx, billingdb.FirstApprovalParams{AccountID: owner.Account, ID: p.ID, UserID: o.one.User, Overridden: []byte("[]"), Now: &now}))
			},
			"is paid again": func(ctx context.Context, q *billingdb.Queries, now time.Time) error {
				return second(q.PayInvoice(ctx, billingdb.PayInvoiceParams{AccountID: owner.Account, ID: inv.ID, Amount: 1, Now: now}))
			},
		} {
			var got error
			o.d.Tenant(o.Context(), "test", owner.Account, func(ctx context.Context, tx *db.Tx) error {
				got = run(ctx, billingdb.New(tx), tx.Now)
				return got
			})
			if !db.Absent(got) {
				o.Errorf("a payment that succeeded %s: %v", what, got)
			}
		}
	})
}

// Each step of a payment is told: in the outbox, in the audit log, to the customer.
func TestEachStepIsTold(t *testing.T) {
	inOffice(t, func(o office) {
		told := func(owner igny8.Actor, event, action, letter string) {
			o.Helper()
			for what, query := range map[string]string{
				"events": "SELECT count(*) FROM outbox_event WHERE account_id = $1 AND type = '" + event + "'",
				"rows":   "SELECT count(*) FROM audit_event WHERE account_id = $1 AND action = '" + action + "'",
				"letter": "SELECT count(*) FROM mail_message WHERE account_id = $1 AND template = '" + letter + "'",
			} {
				want := 1
				if what == "letter" && letter == "" {
					want = 0
				}
				if n := o.count(owner.Account, query); n != want {
					o.Errorf("%s: %d %s, want %d", event, n, what, want)
				}
			}
		}
		for _, c := range []struct {
			event, action, letter string
			act                   func(owner igny8.Actor, p billing.Payment) error
		}{
			{"payment.approved", "payment.approve", "payment_approved", func(_ igny8.Actor, p billing.Payment) error {
				return second(o.approve(o.one, p.ID, billing.Approval{}))
			}},
			{"payment.rejected", "payment.reject", "payment_rejected", func(_ igny8.Actor, p billing.Payment) error {
				return second(o.s.Reject(o.Context(), o.one, p.ID, billing.Rejection{Code: "other", Reason: "Not there."}))
			}},
			{"payment.withdrawn", "payment.withdraw", "", func(owner igny8.Actor, p billing.Payment) error {
				return second(o.s.Withdraw(o.Context(), owner, p.ID))
			}},
		} {
			owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
			p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
			told(owner, "payment.submitted", "payment.submit", "payment_received")
			if err := c.act(owner, p); err != nil {
				o.Fatal(err)
			}
			told(owner, c.event, c.action, c.letter)
			if n := o.count(owner.Account, "SELECT count(*) FROM outbox_event WHERE account_id = $1 AND type = 'subscription.activated'"); (n == 1) != (c.event == "payment.approved") {
				o.Errorf("%s: %d events of an activation", c.event, n)
			}
			if n := o.count(owner.Account, "SELECT count(*) FROM audit_event WHERE account_id = $1 AND (CAST(details AS text) LIKE '%one_approver%' OR CAST(details AS text) LIKE '%overridden%')"); n != 0 {
				o.Errorf("%s: the log tells of two people or of warnings, and there were none", c.event)
			}
		}
	})
}

// A year that was paid is a year, and a month a month.
func TestHowLongAPeriodIs(t *testing.T) {
	inOffice(t, func(o office) {
		for cycle, want := range map[string]time.Time{
			catalog.Monthly: time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC),
			catalog.Annual:  time.Date(2027, 1, 31, 12, 0, 0, 0, time.UTC),
		} {
			owner, inv := billingtest.Owing(o, o.d, "starter", cycle, "PK")
			billingtest.Pay(o, o.d, o.s, o.one, owner, inv, 0)
			sub, err := o.s.Subscription(o.Context(), owner)
			if err != nil || sub.CurrentPeriodEnd == nil || !sub.CurrentPeriodEnd.Equal(want) {
				o.Errorf("%s: until %v, want %s, %v", cycle, sub.CurrentPeriodEnd, want, err)
			}
		}
	})
}

// A spending says either credits or an operation, within bounds.
func TestWhatASpendingSays(t *testing.T) {
	inOffice(t, func(o office) {
		trial := billingtest.Trial(o, o.d)
		for what, in := range map[string]billing.SpendRequest{
			"nothing": {}, "both": {Credits: 1, Operation: "x", Quantity: 1}, "a quantity of nothing": {Quantity: 1}, "too many": {Credits: billing.MaxSpend + 1},
			"fewer than none": {Credits: -1}, "a long reference": {Credits: 1, Reference: strings.Repeat("é", billing.MaxReference+1)},
		} {
			if _, err := o.s.SpendCredits(o.Context(), trial, in); igny8.CodeOf(err) != "validation_failed" {
				o.Errorf("%s: %v", what, err)
			}
		}
		if _, err := o.s.SpendCredits(o.Context(), trial, billing.SpendRequest{Credits: billing.MaxSpend}); igny8.CodeOf(err) != "insufficient_credits" {
			o.Errorf("the most: %v", err)
		}
		if _, err := o.s.SpendCredits(o.Context(), trial, billing.SpendRequest{Credits: 1, Reference: strings.Repeat("é", billing.MaxReference)}); err != nil {
			o.Errorf("the longest reference: %v", err)
		}
		limited := trial
		limited.Sites = []igny8.SiteID{igny8.NewID[igny8.SiteID](o.clock.Now())}
		if _, err := o.s.SpendCredits(o.Context(), limited, billing.SpendRequest{Credits: 1}); igny8.CodeOf(err) != "validation_failed" {
			o.Errorf("somebody of one site, without the site: %v", err)
		}
		if _, err := o.s.SpendCredits(o.Context(), trial, billing.SpendRequest{Credits: 1, Site: limited.Sites[0]}); igny8.CodeOf(err) != "not_found" {
			o.Errorf("a site that is none: %v", err)
		}
	})
}

// While the approval of one payment is held, another payment of the account is decided.
func TestAHoldIsOfOnePayment(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		other, _ := o.twin(p, inv.Number)
		if _, err := o.approve(o.one, p.ID, billing.Approval{Hold: time.Second}); err != nil {
			o.Fatal(err)
		}
		if _, err := o.s.UndoApproval(o.Context(), o.one, other); igny8.KindOf(err) != igny8.Conflict {
			o.Errorf("taking back what was not approved: %v", err)
		}
		if _, err := o.s.Reject(o.Context(), o.one, other, billing.Rejection{Code: "other", Reason: "Not there."}); err != nil {
			o.Errorf("the other payment: %v", err)
		}
		o.clock.Advance(time.Minute)
		o.complete()
		if o.status(p.ID) != igny8.PaymentSucceeded || o.status(other) != igny8.PaymentFailed {
			o.Errorf("the payments are %s and %s", o.status(p.ID), o.status(other))
		}
	})
}
