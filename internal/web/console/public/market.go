package public

import (
	"context"
	"net/http"
	"slices"

	"igny8/internal/catalog"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

const countryCookie = "igny8-country"

// country is where the visitor seems to be: what was chosen, else the region of
// the browser's language, else where most people speak that language and live
// with our own currency for it, else the United States.
func country(r *console.Request) string {
	if asked := r.Value("country"); catalog.CheckCountry(asked) == nil {
		return asked
	}
	if k, err := r.HTTP.Cookie(countryCookie); err == nil && catalog.CheckCountry(k.Value) == nil {
		return k.Value
	}
	accepted := text.Accept(r.HTTP.Header.Get("Accept-Language"))
	for _, a := range accepted {
		if catalog.CheckCountry(a.Region) == nil {
			return a.Region
		}
	}
	for _, a := range accepted {
		switch a.Language {
		case "ur":
			return "PK"
		case "hi":
			return "IN"
		case "ar":
			return "AE"
		case "de":
			return "DE"
		}
	}
	return "US"
}

// remember keeps a country that was chosen for the next pages.
func remember(res console.Response, r *console.Request) console.Response {
	asked := r.Query("country")
	if catalog.CheckCountry(asked) != nil {
		return res
	}
	k := http.Cookie{Name: countryCookie, Value: asked, Path: "/", MaxAge: 90 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	res.Header = http.Header{"Set-Cookie": {k.String()}}
	return res
}

// market is what a visitor from one country sees.
type market struct {
	Code      string // of the country
	Currency  catalog.Currency
	Plans     []catalog.PlanCard
	Methods   []catalog.Method
	Countries []view.Option
	Cycle     string
}

func (h handler) market(ctx context.Context, code, cycle string) (m market, err error) {
	m.Code, m.Cycle = code, catalog.Monthly
	if cycle == catalog.Annual {
		m.Cycle = catalog.Annual
	}
	if m.Plans, err = h.Catalog.Plans(ctx, code); err != nil {
		return m, err
	}
	methods, err := h.Catalog.PaymentMethods(ctx, code)
	if err != nil {
		return m, err
	}
	m.Methods = slices.DeleteFunc(methods, catalog.Method.Gateway)
	known, err := h.Catalog.Countries(ctx)
	if err != nil {
		return m, err
	}
	var first []string
	for _, c := range known {
		first = append(first, c.Code)
	}
	m.Countries = view.CountryOptions(ctx, first, catalog.CountryCodes())
	currencies, err := h.Catalog.Currencies(ctx)
	if err != nil {
		return m, err
	}
	for _, c := range currencies {
		if p, ok := m.price(m.anyPaid(), catalog.Monthly); ok && c.Code == p.Money.Currency {
			m.Currency = c
		}
	}
	return m, nil
}

// anyPaid is the first plan that costs something.
func (m market) anyPaid() catalog.PlanCard {
	for _, p := range m.Plans {
		if !p.Trial {
			return p
		}
	}
	return catalog.PlanCard{}
}

// price is what the plan costs for a cycle.
func (m market) price(p catalog.PlanCard, cycle string) (catalog.Priced, bool) {
	for _, c := range p.Prices {
		if c.Cycle == cycle {
			return c.Price, true
		}
	}
	return catalog.Priced{}, false
}

// shown is the price for the cycle that the visitor looks at, else the monthly one.
func (m market) shown(p catalog.PlanCard) (catalog.Priced, string) {
	if price, ok := m.price(p, m.Cycle); ok {
		return price, m.Cycle
	}
	price, _ := m.price(p, catalog.Monthly)
	return price, catalog.Monthly
}

// saved is what a year costs less than twelve months, in minor units.
func (m market) saved(p catalog.PlanCard) (saved catalog.Priced, ok bool) {
	month, ok1 := m.price(p, catalog.Monthly)
	year, ok2 := m.price(p, catalog.Annual)
	if !ok1 || !ok2 || 12*month.Money.Minor <= year.Money.Minor {
		return saved, false
	}
	saved.Money = month.Money
	saved.Money.Minor = 12*month.Money.Minor - year.Money.Minor
	return saved, true
}

// plan is the plan with this slug.
func (m market) plan(slug string) (catalog.PlanCard, bool) {
	for _, p := range m.Plans {
		if p.Slug == slug {
			return p, true
		}
	}
	return catalog.PlanCard{}, false
}

func (m market) filled() view.Form { return view.Filled("country", m.Code, "cycle", m.Cycle) }

// limit is a limit of a plan in words; nil is none.
func limit(ctx context.Context, key string, n *int64) string {
	if n == nil {
		return text.T(ctx, key+".unlimited")
	}
	return text.N(ctx, key, *n)
}
