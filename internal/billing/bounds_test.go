package billing_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingdb"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// Staff who looked into an account and sent its payment do not decide on it.
func TestWhoeverSubmittedDoesNotDecide(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		looking := igny8.Actor{Account: owner.Account, User: o.one.User, Email: o.one.Email, Role: igny8.RoleOwner, Impersonator: o.one.User}
		p := billingtest.Submit(o, o.d, o.s, looking, inv, 0)
		for what, err := range map[string]error{
			"approve": second(o.approve(o.one, p.ID, billing.Approval{})),
			"hold":    second(o.approve(o.one, p.ID, billing.Approval{Hold: time.Second})),
			"reject":  second(o.s.Reject(o.Context(), o.one, p.ID, billing.Rejection{Code: "other", Reason: "Not mine."})),
		} {
			if igny8.CodeOf(err) != "self_approval" {
				o.Errorf("%s by whoever sent it: %v", what, err)
			}
		}
		if out, err := o.approve(o.another, p.ID, billing.Approval{}); err != nil || out.Status != igny8.PaymentSucceeded {
			o.Errorf("by a colleague: %s, %v", out.Status, err)
		}
	})
}

// An account that is suspended for its conduct cannot pay, with a login or by its link;
// one that owes money can.
func TestThePayLinkPassesTheGate(t *testing.T) {
	inOffice(t, func(o office) {
		for reason, want := range map[string]string{"policy": "account_suspended", "payment": ""} {
			owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
			dbtest.Exec(o, o.d, "UPDATE account SET status = 'suspended', suspended_reason = $1 WHERE id = $2", reason, owner.Account)
			p, err := o.s.SubmitByLink(o.Context(), "203.0.113.9", o.s.PayToken(inv),
				billing.Submission{Method: "raast", Reference: "RA-" + reason, PayerName: "Zara", PaidOn: "2026-01-31"})
			if err != nil && igny8.CodeOf(err) != want || want == "" && p.Status != igny8.PaymentPendingApproval {
				o.Errorf("suspended for %s: %s, %v", reason, p.Status, err)
			}
			sent := map[string]int{"policy": 0, "payment": 1}[reason]
			if n := o.count(owner.Account, "SELECT count(*) FROM payment WHERE account_id = $1"); n != sent {
				o.Errorf("suspended for %s: %d payments, want %d", reason, n, sent)
			}
		}
	})
}

// refusedField points at the one member that an error refuses, "" for none.
func refusedField(err error) string {
	var e *igny8.Error
	if !errors.As(err, &e) || len(e.Fields) != 1 {
		return ""
	}
	return e.Fields[0].Pointer
}

// What customers say is bounded: at most a hundred times what is due, paid within the last
// year and not later than tomorrow, which is today somewhere.
func TestSubmissionsAreBounded(t *testing.T) {
	inOffice(t, func(o office) { // it is noon of 31 January 2026
		_, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		most := 100 * inv.Due()
		for _, c := range []struct {
			amount int64
			paidOn string
			field  string // that is refused, "" when it is let in
		}{
			{most, "2026-01-31", ""}, {most + 1, "2026-01-31", "#/amount_minor"}, {-1, "2026-01-31", "#/amount_minor"}, {1, "2026-01-31", ""},
			{0, "2026-02-01", ""}, {0, "2026-02-02", "#/paid_on"}, {0, "2025-02-01", ""}, {0, "2025-01-31", "#/paid_on"}, {0, "2021-01-31", "#/paid_on"},
		} {
			owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
			p, err := o.s.Submit(o.Context(), owner, inv.ID,
				billing.Submission{Method: "raast", Reference: "RA-1", PayerName: "Zara", PaidOn: c.paidOn, AmountMinor: c.amount})
			if got := refusedField(err); got != c.field || c.field == "" && (err != nil || p.Status != igny8.PaymentPendingApproval) {
				o.Errorf("%d on %s: %s, %v", c.amount, c.paidOn, p.Status, err)
			}
		}
	})
}

// A decision is about the payment as it was judged: the statement itself refuses another
// version, and a payment that does not wait.
func TestAPaymentSucceedsInTheVersionThatWasJudged(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		succeed := func(version int64) (got error) {
			o.d.Tenant(o.Context(), "test", owner.Account, func(ctx context.Context, tx *db.Tx) error {
				receipt := "RCT-TEST"
				_, got = billingdb.New(tx).SucceedPayment(ctx, billingdb.SucceedPaymentParams{AccountID: owner.Account, ID: p.ID, Version: version,
					ReceivedMinor: &p.AmountMinor, Overridden: []byte("[]"), DecidedBy: o.one.User, ReceiptNumber: &receipt, Now: &tx.Now})
				return got
			})
			return got
		}
		for _, stale := range []int64{p.Version - 1, p.Version + 1} {
			if err := succeed(stale); !db.Absent(err) {
				o.Errorf("version %d of a payment that has %d: %v", stale, p.Version, err)
			}
		}
		if out, err := o.approve(o.one, p.ID, billing.Approval{}); err != nil || out.Status != igny8.PaymentSucceeded {
			o.Fatalf("approve: %s, %v", out.Status, err)
		}
		if err := succeed(p.Version + 1); !db.Absent(err) {
			o.Errorf("a payment that succeeded already: %v", err)
		}
	})
}
