package billing_test

import (
	"context"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

const day = 24 * time.Hour

// large makes a waiting payment of an amount for which two must agree.
func (o office) large() billing.Payment {
	o.Helper()
	owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
	dbtest.Exec(o, o.d, "UPDATE currency SET second_approval_minor = $1 WHERE code = 'PKR'", inv.TotalMinor)
	return billingtest.Submit(o, o.d, o.s, owner, inv, 0)
}

// The second of two states the same amount, and the first is told who was faster.
func TestTheSecondStatesTheSameAmount(t *testing.T) {
	inOffice(t, func(o office) {
		p := o.large()
		if out, err := o.approve(o.one, p.ID, billing.Approval{}); err != nil || out.Status != igny8.PaymentPendingApproval {
			o.Fatalf("first of two: %s, %v", out.Status, err)
		}
		_, err := o.approve(o.another, p.ID, billing.Approval{ReceivedMinor: p.AmountMinor - 1})
		if igny8.CodeOf(err) != "validation_failed" {
			o.Errorf("another amount: %v", err)
		}
		if out, err := o.approve(o.another, p.ID, billing.Approval{ReceivedMinor: p.AmountMinor}); err != nil || out.Status != igny8.PaymentSucceeded {
			o.Errorf("the same amount: %s, %v", out.Status, err)
		}
	})
}

func TestTheSecondApproverIsNotOfTheFirstOnesMaking(t *testing.T) {
	inOffice(t, func(o office) {
		made := func(by igny8.UserID, user igny8.UserID, ago time.Duration) {
			dbtest.Exec(o, o.d, "INSERT INTO staff_change (id, user_id, made_by, what, created_at) VALUES ($1, $2, $3, 'create', $4)",
				igny8.NewID[igny8.RowID](o.clock.Now()), user, by, o.clock.Now().Add(-ago))
		}
		sock, new := billingtest.Staff(o, o.d), billingtest.Staff(o, o.d)
		made(o.one.User, sock.User, 9*day)
		made(igny8.UserID{}, new.User, time.Hour)
		p := o.large()
		if _, err := o.approve(o.one, p.ID, billing.Approval{}); err != nil {
			o.Fatal(err)
		}
		for want, who := range map[string]igny8.Actor{"second_approver_not_independent": sock, "second_approver_too_new": new} {
			if _, err := o.approve(who, p.ID, billing.Approval{}); igny8.CodeOf(err) != want {
				o.Errorf("%v, want %s", err, want)
			}
		}
		turned := o.large()
		if _, err := o.approve(sock, turned.ID, billing.Approval{}); err != nil {
			o.Fatal(err)
		}
		if _, err := o.approve(o.one, turned.ID, billing.Approval{}); igny8.CodeOf(err) != "second_approver_not_independent" {
			o.Errorf("the maker after the made: %v", err)
		}
		if out, err := o.approve(o.another, turned.ID, billing.Approval{}); err != nil || out.Status != igny8.PaymentSucceeded {
			o.Errorf("an independent colleague: %v", err)
		}
	})
}

// Where only one person may approve at all, one approval suffices, and the log says so.
func TestOneApproverAloneSuffices(t *testing.T) {
	inOffice(t, func(o office) {
		dbtest.Exec(o, o.d, "UPDATE app_user SET staff_permissions = 'platform' WHERE staff AND id <> $1", o.one.User)
		p := o.large()
		if out, err := o.approve(o.one, p.ID, billing.Approval{}); err != nil || out.Status != igny8.PaymentSucceeded {
			o.Fatalf("alone: %s, %v", out.Status, err)
		}
		if n := dbtest.Value[int](o, o.d, "SELECT count(*) FROM audit_event WHERE action = 'payment.approve' AND CAST(details AS text) LIKE '%one_approver%'"); n != 1 {
			o.Errorf("%d rows of the audit log say that one person decided", n)
		}
		gone := billingtest.Staff(o, o.d)
		err := o.d.System(o.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.ExecContext(ctx, "UPDATE app_user SET status = 'disabled' WHERE id = $1", gone.User); err != nil {
				return err
			}
			return account.RecordStaffChange(ctx, tx, o.one.User, gone.User, account.StaffDisabled)
		})
		if err != nil {
			o.Fatal(err)
		}
		if out, err := o.approve(o.one, o.large().ID, billing.Approval{}); err != nil || out.Status != igny8.PaymentPendingApproval {
			o.Errorf("who sent the other away a moment ago: %s, %v", out.Status, err)
		}
	})
}

// A held approval falls away when its member of staff may not approve any more.
func TestAHoldEndsWithTheRightsOfItsHolder(t *testing.T) {
	for name, change := range map[string]string{
		"disabled":  "UPDATE app_user SET status = 'disabled' WHERE id = $1",
		"withdrawn": "UPDATE app_user SET staff_permissions = 'platform' WHERE id = $1",
		"no staff":  "UPDATE app_user SET staff = FALSE WHERE id = $1",
		"reset":     "",
	} {
		t.Run(name, func(t *testing.T) {
			inOffice(t, func(o office) {
				owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
				p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
				if _, err := o.approve(o.one, p.ID, billing.Approval{Hold: 10 * time.Second}); err != nil {
					o.Fatal(err)
				}
				o.clock.Advance(time.Second)
				if change != "" {
					dbtest.Exec(o, o.d, change, o.one.User)
				} else if err := o.d.System(o.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
					return account.RecordStaffChange(ctx, tx, igny8.UserID{}, o.one.User, account.StaffReset)
				}); err != nil {
					o.Fatal(err)
				}
				o.clock.Advance(time.Minute)
				o.complete()
				if o.status(p.ID) != igny8.PaymentPendingApproval || o.count(owner.Account, "SELECT count(*) FROM approval_hold WHERE account_id = $1") != 0 {
					o.Errorf("the payment is %s, want it in the queue again", o.status(p.ID))
				}
				if n := o.count(owner.Account, "SELECT count(*) FROM audit_event WHERE account_id = $1 AND action = 'payment.approve_dropped'"); n != 1 {
					o.Errorf("%d rows of the audit log tell of it", n)
				}
			})
		})
	}
}

// What was received is bounded as what customers say is.
func TestTheAmountReceivedIsBounded(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		for _, n := range []int64{9223372036854775807, 100*inv.TotalMinor + 1, -1} {
			if _, err := o.approve(o.one, p.ID, billing.Approval{ReceivedMinor: n}); igny8.CodeOf(err) != "validation_failed" {
				o.Errorf("%d: %v", n, err)
			}
		}
	})
}
