package customer

import (
	"cmp"
	"context"
	"encoding/json"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/billing"
	"igny8/internal/web"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
)

// ledgerOfMoney is what the billing page shows.
type ledgerOfMoney struct {
	sub      *billing.Subscription
	invoices []billing.Invoice
	payments []billing.Payment
	balances []billing.Balance
	token    func(billing.Invoice) string
}

func (h handler) billing(ctx context.Context, r *console.Request) (console.Response, error) {
	b := ledgerOfMoney{token: h.Billing.PayToken}
	sub, err := h.Billing.Subscription(ctx, r.Actor)
	switch {
	case err == nil:
		b.sub = &sub
	case igny8.KindOf(err) != igny8.NotFound:
		return console.Response{}, err
	}
	invoices, err := h.Billing.Invoices(ctx, r.Actor, "", igny8.Page{Limit: 50})
	if err != nil {
		return console.Response{}, err
	}
	payments, err := h.Billing.Payments(ctx, r.Actor, "", igny8.Page{Limit: 50})
	if err != nil {
		return console.Response{}, err
	}
	if b.balances, err = h.Billing.Balances(ctx, r.Actor); err != nil {
		return console.Response{}, err
	}
	b.invoices, b.payments = invoices.Items, payments.Items
	return console.Page(text.T(ctx, "app.billing"), "billing", billingPage(r, b)), nil
}

func (h handler) invoice(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.InvoiceID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	inv, err := h.Billing.Invoice(ctx, r.Actor, id)
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "billing.invoice", inv.Number), "billing", invoicePage(inv, "/pay/"+h.Billing.PayToken(inv), h.Billing.PayURL(inv))), nil
}

func (h handler) withdraw(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.PaymentID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	if _, err := h.Billing.Withdraw(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(r.Here("billing")).Saying("withdrawn"), nil
}

func (h handler) audit(ctx context.Context, r *console.Request) (console.Response, error) {
	list, err := h.Account.AuditEvents(ctx, r.Actor, r.ListPage())
	if err != nil {
		return console.Response{}, err
	}
	older := ""
	if list.More {
		older = r.With("before", list.Next)
	}
	return console.Page(text.T(ctx, "app.audit"), "audit", auditPage(r, list.Items, older)), nil
}

func (h handler) auditCSV(ctx context.Context, r *console.Request) (console.Response, error) {
	all, err := h.Account.AuditLog(ctx, r.Actor)
	if err != nil {
		return console.Response{}, err
	}
	return console.Attached("audit.csv", "text/csv; charset=utf-8", web.CSV(account.AuditColumns, account.AuditRows(all))), nil
}

// who names the actor of a row: staff by their role only.
func who(ctx context.Context, e audit.Event) string {
	switch {
	case igny8.Role(e.ActorRole) == igny8.RoleDeveloper:
		return text.T(ctx, "audit.staff")
	case e.ActorEmail == "" || e.ActorID == "" && igny8.Role(e.ActorRole) == igny8.RoleBot:
		return text.T(ctx, "audit.system")
	}
	return e.ActorEmail
}

// remark is why staff looked into the account, or whom something was done to; ""
// for other rows.
func remark(e audit.Event) string {
	var details struct{ Why, Email string }
	json.Unmarshal([]byte(e.Details), &details) // written by us
	return cmp.Or(details.Why, details.Email)
}

// address are the lines of a billing profile that say something.
func address(b account.Billing) (lines []string) {
	for _, line := range []string{b.Name, b.Line1, b.Line2, b.City, b.Region, b.PostalCode, b.Country, b.TaxID} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}
