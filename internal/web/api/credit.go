package api

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/credit"
)

// RegisterCredits adds the routes about credits.
func RegisterCredits(a *API, s *billing.Service) {
	h := creditHandler{s}
	get := func(path, id, summary, doc string) Route {
		return Route{Method: http.MethodGet, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Credits", Perm: igny8.PermRead, Need: account.NeedRead}
	}
	Register(a, get("/credits/balance", "getCreditBalance", "Read what the account has in credits", "In all, by pool, and lot by lot in the order in which they are spent."), h.balance)
	Register(a, get("/credits/transactions", "listCreditTransactions", "List the lines of the credit ledger", "The newest first. Each has the balance after it."), h.transactions)
	Register(a, get("/credits/transactions/{id}", "getCreditTransaction", "Read a line of the credit ledger", "What it took or brought, and the balance after it."), h.transaction)
	schemas := a.huma.OpenAPI().Components.Schemas
	schemas.Schema(reflect.TypeFor[OperationSpend](), true, "")
	schemas.Schema(reflect.TypeFor[CreditSpend](), true, "")
	Register(a, Route{Method: http.MethodPost, Path: "/credits/spend", ID: "spendCredits", Summary: "Spend credits in one step", Tag: "Credits",
		Perm: igny8.PermContentWrite, Need: account.NeedWork, Money: true, Status: http.StatusCreated,
		Doc: "Send either `operation` with `quantity`, which costs what GET /api/v1/credit-costs says, or `credits`. " +
			"402 `insufficient_credits` with `needed` and `available` takes nothing."}.gives(404), h.spend)
}

// The two ways to spend, as the document has them.
type (
	// OperationSpend is spending on an operation of the price list.
	OperationSpend struct {
		Operation string        `json:"operation" maxLength:"100" doc:"What is done; GET /api/v1/credit-costs lists them." example:"keyword_clustering"`
		Quantity  int64         `json:"quantity" minimum:"1" maximum:"1000000" doc:"Units of the operation." example:"1"`
		Reference string        `json:"reference,omitempty" maxLength:"200" doc:"Your own name for the work; shown in the ledger." example:"order 17"`
		Site      *igny8.SiteID `json:"site,omitempty" doc:"The site the work is for."`
	}
	// CreditSpend is spending a number of credits.
	CreditSpend struct {
		Credits   int64         `json:"credits" minimum:"1" maximum:"1000000" doc:"How many." example:"10"`
		Reference string        `json:"reference,omitempty" maxLength:"200" doc:"Your own name for the work; shown in the ledger." example:"order 17"`
		Site      *igny8.SiteID `json:"site,omitempty" doc:"The site the work is for."`
	}
)

type creditHandler struct{ s *billing.Service }

// LotBody is a batch of credits that came together, as far as something is left.
type LotBody struct {
	ID        igny8.LotID `json:"id"`
	Pool      string      `json:"pool" enum:"plan,bonus"`
	Source    string      `json:"source" doc:"What brought it." example:"invoice"`
	Amount    int64       `json:"amount"`
	Remaining int64       `json:"remaining"`
	ExpiresAt *time.Time  `json:"expires_at,omitempty"`
	CreatedAt time.Time   `json:"created_at"`
}

// CreditBalanceBody is what an account has in credits.
type CreditBalanceBody struct {
	Balance   int64     `json:"balance" example:"500"`
	Held      int64     `json:"held" doc:"Reserved for work that runs." example:"0"`
	Available int64     `json:"available" doc:"balance − held." example:"500"`
	Plan      int64     `json:"plan" doc:"Of the balance: what expires with the period."`
	Bonus     int64     `json:"bonus" doc:"Of the balance: what never expires."`
	Lots      []LotBody `json:"lots" doc:"In the order in which they are spent."`
}

func creditBalanceBody(b credit.Balance) CreditBalanceBody {
	out := CreditBalanceBody{Balance: b.Balance, Held: b.Held, Available: b.Available, Plan: b.Plan, Bonus: b.Bonus, Lots: []LotBody{}}
	for _, l := range b.Lots {
		lot := LotBody{ID: l.ID, Pool: l.Pool, Source: l.Source, Amount: l.Amount, Remaining: l.Remaining, CreatedAt: l.CreatedAt.UTC()}
		if l.ExpiresAt != nil {
			at := l.ExpiresAt.UTC()
			lot.ExpiresAt = &at
		}
		out.Lots = append(out.Lots, lot)
	}
	return out
}

func (h creditHandler) balance(ctx context.Context, _ *struct{}) (*Out[CreditBalanceBody], error) {
	b, err := h.s.CreditBalance(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return OK(creditBalanceBody(b)), nil
}

// CreditTransactionBody is one line of the credit ledger.
type CreditTransactionBody struct {
	ID           igny8.CreditID `json:"id"`
	Type         string         `json:"type" enum:"subscription,purchase,deduction,refund,adjustment,expiry"`
	Amount       int64          `json:"amount" doc:"Credits; negative when they were taken." example:"-10"`
	BalanceAfter int64          `json:"balance_after" example:"490"`
	Pool         string         `json:"pool" enum:"plan,bonus,mixed"`
	Description  string         `json:"description"`
	Reference    string         `json:"reference" doc:"The caller's own name for the work."`
	Operation    *string        `json:"operation,omitempty" example:"keyword_clustering"`
	Site         *igny8.SiteID  `json:"site,omitempty"`
	Member       *igny8.UserID  `json:"member,omitempty" doc:"Who did it."`
	CreatedAt    time.Time      `json:"created_at"`
}

func creditTransactionBody(t credit.Transaction) CreditTransactionBody {
	out := CreditTransactionBody{ID: t.ID, Type: t.Type, Amount: t.Amount, BalanceAfter: t.BalanceAfter, Pool: t.Pool,
		Description: t.Description, Reference: t.Reference, Operation: t.Operation, CreatedAt: t.CreatedAt.UTC()}
	if !t.SiteID.IsZero() {
		out.Site = &t.SiteID
	}
	if !t.UserID.IsZero() {
		out.Member = &t.UserID
	}
	return out
}

type listCreditTransactions struct {
	ListInput
	Type string    `query:"type" enum:"subscription,purchase,deduction,refund,adjustment,expiry" doc:"Only lines of this type."`
	Site string    `query:"site" maxLength:"64" doc:"Only lines of this site."`
	From time.Time `query:"from" doc:"Only lines from this instant on." example:"2026-11-01T00:00:00Z"`
	To   time.Time `query:"to" doc:"Only lines before this instant." example:"2026-12-01T00:00:00Z"`
}

func (h creditHandler) transactions(ctx context.Context, in *listCreditTransactions) (*ListOutput[CreditTransactionBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	f := credit.Filter{Type: in.Type, From: in.From, Until: in.To}
	if in.Site != "" {
		if f.Site, err = igny8.ParseID[igny8.SiteID](in.Site); err != nil {
			return nil, igny8.InvalidField("site", "invalid_id", "Send the id of a site.")
		}
	}
	list, err := h.s.CreditTransactions(ctx, ActorFrom(ctx), f, p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, creditTransactionBody), nil
}

func (h creditHandler) transaction(ctx context.Context, in *ByID[igny8.CreditID]) (*Out[CreditTransactionBody], error) {
	t, err := h.s.CreditTransaction(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return OK(creditTransactionBody(t)), nil
}

// SpendInput asks for credits to be spent.
type SpendInput struct {
	Operation string        `json:"operation,omitempty" maxLength:"100" doc:"With quantity." example:"keyword_clustering"`
	Quantity  int64         `json:"quantity,omitempty" minimum:"1" maximum:"1000000" doc:"Units of the operation." example:"1"`
	Credits   int64         `json:"credits,omitempty" minimum:"1" maximum:"1000000" doc:"Instead of operation and quantity."`
	Reference string        `json:"reference,omitempty" maxLength:"200" doc:"Your own name for the work; shown in the ledger." example:"order 17"`
	Site      *igny8.SiteID `json:"site,omitempty" doc:"The site the work is for."`
}

func creditSpent(t credit.Transaction) *Created[CreditTransactionBody] {
	return &Created[CreditTransactionBody]{Location: Prefix + "/credits/transactions/" + t.ID.String(), Body: creditTransactionBody(t)}
}

func (h creditHandler) spend(ctx context.Context, in *In[SpendInput]) (*Created[CreditTransactionBody], error) {
	b := in.Body
	req := billing.SpendRequest{Operation: b.Operation, Quantity: b.Quantity, Credits: b.Credits, Reference: b.Reference}
	if b.Site != nil {
		req.Site = *b.Site
	}
	t, err := h.s.SpendCredits(RenderWith(ctx, creditSpent), ActorFrom(ctx), req)
	if err != nil {
		return nil, err
	}
	return creditSpent(t), nil
}
