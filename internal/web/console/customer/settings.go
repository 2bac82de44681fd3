package customer

import (
	"context"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// The pages of the settings, as their tabs name them.
const (
	tabYou     = "you"
	tabAccount = "account"
	tabBilling = "billing"
)

// tab is one page of the settings.
type tab struct{ key, href string }

// tabs are the settings that the role may change; everybody may change themselves.
func tabs(r *console.Request) []tab {
	list := []tab{{tabYou, r.Here("settings")}}
	if may(r, igny8.PermAccountManage, account.NeedBilling) {
		list = append(list, tab{tabAccount, r.Here("settings", tabAccount)}, tab{tabBilling, r.Here("settings", tabBilling)})
	}
	return list
}

func (h handler) you(ctx context.Context, r *console.Request) (console.Response, error) {
	return showYou(ctx, r, view.Filled("first_name", r.User.FirstName, "last_name", r.User.LastName, "language", r.User.Language,
		"number_style", r.User.NumberStyle)), nil
}

func showYou(ctx context.Context, r *console.Request, f view.Form) console.Response {
	return console.Page(text.T(ctx, "app.settings"), "settings", youPage(r, f)).Showing(f)
}

func (h handler) changeYou(ctx context.Context, r *console.Request) (console.Response, error) {
	asItIs := func(auth.Person) error { return nil }
	_, err := h.Auth.UpdateMe(ctx, r.Actor, asItIs, account.UserPatch{FirstName: field(r, "first_name"), LastName: field(r, "last_name"),
		Language: field(r, "language"), NumberStyle: field(r, "number_style")})
	if err == nil {
		return console.SeeOther(r.Here("settings")).Saying("saved"), nil
	}
	if f, ok := r.Refused(ctx, err); ok {
		return showYou(ctx, r, f), nil
	}
	return console.Response{}, err
}

func languageOptions() (out []view.Option) {
	for _, l := range text.Languages() {
		out = append(out, view.Option{Value: string(l), Label: l.Name()})
	}
	return out
}

func numberOptions(ctx context.Context) (out []view.Option) {
	for _, s := range account.NumberStyles() {
		out = append(out, view.Option{Value: s, Label: text.T(ctx, "settings.numbers."+s), Hint: text.T(ctx, "settings.numbers."+s+".hint")})
	}
	return out
}

func (h handler) accountSettings(ctx context.Context, r *console.Request) (console.Response, error) {
	return showAccount(ctx, r, view.Filled("name", r.Account.Name, "time_zone", r.Account.TimeZone)), nil
}

func showAccount(ctx context.Context, r *console.Request, f view.Form) console.Response {
	return console.Page(text.T(ctx, "app.settings"), "settings", accountPage(r, f)).Showing(f)
}

func (h handler) billingSettings(ctx context.Context, r *console.Request) (console.Response, error) {
	b := account.BillingOf(r.Account.Billing)
	return showBilling(ctx, r, view.Filled("name", b.Name, "line1", b.Line1, "line2", b.Line2, "city", b.City, "region", b.Region,
		"postal_code", b.PostalCode, "tax_id", b.TaxID, "email", b.Email)), nil
}

func showBilling(ctx context.Context, r *console.Request, f view.Form) console.Response {
	return console.Page(text.T(ctx, "app.settings"), "settings", billingDetailsPage(r, f)).Showing(f)
}

func (h handler) changeAccount(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.change(ctx, r, tabAccount, account.Patch{Name: field(r, "name"), TimeZone: field(r, "time_zone")}, showAccount)
}

func (h handler) changeBilling(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.change(ctx, r, tabBilling, account.Patch{Billing: &account.BillingPatch{Name: field(r, "name"), Line1: field(r, "line1"),
		Line2: field(r, "line2"), City: field(r, "city"), Region: field(r, "region"), PostalCode: field(r, "postal_code"),
		TaxID: field(r, "tax_id"), Email: field(r, "email")}}, showBilling)
}

// change updates the account and leads back to the tab, or shows it again with what
// is wrong.
func (h handler) change(ctx context.Context, r *console.Request, back string, p account.Patch,
	show func(context.Context, *console.Request, view.Form) console.Response) (console.Response, error) {
	_, err := h.Account.Update(ctx, r.Actor, func(account.Account) error { return nil }, p)
	if err == nil {
		return console.SeeOther(r.Here("settings", back)).Saying("saved"), nil
	}
	if f, ok := r.Refused(ctx, err); ok {
		return show(ctx, r, f), nil
	}
	return console.Response{}, err
}

// field is what a form holds in a field, for a patch.
func field(r *console.Request, name string) *string { v := r.Value(name); return &v }
