package billing

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/billing/billingdb"
	"igny8/internal/db"
	"igny8/internal/idem"
)

// StaffPayment is a payment as staff see it.
type StaffPayment struct {
	Payment
	Invoice       Invoice
	AccountName   string
	AccountNumber int64
	Country       string
	Warnings      []Warning
	Hold          *Hold // an approval that may still be taken back
}

// Warning is something staff should look into. It names no other account. Stops
// says that approval needs it in override_warnings.
type Warning struct {
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Stops  bool   `json:"stops"`
}

// ClaimFor is how long an opened payment is reserved for who opened it.
const ClaimFor = 5 * time.Minute

// Queue lists payments in a status for staff, oldest first.
func (s *Service) Queue(ctx context.Context, status igny8.PaymentStatus, p igny8.Page) (list igny8.List[StaffPayment], err error) {
	after := igny8.PaymentID{15: 1}
	if p.Before != "" {
		after = igny8.PaymentID(p.BeforeID())
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := billingdb.New(tx).Queue(ctx, billingdb.QueueParams{Status: status, AfterID: after, PageSize: p.Fetch()})
		if err != nil {
			return fmt.Errorf("read queue: %w", err)
		}
		items := make([]StaffPayment, len(rows))
		for i, r := range rows {
			items[i] = staffPayment(billingdb.QueueEntryRow(r))
		}
		if err := complete(ctx, tx, status, items); err != nil {
			return err
		}
		list = igny8.NewList(p, items, func(p StaffPayment) string { return p.ID.UUID().String() })
		return nil
	})
	return list, err
}

// StaffPayment reads one payment of any account.
func (s *Service) StaffPayment(ctx context.Context, id igny8.PaymentID) (out StaffPayment, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = readStaffPayment(ctx, tx, id)
		return err
	})
	return out, err
}

func readStaffPayment(ctx context.Context, tx *db.Tx, id igny8.PaymentID) (StaffPayment, error) {
	row, err := billingdb.New(tx).QueueEntry(ctx, id)
	if err != nil {
		return StaffPayment{}, err
	}
	one := []StaffPayment{staffPayment(row)}
	err = complete(ctx, tx, row.Payment.Status, one)
	return one[0], err
}

// OpenPayment is StaffPayment for staff who look at it: that they did is in the
// account's audit log.
func (s *Service) OpenPayment(ctx context.Context, actor igny8.Actor, id igny8.PaymentID) (StaffPayment, error) {
	out, err := s.StaffPayment(ctx, id)
	if err != nil {
		return out, err
	}
	return out, s.db.Tenant(ctx, "billing.look", out.AccountID, func(ctx context.Context, tx *db.Tx) error {
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "payment.view", ObjectType: "payment", ObjectID: id.String(),
			Details: map[string]any{"invoice": out.Invoice.Number}})
	})
}

func staffPayment(r billingdb.QueueEntryRow) StaffPayment {
	return StaffPayment{Payment: Payment{Payment: r.Payment}, Invoice: Invoice{Invoice: r.Invoice},
		AccountName: r.AccountName, AccountNumber: r.AccountNumber, Country: r.Country}
}

// complete adds to payments what else staff see of them: proofs, lines, warnings,
// holds. They have one status and follow each other in the order of their ids, as
// the queue does, so each of these is one query for all of them. It needs system
// scope: the same reference may be in another account, which is not named.
func complete(ctx context.Context, tx *db.Tx, status igny8.PaymentStatus, items []StaffPayment) error {
	if len(items) == 0 {
		return nil
	}
	q, first, last := billingdb.New(tx), items[0].ID, items[len(items)-1].ID
	at := make(map[igny8.PaymentID]*StaffPayment, len(items))
	for i := range items {
		at[items[i].ID] = &items[i]
		items[i].Proofs, items[i].Invoice.Lines = []Proof{}, []Line{}
	}
	proofs, err := q.QueueProofs(ctx, billingdb.QueueProofsParams{Status: status, FirstID: first, LastID: last})
	if err != nil {
		return fmt.Errorf("read proofs: %w", err)
	}
	for _, p := range proofs {
		at[p.PaymentID].Proofs = append(at[p.PaymentID].Proofs, p)
	}
	lines, err := q.QueueLines(ctx, billingdb.QueueLinesParams{Status: status, FirstID: first, LastID: last})
	if err != nil {
		return fmt.Errorf("read invoice lines: %w", err)
	}
	for _, l := range lines {
		at[l.PaymentID].Invoice.Lines = append(at[l.PaymentID].Invoice.Lines, l.InvoiceLine)
	}
	if status != igny8.PaymentPendingApproval {
		return nil
	}
	references, err := q.QueueSameReference(ctx, billingdb.QueueSameReferenceParams{Status: status, FirstID: first, LastID: last})
	if err != nil {
		return fmt.Errorf("look for the reference: %w", err)
	}
	files, err := q.QueueSameProof(ctx, billingdb.QueueSameProofParams{Status: status, FirstID: first, LastID: last})
	if err != nil {
		return fmt.Errorf("look for the proof: %w", err)
	}
	for i := range items {
		items[i].Warnings = warnings(items[i], slices.Contains(references, items[i].ID), slices.Contains(files, items[i].ID))
	}
	return withHolds(ctx, tx, items)
}

// warnings lists what staff should know before they decide.
func warnings(p StaffPayment, sameReference, sameProof bool) (list []Warning) {
	if sameReference {
		list = append(list, Warning{"duplicate_reference", "Another payment that has not failed carries this reference.", true})
	}
	if sameProof {
		list = append(list, Warning{"duplicate_proof", "The same file came with another payment.", true})
	}
	if len(p.Proofs) == 0 {
		list = append(list, Warning{"no_proof", "No proof came with the payment.", false})
	}
	switch due := p.Invoice.Due(); {
	case p.AmountMinor < due:
		list = append(list, Warning{"amount_less", "The customer says less was paid than is due.", false})
	case p.AmountMinor > due:
		list = append(list, Warning{"amount_more", "The customer says more was paid than is due.", false})
	}
	if p.PaidOn < p.Invoice.IssuedAt.AddDate(0, 0, -1).Format(time.DateOnly) {
		list = append(list, Warning{"paid_before_invoice", "The day of the payment lies before the invoice.", false})
	}
	return list
}

// Claim reserves a waiting payment for the actor for five minutes; claiming again
// extends it. 409 claimed names who has it.
func (s *Service) Claim(ctx context.Context, actor igny8.Actor, id igny8.PaymentID) (out StaffPayment, err error) {
	seen, err := s.StaffPayment(ctx, id)
	if err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "billing.claim", seen.AccountID, func(ctx context.Context, tx *db.Tx) error {
		until := tx.Now.Add(ClaimFor)
		row, err := billingdb.New(tx).ClaimPayment(ctx, billingdb.ClaimPaymentParams{AccountID: tx.Account, ID: id,
			UserID: actor.User, ClaimedEmail: actor.Email, ClaimedUntil: &until, Now: &tx.Now})
		if db.Absent(err) {
			return notClaimable(ctx, tx, id)
		}
		if err != nil {
			return fmt.Errorf("claim payment: %w", err)
		}
		out = seen
		out.Payment.Payment = row
		if err := db.Expected(ctx, out); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func notClaimable(ctx context.Context, tx *db.Tx, id igny8.PaymentID) error {
	row, err := billingdb.New(tx).GetPayment(ctx, billingdb.GetPaymentParams{AccountID: tx.Account, ID: id})
	if err != nil {
		return err
	}
	if row.Status != igny8.PaymentPendingApproval {
		return decided(ctx, tx, id)
	}
	return igny8.E(igny8.Conflict, "claimed", "A colleague has this payment open.").
		With("claimed_by", row.ClaimedEmail).With("claimed_until", row.ClaimedUntil.UTC())
}

// ProofFile returns a proof's bytes for staff; each look is in the account's
// audit log.
func (s *Service) ProofFile(ctx context.Context, actor igny8.Actor, id igny8.PaymentID, n int64) (Proof, []byte, error) {
	seen, err := s.StaffPayment(ctx, id)
	if err != nil {
		return Proof{}, nil, err
	}
	for _, p := range seen.Proofs {
		if p.N != n {
			continue
		}
		data, err := s.files.Get(ctx, p.Sha256)
		if err != nil {
			return p, nil, err
		}
		err = s.db.Tenant(ctx, "billing.proof", seen.AccountID, func(ctx context.Context, tx *db.Tx) error {
			return audit.Record(ctx, tx, actor, audit.Entry{Action: "payment.view_proof", ObjectType: "payment",
				ObjectID: id.String(), Details: map[string]any{"n": strconv.FormatInt(n, 10)}})
		})
		return p, data, err
	}
	return Proof{}, nil, igny8.ErrNotFound
}
