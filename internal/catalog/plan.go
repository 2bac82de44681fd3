package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"igny8"
	"igny8/internal/catalog/catalogdb"
	"igny8/internal/db"
)

// The billing cycles.
const (
	Monthly = "monthly"
	Annual  = "annual"
)

// Plan is one version of a plan: what a subscriber of that version has. A nil
// limit is no limit.
type Plan struct {
	ID              igny8.PlanID
	VersionID       igny8.PlanVersionID
	Version         int64
	Slug            string
	Name            string
	Description     string
	Public          bool // else given by staff only
	Trial           bool
	Archived        bool
	TrialDays       int64
	IncludedCredits int64
	MaxSites        *int64
	MaxUsers        *int64
	MaxSectors      *int64
	Features        []string
	Since           time.Time
}

// CyclePrice is the price of a plan for one cycle.
type CyclePrice struct {
	Cycle string
	Price Priced
}

// PlanCard is a plan with its prices in one country.
type PlanCard struct {
	Plan
	Prices []CyclePrice
}

// PricedPlan is a plan with its price for one cycle in one country.
type PricedPlan struct {
	Plan
	Cycle   string
	Country Country
	Price   Priced
}

// The refusals about plans. A plan that is not public is unknown.
var (
	ErrUnknownPlan = igny8.E(igny8.Invalid, "unknown_plan", "There is no such plan; GET /api/v1/plans lists them.").
			WithField("plan", "unknown_plan", "Use the slug of a listed plan.")
	ErrUnknownCycle = igny8.E(igny8.Invalid, "unknown_cycle", "The plan is not sold for this cycle; GET /api/v1/plans lists what is.").
			WithField("cycle", "unknown_cycle", "Use a cycle that the plan lists, monthly or annual.")
	ErrNoTrial = igny8.E(igny8.Unavailable, "trial_unavailable", "There is no free trial at the moment; choose a plan instead.")
)

func plan(p catalogdb.Plan, v catalogdb.PlanVersion) (Plan, error) {
	out := Plan{ID: p.ID, VersionID: v.ID, Version: v.Version, Slug: p.Slug, Name: p.Name, Description: p.Description,
		Public: p.Public, Trial: p.Trial, Archived: p.ArchivedAt != nil, TrialDays: v.TrialDays,
		IncludedCredits: v.IncludedCredits, MaxSites: v.MaxSites, MaxUsers: v.MaxUsers, MaxSectors: v.MaxSectors,
		Features: []string{}, Since: v.CreatedAt.UTC()}
	if err := json.Unmarshal(v.Features, &out.Features); err != nil {
		return Plan{}, fmt.Errorf("features of plan %s: %w", p.Slug, err)
	}
	return out, nil
}

// currentPlans returns the newest version of every plan that is not archived,
// in their order.
func currentPlans(ctx context.Context, tx *db.Tx) ([]Plan, error) {
	rows, err := catalogdb.New(tx).ListPlans(ctx)
	if err != nil {
		return nil, fmt.Errorf("plans: %w", err)
	}
	out := make([]Plan, len(rows))
	for i, r := range rows {
		if out[i], err = plan(r.Plan, r.PlanVersion); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// PlanBySlug returns the newest version of a plan that is not archived, public or
// not: for staff who give plans by hand. Customers buy through PriceFor.
func PlanBySlug(ctx context.Context, tx *db.Tx, slug string) (Plan, error) {
	return firstPlan(ctx, tx, ErrUnknownPlan, func(p Plan) bool { return p.Slug == slug })
}

// Givable lists the plans that staff can give by hand: all but trials, also those
// that are not public.
func (s *Service) Givable(ctx context.Context) (list []Plan, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		all, err := currentPlans(ctx, tx)
		list = slices.DeleteFunc(all, func(p Plan) bool { return p.Trial })
		return err
	})
	return list, err
}

// TrialPlan returns the plan of free trials, or ErrNoTrial.
func TrialPlan(ctx context.Context, tx *db.Tx) (Plan, error) {
	return firstPlan(ctx, tx, ErrNoTrial, func(p Plan) bool { return p.Trial && p.Public && p.TrialDays > 0 })
}

func firstPlan(ctx context.Context, tx *db.Tx, absent error, match func(Plan) bool) (Plan, error) {
	all, err := currentPlans(ctx, tx)
	if err != nil {
		return Plan{}, err
	}
	for _, p := range all {
		if match(p) {
			return p, nil
		}
	}
	return Plan{}, absent
}

// PlanVersionByID returns the version a subscription was bought with, also of an
// archived plan.
func PlanVersionByID(ctx context.Context, tx *db.Tx, id igny8.PlanVersionID) (Plan, error) {
	row, err := catalogdb.New(tx).GetPlanVersion(ctx, id)
	if db.Absent(err) {
		return Plan{}, igny8.ErrNotFound
	}
	if err != nil {
		return Plan{}, fmt.Errorf("plan version: %w", err)
	}
	return plan(row.Plan, row.PlanVersion)
}

// PriceFor returns what a public plan costs for a cycle in a country, at the
// transaction's instant.
func PriceFor(ctx context.Context, tx *db.Tx, planSlug, cycle, country string) (PricedPlan, error) {
	p, err := PlanBySlug(ctx, tx, planSlug)
	if err != nil {
		return PricedPlan{}, err
	}
	if !p.Public {
		return PricedPlan{}, ErrUnknownPlan
	}
	return pricePlan(ctx, tx, p, cycle, country)
}

// PriceForVersion returns what a version of a plan costs, whatever became of the
// plan since: for renewals, and for plans given by staff.
func PriceForVersion(ctx context.Context, tx *db.Tx, id igny8.PlanVersionID, cycle, country string) (PricedPlan, error) {
	p, err := PlanVersionByID(ctx, tx, id)
	if err != nil {
		return PricedPlan{}, err
	}
	return pricePlan(ctx, tx, p, cycle, country)
}

func pricePlan(ctx context.Context, tx *db.Tx, p Plan, cycle, country string) (PricedPlan, error) {
	if err := CheckCountry(country); err != nil {
		return PricedPlan{}, err
	}
	m, err := marketFor(ctx, tx, country)
	if err != nil {
		return PricedPlan{}, err
	}
	prices, err := cyclePrices(ctx, tx, p, m)
	if err != nil {
		return PricedPlan{}, err
	}
	for _, c := range prices {
		if c.Cycle == cycle {
			return PricedPlan{Plan: p, Cycle: cycle, Country: m.country, Price: c.Price}, nil
		}
	}
	return PricedPlan{}, ErrUnknownCycle
}

// cyclePrices returns the prices of a plan, monthly first.
func cyclePrices(ctx context.Context, tx *db.Tx, p Plan, m market) ([]CyclePrice, error) {
	rows, err := catalogdb.New(tx).ListPlanPrices(ctx, p.VersionID)
	if err != nil {
		return nil, fmt.Errorf("plan prices: %w", err)
	}
	out := []CyclePrice{}
	for _, cycle := range []string{Monthly, Annual} {
		var list []ListPrice
		for _, r := range rows {
			if r.Cycle == cycle {
				list = append(list, ListPrice{Currency: igny8.Currency(r.Currency), Minor: r.AmountMinor, Since: p.Since})
			}
		}
		if len(list) == 0 {
			continue
		}
		price, err := Price(list, m.rule, m.rate)
		if err != nil {
			return nil, err
		}
		out = append(out, CyclePrice{cycle, price})
	}
	return out, nil
}
