package public

import (
	"context"
	"net/url"
	"strings"

	"igny8/internal/catalog"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

func (h handler) landing(ctx context.Context, r *console.Request) (console.Response, error) {
	m, err := h.market(ctx, country(r), "")
	if err != nil {
		return console.Response{}, err
	}
	return remember(console.Page(text.T(ctx, "landing.head"), "", landingPage(m)), r), nil
}

func (h handler) pricing(ctx context.Context, r *console.Request) (console.Response, error) {
	m, err := h.market(ctx, country(r), r.Query("cycle"))
	if err != nil {
		return console.Response{}, err
	}
	return remember(console.Page(text.T(ctx, "pricing.title"), "pricing", pricingPage(m)), r), nil
}

func signupLink(m market, p catalog.PlanCard) string {
	q := url.Values{"country": {m.Code}, "plan": {p.Slug}}
	if !p.Trial {
		_, cycle := m.shown(p)
		q.Set("cycle", cycle)
	}
	return "/signup?" + q.Encode()
}

func currencyName(m market) string {
	return m.Currency.Name + " (" + string(m.Currency.Code) + ")"
}

// methodNames lists how people pay there.
func methodNames(m market) string {
	var names []string
	for _, method := range m.Methods {
		if method.Kind != "manual" {
			names = append(names, method.Name)
		}
	}
	return strings.Join(names, ", ")
}

func creditsKey(p catalog.PlanCard) string {
	if p.Trial {
		return "plan.credits.trial"
	}
	return "plan.credits"
}

func heroMoments(ctx context.Context) []view.Moment {
	return []view.Moment{
		{Title: text.T(ctx, "pay.moment.sent"), State: view.Done},
		{Title: text.T(ctx, "pay.moment.received"), State: view.Done},
		{Title: text.T(ctx, "pay.moment.checking"), State: view.Now},
		{Title: text.T(ctx, "pay.moment.approved"), State: view.Ahead},
	}
}
