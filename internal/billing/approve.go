package billing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/billing/billingdb"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
	"igny8/internal/mail"
)

// Approval is what a member of staff says when approving a payment.
type Approval struct {
	ReceivedMinor    int64 // 0 means: as the customer said
	Evidence         string
	Note             string
	OverrideWarnings []string // codes of warnings that were looked into

	// Hold is how long the approval may be taken back before it takes effect; 0:
	// at once, in this call's commit.
	Hold time.Duration

	// Check sees the payment inside the transaction and may refuse (If-Match).
	Check func(Payment, []Warning) error
}

// Approve approves a waiting payment: payment, invoice, subscription, account,
// credits, receipt, audit and outbox change in one commit. A second approval of
// the same payment is a conflict that names who decided and when.
//
// From the currency's limit on, or when a warning was overridden, the first
// approval is recorded and the payment waits for a second member of staff, who is
// not of the first one's making; then the returned payment is still
// pending_approval. Where nobody else may approve at all, one suffices, and the
// audit log says so. The payment is pending_approval too, with Hold set, while the
// approval may be taken back.
func (s *Service) Approve(ctx context.Context, actor igny8.Actor, id igny8.PaymentID, in Approval) (out StaffPayment, err error) {
	if !actor.Can(igny8.PermPayments) {
		return out, igny8.E(igny8.Forbidden, "forbidden", "Only platform staff approve payments.")
	}
	seen, err := s.review(ctx, actor.User, id)
	if err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "billing.approve", seen.AccountID, func(ctx context.Context, tx *db.Tx) error {
		out, err = approveTx(ctx, tx, s, actor, seen, in)
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func approveTx(ctx context.Context, tx *db.Tx, s *Service, actor igny8.Actor, seen review, in Approval) (StaffPayment, error) {
	a, err := account.Lock(ctx, tx)
	if err != nil {
		return seen.StaffPayment, err
	}
	p, err := getPayment(ctx, tx, seen.ID)
	if err != nil {
		return seen.StaffPayment, err
	}
	d, err := judge(ctx, tx, actor, p, seen, in)
	if err != nil {
		return seen.StaffPayment, err
	}
	second, err := twoNeeded(ctx, tx, p, d)
	if err != nil {
		return seen.StaffPayment, err
	}
	d.alone = second && seen.alone
	out := seen.StaffPayment
	if second && !d.alone && p.FirstApprovedBy.IsZero() {
		out.Payment, err = firstApproval(ctx, tx, p, d)
		return out, err
	}
	if err := secondAgrees(p, d, seen); err != nil {
		return out, err
	}
	if in.Hold > 0 {
		out.Payment = p
		out.Hold, err = hold(ctx, tx, p, d, in.Hold)
		return out, err
	}
	out.Payment, out.Invoice, err = s.succeed(ctx, tx, a, p, d)
	return out, err
}

// judge refuses a decision that may not be made, and returns it with what it leaves out.
func judge(ctx context.Context, tx *db.Tx, actor igny8.Actor, p Payment, seen review, in Approval) (decision, error) {
	d := decision{actor: actor, received: in.ReceivedMinor, evidence: in.Evidence, note: in.Note, override: in.OverrideWarnings}
	if err := mayDecide(ctx, tx, actor, p); err != nil {
		return d, err
	}
	if in.Check != nil {
		if err := in.Check(p, seen.Warnings); err != nil {
			return d, err
		}
	}
	if err := overridden(seen.Warnings, in.OverrideWarnings); err != nil {
		return d, err
	}
	if d.received == 0 {
		d.received = p.AmountMinor
	}
	return d, bounded(d.received, seen.Invoice)
}

// mayDecide refuses a payment that is decided, and staff with an interest in it.
func mayDecide(ctx context.Context, tx *db.Tx, actor igny8.Actor, p Payment) error {
	if p.Status != igny8.PaymentPendingApproval {
		return decided(ctx, tx, p.ID)
	}
	if err := notHeld(ctx, tx, p.ID); err != nil {
		return err
	}
	member, err := account.IsMember(ctx, tx, actor.User)
	if err != nil {
		return err
	}
	if member || p.SubmittedBy == actor.User {
		return igny8.E(igny8.Forbidden, "self_approval", "You belong to the paying account; another member of staff must decide.")
	}
	return nil
}

type decision struct {
	actor          igny8.Actor
	received       int64
	evidence, note string
	override       []string
	alone          bool // two were asked for, and nobody else may approve
}

// overridden refuses while a warning that stops approval is not named.
func overridden(ws []Warning, named []string) error {
	var open []string
	for _, w := range ws {
		if w.Stops && !slices.Contains(named, w.Code) {
			open = append(open, w.Code)
		}
	}
	if len(open) == 0 {
		return nil
	}
	return igny8.E(igny8.Conflict, "warnings_not_overridden",
		"There are warnings on this payment; look into them, then name them in override_warnings.").With("warnings", open)
}

func firstApproval(ctx context.Context, tx *db.Tx, p Payment, d decision) (Payment, error) {
	row, err := billingdb.New(tx).FirstApproval(ctx, billingdb.FirstApprovalParams{AccountID: tx.Account, ID: p.ID, UserID: d.actor.User,
		ReceivedMinor: &d.received, Overridden: codes(d.override), Evidence: d.evidence, DecisionNote: d.note, Now: &tx.Now})
	if db.Absent(err) {
		return p, decided(ctx, tx, p.ID)
	}
	if err != nil {
		return p, fmt.Errorf("record first approval: %w", err)
	}
	p.Payment = row
	return p, audit.Record(ctx, tx, d.actor, audit.Entry{Action: "payment.approve_first", ObjectType: "payment", ObjectID: p.ID.String(),
		Details: map[string]any{"received_minor": d.received, "overridden": d.override}})
}

func codes(list []string) []byte {
	if list == nil {
		list = []string{}
	}
	b, _ := json.Marshal(list) // strings: cannot fail
	return b
}

// succeed is the one function that makes a payment succeeded. Everything the
// money switches on happens here, in the caller's transaction, which holds the
// account's lock.
func (s *Service) succeed(ctx context.Context, tx *db.Tx, a account.Account, p Payment, d decision) (Payment, Invoice, error) {
	inv, err := getInvoice(ctx, tx, p.InvoiceID)
	if err != nil {
		return p, inv, err
	}
	if inv.Status != igny8.InvoicePending {
		return p, inv, errNotPayable.With("current", string(inv.Status))
	}
	receipt, err := nextNumber(ctx, tx, "RCT", a)
	if err != nil {
		return p, inv, err
	}
	row, err := billingdb.New(tx).SucceedPayment(ctx, billingdb.SucceedPaymentParams{AccountID: tx.Account, ID: p.ID, Version: p.Version,
		ReceivedMinor: &d.received, Evidence: d.evidence, DecisionNote: d.note, Overridden: codes(d.override),
		DecidedBy: d.actor.User, DecidedEmail: d.actor.Email, ReceiptNumber: &receipt, Now: &tx.Now})
	if db.Absent(err) {
		return p, inv, decided(ctx, tx, p.ID)
	}
	if err != nil {
		return p, inv, fmt.Errorf("succeed payment: %w", err)
	}
	p.Payment = row
	if inv, err = settle(ctx, tx, inv, p, d.received); err != nil {
		return p, inv, err
	}
	if inv.Status == igny8.InvoicePaid {
		if err := activate(ctx, tx, a, inv, p.ID); err != nil {
			return p, inv, err
		}
	}
	return p, inv, s.tellApproved(ctx, tx, d, inv, p)
}

// settle divides the money: to the invoice what is due, the rest to the
// account's balance in that currency.
func settle(ctx context.Context, tx *db.Tx, inv Invoice, p Payment, received int64) (Invoice, error) {
	q := billingdb.New(tx)
	toInvoice := min(received, inv.Due())
	row, err := q.PayInvoice(ctx, billingdb.PayInvoiceParams{AccountID: tx.Account, ID: inv.ID, Amount: toInvoice, Now: tx.Now})
	if err != nil {
		return inv, fmt.Errorf("pay invoice: %w", err)
	}
	inv.Invoice = row
	if err := q.InsertAllocation(ctx, billingdb.InsertAllocationParams{AccountID: tx.Account, PaymentID: p.ID, Target: "invoice", AmountMinor: toInvoice}); err != nil {
		return inv, fmt.Errorf("allocate to invoice: %w", err)
	}
	surplus := received - toInvoice
	if surplus == 0 {
		return inv, nil
	}
	if err := q.InsertAllocation(ctx, billingdb.InsertAllocationParams{AccountID: tx.Account, PaymentID: p.ID, Target: "balance", AmountMinor: surplus}); err != nil {
		return inv, fmt.Errorf("allocate to balance: %w", err)
	}
	after, err := q.AddToAccountBalance(ctx, billingdb.AddToAccountBalanceParams{AccountID: tx.Account, Currency: p.Currency, Amount: surplus})
	if err != nil {
		return inv, fmt.Errorf("add to account balance: %w", err)
	}
	return inv, q.InsertBalanceEntry(ctx, billingdb.InsertBalanceEntryParams{AccountID: tx.Account, ID: db.NewID[igny8.RowID](tx),
		Currency: p.Currency, AmountMinor: surplus, BalanceAfterMinor: after, Reason: "overpayment", PaymentID: p.ID, InvoiceID: inv.ID, CreatedAt: tx.Now})
}

func (s *Service) tellApproved(ctx context.Context, tx *db.Tx, d decision, inv Invoice, p Payment) error {
	owner, err := account.Owner(ctx, tx)
	if err != nil {
		return fmt.Errorf("find owner: %w", err)
	}
	received := inv.Money(*p.ReceivedMinor)
	letter := mail.Letter{To: owner.Email, Lang: owner.Language, Template: "payment_approved", Key: "payment_approved:" + p.ID.String(), Data: map[string]any{
		"Name": owner.FirstName, "Amount": received.String(), "Invoice": inv.Number, "Receipt": *p.ReceiptNumber,
		"Paid": inv.Status == igny8.InvoicePaid, "Credits": inv.Credits, "Due": inv.Money(inv.Due()).String(), "Link": s.PayURL(inv)}}
	if err := mail.Enqueue(ctx, tx, letter); err != nil {
		return err
	}
	if err := event.Emit(ctx, tx, "payment.approved", p.ID.String(), thin(p)); err != nil {
		return err
	}
	return audit.Record(ctx, tx, d.actor, audit.Entry{Action: "payment.approve", ObjectType: "payment", ObjectID: p.ID.String(),
		Details: d.details(map[string]any{"invoice": inv.Number, "received": received.String(), "receipt": *p.ReceiptNumber,
			"proofs": hashes(p.Proofs), "note": p.DecisionNote})})
}

func hashes(proofs []Proof) []string {
	out := make([]string, len(proofs))
	for i, p := range proofs {
		out[i] = p.Sha256
	}
	return out
}
