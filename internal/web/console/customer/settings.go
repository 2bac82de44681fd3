package customer

import (
	"context"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

func (h handler) settings(ctx context.Context, r *console.Request) (console.Response, error) {
	b := account.BillingOf(r.Account.Billing)
	f := view.Filled("name", r.Account.Name, "time_zone", r.Account.TimeZone, "billing_name", b.Name, "line1", b.Line1, "line2", b.Line2,
		"city", b.City, "region", b.Region, "postal_code", b.PostalCode, "tax_id", b.TaxID, "email", b.Email)
	return h.showSettings(ctx, r, f), nil
}

func (h handler) showSettings(ctx context.Context, r *console.Request, f view.Form) console.Response {
	return console.Page(text.T(ctx, "app.settings"), "settings",
		settingsPage(r, f, may(r, igny8.PermAccountManage, account.NeedBilling))).Showing(f)
}

func (h handler) changeSettings(ctx context.Context, r *console.Request) (console.Response, error) {
	field := func(name string) *string { v := r.Value(name); return &v }
	_, err := h.Account.Update(ctx, r.Actor, func(account.Account) error { return nil }, account.Patch{
		Name: field("name"), TimeZone: field("time_zone"), Billing: &account.BillingPatch{Name: field("billing_name"),
			Line1: field("line1"), Line2: field("line2"), City: field("city"), Region: field("region"),
			PostalCode: field("postal_code"), TaxID: field("tax_id"), Email: field("email")}})
	if err == nil {
		return console.SeeOther(r.Here("settings")).Saying("saved"), nil
	}
	if f, ok := r.Refused(ctx, err); ok {
		return h.showSettings(ctx, r, f), nil
	}
	return console.Response{}, err
}
