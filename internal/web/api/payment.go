package api

import (
	"context"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/blob"
)

// PaymentBody is one attempt to pay an invoice.
type PaymentBody struct {
	ID            igny8.PaymentID     `json:"id"`
	Invoice       igny8.InvoiceID     `json:"invoice"`
	Status        igny8.PaymentStatus `json:"status" enum:"pending_approval,succeeded,failed,refunded"`
	Method        string              `json:"method" doc:"Slug of the payment method." example:"jazzcash"`
	Reference     string              `json:"reference" doc:"What the bank or wallet calls the transfer."`
	PayerName     string              `json:"payer_name"`
	PaidOn        string              `json:"paid_on" format:"date" example:"2026-11-22"`
	AmountMinor   int64               `json:"amount_minor" doc:"What the customer says was paid." example:"2474200"`
	Currency      igny8.Currency      `json:"currency" example:"PKR"`
	Amount        string              `json:"amount" example:"24742.00"`
	ReceivedMinor *int64              `json:"received_minor,omitempty" doc:"What arrived, once approved."`
	Notes         string              `json:"notes"`
	Proofs        []ProofBody         `json:"proofs"`
	Failure       *FailureBody        `json:"failure,omitempty"`
	DecidedAt     *time.Time          `json:"decided_at,omitempty"`
	RefundedMinor int64               `json:"refunded_minor"`
	ReceiptNumber *string             `json:"receipt_number,omitempty" example:"RCT-12-202611-0001"`
	CreatedAt     time.Time           `json:"created_at"`
}

// ProofBody is a file that came with a payment.
type ProofBody struct {
	N           int64  `json:"n"`
	ContentType string `json:"content_type" example:"image/png"`
	Size        int64  `json:"size" doc:"Bytes."`
	SHA256      string `json:"sha256"`
}

// FailureBody is why a payment failed.
type FailureBody struct {
	Code   string `json:"code" example:"wrong_amount"`
	Reason string `json:"reason"`
}

func paymentBody(p billing.Payment) PaymentBody {
	out := PaymentBody{ID: p.ID, Invoice: p.InvoiceID, Status: p.Status, Method: p.Method, Reference: p.Reference, PayerName: p.PayerName,
		PaidOn: p.PaidOn, AmountMinor: p.AmountMinor, Currency: p.Amount().Currency, Amount: p.Amount().Amount(),
		ReceivedMinor: p.ReceivedMinor, Notes: p.Notes, Proofs: []ProofBody{}, DecidedAt: utc(p.DecidedAt),
		RefundedMinor: p.RefundedMinor, ReceiptNumber: p.ReceiptNumber, CreatedAt: p.CreatedAt.UTC()}
	for _, f := range p.Proofs {
		out.Proofs = append(out.Proofs, ProofBody{f.N, f.ContentType, f.Size, f.Sha256})
	}
	if p.FailureCode != nil {
		out.Failure = &FailureBody{Code: *p.FailureCode}
		if p.FailureReason != nil {
			out.Failure.Reason = *p.FailureReason
		}
	}
	return out
}

// SubmissionInput is what a customer tells of a payment made outside.
type SubmissionInput struct {
	Method      string  `json:"method" maxLength:"100" doc:"Slug or id of a payment method of the account's country." example:"jazzcash"`
	Reference   string  `json:"reference" maxLength:"400" doc:"As it stands on the receipt." example:"TID 0123456789"`
	PayerName   string  `json:"payer_name" maxLength:"200" example:"Ayesha Khan"`
	PaidOn      string  `json:"paid_on" maxLength:"30" doc:"The day of the payment, YYYY-MM-DD." example:"2026-11-22"`
	AmountMinor *int64  `json:"amount_minor,omitempty" minimum:"1" doc:"In minor units; without it, what is due." example:"2474200"`
	Currency    *string `json:"currency,omitempty" maxLength:"3" doc:"The invoice's; anything else is refused." example:"PKR"`
	Notes       *string `json:"notes,omitempty" maxLength:"2000"`
}

func (in SubmissionInput) submission(files []blob.Upload) billing.Submission {
	return billing.Submission{Method: in.Method, Reference: in.Reference, PayerName: in.PayerName, PaidOn: in.PaidOn,
		AmountMinor: value(in.AmountMinor), Currency: value(in.Currency), Notes: value(in.Notes), Files: files}
}

func checkSubmission(_ context.Context, in SubmissionInput) error { return in.submission(nil).Check() }

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func paymentCreated(p billing.Payment) *Created[PaymentBody] {
	return &Created[PaymentBody]{Location: Prefix + "/billing/payments/" + p.ID.String(), Body: paymentBody(p)}
}

func paymentOut(p billing.Payment) *Out[PaymentBody] { return OK(paymentBody(p)) }

func (h billingHandler) submit(ctx context.Context, in *ByIDIn[igny8.InvoiceID, SubmissionInput]) (*Created[PaymentBody], error) {
	p, err := h.s.Submit(RenderWith(ctx, paymentCreated), ActorFrom(ctx), in.ID, in.Body.submission(FilesFrom(ctx)))
	if err != nil {
		return nil, err
	}
	return paymentCreated(p), nil
}

type paymentsIn struct {
	ListInput
	Status string `query:"status" enum:"pending_approval,succeeded,failed,refunded"`
}

func (h billingHandler) payments(ctx context.Context, in *paymentsIn) (*ListOutput[PaymentBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Payments(ctx, ActorFrom(ctx), in.Status, p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, paymentBody), nil
}

func (h billingHandler) payment(ctx context.Context, in *ByID[igny8.PaymentID]) (*Out[PaymentBody], error) {
	p, err := h.s.Payment(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paymentOut(p), nil
}

func (h billingHandler) withdraw(ctx context.Context, in *ByIDMatch[igny8.PaymentID]) (*Out[PaymentBody], error) {
	p, err := h.s.Withdraw(expect(RenderWith(ctx, paymentOut), in.IfMatch, paymentBody), ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return paymentOut(p), nil
}

// PayPageBody is what the pay link shows.
type PayPageBody struct {
	Invoice        PayPageInvoice `json:"invoice"`
	Account        AccountName    `json:"account"`
	PaymentMethods []MethodBody   `json:"payment_methods"`
	Waiting        bool           `json:"waiting" doc:"A payment was told of already and awaits a decision; do not pay again."`
}

// PayPageInvoice is an invoice as the pay link shows it.
type PayPageInvoice struct {
	Number         string              `json:"number"`
	Status         igny8.InvoiceStatus `json:"status" enum:"draft,pending,paid,void,uncollectible"`
	Currency       igny8.Currency      `json:"currency" example:"PKR"`
	Total          string              `json:"total" example:"24742.00"`
	TotalAmount    string              `json:"total_amount" doc:"The same as total." example:"24742.00"`
	TotalMinor     int64               `json:"total_minor" example:"2474200"`
	AmountDueMinor int64               `json:"amount_due_minor" example:"2474200"`
	AmountDue      string              `json:"amount_due" example:"24742.00"`
	DueAt          time.Time           `json:"due_at"`
	PayCode        string              `json:"pay_code" doc:"Write it into the transfer."`
}

// AccountName is what strangers may know of an account.
type AccountName struct {
	Name string `json:"name"`
}

func payPageBody(p billing.PayPage) PayPageBody {
	var out PayPageBody
	i, total := &out.Invoice, p.Invoice.Total()
	i.Number, i.Status, i.Currency = p.Invoice.Number, p.Invoice.Status, total.Currency
	i.Total, i.TotalAmount, i.TotalMinor = total.Amount(), total.Amount(), total.Minor
	i.AmountDueMinor, i.AmountDue = p.Invoice.Due(), p.Invoice.Money(p.Invoice.Due()).Amount()
	i.DueAt, i.PayCode = p.Invoice.DueAt.UTC(), p.Invoice.PayCode
	out.Account.Name, out.Waiting, out.PaymentMethods = p.Account, p.Waiting, []MethodBody{}
	for _, m := range p.Methods {
		out.PaymentMethods = append(out.PaymentMethods, methodBody(m))
	}
	return out
}

// ByToken is the input of a route that is named by a secret link.
type ByToken struct {
	Token string `path:"token" maxLength:"100"`
}

func (h billingHandler) payPage(ctx context.Context, in *ByToken) (*Out[PayPageBody], error) {
	p, err := h.s.PayPage(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return OK(payPageBody(p)), nil
}

// LinkPaymentBody is what whoever has the pay link may know of the payment that
// they told of.
type LinkPaymentBody struct {
	Payment PayPagePayment `json:"payment"`
}

// PayPagePayment is a payment as whoever told of it by the link may see it.
type PayPagePayment struct {
	Status      igny8.PaymentStatus `json:"status" enum:"pending_approval,succeeded,failed,refunded"`
	AmountMinor int64               `json:"amount_minor" example:"2474200"`
	Currency    igny8.Currency      `json:"currency" example:"PKR"`
	Amount      string              `json:"amount" example:"24742.00"`
	Reference   string              `json:"reference"`
	CreatedAt   time.Time           `json:"created_at"`
}

func linkPayment(p billing.Payment) *Out[LinkPaymentBody] {
	var out LinkPaymentBody
	b := &out.Payment
	b.Status, b.Reference, b.CreatedAt = p.Status, p.Reference, p.CreatedAt.UTC()
	b.AmountMinor, b.Currency, b.Amount = p.AmountMinor, p.Amount().Currency, p.Amount().Amount()
	return OK(out)
}

type linkSubmission struct {
	ByToken
	Body SubmissionInput
}

func (h billingHandler) submitByLink(ctx context.Context, in *linkSubmission) (*Out[LinkPaymentBody], error) {
	p, err := h.s.SubmitByLink(RenderWith(ctx, linkPayment), ActorFrom(ctx).Network, in.Token, in.Body.submission(FilesFrom(ctx)))
	if err != nil {
		return nil, err
	}
	return linkPayment(p), nil
}
