package billing

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/billing/billingdb"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
)

// Withdraw takes back a waiting payment of the actor's account.
func (s *Service) Withdraw(ctx context.Context, actor igny8.Actor, id igny8.PaymentID) (p Payment, err error) {
	err = s.db.Tenant(ctx, "billing.withdraw", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		a, err := account.Lock(ctx, tx)
		if err != nil {
			return err
		}
		if db.Expects(ctx) {
			now, err := getPayment(ctx, tx, id)
			if err == nil {
				err = db.Expected(ctx, now)
			}
			if err != nil {
				return err
			}
		}
		p, err = fail(ctx, tx, a, id, failure{code: "withdrawn", reason: "Withdrawn by the customer", by: actor})
		if err != nil {
			return err
		}
		if err := event.Emit(ctx, tx, "payment.withdrawn", p.ID.String(), thin(p)); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, actor, audit.Entry{Action: "payment.withdraw", ObjectType: "payment", ObjectID: p.ID.String()}); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, p)
	})
	return p, err
}

type failure struct {
	code, reason, note string
	by                 igny8.Actor
}

// fail makes a waiting payment failed and lets the account's clock run on.
func fail(ctx context.Context, tx *db.Tx, a account.Account, id igny8.PaymentID, f failure) (Payment, error) {
	row, err := billingdb.New(tx).FailPayment(ctx, billingdb.FailPaymentParams{AccountID: tx.Account, ID: id,
		FailureCode: &f.code, FailureReason: &f.reason, DecisionNote: f.note, DecidedBy: f.by.User, DecidedEmail: f.by.Email, Now: &tx.Now})
	if db.Absent(err) {
		return Payment{}, decided(ctx, tx, id)
	}
	if err != nil {
		return Payment{}, fmt.Errorf("fail payment: %w", err)
	}
	p, err := withProofs(ctx, tx, row)
	if err != nil {
		return p, err
	}
	return p, giveTimeBack(ctx, tx, a, p)
}

// decided explains why a payment could not be decided: absent, or decided before
// by somebody, and when.
func decided(ctx context.Context, tx *db.Tx, id igny8.PaymentID) error {
	row, err := billingdb.New(tx).GetPayment(ctx, billingdb.GetPaymentParams{AccountID: tx.Account, ID: id})
	if err != nil {
		return err
	}
	e := igny8.InvalidTransition(row.Status)
	if row.DecidedAt != nil {
		e = e.With("decided_at", row.DecidedAt.UTC()).With("decided_by", row.DecidedEmail)
	}
	return e
}

// minTimeBack is the least a customer has left after a submission failed.
const minTimeBack = 48 * time.Hour

// giveTimeBack moves the account's deadline by the time its payment waited: what
// was left at submission is left now, and at least 48 hours.
func giveTimeBack(ctx context.Context, tx *db.Tx, a account.Account, p Payment) error {
	sub, err := currentSubscription(ctx, tx)
	if err != nil || sub.ID.IsZero() {
		return err
	}
	var deadline time.Time
	switch {
	case sub.Status == igny8.SubscriptionIncomplete:
		deadline = a.CreatedAt.Add(account.FirstPaymentWithin)
	case sub.CurrentPeriodEnd == nil:
		return nil
	case sub.Trial:
		deadline = *sub.CurrentPeriodEnd
	default:
		deadline = sub.CurrentPeriodEnd.Add(account.Grace)
	}
	if sub.GraceUntil != nil && sub.GraceUntil.After(deadline) {
		deadline = *sub.GraceUntil
	}
	until := tx.Now.Add(max(deadline.Sub(p.CreatedAt), minTimeBack))
	if !until.After(deadline) {
		return nil
	}
	return billingdb.New(tx).GiveTime(ctx, billingdb.GiveTimeParams{AccountID: tx.Account, ID: sub.ID, GraceUntil: &until, Now: tx.Now})
}
