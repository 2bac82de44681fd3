package billing

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/billing/billingdb"
	"igny8/internal/blob"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
	"igny8/internal/input"
	"igny8/internal/mail"
	"igny8/internal/payref"
)

// MaxProofs is how many files one payment may bring.
const MaxProofs = 5

// Submission is what a customer tells of a payment made outside.
type Submission struct {
	Method      string // slug or id
	Reference   string
	PayerName   string
	PaidOn      string // YYYY-MM-DD
	AmountMinor int64  // 0 means: what is due
	Currency    string // empty means: the invoice's
	Notes       string
	Files       []blob.Upload // as they were sent
	Kept        []blob.Kept   // that the intake keeps already
}

// The doors a submission comes through.
const (
	viaAccount = "account"
	viaPayPage = "pay_page"
)

// Submit records that the customer paid an invoice of the actor's account. The
// payment then waits for staff; invoice and account are unchanged.
func (s *Service) Submit(ctx context.Context, actor igny8.Actor, invoice igny8.InvoiceID, in Submission) (Payment, error) {
	return s.submit(ctx, actor, actor.Account, invoice, viaAccount, in)
}

func (s *Service) submit(ctx context.Context, actor igny8.Actor, owner igny8.AccountID, invoice igny8.InvoiceID, via string, in Submission) (p Payment, err error) {
	if err := in.Check(); err != nil {
		return p, err
	}
	in.clean()
	proofs, err := s.keep(ctx, owner, in)
	if err != nil {
		return p, err
	}
	err = s.db.Tenant(ctx, "billing.submit", owner, func(ctx context.Context, tx *db.Tx) error {
		p, err = submitTx(ctx, tx, actor, invoice, via, in, proofs)
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, p)
	})
	return p, err
}

// keep lets the files in, before any transaction. A file whose submission is then
// refused is needed by nobody, and SweepFiles takes it.
func (s *Service) keep(ctx context.Context, owner igny8.AccountID, in Submission) (proofs []Proof, err error) {
	if len(in.Files)+len(in.Kept) > MaxProofs {
		return nil, igny8.InvalidField("proof", "too_many_files", "Send at most five files.")
	}
	kept := slices.Clone(in.Kept)
	for _, f := range kept {
		if err := s.intake.Again(ctx, f); err != nil {
			return nil, err
		}
	}
	for _, u := range in.Files {
		f, err := s.intake.Keep(ctx, owner.String(), u)
		if err != nil {
			return nil, err
		}
		kept = append(kept, f)
	}
	for _, f := range kept {
		if slices.ContainsFunc(proofs, func(p Proof) bool { return p.Sha256 == f.SHA256 || p.OriginalSha256 == f.OriginalSHA256 }) {
			continue // the same file twice
		}
		proofs = append(proofs, Proof{N: int64(len(proofs) + 1), Sha256: f.SHA256, OriginalSha256: f.OriginalSHA256,
			ContentType: f.ContentType, Size: f.Size})
	}
	return proofs, nil
}

func submitTx(ctx context.Context, tx *db.Tx, actor igny8.Actor, invoice igny8.InvoiceID, via string, in Submission, proofs []Proof) (Payment, error) {
	a, err := account.Lock(ctx, tx)
	if err != nil {
		return Payment{}, err
	}
	inv, err := getInvoice(ctx, tx, invoice)
	if err != nil {
		return Payment{}, err
	}
	if inv.Status != igny8.InvoicePending {
		return Payment{}, errNotPayable.With("current", string(inv.Status))
	}
	method, err := in.check(ctx, tx, a, inv)
	if err != nil {
		return Payment{}, err
	}
	if in.AmountMinor == 0 {
		in.AmountMinor = inv.Due()
	}
	if method.Submission.ProofRequired && len(proofs) == 0 {
		return Payment{}, igny8.InvalidField("proof", "required", "This payment method needs a picture or PDF of the receipt.")
	}
	row, err := billingdb.New(tx).InsertPayment(ctx, billingdb.InsertPaymentParams{
		AccountID: tx.Account, ID: db.NewID[igny8.PaymentID](tx), InvoiceID: inv.ID, Method: method.Slug, MethodName: method.Name,
		Kind: method.Kind, Reference: in.Reference, ReferenceNorm: payref.Normalize(in.Reference),
		PayerName: in.PayerName, PaidOn: in.PaidOn, AmountMinor: in.AmountMinor, Currency: inv.Currency,
		Notes: in.Notes, SubmittedBy: actor.User, Via: via, Overridden: []byte("[]"), Now: tx.Now})
	if db.Absent(err) {
		return Payment{}, alreadyWaiting(ctx, tx, inv.ID)
	}
	if err != nil {
		return Payment{}, fmt.Errorf("insert payment: %w", err)
	}
	p := Payment{row, proofs}
	for i := range p.Proofs {
		p.Proofs[i].AccountID, p.Proofs[i].PaymentID, p.Proofs[i].CreatedAt = tx.Account, row.ID, tx.Now
		if err := billingdb.New(tx).InsertProof(ctx, billingdb.InsertProofParams(p.Proofs[i])); err != nil {
			return p, fmt.Errorf("insert proof: %w", err)
		}
	}
	return p, tellSubmitted(ctx, tx, actor, inv, p)
}

func tellSubmitted(ctx context.Context, tx *db.Tx, actor igny8.Actor, inv Invoice, p Payment) error {
	owner, err := account.Owner(ctx, tx)
	if err != nil {
		return fmt.Errorf("find owner: %w", err)
	}
	if err := mail.Enqueue(ctx, tx, mail.Letter{To: owner.Email, Lang: owner.Language, Template: "payment_received", Key: "payment_received:" + p.ID.String(),
		Data: map[string]any{"Name": owner.FirstName, "Amount": p.Amount().String(), "Invoice": inv.Number, "Reference": p.Reference}}); err != nil {
		return err
	}
	if err := event.Emit(ctx, tx, "payment.submitted", p.ID.String(), thin(p)); err != nil {
		return err
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "payment.submit", ObjectType: "payment", ObjectID: p.ID.String(),
		Details: map[string]any{"invoice": inv.Number, "amount": p.Amount().String(), "via": p.Via}})
}

// thin is what an event says of a payment.
func thin(p Payment) map[string]any {
	return map[string]any{"invoice": p.InvoiceID.String(), "status": p.Status, "amount_minor": p.AmountMinor, "currency": p.Currency}
}

var (
	errNotPayable = igny8.E(igny8.Conflict, "invoice_not_payable", "The invoice is not open for payment; read it again to see where it stands.")
	errWaiting    = igny8.E(igny8.Conflict, "payment_already_pending",
		"A payment of this invoice is waiting for a decision already; wait for it, or withdraw it and send the right one.")
)

func alreadyWaiting(ctx context.Context, tx *db.Tx, invoice igny8.InvoiceID) error {
	w, err := billingdb.New(tx).WaitingPayment(ctx, billingdb.WaitingPaymentParams{AccountID: tx.Account, InvoiceID: invoice})
	if err != nil {
		return errWaiting
	}
	return errWaiting.With("payment", w.ID.String())
}

// clean takes away what people paste without seeing it.
func (in *Submission) clean() {
	in.Reference, in.PaidOn, in.Method = input.Machine(in.Reference), input.Code(in.PaidOn), input.Machine(in.Method)
	in.PayerName, in.Notes = input.Name(in.PayerName), strings.TrimSpace(in.Notes)
}

// Check tells everything that is wrong with a submission as far as it can be told without
// the invoice, in one error.
func (in Submission) Check() error {
	in.clean()
	var faults input.Faults
	if in.AmountMinor < 0 {
		faults.Field("amount_minor", "out_of_range", "The amount must be above zero, in minor units.")
	}
	faults.Add(payref.Check("reference", in.Reference))
	for _, text := range []struct {
		field, value string
		most         int
	}{{"payer_name", in.PayerName, 200}, {"notes", in.Notes, 2000}} {
		if len(text.value) > text.most {
			faults.Field(text.field, "too_long", "Keep the payer's name under 200 and the notes under 2000 characters.")
		} else if fault, ok := input.Check(text.field, text.value); !ok {
			faults.Field(text.field, fault.Code, fault.Detail)
		}
	}
	if _, err := time.Parse(time.DateOnly, in.PaidOn); err != nil {
		faults.Field("paid_on", "invalid_date", "Write the day of the payment as YYYY-MM-DD.")
	}
	return faults.Err()
}

// check compares what was sent with the facts.
func (in Submission) check(ctx context.Context, tx *db.Tx, a account.Account, inv Invoice) (catalog.Method, error) {
	if in.Currency != "" && in.Currency != inv.Currency {
		return catalog.Method{}, igny8.E(igny8.Invalid, "currency_mismatch", "Pay in the invoice's currency.").
			WithField("currency", "currency_mismatch", "Leave it out, or send the invoice's currency.").With("currency", inv.Currency)
	}
	if in.AmountMinor > 100*max(inv.Due(), 1) {
		return catalog.Method{}, igny8.InvalidField("amount_minor", "out_of_range", "The amount is far above what is due; check the decimals: it is in minor units.")
	}
	paid, _ := time.Parse(time.DateOnly, in.PaidOn)
	if paid.After(tx.Now.Add(24*time.Hour)) || paid.Before(tx.Now.AddDate(-1, 0, 0)) {
		return catalog.Method{}, igny8.InvalidField("paid_on", "out_of_range", "The day of the payment must be within the last year and not in the future.")
	}
	m, err := catalog.MethodForCountry(ctx, tx, in.Method, a.Country)
	if err != nil {
		return m, err
	}
	if m.Gateway() {
		return m, igny8.InvalidField("method", "gateway_method", "This method is paid on the gateway's own page; there is nothing to submit.")
	}
	return m, nil
}
