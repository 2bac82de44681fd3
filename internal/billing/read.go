package billing

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/billing/billingdb"
	"igny8/internal/db"
)

func getInvoice(ctx context.Context, tx *db.Tx, id igny8.InvoiceID) (Invoice, error) {
	q := billingdb.New(tx)
	row, err := q.GetInvoice(ctx, billingdb.GetInvoiceParams{AccountID: tx.Account, ID: id})
	if err != nil {
		return Invoice{}, err
	}
	lines, err := q.GetLines(ctx, billingdb.GetLinesParams{AccountID: tx.Account, InvoiceID: id})
	if err != nil {
		return Invoice{}, fmt.Errorf("read invoice lines: %w", err)
	}
	return Invoice{row, lines}, nil
}

func getPayment(ctx context.Context, tx *db.Tx, id igny8.PaymentID) (Payment, error) {
	row, err := billingdb.New(tx).GetPayment(ctx, billingdb.GetPaymentParams{AccountID: tx.Account, ID: id})
	if err != nil {
		return Payment{}, err
	}
	return withProofs(ctx, tx, row)
}

func withProofs(ctx context.Context, tx *db.Tx, row billingdb.Payment) (Payment, error) {
	proofs, err := billingdb.New(tx).GetProofs(ctx, billingdb.GetProofsParams{AccountID: tx.Account, PaymentID: row.ID})
	if err != nil {
		return Payment{}, fmt.Errorf("read proofs: %w", err)
	}
	return Payment{row, proofs}, nil
}

// currentSubscription is the live one, else the one that waits for payment, else
// the newest; the zero value when there never was one.
func currentSubscription(ctx context.Context, tx *db.Tx) (Subscription, error) {
	sub, err := billingdb.New(tx).CurrentSubscription(ctx, tx.Account)
	if db.Absent(err) {
		return Subscription{}, nil
	}
	return sub, err
}

// CurrentSubscription returns the subscription that the transaction's account
// lives by: the live one, else the one that waits for payment, else the newest.
func CurrentSubscription(ctx context.Context, tx *db.Tx) (Subscription, error) {
	sub, err := currentSubscription(ctx, tx)
	if err == nil && sub.ID.IsZero() {
		return sub, igny8.ErrNotFound
	}
	return sub, err
}

// Subscription returns the actor's current subscription.
func (s *Service) Subscription(ctx context.Context, actor igny8.Actor) (sub Subscription, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		sub, err = CurrentSubscription(ctx, tx)
		return err
	})
	return sub, err
}

// Invoice returns one invoice of the actor's account.
func (s *Service) Invoice(ctx context.Context, actor igny8.Actor, id igny8.InvoiceID) (inv Invoice, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		inv, err = getInvoice(ctx, tx, id)
		return err
	})
	return inv, err
}

// Invoices lists the invoices of the actor's account, newest first; status empty
// means all.
func (s *Service) Invoices(ctx context.Context, actor igny8.Actor, status string, p igny8.Page) (list igny8.List[Invoice], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		q := billingdb.New(tx)
		rows, err := q.ListInvoices(ctx, billingdb.ListInvoicesParams{AccountID: tx.Account,
			BeforeID: igny8.InvoiceID(p.BeforeID()), Status: optional(status), PageSize: p.Fetch()})
		if err != nil {
			return fmt.Errorf("list invoices: %w", err)
		}
		items := make([]Invoice, len(rows))
		for i, r := range rows {
			lines, err := q.GetLines(ctx, billingdb.GetLinesParams{AccountID: tx.Account, InvoiceID: r.ID})
			if err != nil {
				return fmt.Errorf("read invoice lines: %w", err)
			}
			items[i] = Invoice{r, lines}
		}
		list = igny8.NewList(p, items, func(i Invoice) string { return i.ID.UUID().String() })
		return nil
	})
	return list, err
}

// Payment returns one payment of the actor's account.
func (s *Service) Payment(ctx context.Context, actor igny8.Actor, id igny8.PaymentID) (p Payment, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		p, err = getPayment(ctx, tx, id)
		return err
	})
	return p, err
}

// Payments lists the payments of the actor's account, newest first; status empty
// means all.
func (s *Service) Payments(ctx context.Context, actor igny8.Actor, status string, p igny8.Page) (list igny8.List[Payment], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		rows, err := billingdb.New(tx).ListPayments(ctx, billingdb.ListPaymentsParams{AccountID: tx.Account,
			BeforeID: igny8.PaymentID(p.BeforeID()), Status: optional(status), PageSize: p.Fetch()})
		if err != nil {
			return fmt.Errorf("list payments: %w", err)
		}
		items := make([]Payment, len(rows))
		for i, r := range rows {
			if items[i], err = withProofs(ctx, tx, r); err != nil {
				return err
			}
		}
		list = igny8.NewList(p, items, func(p Payment) string { return p.ID.UUID().String() })
		return nil
	})
	return list, err
}

// Balances lists what the actor's account has to its credit, per currency.
func (s *Service) Balances(ctx context.Context, actor igny8.Actor) (list []Balance, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		list, err = billingdb.New(tx).AccountBalances(ctx, tx.Account)
		return err
	})
	return list, err
}

// AccountMethods lists the payment methods of the actor's account.
func (s *Service) AccountMethods(ctx context.Context, actor igny8.Actor) (list []AccountMethod, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		list, err = billingdb.New(tx).AccountMethods(ctx, tx.Account)
		return err
	})
	return list, err
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
