package billing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/billing/billingdb"
	"igny8/internal/db"
)

// Hold is an approval that may still be taken back: until it is due nothing has
// happened, nobody has been told, and the payment waits.
type Hold = billingdb.ApprovalHold

// MaxHold is the longest time for which an approval is held.
const MaxHold = time.Minute

// hold records the decision for later, in place of succeed.
func hold(ctx context.Context, tx *db.Tx, p Payment, d decision, lasts time.Duration) (*Hold, error) {
	h, err := billingdb.New(tx).InsertHold(ctx, billingdb.InsertHoldParams{AccountID: tx.Account, PaymentID: p.ID, HeldBy: d.actor.User,
		HeldEmail: d.actor.Email, ReceivedMinor: d.received, Evidence: d.evidence, DecisionNote: d.note, Overridden: codes(d.override),
		DueAt: tx.Now.Add(lasts), CreatedAt: tx.Now})
	if err != nil {
		return nil, fmt.Errorf("hold approval: %w", err)
	}
	return &h, nil
}

// notHeld refuses a decision on a payment that a colleague has approved just now.
func notHeld(ctx context.Context, tx *db.Tx, id igny8.PaymentID) error {
	h, err := billingdb.New(tx).GetHold(ctx, billingdb.GetHoldParams{AccountID: tx.Account, PaymentID: id})
	if db.Absent(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read hold: %w", err)
	}
	return igny8.E(igny8.Conflict, "approval_held", "This payment was approved a moment ago and the approval takes effect in seconds; undo it first to decide otherwise.").
		With("decided_by", h.HeldEmail).With("decided_at", h.CreatedAt.UTC()).With("effective_at", h.DueAt.UTC())
}

// UndoApproval takes back an approval that is held. It is a conflict when the
// approval took effect before: then who decided and when.
func (s *Service) UndoApproval(ctx context.Context, actor igny8.Actor, id igny8.PaymentID) (out StaffPayment, err error) {
	if !actor.Can(igny8.PermPayments) {
		return out, igny8.E(igny8.Forbidden, "forbidden", "Only platform staff approve payments.")
	}
	if out, err = s.StaffPayment(ctx, id); err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "billing.undo", out.AccountID, func(ctx context.Context, tx *db.Tx) error {
		if _, err := account.Lock(ctx, tx); err != nil {
			return err
		}
		h, err := takeHold(ctx, tx, id)
		if err != nil {
			return err
		}
		if h == nil {
			return decided(ctx, tx, id)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "payment.approve_undone", ObjectType: "payment", ObjectID: id.String(),
			Details: map[string]any{"approved_by": h.HeldEmail}})
	})
	out.Hold = nil
	return out, err
}

// takeHold removes the hold of a payment and returns it, nil for none. Whoever gets
// it acts on it, in the same transaction.
func takeHold(ctx context.Context, tx *db.Tx, id igny8.PaymentID) (*Hold, error) {
	h, err := billingdb.New(tx).TakeHold(ctx, billingdb.TakeHoldParams{AccountID: tx.Account, PaymentID: id})
	if db.Absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("take hold: %w", err)
	}
	return &h, nil
}

// CompleteHolds lets every approval take effect whose hold is over at the instant
// now, each in its own commit, and returns how many did. An approval that has
// become impossible meanwhile is dropped: the payment is in the queue again, and
// the account's audit log says why. Two servers may do this at once.
func (s *Service) CompleteHolds(ctx context.Context, now time.Time) (n int, err error) {
	due, err := s.holds(ctx, now)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, h := range due {
		err := s.complete(ctx, h)
		switch kind := igny8.KindOf(err); {
		case err == nil:
			n++
		case kind == igny8.Internal || kind == igny8.Unavailable:
			errs = append(errs, fmt.Errorf("approve %s: %w", h.PaymentID, err)) // the next tick tries again
		default:
			errs = append(errs, s.dropHold(ctx, h, err))
		}
	}
	return n, errors.Join(errs...)
}

func (s *Service) holds(ctx context.Context, until time.Time) (list []Hold, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = billingdb.New(tx).Holds(ctx, until)
		return err
	})
	return list, err
}

var errNoLonger = igny8.E(igny8.Forbidden, "approver_changed", "Whoever approved this may not approve any more, or their login was changed meanwhile.")

// complete makes a held approval take effect, if whoever gave it still may.
func (s *Service) complete(ctx context.Context, h Hold) error {
	if err := s.stillMay(ctx, h); err != nil {
		return err
	}
	seen, err := s.review(ctx, h.HeldBy, h.PaymentID)
	if err != nil {
		return err
	}
	return s.db.Tenant(ctx, "billing.approve_held", h.AccountID, func(ctx context.Context, tx *db.Tx) error {
		if _, err := account.Lock(ctx, tx); err != nil {
			return err
		}
		mine, err := takeHold(ctx, tx, h.PaymentID)
		if err != nil || mine == nil {
			return err // undone, or done by another server
		}
		var named []string
		if err := json.Unmarshal(mine.Overridden, &named); err != nil {
			return fmt.Errorf("read hold: %w", err)
		}
		_, err = approveTx(ctx, tx, s, holder(*mine), seen, Approval{ReceivedMinor: mine.ReceivedMinor, Evidence: mine.Evidence,
			Note: mine.DecisionNote, OverrideWarnings: named})
		return err
	})
}

func (s *Service) stillMay(ctx context.Context, h Hold) error {
	return s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		may, err := account.StillMay(ctx, tx, h.HeldBy, igny8.PermPayments, h.CreatedAt)
		if err == nil && !may {
			err = errNoLonger
		}
		return err
	})
}

// holder is the member of staff who approved.
func holder(h Hold) igny8.Actor {
	return igny8.Actor{User: h.HeldBy, Email: h.HeldEmail, Role: igny8.RoleDeveloper}
}

func (s *Service) dropHold(ctx context.Context, h Hold, why error) error {
	return s.db.Tenant(ctx, "billing.drop_hold", h.AccountID, func(ctx context.Context, tx *db.Tx) error {
		if _, err := account.Lock(ctx, tx); err != nil {
			return err
		}
		mine, err := takeHold(ctx, tx, h.PaymentID)
		if err != nil || mine == nil {
			return err
		}
		return audit.Record(ctx, tx, holder(h), audit.Entry{Action: "payment.approve_dropped", ObjectType: "payment",
			ObjectID: h.PaymentID.String(), Details: map[string]any{"code": igny8.CodeOf(why)}})
	})
}

// withHolds notes on waiting payments that their approval is held.
func withHolds(ctx context.Context, tx *db.Tx, items []StaffPayment) error {
	holds, err := billingdb.New(tx).Holds(ctx, tx.Now.Add(MaxHold))
	if err != nil {
		return fmt.Errorf("read holds: %w", err)
	}
	for i := range items {
		for _, h := range holds {
			if items[i].ID == h.PaymentID {
				items[i].Hold = &h
			}
		}
	}
	return nil
}
