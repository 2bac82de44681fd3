package api

import (
	"context"
	"net/http"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
)

// RegisterBilling adds what an account owes and pays, and the pay page that needs
// no login.
func RegisterBilling(a *API, s *billing.Service) {
	h := billingHandler{s}
	get := func(path, id, summary, doc string) Route {
		return Route{Method: http.MethodGet, Path: "/billing" + path, ID: id, Summary: summary, Doc: doc, Tag: "Billing",
			Perm: igny8.PermBillingRead, Need: account.NeedBilling}
	}
	post := func(path, id, summary string, status int) Route {
		return Route{Method: http.MethodPost, Path: "/billing" + path, ID: id, Summary: summary, Tag: "Billing",
			Perm: igny8.PermBillingManage, Need: account.NeedBilling, Money: true, Status: status}
	}
	submit := post("/invoices/{id}/payments", "submitPayment", "Tell that an invoice was paid", 201)
	submit.Files, submit.Doc = "proof", submitDoc
	Register(a, get("/subscription", "getSubscription", "Read the current subscription", "The claim on a plan that runs, or the one that was last."), h.subscription)
	Register(a, get("/invoices", "listInvoices", "List the invoices", "The newest first; `status` picks those in one status."), h.invoices)
	Register(a, get("/invoices/{id}", "getInvoice", "Read an invoice", "With its lines, what is still due, and the page to pay it."), h.invoice)
	submit.Check = checking(checkSubmission)
	Register(a, submit, h.submit)
	Register(a, get("/payments", "listPayments", "List the payments", "The newest first; `status` picks those in one status."), h.payments)
	Register(a, get("/payments/{id}", "getPayment", "Read a payment", "Whether it waits, succeeded or failed, and why it failed."), h.payment)
	withdraw := post("/payments/{id}/withdraw", "withdrawPayment", "Take back a payment that waits for a decision", 200)
	withdraw.Doc = "It fails with the code `withdrawn`, and the invoice can be paid again. 409 when it was decided meanwhile."
	Register(a, withdraw, h.withdraw)
	Register(a, get("/balance", "listBalances", "List what the account has to its credit, per currency", "One row for each currency. It pays the next invoices."), h.balance)
	Register(a, get("/payment-methods", "listAccountPaymentMethods", "List the account's own payment methods", "The default one first."), h.methods)

	Register(a, Route{Method: http.MethodGet, Path: "/pay/{token}", ID: "getPayPage", Summary: "See an invoice and how to pay it",
		Doc: "Whoever has the link may see this; it tells nothing else of the account.", Tag: "Pay page", Public: true}, h.payPage)
	Register(a, Route{Method: http.MethodPost, Path: "/pay/{token}/payments", ID: "submitPaymentByLink", Summary: "Tell that an invoice was paid, by its link",
		Doc: submitDoc, Tag: "Pay page", Public: true, Money: true, Files: "proof", Status: 201,
		Check: checking(checkSubmission), Link: h.link}, h.submitByLink)
}

const submitDoc = "Send it after paying outside. The payment then waits for a decision by staff, and meanwhile nothing falls overdue. " +
	"Proofs of payment (JPEG, PNG, PDF) come as `proof` in a form."

type billingHandler struct{ s *billing.Service }

// link refuses a pay link that is not ours.
func (h billingHandler) link(token string) error {
	_, err := h.s.LinkOwner(token)
	return err
}

// SubscriptionBody is an account's claim on one plan version for one period.
type SubscriptionBody struct {
	ID                 igny8.SubscriptionID     `json:"id"`
	Plan               string                   `json:"plan" doc:"Slug of the plan." example:"starter"`
	PlanVersion        igny8.PlanVersionID      `json:"plan_version" doc:"The version that was bought; later changes of the plan do not touch it."`
	Cycle              string                   `json:"cycle" enum:"monthly,annual"`
	Status             igny8.SubscriptionStatus `json:"status" enum:"incomplete,active,past_due,cancelled,expired"`
	CurrentPeriodStart *time.Time               `json:"current_period_start" doc:"Null before the first payment."`
	CurrentPeriodEnd   *time.Time               `json:"current_period_end" doc:"Null before the first payment."`
	TrialEndsAt        *time.Time               `json:"trial_ends_at,omitempty"`
	GraceUntil         *time.Time               `json:"grace_until,omitempty" doc:"A later end than usual, given after a payment was refused."`
	CancelAtPeriodEnd  bool                     `json:"cancel_at_period_end"`
	AutoRenew          bool                     `json:"auto_renew"`
}

func subscriptionBody(s billing.Subscription) SubscriptionBody {
	return SubscriptionBody{ID: s.ID, Plan: s.PlanSlug, PlanVersion: s.PlanVersionID, Cycle: s.Cycle, Status: s.Status,
		CurrentPeriodStart: utc(s.CurrentPeriodStart), CurrentPeriodEnd: utc(s.CurrentPeriodEnd), TrialEndsAt: utc(s.TrialEndsAt),
		GraceUntil: utc(s.GraceUntil), CancelAtPeriodEnd: s.CancelAtPeriodEnd, AutoRenew: s.AutoRenew}
}

func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

func (h billingHandler) subscription(ctx context.Context, _ *struct{}) (*Out[SubscriptionBody], error) {
	s, err := h.s.Subscription(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return OK(subscriptionBody(s)), nil
}

// InvoiceBody is what is owed.
type InvoiceBody struct {
	ID               igny8.InvoiceID       `json:"id"`
	Number           string                `json:"number" example:"INV-12-202611-0001"`
	Type             string                `json:"type" enum:"subscription,credit_package,addon,custom"`
	Status           igny8.InvoiceStatus   `json:"status" enum:"draft,pending,paid,void,uncollectible"`
	Currency         igny8.Currency        `json:"currency" example:"PKR"`
	Lines            []LineBody            `json:"lines"`
	SubtotalMinor    int64                 `json:"subtotal_minor" example:"2474200"`
	TaxMinor         int64                 `json:"tax_minor" example:"0"`
	TotalMinor       int64                 `json:"total_minor" example:"2474200"`
	Total            string                `json:"total" example:"24742.00"`
	TotalAmount      string                `json:"total_amount" doc:"The same as total." example:"24742.00"`
	AmountPaidMinor  int64                 `json:"amount_paid_minor"`
	BalanceUsedMinor int64                 `json:"balance_used_minor"`
	AmountDueMinor   int64                 `json:"amount_due_minor"`
	Rate             RateBody              `json:"rate"`
	BillingSnapshot  BillingBody           `json:"billing_snapshot" doc:"Who it is addressed to, as of its issue."`
	PayCode          string                `json:"pay_code" doc:"Write it into the transfer." example:"IG7K2MQX4RTB"`
	PayURL           string                `json:"pay_url" doc:"A page to pay it without a login, to be shared."`
	DueAt            time.Time             `json:"due_at"`
	IssuedAt         time.Time             `json:"issued_at"`
	PaidAt           *time.Time            `json:"paid_at,omitempty"`
	VoidReason       *string               `json:"void_reason,omitempty"`
	Subscription     *igny8.SubscriptionID `json:"subscription,omitempty"`
}

// LineBody is one line of an invoice.
type LineBody struct {
	N           int64  `json:"n"`
	Description string `json:"description"`
	Quantity    int64  `json:"quantity"`
	UnitMinor   int64  `json:"unit_minor"`
	AmountMinor int64  `json:"amount_minor"`
}

func invoiceBody(i billing.Invoice, payURL string) InvoiceBody {
	total := i.Total().Amount()
	out := InvoiceBody{ID: i.ID, Number: i.Number, Type: i.Type, Status: i.Status, Currency: i.Total().Currency, Lines: []LineBody{},
		SubtotalMinor: i.SubtotalMinor, TaxMinor: i.TaxMinor, TotalMinor: i.TotalMinor, Total: total, TotalAmount: total,
		AmountPaidMinor: i.AmountPaidMinor, BalanceUsedMinor: i.BalanceUsedMinor, AmountDueMinor: i.Due(),
		Rate: RateBody{Rate: i.Rate, Source: i.RateSource, At: i.RateAt.UTC(), BaseMinor: i.BaseMinor,
			BaseCurrency: igny8.Currency(i.BaseCurrency), Rounding: i.Rounding},
		BillingSnapshot: billingBody(i.Billing), PayCode: i.PayCode, PayURL: payURL, DueAt: i.DueAt.UTC(), IssuedAt: i.IssuedAt.UTC(),
		PaidAt: utc(i.PaidAt), VoidReason: i.VoidReason}
	if !i.SubscriptionID.IsZero() {
		out.Subscription = &i.SubscriptionID
	}
	for _, l := range i.Lines {
		out.Lines = append(out.Lines, LineBody{l.N, l.Description, l.Quantity, l.UnitMinor, l.AmountMinor})
	}
	return out
}

func (h billingHandler) invoiceBody(i billing.Invoice) InvoiceBody {
	return invoiceBody(i, h.s.PayURL(i))
}

type invoicesIn struct {
	ListInput
	Status string `query:"status" enum:"draft,pending,paid,void,uncollectible"`
}

func (h billingHandler) invoices(ctx context.Context, in *invoicesIn) (*ListOutput[InvoiceBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Invoices(ctx, ActorFrom(ctx), in.Status, p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, h.invoiceBody), nil
}

func (h billingHandler) invoice(ctx context.Context, in *ByID[igny8.InvoiceID]) (*Out[InvoiceBody], error) {
	i, err := h.s.Invoice(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return OK(h.invoiceBody(i)), nil
}

func (h billingHandler) balance(ctx context.Context, in *ListInput) (*ListOutput[igny8.Money], error) {
	list, err := h.s.Balances(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return Cut(ctx, *in, list, func(b billing.Balance) string { return b.Currency }, func(b billing.Balance) igny8.Money {
		return igny8.Money{Minor: b.BalanceMinor, Currency: igny8.Currency(b.Currency)}
	})
}

// AccountMethodBody is a payment method that the account uses.
type AccountMethodBody struct {
	ID        igny8.MethodID `json:"id"`
	Method    string         `json:"method" doc:"Slug of the payment method." example:"jazzcash"`
	Default   bool           `json:"default"`
	CreatedAt time.Time      `json:"created_at"`
}

func (h billingHandler) methods(ctx context.Context, in *ListInput) (*ListOutput[AccountMethodBody], error) {
	list, err := h.s.AccountMethods(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	key := func(m billing.AccountMethod) string { return m.ID.String() }
	return Cut(ctx, *in, list, key, func(m billing.AccountMethod) AccountMethodBody {
		return AccountMethodBody{igny8.MethodID(m.ID), m.Method, m.IsDefault, m.CreatedAt.UTC()}
	})
}
