package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"igny8"
	"igny8/internal/catalog"
)

// RegisterCatalog adds the public routes about what is sold, where and for how
// much.
func RegisterCatalog(a *API, s *catalog.Service) {
	h := catalogHandler{s}
	get := func(path, id, summary, doc string) Route {
		return Route{Method: http.MethodGet, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Catalogue", Public: true, Open: true}
	}
	Register(a, get("/plans", "listPlans", "List the plans with their prices in a country", "Without a country, prices are in US dollars."), h.plans)
	Register(a, get("/payment-methods", "listPaymentMethods", "List the ways to pay in a country",
		"Those of the country and those of everywhere (`*`), in the order to show them. Without a country, those of everywhere."), h.methods)
	Register(a, get("/countries", "listCountries", "List the countries with a currency of their own",
		"Every other country of ISO 3166-1 is accepted too: it has US dollars and the payment methods of everywhere."), h.countries)
	Register(a, get("/currencies", "listCurrencies", "List the currencies", "Those that prices can be in, with their decimals and how amounts are rounded."), h.currencies)
	Register(a, get("/industries", "listIndustries", "List the industries a site can belong to", "In the order of their names."), h.industries)
	Register(a, get("/industries/{slug}/sectors", "listIndustrySectors", "List the sectors of an industry", "In the order of their names. 404 when there is no such industry."), h.sectors)
	Register(a, get("/credit-packages", "listCreditPackages", "List the credit packages with their prices in a country", "Without a country, prices are in US dollars."), h.packages)
	Register(a, get("/credit-costs", "listCreditCosts", "List what operations cost in credits",
		"An operation costs `credits` for every `unit_size` units that are started, and at least `minimum`."), h.costs)
	Register(a, Route{Method: http.MethodPost, Path: "/quotes", ID: "createQuote", Summary: "Lock the price of a plan for 24 hours",
		Tag: "Catalogue", Public: true, Status: http.StatusCreated,
		Doc: "Name it when you register, and the price is that of the quote."}, h.quote)
}

type catalogHandler struct{ s *catalog.Service }

// countryQuery is the optional country of a list.
type countryQuery struct {
	ListInput
	Country string `query:"country" maxLength:"2" example:"PK" doc:"ISO 3166-1 alpha-2 code."`
}

func (q countryQuery) code() string {
	if q.Country == "" {
		return catalog.Everywhere
	}
	return strings.ToUpper(q.Country)
}

// RateBody says how an amount came about; it can be computed again from it.
type RateBody struct {
	Rate         string         `json:"rate" doc:"Units of the currency for one of the base currency, a decimal text." example:"278"`
	Source       string         `json:"source" doc:"Where the rate comes from, or \"price list\" when nothing was converted."`
	At           time.Time      `json:"at" doc:"Since when it holds."`
	BaseMinor    int64          `json:"base_minor" example:"8900"`
	BaseCurrency igny8.Currency `json:"base_currency" example:"USD"`
	Rounding     string         `json:"rounding" doc:"How it was rounded, and to what multiple of minor units." example:"half_up:100"`
}

func rateBody(p catalog.Priced) RateBody {
	return RateBody{Rate: p.Rate.String(), Source: p.Source, At: p.At, BaseMinor: p.Base.Minor, BaseCurrency: p.Base.Currency, Rounding: p.Rounding}
}

// PriceBody is a price in the country's currency with where it comes from.
type PriceBody struct {
	Cycle       string         `json:"cycle,omitempty" enum:"monthly,annual"`
	AmountMinor int64          `json:"amount_minor" doc:"Amount in minor units of the currency." example:"2474200"`
	Currency    igny8.Currency `json:"currency" doc:"ISO 4217 code." example:"PKR"`
	Amount      string         `json:"amount" doc:"The same as a decimal text." example:"24742.00"`
	USD         *igny8.Money   `json:"usd,omitempty" doc:"The price in US dollars, when there is one."`
	Rate        RateBody       `json:"rate"`
}

func priceBody(cycle string, p catalog.Priced) PriceBody {
	out := PriceBody{Cycle: cycle, AmountMinor: p.Money.Minor, Currency: p.Money.Currency, Amount: p.Money.Amount(), Rate: rateBody(p)}
	if p.USD.Currency != "" {
		out.USD = &p.USD
	}
	return out
}

// PlanBody is a plan on sale. A limit that is null is no limit.
type PlanBody struct {
	ID              igny8.PlanID `json:"id"`
	Slug            string       `json:"slug" example:"growth"`
	Name            string       `json:"name"`
	Description     string       `json:"description"`
	Version         int64        `json:"version"`
	Trial           bool         `json:"trial"`
	TrialDays       int64        `json:"trial_days"`
	IncludedCredits int64        `json:"included_credits"`
	MaxSites        *int64       `json:"max_sites"`
	MaxUsers        *int64       `json:"max_users"`
	MaxSectors      *int64       `json:"max_sectors" doc:"Per site."`
	Features        []string     `json:"features"`
	Prices          []PriceBody  `json:"prices" doc:"One for each cycle it is sold for, monthly first."`
}

func planBody(c catalog.PlanCard) PlanBody {
	out := PlanBody{ID: c.ID, Slug: c.Slug, Name: c.Name, Description: c.Description, Version: c.Version, Trial: c.Trial,
		TrialDays: c.TrialDays, IncludedCredits: c.IncludedCredits, MaxSites: c.MaxSites, MaxUsers: c.MaxUsers,
		MaxSectors: c.MaxSectors, Features: c.Features, Prices: []PriceBody{}}
	for _, p := range c.Prices {
		out.Prices = append(out.Prices, priceBody(p.Cycle, p.Price))
	}
	return out
}

func (h catalogHandler) plans(ctx context.Context, in *countryQuery) (*ListOutput[PlanBody], error) {
	rows, err := h.s.Plans(ctx, in.code())
	if err != nil {
		return nil, err
	}
	return Cut(ctx, in.ListInput, rows, func(p catalog.PlanCard) string { return p.Slug }, planBody)
}

// MethodBody is a way to pay.
type MethodBody struct {
	ID           igny8.MethodID        `json:"id"`
	Slug         string                `json:"slug" example:"jazzcash"`
	Country      string                `json:"country" doc:"The country it is for, or * for all." example:"PK"`
	Kind         string                `json:"kind" enum:"stripe,paypal,bank_transfer,local_wallet,manual"`
	Name         string                `json:"name"`
	Instructions string                `json:"instructions"`
	Fields       []catalog.MethodField `json:"fields" doc:"Where to pay, line by line."`
	Submission   catalog.Submission    `json:"submission" doc:"What to send after paying."`
	QR           string                `json:"qr" enum:",link,epc" doc:"The kind of code the pay page shows: of the link, or a SEPA credit transfer (EPC069-12)."`
	Currency     *igny8.Currency       `json:"currency" doc:"The only currency it takes; null for any."`
	MinMinor     *int64                `json:"min_minor"`
	MaxMinor     *int64                `json:"max_minor"`
	Placeholder  bool                  `json:"placeholder" doc:"The operator has not set the account values yet; do not pay."`
	SortOrder    int64                 `json:"sort_order"`
}

func methodBody(m catalog.Method) MethodBody {
	out := MethodBody{ID: m.ID, Slug: m.Slug, Country: m.Country, Kind: m.Kind, Name: m.Name, Instructions: m.Instructions,
		Fields: m.Fields, Submission: m.Submission, QR: m.QR, MinMinor: m.MinMinor, MaxMinor: m.MaxMinor,
		Placeholder: m.Placeholder(), SortOrder: m.Position}
	if m.Currency != "" {
		out.Currency = &m.Currency
	}
	return out
}

func (h catalogHandler) methods(ctx context.Context, in *countryQuery) (*ListOutput[MethodBody], error) {
	rows, err := h.s.PaymentMethods(ctx, in.code())
	if err != nil {
		return nil, err
	}
	return Cut(ctx, in.ListInput, rows, func(m catalog.Method) string { return m.ID.String() }, methodBody)
}

// CountryBody is a country with a currency of its own.
type CountryBody struct {
	Code     string         `json:"code" example:"PK"`
	Name     string         `json:"name"`
	Currency igny8.Currency `json:"currency" example:"PKR"`
	TimeZone string         `json:"time_zone" example:"Asia/Karachi"`
}

func countryBody(c catalog.Country) CountryBody {
	return CountryBody{c.Code, c.Name, c.Currency, c.TimeZone}
}

func (h catalogHandler) countries(ctx context.Context, in *ListInput) (*ListOutput[CountryBody], error) {
	rows, err := h.s.Countries(ctx)
	if err != nil {
		return nil, err
	}
	return Cut(ctx, *in, rows, func(c catalog.Country) string { return c.Code }, countryBody)
}

// CurrencyBody is a currency.
type CurrencyBody struct {
	Code         igny8.Currency   `json:"code" example:"PKR"`
	Name         string           `json:"name"`
	Symbol       string           `json:"symbol"`
	Exponent     int              `json:"exponent" doc:"How many decimals it has (ISO 4217)." example:"2"`
	RoundToMinor int64            `json:"round_to_minor" doc:"Prices are multiples of this many minor units." example:"100"`
	Rounding     catalog.Rounding `json:"rounding" enum:"half_up,half_even,up"`
}

func currencyBody(c catalog.Currency) CurrencyBody {
	return CurrencyBody{c.Code, c.Name, c.Symbol, c.Code.Exponent(), c.RoundTo, c.Rounding}
}

func (h catalogHandler) currencies(ctx context.Context, in *ListInput) (*ListOutput[CurrencyBody], error) {
	rows, err := h.s.Currencies(ctx)
	if err != nil {
		return nil, err
	}
	return Cut(ctx, *in, rows, func(c catalog.Currency) string { return string(c.Code) }, currencyBody)
}

// NamedBody is an entry of the catalogue that is known by its slug.
type NamedBody struct {
	Slug string `json:"slug" example:"fitness-and-sport"`
	Name string `json:"name"`
}

func (h catalogHandler) industries(ctx context.Context, in *ListInput) (*ListOutput[NamedBody], error) {
	rows, err := h.s.Industries(ctx)
	if err != nil {
		return nil, err
	}
	key := func(i catalog.Industry) string { return i.Slug }
	return Cut(ctx, *in, rows, key, func(i catalog.Industry) NamedBody { return NamedBody{i.Slug, i.Name} })
}

type bySlug struct {
	ListInput
	Slug string `path:"slug" maxLength:"100"`
}

func (h catalogHandler) sectors(ctx context.Context, in *bySlug) (*ListOutput[NamedBody], error) {
	rows, err := h.s.IndustrySectors(ctx, in.Slug)
	if err != nil {
		return nil, err
	}
	key := func(s catalog.IndustrySector) string { return s.Slug }
	return Cut(ctx, in.ListInput, rows, key, func(s catalog.IndustrySector) NamedBody { return NamedBody{s.Slug, s.Name} })
}

// PackageBody is a number of credits on sale.
type PackageBody struct {
	Slug    string    `json:"slug" example:"credits-500"`
	Name    string    `json:"name"`
	Credits int64     `json:"credits" example:"500"`
	Price   PriceBody `json:"price"`
}

func packageBody(p catalog.Package) PackageBody {
	return PackageBody{p.Slug, p.Name, p.Credits, priceBody("", p.Price)}
}

func (h catalogHandler) packages(ctx context.Context, in *countryQuery) (*ListOutput[PackageBody], error) {
	rows, err := h.s.CreditPackages(ctx, in.code())
	if err != nil {
		return nil, err
	}
	return Cut(ctx, in.ListInput, rows, func(p catalog.Package) string { return p.Slug }, packageBody)
}

func (h catalogHandler) costs(ctx context.Context, in *ListInput) (*ListOutput[catalog.CreditCost], error) {
	rows, err := h.s.CreditCosts(ctx)
	if err != nil {
		return nil, err
	}
	key := func(c catalog.CreditCost) string { return c.Operation }
	return Cut(ctx, *in, rows, key, func(c catalog.CreditCost) catalog.CreditCost { return c })
}

// QuoteInput asks for a quote.
type QuoteInput struct {
	Plan    string `json:"plan" maxLength:"100" example:"growth"`
	Cycle   string `json:"cycle" enum:"monthly,annual"`
	Country string `json:"country" minLength:"2" maxLength:"2" example:"PK"`
}

// QuoteBody is a price that is locked until expires_at.
type QuoteBody struct {
	ID          igny8.QuoteID  `json:"id"`
	Plan        string         `json:"plan"`
	PlanVersion int64          `json:"plan_version"`
	Cycle       string         `json:"cycle"`
	Country     string         `json:"country"`
	Currency    igny8.Currency `json:"currency" example:"PKR"`
	TotalMinor  int64          `json:"total_minor" example:"2474200"`
	Total       string         `json:"total" example:"24742.00"`
	TotalAmount string         `json:"total_amount" doc:"The same as total." example:"24742.00"`
	Rate        RateBody       `json:"rate"`
	CreatedAt   time.Time      `json:"created_at"`
	ExpiresAt   time.Time      `json:"expires_at"`
}

func quoteBody(q catalog.Quote) QuoteBody {
	m := q.Price.Money
	return QuoteBody{ID: q.ID, Plan: q.Slug, PlanVersion: q.Version, Cycle: q.Cycle, Country: q.Country.Code,
		Currency: m.Currency, TotalMinor: m.Minor, Total: m.Amount(), TotalAmount: m.Amount(), Rate: rateBody(q.Price),
		CreatedAt: q.CreatedAt, ExpiresAt: q.ExpiresAt}
}

func (h catalogHandler) quote(ctx context.Context, in *In[QuoteInput]) (*Out[QuoteBody], error) {
	q, err := h.s.Quote(ctx, in.Body.Plan, in.Body.Cycle, strings.ToUpper(in.Body.Country))
	if err != nil {
		return nil, err
	}
	return OK(quoteBody(q)), nil
}
