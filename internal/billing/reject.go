package billing

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
	"igny8/internal/mail"
)

// ReasonCodes are the reasons for which a payment is rejected.
var ReasonCodes = []string{"not_received", "wrong_amount", "wrong_currency", "unreadable_proof", "duplicate_reference", "other"}

// Rejection says why a payment is refused. Reason is shown to the customer.
type Rejection struct {
	Code   string
	Reason string
	Note   string // for staff

	// Check sees the payment inside the transaction and may refuse (If-Match).
	Check func(Payment, []Warning) error
}

// Reject refuses a waiting payment. The invoice stays payable, the customer is
// told why and can send again, with at least 48 hours to do so.
func (s *Service) Reject(ctx context.Context, actor igny8.Actor, id igny8.PaymentID, in Rejection) (out StaffPayment, err error) {
	if !actor.Can(igny8.PermPayments) {
		return out, igny8.E(igny8.Forbidden, "forbidden", "Only platform staff reject payments.")
	}
	if err := in.validate(); err != nil {
		return out, err
	}
	seen, err := s.StaffPayment(ctx, id)
	if err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "billing.reject", seen.AccountID, func(ctx context.Context, tx *db.Tx) error {
		out, err = s.rejectTx(ctx, tx, actor, seen, in)
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func (s *Service) rejectTx(ctx context.Context, tx *db.Tx, actor igny8.Actor, seen StaffPayment, in Rejection) (StaffPayment, error) {
	a, err := account.Lock(ctx, tx)
	if err != nil {
		return seen, err
	}
	p, err := getPayment(ctx, tx, seen.ID)
	if err != nil {
		return seen, err
	}
	if err := mayDecide(ctx, tx, actor, p); err != nil {
		return seen, err
	}
	if in.Check != nil {
		if err := in.Check(p, seen.Warnings); err != nil {
			return seen, err
		}
	}
	if p, err = fail(ctx, tx, a, p.ID, failure{code: in.Code, reason: strings.TrimSpace(in.Reason), note: in.Note, by: actor}); err != nil {
		return seen, err
	}
	seen.Payment = p
	return seen, s.tellRejected(ctx, tx, actor, seen.Invoice, p)
}

func (s *Service) tellRejected(ctx context.Context, tx *db.Tx, actor igny8.Actor, inv Invoice, p Payment) error {
	letter, err := s.rejectionLetter(ctx, tx, inv, p, *p.FailureReason)
	if err != nil {
		return err
	}
	if err := mail.Enqueue(ctx, tx, letter); err != nil {
		return err
	}
	if err := event.Emit(ctx, tx, "payment.rejected", p.ID.String(), thin(p)); err != nil {
		return err
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "payment.reject", ObjectType: "payment", ObjectID: p.ID.String(),
		Details: map[string]any{"invoice": inv.Number, "code": *p.FailureCode}})
}

func (s *Service) rejectionLetter(ctx context.Context, tx *db.Tx, inv Invoice, p Payment, reason string) (mail.Letter, error) {
	owner, err := account.Owner(ctx, tx)
	if err != nil {
		return mail.Letter{}, fmt.Errorf("find owner: %w", err)
	}
	return mail.Letter{To: owner.Email, Lang: owner.Language, Template: "payment_rejected", Key: "payment_rejected:" + p.ID.String(),
		Data: map[string]any{"Name": owner.FirstName, "Amount": p.Amount().String(), "Invoice": inv.Number, "Reference": p.Reference,
			"Reason": reason, "Link": s.PayURL(inv)}}, nil
}

// PreviewRejection is the letter that Reject would send with this reason, and
// sends nothing.
func (s *Service) PreviewRejection(ctx context.Context, seen StaffPayment, reason string) (out mail.Preview, err error) {
	err = s.db.Read(ctx, seen.AccountID, func(ctx context.Context, tx *db.Tx) error {
		letter, err := s.rejectionLetter(ctx, tx, seen.Invoice, seen.Payment, strings.TrimSpace(reason))
		if err != nil {
			return err
		}
		out, err = mail.Render(letter)
		return err
	})
	return out, err
}

func (in Rejection) validate() error {
	if !slices.Contains(ReasonCodes, in.Code) {
		return igny8.InvalidField("reason_code", "unknown_reason_code", "Use one of: "+strings.Join(ReasonCodes, ", ")+".")
	}
	if n := len(strings.TrimSpace(in.Reason)); n < 3 || n > 1000 {
		return igny8.InvalidField("reason", "required", "Tell the customer why, in 3 to 1000 characters.")
	}
	return nil
}
