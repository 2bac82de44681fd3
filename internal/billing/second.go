package billing

import (
	"context"
	"fmt"
	"slices"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing/billingdb"
	"igny8/internal/db"
)

// review is a payment with what is to be known of the member of staff who decides on it.
// It is read in system scope before the story, which runs in the scope of the account and
// sees nobody of staff.
type review struct {
	StaffPayment
	alone       bool  // nobody else may approve at all
	independent error // why the actor is no second person beside the first, nil when they are
}

// review reads what a decision of the actor is judged by.
func (s *Service) review(ctx context.Context, actor igny8.UserID, id igny8.PaymentID) (r review, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		if r.StaffPayment, err = readStaffPayment(ctx, tx, id); err != nil {
			return err
		}
		if r.alone, err = account.Alone(ctx, tx, actor, igny8.PermPayments); err != nil {
			return err
		}
		if first := r.FirstApprovedBy; !first.IsZero() && first != actor {
			r.independent = account.Independent(ctx, tx, first, actor)
			if igny8.KindOf(r.independent) == igny8.Internal && r.independent != nil {
				return r.independent
			}
		}
		return nil
	})
	return r, err
}

// twoNeeded reports whether two members of staff must agree: an amount from the currency's
// limit on, a warning that was overridden, or a first approval that waits.
func twoNeeded(ctx context.Context, tx *db.Tx, p Payment, d decision) (bool, error) {
	if len(d.override) > 0 || !p.FirstApprovedBy.IsZero() {
		return true, nil
	}
	limit, err := billingdb.New(tx).SecondApprovalLimit(ctx, p.Currency)
	if err != nil {
		return false, fmt.Errorf("read approval limit: %w", err)
	}
	return limit != nil && d.received >= *limit, nil
}

// secondAgrees checks the second of two approvals against the first.
func secondAgrees(p Payment, d decision, r review) error {
	switch {
	case p.FirstApprovedBy.IsZero() || d.alone:
		return nil
	case p.FirstApprovedBy == d.actor.User:
		return igny8.E(igny8.Conflict, "second_approver_required", "You approved this payment already; another member of staff must confirm it.")
	case p.FirstApprovedBy != r.FirstApprovedBy:
		return igny8.E(igny8.Conflict, "invalid_transition", "Somebody approved this payment a moment ago; read it again.").With("current", string(p.Status))
	case r.independent != nil:
		return r.independent
	case p.FirstReceivedMinor != nil && *p.FirstReceivedMinor != d.received:
		return igny8.InvalidField("received_minor", "differs_from_first", "The first approval states another amount received; settle which is right, or reject.").
			With("first_received_minor", *p.FirstReceivedMinor)
	}
	return nil
}

// bounded refuses an amount received that can only be a slip of the hand.
func bounded(received int64, inv Invoice) error {
	if received < 0 || received > 100*max(inv.Due(), 1) {
		return igny8.InvalidField("received_minor", "out_of_range", "The amount is far above what is due; check the decimals: it is in minor units.")
	}
	return nil
}

// details are what the audit log says of a decision besides the payment: that one person
// decided where two are asked for, since there is nobody else.
func (d decision) details(more map[string]any) map[string]any {
	if d.alone {
		more["one_approver"] = true
	}
	if len(d.override) > 0 {
		more["overridden"] = slices.Clone(d.override)
	}
	return more
}
