package catalog

import (
	"context"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"igny8"
	"igny8/internal/catalog/catalogdb"
	"igny8/internal/db"
)

// QuoteFor is how long a quote locks a price.
const QuoteFor = 24 * time.Hour

// Quote is a price that is locked until ExpiresAt.
type Quote struct {
	ID igny8.QuoteID
	PricedPlan
	CreatedAt time.Time
	ExpiresAt time.Time
}

// The refusals about quotes.
var (
	ErrUnknownQuote = igny8.E(igny8.Invalid, "unknown_quote", "There is no such quote; ask for a new one.").
			WithField("quote", "unknown_quote", "Send the id of a quote.")
	ErrQuoteExpired = igny8.E(igny8.Conflict, "quote_expired", "The quote has expired; ask for a new one.")
)

// keepQuotes is how long an expired quote is told from one that never was.
const keepQuotes = 30 * 24 * time.Hour

// CleanQuotes deletes quotes that expired long ago.
func (s *Service) CleanQuotes(ctx context.Context) error {
	return s.db.System(ctx, "catalog.clean_quotes", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		return catalogdb.New(tx).CleanQuotes(ctx, tx.Now.Add(-keepQuotes))
	})
}

// CreateQuote locks the price of a public plan for 24 hours. It needs a
// transaction in system scope: a quote belongs to nobody.
func CreateQuote(ctx context.Context, tx *db.Tx, planSlug, cycle, country string) (Quote, error) {
	priced, err := PriceFor(ctx, tx, planSlug, cycle, country)
	if err != nil {
		return Quote{}, err
	}
	out := Quote{ID: db.NewID[igny8.QuoteID](tx), PricedPlan: priced, CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(QuoteFor)}
	p := priced.Price
	err = catalogdb.New(tx).InsertQuote(ctx, catalogdb.InsertQuoteParams{
		ID: out.ID, PlanVersionID: priced.VersionID, PlanSlug: priced.Slug, Cycle: cycle, Country: country,
		Currency: string(p.Money.Currency), TotalMinor: p.Money.Minor,
		BaseMinor: p.Base.Minor, BaseCurrency: string(p.Base.Currency), Rate: p.Rate.String(), RateSource: p.Source,
		RateAt: p.At, Rounding: p.Rounding, CreatedAt: out.CreatedAt, ExpiresAt: out.ExpiresAt})
	if err != nil {
		return Quote{}, fmt.Errorf("insert quote: %w", err)
	}
	return out, nil
}

// UseQuote returns a quote that still holds at the transaction's instant, with
// the price as it was locked. It may be used more than once until it expires.
func UseQuote(ctx context.Context, tx *db.Tx, id igny8.QuoteID) (Quote, error) {
	row, err := catalogdb.New(tx).GetQuote(ctx, id)
	if db.Absent(err) {
		return Quote{}, ErrUnknownQuote
	}
	if err != nil {
		return Quote{}, fmt.Errorf("quote: %w", err)
	}
	if !tx.Now.Before(row.ExpiresAt) {
		return Quote{}, ErrQuoteExpired
	}
	version, err := PlanVersionByID(ctx, tx, row.PlanVersionID)
	if err != nil {
		return Quote{}, err
	}
	where, err := CountryFor(ctx, tx, row.Country)
	if err != nil {
		return Quote{}, err
	}
	rate, err := decimal.NewFromString(row.Rate)
	if err != nil {
		return Quote{}, fmt.Errorf("rate of quote: %w", err)
	}
	price := Priced{Money: igny8.Money{Minor: row.TotalMinor, Currency: igny8.Currency(row.Currency)},
		Base: igny8.Money{Minor: row.BaseMinor, Currency: igny8.Currency(row.BaseCurrency)},
		Rate: rate, Source: row.RateSource, At: row.RateAt.UTC(), Rounding: row.Rounding}
	if price.Base.Currency == BaseCurrency {
		price.USD = price.Base
	}
	return Quote{ID: row.ID, CreatedAt: row.CreatedAt.UTC(), ExpiresAt: row.ExpiresAt.UTC(),
		PricedPlan: PricedPlan{Plan: version, Cycle: row.Cycle, Country: where, Price: price}}, nil
}
