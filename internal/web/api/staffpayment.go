package api

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"igny8"
	"igny8/internal/billing"
)

// StaffPaymentBody is a payment as staff see it.
type StaffPaymentBody struct {
	PaymentBody
	Account        PayerBody         `json:"account"`
	InvoiceNumber  string            `json:"invoice_number"`
	AmountDueMinor int64             `json:"amount_due_minor" doc:"Still owed on the invoice."`
	Warnings       []billing.Warning `json:"warnings" doc:"Of a payment that waits for a decision."`
	Matches        []MatchBody       `json:"matches" doc:"Lines of bank statements that may be this payment."`
	ClaimedBy      string            `json:"claimed_by,omitempty" doc:"Who has it open."`
	ClaimedUntil   *time.Time        `json:"claimed_until,omitempty"`
	DecidedBy      string            `json:"decided_by,omitempty"`
	Evidence       string            `json:"evidence,omitempty"`
	Note           string            `json:"note,omitempty"`
	Review         *ReviewBody       `json:"review,omitempty"`
}

// PayerBody is whose payment it is.
type PayerBody struct {
	ID      igny8.AccountID `json:"id"`
	Name    string          `json:"name"`
	Number  int64           `json:"number"`
	Country string          `json:"country"`
}

// MatchBody is a line of a bank statement that may be a payment.
type MatchBody struct {
	Line   igny8.RowID `json:"line"`
	Reason string      `json:"reason"`
}

// ReviewBody says that a second member of staff must confirm.
type ReviewBody struct {
	State              string       `json:"state" enum:"awaiting_second"`
	FirstApprovedBy    igny8.UserID `json:"first_approved_by"`
	FirstApprovedAt    time.Time    `json:"first_approved_at"`
	FirstReceivedMinor *int64       `json:"first_received_minor,omitempty"`
}

func (h adminHandler) body(p billing.StaffPayment) StaffPaymentBody {
	out := StaffPaymentBody{PaymentBody: paymentBody(p.Payment), Account: PayerBody{p.AccountID, p.AccountName, p.AccountNumber, p.Country},
		InvoiceNumber: p.Invoice.Number, AmountDueMinor: p.Invoice.Due(), Warnings: []billing.Warning{}, Matches: []MatchBody{},
		DecidedBy: p.DecidedEmail, Evidence: p.Evidence, Note: p.DecisionNote}
	if p.Status != igny8.PaymentPendingApproval {
		return out
	}
	out.Warnings = append(out.Warnings, p.Warnings...)
	if p.ClaimedUntil != nil && h.a.now().Before(*p.ClaimedUntil) {
		out.ClaimedBy, out.ClaimedUntil = p.ClaimedEmail, utc(p.ClaimedUntil)
	}
	if p.FirstApprovedAt != nil {
		out.Review = &ReviewBody{"awaiting_second", p.FirstApprovedBy, p.FirstApprovedAt.UTC(), p.FirstReceivedMinor}
	}
	return out
}

// staffOut is an answer with a payment for staff. Its entity tag has two parts:
// the revision, which a decision depends on, and the hash of the whole, so that
// the tag is a strong one. If-Match of a decision compares the revision alone: a
// colleague who opened the payment meanwhile has changed nothing about it.
type staffOut struct {
	Status int
	ETag   string `header:"ETag"`
	Body   StaffPaymentBody
}

func (o *staffOut) parts() (string, any) { return "", o.Body }

func (o *staffOut) head() (int, string) { return o.Status, o.ETag }

func (h adminHandler) out(p billing.StaffPayment) *staffOut {
	out := &staffOut{Status: http.StatusOK, Body: h.body(p)}
	out.ETag = twoPartTag(revision(p.Payment, p.Warnings), out.Body)
	return out
}

// decided is the answer of a decision: 202 while a second member of staff must
// confirm it.
func (h adminHandler) decided(p billing.StaffPayment) *staffOut {
	out := h.out(p)
	if p.Status == igny8.PaymentPendingApproval {
		out.Status = http.StatusAccepted
	}
	return out
}

// revision names the state of a payment that a decision is made upon: its version
// and its warnings.
func revision(p billing.Payment, warnings []billing.Warning) string {
	h := sha256.New()
	hashText(h, p.ID.String())
	hashText(h, strconv.FormatInt(p.Version, 10))
	if p.Status == igny8.PaymentPendingApproval {
		for _, w := range warnings {
			hashText(h, w.Code)
		}
	}
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// sameRevision refuses a decision upon another state than the caller has seen.
func (m IfMatch) sameRevision(p billing.Payment, warnings []billing.Warning) error {
	return m.isRevision(revision(p, warnings))
}
