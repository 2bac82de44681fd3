package catalog

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/catalog/catalogdb"
	"igny8/internal/db"
)

// Service answers questions about the catalogue from outside a transaction. What
// it returns is public. A country is a code of ISO 3166-1, or Everywhere for a
// visitor who has not said where they are. Functions that take a *db.Tx join one instead.
type Service struct{ db *db.DB }

// New returns the service.
func New(d *db.DB) *Service { return &Service{d} }

// read runs f in a read-only transaction and returns what it returned.
func read[T any](ctx context.Context, s *Service, f func(context.Context, *db.Tx) (T, error)) (T, error) {
	var out T
	err := s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = f(ctx, tx)
		return err
	})
	return out, err
}

// Seed fills an empty catalogue; see the function Seed.
func (s *Service) Seed(ctx context.Context) error {
	return s.db.System(ctx, "catalog.seed", igny8.AccountID{}, Seed)
}

// Plans returns the public plans with their prices in a country.
func (s *Service) Plans(ctx context.Context, country string) ([]PlanCard, error) {
	return read(ctx, s, func(ctx context.Context, tx *db.Tx) ([]PlanCard, error) {
		m, err := marketFor(ctx, tx, country)
		if err != nil {
			return nil, err
		}
		plans, err := currentPlans(ctx, tx)
		if err != nil {
			return nil, err
		}
		out := []PlanCard{}
		for _, p := range plans {
			if !p.Public {
				continue
			}
			prices, err := cyclePrices(ctx, tx, p, m)
			if err != nil {
				return nil, err
			}
			out = append(out, PlanCard{p, prices})
		}
		return out, nil
	})
}

// PaymentMethods returns the methods offered in a country, in their order.
func (s *Service) PaymentMethods(ctx context.Context, country string) ([]Method, error) {
	return read(ctx, s, func(ctx context.Context, tx *db.Tx) ([]Method, error) { return MethodsForCountry(ctx, tx, country) })
}

// Countries returns the countries that have a currency of their own here, in
// their order. Every other country of ISO 3166-1 may be used too.
func (s *Service) Countries(ctx context.Context) ([]Country, error) {
	return read(ctx, s, func(ctx context.Context, tx *db.Tx) ([]Country, error) {
		rows, err := catalogdb.New(tx).ListCountries(ctx)
		if err != nil {
			return nil, fmt.Errorf("countries: %w", err)
		}
		out := make([]Country, len(rows))
		for i, r := range rows {
			out[i] = country(r)
		}
		return out, nil
	})
}

// Currencies returns the enabled currencies, in their order.
func (s *Service) Currencies(ctx context.Context) ([]Currency, error) {
	return read(ctx, s, func(ctx context.Context, tx *db.Tx) ([]Currency, error) {
		rows, err := catalogdb.New(tx).ListCurrencies(ctx)
		if err != nil {
			return nil, fmt.Errorf("currencies: %w", err)
		}
		out := make([]Currency, len(rows))
		for i, r := range rows {
			out[i] = currency(r)
		}
		return out, nil
	})
}

// Industries returns the active industries, in their order.
func (s *Service) Industries(ctx context.Context) ([]Industry, error) {
	return read(ctx, s, func(ctx context.Context, tx *db.Tx) ([]Industry, error) {
		rows, err := catalogdb.New(tx).ListIndustries(ctx)
		if err != nil {
			return nil, fmt.Errorf("industries: %w", err)
		}
		out := make([]Industry, len(rows))
		for i, r := range rows {
			out[i] = Industry{r.ID, r.Slug, r.Name}
		}
		return out, nil
	})
}

// IndustrySectors returns the active sectors of an industry, or ErrNotFound.
func (s *Service) IndustrySectors(ctx context.Context, slug string) ([]IndustrySector, error) {
	return read(ctx, s, func(ctx context.Context, tx *db.Tx) ([]IndustrySector, error) {
		ind, err := IndustryBySlug(ctx, tx, slug)
		if igny8.CodeOf(err) == ErrUnknownIndustry.Code {
			return nil, igny8.ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		return SectorsOf(ctx, tx, ind.ID)
	})
}

// CreditPackages returns the packages on sale with their prices in a country.
func (s *Service) CreditPackages(ctx context.Context, country string) ([]Package, error) {
	return read(ctx, s, func(ctx context.Context, tx *db.Tx) ([]Package, error) { return PackagesForCountry(ctx, tx, country) })
}

// CreditCosts returns what operations cost now.
func (s *Service) CreditCosts(ctx context.Context) ([]CreditCost, error) { return read(ctx, s, Costs) }

// Quote locks the price of a public plan for 24 hours.
func (s *Service) Quote(ctx context.Context, planSlug, cycle, country string) (Quote, error) {
	var out Quote
	err := s.db.System(ctx, "catalog.quote", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = CreateQuote(ctx, tx, planSlug, cycle, country)
		return err
	})
	return out, err
}
