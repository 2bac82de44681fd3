package staff

import (
	"context"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/desk"
	"igny8/internal/search"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

func (h handler) find(ctx context.Context, r *console.Request) (console.Response, error) {
	term, form := r.Query("q"), r.Form()
	var hits []search.Hit
	if term != "" {
		var err error
		if hits, err = h.Search.Find(ctx, term); err != nil {
			refused, ok := r.Refused(ctx, err)
			if !ok {
				return console.Response{}, err
			}
			form = refused
		}
	}
	return console.Page(text.T(ctx, "staff.search"), "search", searchPage(form, term, hits)).Showing(form), nil
}

// statuses are the filter of the list of accounts.
var statuses = []igny8.AccountStatus{igny8.AccountTrial, igny8.AccountPendingPayment, igny8.AccountActive, igny8.AccountSuspended,
	igny8.AccountExpired, igny8.AccountCancelled}

func (h handler) accounts(ctx context.Context, r *console.Request) (console.Response, error) {
	status := r.Query("status")
	list, err := h.Search.Accounts(ctx, status, r.ListPage())
	if err != nil {
		return console.Response{}, err
	}
	first, older := "", ""
	if r.Query("before") != "" {
		first = r.With("before", "")
	}
	if list.More {
		older = r.With("before", list.Next)
	}
	return console.Page(text.T(ctx, "staff.accounts"), "accounts", accountsPage(list.Items, status, first, older)), nil
}

// dossier is an account as staff see it.
type dossier struct {
	search.Overview
	Invoices []billing.Invoice
	Payments []billing.Payment
	Balances []billing.Balance
	now      time.Time
	plans    []catalog.Plan
	act      string    // the act whose form was sent, "" for none
	form     view.Form // of the acts
	waiting  []desk.Gift
	reader   igny8.UserID // who looks at the page
}

func (h handler) account(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showAccount(ctx, r, "", begun)
}

func (h handler) showAccount(ctx context.Context, r *console.Request, act string, f view.Form) (console.Response, error) {
	id, err := console.PathID[igny8.AccountID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	d := dossier{now: h.c.Now(), act: act, form: f, reader: r.Actor.User}
	if d.Overview, err = h.Search.Open(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	tenant := igny8.Actor{Account: id}
	invoices, err := h.Billing.Invoices(ctx, tenant, "", igny8.Page{})
	if err != nil {
		return console.Response{}, err
	}
	payments, err := h.Billing.Payments(ctx, tenant, "", igny8.Page{})
	if err != nil {
		return console.Response{}, err
	}
	if d.Balances, err = h.Billing.Balances(ctx, tenant); err != nil {
		return console.Response{}, err
	}
	if d.plans, err = h.Catalog.Givable(ctx); err != nil {
		return console.Response{}, err
	}
	if d.waiting, err = h.Desk.Waiting(ctx, id); err != nil {
		return console.Response{}, err
	}
	d.Invoices, d.Payments = invoices.Items, payments.Items
	return console.Page(d.Name, "accounts", accountPage(d)).Showing(f), nil
}

func (h handler) suspicious(ctx context.Context, r *console.Request) (console.Response, error) {
	list, err := h.Search.Suspicions(ctx)
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "staff.suspicious"), "suspicious", suspiciousPage(list)), nil
}

func (h handler) audit(ctx context.Context, r *console.Request) (console.Response, error) {
	list, err := h.Search.PlatformAudit(ctx, r.ListPage())
	if err != nil {
		return console.Response{}, err
	}
	older := ""
	if list.More {
		older = r.With("before", list.Next)
	}
	return console.Page(text.T(ctx, "staff.audit"), "audit", auditPage(list.Items, older)), nil
}

// wares is the catalogue as seen from one country.
type wares struct {
	country   string
	countries []catalog.Country
	plans     []catalog.PlanCard
	methods   []catalog.Method
	packages  []catalog.Package
	costs     []catalog.CreditCost
}

func (h handler) catalogue(ctx context.Context, r *console.Request) (console.Response, error) {
	w := wares{country: r.Query("country")}
	if w.country == "" {
		w.country = "PK"
	}
	var err error
	if w.countries, err = h.Catalog.Countries(ctx); err != nil {
		return console.Response{}, err
	}
	if w.plans, err = h.Catalog.Plans(ctx, w.country); err != nil {
		return console.Response{}, err
	}
	if w.methods, err = h.Catalog.PaymentMethods(ctx, w.country); err != nil {
		return console.Response{}, err
	}
	if w.packages, err = h.Catalog.CreditPackages(ctx, w.country); err != nil {
		return console.Response{}, err
	}
	if w.costs, err = h.Catalog.CreditCosts(ctx); err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "staff.catalogue"), "catalogue", cataloguePage(w)), nil
}
