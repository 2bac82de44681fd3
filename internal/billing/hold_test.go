package billing_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
)

// complete lets all holds end that are over now.
func (o office) complete() {
	o.Helper()
	if _, err := o.s.CompleteHolds(o.Context(), o.clock.Now()); err != nil {
		o.Fatal(err)
	}
}

func (o office) status(id igny8.PaymentID) igny8.PaymentStatus {
	o.Helper()
	p, err := o.s.StaffPayment(o.Context(), id)
	if err != nil {
		o.Fatal(err)
	}
	return p.Status
}

// count is what a query over one account counts.
func (o office) count(id igny8.AccountID, query string) (n int) {
	o.Helper()
	err := o.d.Read(o.Context(), id, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRowContext(ctx, query, id).Scan(&n)
	})
	if err != nil {
		o.Fatal(err)
	}
	return n
}

const lettersOfApproval = "SELECT count(*) FROM mail_message WHERE account_id = $1 AND template = 'payment_approved'"

func TestAHeldApprovalDoesNothingUntilItIsDue(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		out, err := o.approve(o.one, p.ID, billing.Approval{Hold: 10 * time.Second})
		if err != nil || out.Status != igny8.PaymentPendingApproval || out.Hold == nil || !out.Hold.DueAt.Equal(o.clock.Now().Add(10*time.Second)) {
			o.Fatalf("held: %s %+v, %v", out.Status, out.Hold, err)
		}
		o.clock.Advance(9 * time.Second)
		o.complete()
		if o.status(p.ID) != igny8.PaymentPendingApproval || o.count(owner.Account, lettersOfApproval) != 0 {
			o.Error("it took effect, or told the customer, before the hold was over")
		}
		list, err := o.s.Queue(o.Context(), igny8.PaymentPendingApproval, igny8.Page{})
		if err != nil || len(list.Items) != 1 || list.Items[0].Hold == nil || list.Items[0].Hold.HeldEmail != o.one.Email {
			o.Errorf("the queue does not say who approved: %+v, %v", list.Items, err)
		}
		for what, err := range map[string]error{
			"approve": second(o.approve(o.another, p.ID, billing.Approval{})),
			"again":   second(o.approve(o.one, p.ID, billing.Approval{Hold: time.Second})),
			"reject":  second(o.s.Reject(o.Context(), o.another, p.ID, billing.Rejection{Code: "other", Reason: "No."})),
		} {
			if igny8.CodeOf(err) != "approval_held" {
				o.Errorf("%s while it is held: %v", what, err)
			}
		}
		o.clock.Advance(time.Second)
		o.complete()
		o.complete() // nothing is left
		if o.status(p.ID) != igny8.PaymentSucceeded || o.account(owner.Account).Status != igny8.AccountActive || o.count(owner.Account, lettersOfApproval) != 1 {
			o.Errorf("after the hold: payment %s, account %s", o.status(p.ID), o.account(owner.Account).Status)
		}
		if _, err := o.s.UndoApproval(o.Context(), o.one, p.ID); igny8.CodeOf(err) != "invalid_transition" {
			o.Errorf("undo after it took effect: %v", err)
		}
	})
}

func second[A any](_ A, err error) error { return err }

func TestUndoLeavesThePaymentAsItWas(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		if _, err := o.s.UndoApproval(o.Context(), o.one, p.ID); igny8.KindOf(err) != igny8.Conflict {
			o.Errorf("undo of nothing: %v", err)
		}
		if _, err := o.s.UndoApproval(o.Context(), owner, p.ID); igny8.KindOf(err) != igny8.Forbidden {
			o.Errorf("undo by a customer: %v", err)
		}
		before, _ := o.s.StaffPayment(o.Context(), p.ID)
		if _, err := o.approve(o.one, p.ID, billing.Approval{Hold: 10 * time.Second}); err != nil {
			o.Fatal(err)
		}
		if _, err := o.s.UndoApproval(o.Context(), o.another, p.ID); err != nil {
			o.Fatal(err)
		}
		o.clock.Advance(time.Minute)
		o.complete()
		after, _ := o.s.StaffPayment(o.Context(), p.ID)
		if after.Status != igny8.PaymentPendingApproval || after.Version != before.Version || after.Hold != nil || o.count(owner.Account, lettersOfApproval) != 0 {
			o.Errorf("after undo: %+v", after)
		}
		if _, err := o.approve(o.one, p.ID, billing.Approval{}); err != nil {
			o.Errorf("approve after undo: %v", err)
		}
	})
}

// A customer who withdraws within the hold is faster: the approval falls away.
func TestAnApprovalThatBecameImpossibleIsDropped(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		if _, err := o.approve(o.one, p.ID, billing.Approval{Hold: 10 * time.Second}); err != nil {
			o.Fatal(err)
		}
		if _, err := o.s.Withdraw(o.Context(), owner, p.ID); err != nil {
			o.Fatal(err)
		}
		o.clock.Advance(11 * time.Second)
		o.complete()
		if o.status(p.ID) != igny8.PaymentFailed || o.count(owner.Account, "SELECT count(*) FROM approval_hold WHERE account_id = $1") != 0 {
			o.Error("the approval of a withdrawn payment was not dropped")
		}
		if n := o.count(owner.Account, "SELECT count(*) FROM audit_event WHERE account_id = $1 AND action = 'payment.approve_dropped'"); n != 1 {
			o.Errorf("%d audit rows tell of it, want 1", n)
		}
	})
}

// Ten undo while ten servers complete: either all of it happens, once, or nothing.
func TestUndoAgainstTheEndOfTheHold(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		if _, err := o.approve(o.one, p.ID, billing.Approval{Hold: time.Second}); err != nil {
			o.Fatal(err)
		}
		o.clock.Advance(2 * time.Second)
		now := o.clock.Now()
		var all sync.WaitGroup
		undone := make(chan bool, 10)
		for range 10 {
			all.Go(func() {
				_, err := o.s.UndoApproval(o.Context(), o.another, p.ID)
				undone <- err == nil
			})
			all.Go(func() {
				if _, err := o.s.CompleteHolds(o.Context(), now); err != nil {
					o.Error(err)
				}
			})
		}
		all.Wait()
		close(undone)
		won := 0
		for ok := range undone {
			if ok {
				won++
			}
		}
		want := map[int]igny8.PaymentStatus{0: igny8.PaymentSucceeded, 1: igny8.PaymentPendingApproval}[won]
		if got := o.status(p.ID); won > 1 || got != want {
			o.Errorf("%d undos succeeded and the payment is %s", won, got)
		}
	})
}
