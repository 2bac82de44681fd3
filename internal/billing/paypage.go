package billing

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing/billingdb"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/payref"
)

// PayToken names an invoice to whoever holds it, so that somebody without a login
// can pay it. It is the two ids and a MAC: nothing is stored, nothing can be
// guessed.
func (s *Service) PayToken(inv Invoice) string {
	a, i := inv.AccountID, inv.ID
	raw := append(append([]byte{}, a[:]...), i[:]...)
	return base64.RawURLEncoding.EncodeToString(append(raw, s.payMAC(raw)...))
}

// PayURL is the address of the shareable pay page.
func (s *Service) PayURL(inv Invoice) string { return s.publicURL + "/pay/" + s.PayToken(inv) }

func (s *Service) payMAC(raw []byte) []byte {
	h := hmac.New(sha256.New, s.secret)
	h.Write([]byte("pay link\x00"))
	h.Write(raw)
	return h.Sum(nil)[:16]
}

func (s *Service) openToken(token string) (igny8.AccountID, igny8.InvoiceID, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) != 48 || !hmac.Equal(raw[32:], s.payMAC(raw[:32])) {
		return igny8.AccountID{}, igny8.InvoiceID{}, igny8.ErrNotFound
	}
	return igny8.AccountID(raw[:16]), igny8.InvoiceID(raw[16:32]), nil
}

// PayPage is what the pay link shows: the invoice's facts and how to pay, and
// nothing else of the account.
type PayPage struct {
	Invoice Invoice
	Account string // its name
	Methods []catalog.Method
	Waiting bool // a payment was sent and awaits decision
}

// PayPage opens a pay link. A link that is not ours is NotFound.
func (s *Service) PayPage(ctx context.Context, token string) (page PayPage, err error) {
	owner, id, err := s.openToken(token)
	if err != nil {
		return page, err
	}
	err = s.db.Read(ctx, owner, func(ctx context.Context, tx *db.Tx) error {
		if page.Invoice, err = getInvoice(ctx, tx, id); err != nil {
			return err
		}
		a, err := account.Get(ctx, tx)
		if err != nil {
			return err
		}
		page.Account = a.Name
		if page.Methods, err = catalog.MethodsForCountry(ctx, tx, a.Country); err != nil {
			return err
		}
		_, err = billingdb.New(tx).WaitingPayment(ctx, billingdb.WaitingPaymentParams{AccountID: owner, InvoiceID: id})
		if db.Absent(err) {
			return nil
		}
		page.Waiting = err == nil
		return err
	})
	return page, err
}

// ReferenceUsed reports whether the reference, however it is spaced, came with a
// payment of another invoice of the actor's account. That another account used it is
// for staff alone to know: they see it beside the payment.
func (s *Service) ReferenceUsed(ctx context.Context, actor igny8.Actor, token, reference string) (used bool, err error) {
	owner, invoice, err := s.openToken(token)
	if err != nil {
		return false, err
	}
	norm := payref.Normalize(reference)
	if owner != actor.Account || norm == "" || len(norm) > 100 {
		return false, nil
	}
	err = s.db.Read(ctx, owner, func(ctx context.Context, tx *db.Tx) error {
		n, err := billingdb.New(tx).ReferenceUsed(ctx, billingdb.ReferenceUsedParams{AccountID: owner, ReferenceNorm: norm, InvoiceID: invoice})
		used = n > 0
		return err
	})
	return used, err
}

// LinkOwner is the account whose invoice a pay link names. It asks nobody: the link
// proves itself.
func (s *Service) LinkOwner(token string) (igny8.AccountID, error) {
	owner, _, err := s.openToken(token)
	return owner, err
}

// SubmitByLink records a payment told through the pay link. The account's gate
// applies: an account suspended for its conduct cannot pay.
func (s *Service) SubmitByLink(ctx context.Context, network, token string, in Submission) (Payment, error) {
	owner, id, err := s.openToken(token)
	if err != nil {
		return Payment{}, err
	}
	var a account.Account
	err = s.db.Read(ctx, owner, func(ctx context.Context, tx *db.Tx) error {
		a, err = account.Get(ctx, tx)
		return err
	})
	if err != nil {
		return Payment{}, err
	}
	reason := ""
	if a.SuspendedReason != nil {
		reason = *a.SuspendedReason
	}
	if err := account.Gate(a.Status, reason, account.NeedBilling); err != nil {
		return Payment{}, err
	}
	return s.submit(ctx, igny8.Actor{Account: owner, Email: "pay link", Network: network}, owner, id, viaPayPage, in)
}
