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

// Country is where a customer is: it decides currency, payment methods and the
// time zone in which periods end. Known is false for a country without a row,
// which has US dollars, UTC and the methods of everywhere.
type Country struct {
	Code     string
	Name     string
	Currency igny8.Currency
	TimeZone string
	Known    bool
}

// Currency is a row of the table of currencies.
type Currency struct {
	CurrencyRule
	Name   string
	Symbol string
	// SecondApprovalMinor is the amount from which two members of staff must
	// approve a payment; nil for never.
	SecondApprovalMinor *int64
}

// CountryFor returns the country, also one without a row. What is no code of ISO
// 3166-1 is refused with 422 unknown_country.
func CountryFor(ctx context.Context, tx *db.Tx, code string) (Country, error) {
	if err := CheckCountry(code); err != nil {
		return Country{}, err
	}
	return place(ctx, tx, code)
}

// place is CountryFor that takes Everywhere too: what is shown before anybody
// said where they are.
func place(ctx context.Context, tx *db.Tx, code string) (Country, error) {
	if code != Everywhere {
		if err := CheckCountry(code); err != nil {
			return Country{}, err
		}
	}
	row, err := catalogdb.New(tx).GetCountry(ctx, code)
	if db.Absent(err) {
		return Country{Code: code, Name: code, Currency: BaseCurrency, TimeZone: "UTC"}, nil
	}
	if err != nil {
		return Country{}, fmt.Errorf("country: %w", err)
	}
	return country(row), nil
}

func country(row catalogdb.Country) Country {
	return Country{Code: row.Code, Name: row.Name, Currency: igny8.Currency(row.Currency), TimeZone: row.TimeZone, Known: true}
}

// CurrencyByCode returns a currency, also a disabled one, for amounts that exist
// already.
func CurrencyByCode(ctx context.Context, tx *db.Tx, code igny8.Currency) (Currency, error) {
	row, err := catalogdb.New(tx).GetCurrency(ctx, string(code))
	if db.Absent(err) {
		return Currency{}, ErrNoPrice.Because(errRule)
	}
	if err != nil {
		return Currency{}, fmt.Errorf("currency: %w", err)
	}
	return currency(row), nil
}

func currency(row catalogdb.Currency) Currency {
	return Currency{Name: row.Name, Symbol: row.Symbol, SecondApprovalMinor: row.SecondApprovalMinor,
		CurrencyRule: CurrencyRule{Code: igny8.Currency(row.Code), RoundTo: row.RoundToMinor, Rounding: Rounding(row.Rounding)}}
}

// RateAt returns the exchange rate that holds at an instant, nil when there is
// none.
func RateAt(ctx context.Context, tx *db.Tx, code igny8.Currency, at time.Time) (*Rate, error) {
	row, err := catalogdb.New(tx).GetRate(ctx, catalogdb.GetRateParams{Currency: string(code), ValidFrom: at})
	if db.Absent(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("exchange rate: %w", err)
	}
	rate, err := decimal.NewFromString(row.Rate)
	if err != nil {
		return nil, fmt.Errorf("exchange rate of %s: %w", code, err)
	}
	return &Rate{Currency: code, Rate: rate, Source: row.Source, ValidFrom: row.ValidFrom.UTC()}, nil
}

// market is what a price in a country depends on, read once for many prices.
type market struct {
	country Country
	rule    CurrencyRule
	rate    *Rate
}

func marketFor(ctx context.Context, tx *db.Tx, code string) (market, error) {
	c, err := place(ctx, tx, code)
	if err != nil {
		return market{}, err
	}
	cur, err := CurrencyByCode(ctx, tx, c.Currency)
	if err != nil {
		return market{}, err
	}
	rate, err := RateAt(ctx, tx, c.Currency, tx.Now)
	return market{c, cur.CurrencyRule, rate}, err
}
