package catalog

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/catalog/catalogdb"
	"igny8/internal/db"
)

// Package is a number of credits that is sold at once, with its price in one
// country.
type Package struct {
	ID      igny8.RowID
	Slug    string
	Name    string
	Credits int64
	Price   Priced
}

// ErrUnknownPackage refuses what is no credit package on sale.
var ErrUnknownPackage = igny8.E(igny8.NotFound, "unknown_package", "There is no such credit package; GET /api/v1/credit-packages lists them.")

// PackagesForCountry returns the packages on sale with their prices.
func PackagesForCountry(ctx context.Context, tx *db.Tx, country string) ([]Package, error) {
	m, err := marketFor(ctx, tx, country)
	if err != nil {
		return nil, err
	}
	rows, err := catalogdb.New(tx).ListPackages(ctx)
	if err != nil {
		return nil, fmt.Errorf("credit packages: %w", err)
	}
	today := tx.Now.Truncate(24 * time.Hour) // when the price was set is not kept; a day has one answer, which can be kept
	out := make([]Package, len(rows))
	for i, r := range rows {
		price, err := Price([]ListPrice{{Currency: BaseCurrency, Minor: r.PriceMinor, Since: today}}, m.rule, m.rate)
		if err != nil {
			return nil, err
		}
		out[i] = Package{r.ID, r.Slug, r.Name, r.Credits, price}
	}
	return out, nil
}

// PackageFor returns one of PackagesForCountry by its slug.
func PackageFor(ctx context.Context, tx *db.Tx, slug, country string) (Package, error) {
	if err := CheckCountry(country); err != nil {
		return Package{}, err
	}
	all, err := PackagesForCountry(ctx, tx, country)
	if err != nil {
		return Package{}, err
	}
	for _, p := range all {
		if p.Slug == slug {
			return p, nil
		}
	}
	return Package{}, ErrUnknownPackage
}

// Costs returns what operations cost at the transaction's instant.
func Costs(ctx context.Context, tx *db.Tx) ([]CreditCost, error) {
	rows, err := catalogdb.New(tx).ListCosts(ctx, tx.Now)
	if err != nil {
		return nil, fmt.Errorf("credit costs: %w", err)
	}
	out := make([]CreditCost, len(rows))
	for i, r := range rows {
		out[i] = CreditCost{Operation: r.Operation, Name: r.Name, Unit: r.Unit, UnitSize: r.UnitSize, Credits: r.Credits, Minimum: r.Minimum}
	}
	return out, nil
}

// Cost returns the credits for a quantity of an operation; see CostOf.
func Cost(ctx context.Context, tx *db.Tx, operation string, quantity int64) (int64, error) {
	costs, err := Costs(ctx, tx)
	if err != nil {
		return 0, err
	}
	return CostOf(costs, operation, quantity)
}
