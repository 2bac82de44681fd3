package customer

import (
	"context"
	"slices"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/site"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// step is the one thing to do next.
type step struct {
	key  string // of the texts next.*
	arg  string
	href string
	tone view.Tone
}

// situation is what the first page goes by.
type situation struct {
	unpaid  *billing.Invoice
	waiting *billing.Payment
	sites   []site.Site
	credits int64
	notices []account.Notice // the newest that were not read
}

// maxNewest is how many notices the first page shows.
const maxNewest = 3

func (h handler) home(ctx context.Context, r *console.Request) (console.Response, error) {
	s, err := h.situation(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	next := h.next(ctx, r, s)
	if r.Fragment() {
		return console.Fragment(homeBody(r, s, next)).Live(r.Account.ID), nil
	}
	return console.Page(text.T(ctx, "app.home"), "home", homePage(r, homeBody(r, s, next))), nil
}

func (h handler) situation(ctx context.Context, r *console.Request) (s situation, err error) {
	if may(r, igny8.PermBillingRead, account.NeedBilling) {
		invoices, err := h.Billing.Invoices(ctx, r.Actor, string(igny8.InvoicePending), igny8.Page{Limit: 1})
		if err != nil {
			return s, err
		}
		payments, err := h.Billing.Payments(ctx, r.Actor, string(igny8.PaymentPendingApproval), igny8.Page{Limit: 1})
		if err != nil {
			return s, err
		}
		if len(invoices.Items) > 0 {
			s.unpaid = &invoices.Items[0]
		}
		if len(payments.Items) > 0 {
			s.waiting = &payments.Items[0]
		}
	}
	if may(r, igny8.PermRead, account.NeedRead) {
		list, err := h.Site.List(ctx, r.Actor, igny8.Page{})
		if err != nil {
			return s, err
		}
		b, err := h.Billing.CreditBalance(ctx, r.Actor)
		if err != nil {
			return s, err
		}
		s.sites, s.credits = list.Items, b.Available
	}
	unread, err := h.Account.Unread(ctx, r.Actor)
	s.notices = unread[:min(len(unread), maxNewest)]
	return s, err
}

// next picks the one step that matters most.
func (h handler) next(ctx context.Context, r *console.Request, s situation) step {
	switch {
	case s.waiting != nil:
		return step{"wait", view.FormatMoney(ctx, s.waiting.Amount()), h.payHref(r, s), view.Info}
	case r.Actor.Status == igny8.AccountSuspended:
		return step{"suspended", "", "", view.Bad}
	case s.unpaid != nil && r.Actor.Status == igny8.AccountExpired:
		return step{"expired", "", h.payHref(r, s), view.Bad}
	case s.unpaid != nil:
		return step{"pay", view.FormatMoney(ctx, s.unpaid.Money(s.unpaid.Due())), h.payHref(r, s), view.Warn}
	case len(s.sites) == 0:
		return step{"site", "", r.Here("sites"), view.Info}
	}
	for _, one := range s.sites {
		if active(one) == 0 {
			return step{"sectors", one.Domain, r.Here("sites", one.ID.String()), view.Info}
		}
	}
	return step{"done", view.FormatNumber(ctx, s.credits), r.Here("credits"), view.OK}
}

func (h handler) payHref(r *console.Request, s situation) string {
	if s.unpaid == nil {
		return r.Here("billing")
	}
	return "/pay/" + h.Billing.PayToken(*s.unpaid)
}

// active counts a site's active sectors.
func active(s site.Site) (n int) {
	for _, sector := range s.Sectors {
		if sector.Active {
			n++
		}
	}
	return n
}

// checklist ticks itself.
func checklist(ctx context.Context, r *console.Request, s situation) []view.Moment {
	state := func(done bool) view.MomentState {
		if done {
			return view.Done
		}
		return view.Ahead
	}
	chosen := false
	for _, one := range s.sites {
		chosen = chosen || active(one) > 0
	}
	email := view.Moment{Title: text.T(ctx, "check.email"), State: state(r.User.EmailVerifiedAt != nil)}
	if r.User.EmailVerifiedAt == nil {
		email.Text = text.T(ctx, "check.email.text", r.User.Email)
	}
	paid := view.Moment{Title: text.T(ctx, "check.pay"), State: state(r.Actor.Status == igny8.AccountActive)}
	if r.Actor.Status == igny8.AccountTrial {
		paid = view.Moment{Title: text.T(ctx, "check.trial"), State: view.Done}
	}
	list := []view.Moment{{Title: text.T(ctx, "check.signup"), State: view.Done}, email, paid,
		{Title: text.T(ctx, "check.site"), State: state(len(s.sites) > 0)}, {Title: text.T(ctx, "check.sectors"), State: state(chosen)}}
	if !r.Actor.Impersonator.IsZero() { // the address that is read here is staff's own
		list = slices.Delete(list, 1, 2)
	}
	return list
}
