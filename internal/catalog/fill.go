package catalog

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/catalog/catalogdb"
	"igny8/internal/db"
)

// Seed fills an empty catalogue from the embedded files, and does nothing when
// it has any currency: what staff edited or removed stays as they left it. The
// ids of seeded rows are the same in every installation. It needs a transaction
// in system scope.
func Seed(ctx context.Context, tx *db.Tx) error {
	q := catalogdb.New(tx)
	if n, err := q.CountCurrencies(ctx); err != nil || n > 0 {
		return err
	}
	d, err := LoadSeed()
	if err != nil {
		return err
	}
	for _, step := range []func(context.Context, *catalogdb.Queries, *SeedData, time.Time) error{
		fillMoney, fillMethods, fillPlans, fillCredits, fillIndustries, fillKeywords,
	} {
		if err := step(ctx, q, d, tx.Now); err != nil {
			return fmt.Errorf("catalog: seed: %w", err)
		}
	}
	return nil
}

// seedTime is in the ids of seeded rows: 2026-01-01T00:00:00Z in milliseconds.
const seedTime = 1767225600000

// seedID derives the id of a seeded row from its kind and natural key: a version
// 7 identifier whose random part is a hash.
func seedID[T ~[16]byte](kind, key string) T {
	sum := sha256.Sum256([]byte("igny8 seed " + kind + " " + key))
	var u [16]byte
	copy(u[:], sum[:])
	binary.BigEndian.PutUint64(u[:8], seedTime<<16|0x7000|uint64(sum[6]&0x0f)<<8|uint64(sum[7]))
	u[8] = u[8]&0x3f | 0x80
	return T(u)
}

// seedSince is when a seeded value begins to hold: its date, or now when the
// server's clock stands before it.
func seedSince(t, now time.Time) time.Time {
	if t.After(now) {
		return now
	}
	return t
}

func fillMoney(ctx context.Context, q *catalogdb.Queries, d *SeedData, now time.Time) error {
	var errs []error
	for i, c := range d.Currencies {
		errs = append(errs, q.SeedCurrency(ctx, catalogdb.SeedCurrencyParams{Code: string(c.Code), Name: c.Name, Symbol: c.Symbol,
			RoundToMinor: c.RoundToMinor, Rounding: string(c.Rounding), SecondApprovalMinor: c.SecondApprovalMinor,
			Enabled: true, Position: int64(i+1) * 10}))
	}
	for _, r := range d.Rates {
		errs = append(errs, q.SeedRate(ctx, catalogdb.SeedRateParams{ID: seedID[igny8.RowID]("rate", string(r.Currency)),
			Currency: string(r.Currency), Rate: r.Rate.String(), Source: r.Source, ValidFrom: seedSince(r.ValidFrom, now), CreatedAt: now}))
	}
	for i, c := range d.Countries {
		errs = append(errs, q.SeedCountry(ctx, catalogdb.SeedCountryParams{Code: c.Code, Name: c.Name, Currency: string(c.Currency),
			TimeZone: c.TimeZone, Enabled: true, Position: int64(i+1) * 10}))
	}
	return errors.Join(errs...)
}

func fillMethods(ctx context.Context, q *catalogdb.Queries, d *SeedData, _ time.Time) error {
	for _, m := range d.Methods {
		fields, err := json.Marshal(m.Fields)
		if err != nil {
			return err
		}
		submission, err := json.Marshal(m.Submission)
		if err != nil {
			return err
		}
		err = q.SeedMethod(ctx, catalogdb.SeedMethodParams{ID: seedID[igny8.MethodID]("method", m.Slug), Slug: m.Slug,
			Country: m.Country, Kind: m.Kind, Name: m.Name, Instructions: m.Instructions, Fields: fields,
			Submission: submission, Qr: m.QR, Currency: m.Currency, Enabled: m.Enabled, Position: m.SortOrder})
		if err != nil {
			return err
		}
	}
	return nil
}

func fillPlans(ctx context.Context, q *catalogdb.Queries, d *SeedData, now time.Time) error {
	for _, p := range d.Plans {
		id, version := seedID[igny8.PlanID]("plan", p.Slug), seedID[igny8.PlanVersionID]("plan version", p.Slug)
		features, err := json.Marshal(p.Features)
		if err != nil {
			return err
		}
		errs := []error{
			q.SeedPlan(ctx, catalogdb.SeedPlanParams{ID: id, Slug: p.Slug, Name: p.Name, Description: p.Description,
				Public: p.Public, Trial: p.TrialDays > 0, Position: p.SortOrder}),
			q.SeedPlanVersion(ctx, catalogdb.SeedPlanVersionParams{ID: version, PlanID: id, IncludedCredits: p.IncludedCredits,
				TrialDays: p.TrialDays, MaxSites: p.MaxSites, MaxUsers: p.MaxUsers, MaxSectors: p.MaxSectors,
				Features: features, CreatedAt: now}),
		}
		for _, c := range p.Prices {
			errs = append(errs, q.SeedPlanPrice(ctx, catalogdb.SeedPlanPriceParams{PlanVersionID: version, Cycle: c.Cycle,
				Currency: string(c.Currency), AmountMinor: c.AmountMinor}))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return nil
}

func fillCredits(ctx context.Context, q *catalogdb.Queries, d *SeedData, now time.Time) error {
	var errs []error
	for _, p := range d.Packages {
		errs = append(errs, q.SeedPackage(ctx, catalogdb.SeedPackageParams{ID: seedID[igny8.RowID]("package", p.Slug), Slug: p.Slug,
			Name: p.Name, Credits: p.Credits, PriceMinor: p.USDMinor, Enabled: true, Position: p.SortOrder}))
	}
	for _, c := range d.Costs {
		errs = append(errs, q.SeedCost(ctx, catalogdb.SeedCostParams{ID: seedID[igny8.RowID]("cost", c.Operation),
			Operation: c.Operation, Name: c.Name, Unit: c.Unit, UnitSize: c.UnitSize, Credits: c.Credits, Minimum: c.Minimum,
			ValidFrom: seedSince(time.UnixMilli(seedTime).UTC(), now)}))
	}
	return errors.Join(errs...)
}

func sectorSeedID(industry, sector string) igny8.RowID {
	return seedID[igny8.RowID]("sector", industry+"/"+sector)
}

func fillIndustries(ctx context.Context, q *catalogdb.Queries, d *SeedData, _ time.Time) error {
	var errs []error
	for _, ind := range d.Industries {
		id := seedID[igny8.RowID]("industry", ind.Slug)
		errs = append(errs, q.SeedIndustry(ctx, catalogdb.SeedIndustryParams{ID: id, Slug: ind.Slug, Name: ind.Name,
			Active: true, Position: ind.SortOrder}))
		for i, s := range ind.Sectors {
			errs = append(errs, q.SeedSector(ctx, catalogdb.SeedSectorParams{ID: sectorSeedID(ind.Slug, s.Slug), IndustryID: id,
				Slug: s.Slug, Name: s.Name, Active: true, Position: int64(i+1) * 10}))
		}
	}
	return errors.Join(errs...)
}

func fillKeywords(ctx context.Context, q *catalogdb.Queries, d *SeedData, _ time.Time) error {
	var errs []error
	for _, k := range d.Keywords {
		for _, word := range k.Keywords {
			errs = append(errs, q.SeedKeyword(ctx, catalogdb.SeedKeywordParams{
				ID:               seedID[igny8.RowID]("keyword", k.Industry+"/"+k.Sector+"/"+word),
				IndustrySectorID: sectorSeedID(k.Industry, k.Sector), Keyword: word}))
		}
	}
	return errors.Join(errs...)
}
