package catalog_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"igny8"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// run gives f a seeded catalogue on each database, with a clock.
func run(t *testing.T, f func(t *testing.T, d *db.DB, s *catalog.Service, clock *dbtest.Clock)) {
	t.Helper()
	clock := dbtest.NewClock(start)
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := catalog.New(d)
		if err := s.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
		f(t, d, s, clock)
	}, dbtest.WithClock(clock))
}

func write(t *testing.T, d *db.DB, f db.Func) error {
	t.Helper()
	return d.System(t.Context(), "test", igny8.AccountID{}, f)
}

func exec(t *testing.T, d *db.DB, query string, args ...any) {
	t.Helper()
	if err := write(t, d, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, query, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, d *db.DB, table string) (n int) {
	t.Helper()
	if err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSeedFillsAnEmptyCatalogueOnce(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		want := map[string]int{"country": 8, "currency": 13, "exchange_rate": 12, "payment_method": 16, "plan": 5, "plan_version": 5,
			"plan_price": 9, "credit_package": 3, "credit_cost": 8, "industry": 28}
		for table, n := range want {
			if got := count(t, d, table); got != n {
				t.Errorf("%s: %d rows, want %d", table, got, n)
			}
		}
		if n := count(t, d, "seed_keyword"); n < 100 {
			t.Errorf("%d seed keywords", n)
		}
		before, err := s.PaymentMethods(t.Context(), "PK")
		if err != nil {
			t.Fatal(err)
		}
		exec(t, d, "DELETE FROM payment_method WHERE slug = 'raast'")
		exec(t, d, "UPDATE plan_price SET amount_minor = 9900 WHERE amount_minor = 8900")
		if err := s.Seed(t.Context()); err != nil {
			t.Fatal(err)
		}
		after, err := s.PaymentMethods(t.Context(), "PK")
		if err != nil || len(after) != len(before)-1 {
			t.Errorf("seeding again must not bring back what was removed: %d methods, then %d, %v", len(before), len(after), err)
		}
		cards, err := s.Plans(t.Context(), "US")
		if err != nil || cards[1].Prices[0].Price.Money.Minor != 9900 {
			t.Errorf("seeding again must not undo an edit: %v", err)
		}
	})
}

func TestSeedMakesTheSameIDsEverywhere(t *testing.T) {
	var seen []igny8.MethodID
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		methods, err := s.PaymentMethods(t.Context(), "DE")
		if err != nil {
			t.Fatal(err)
		}
		var ids []igny8.MethodID
		for _, m := range methods {
			ids = append(ids, m.ID)
			if again, err := igny8.ParseID[igny8.MethodID](m.ID.String()); err != nil || again != m.ID {
				t.Errorf("%s: the id does not survive its text form", m.Slug)
			}
		}
		if seen != nil && !slices.Equal(seen, ids) {
			t.Error("the databases differ")
		}
		seen = ids
	})
}

// TestCardPriceAndQuoteAgree: for every country × plan × cycle, what the card
// shows is what PriceFor says and what a quote locks, and it can be computed
// again from what is stored.
func TestCardPriceAndQuoteAgree(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		exec(t, d, `INSERT INTO plan_price (plan_version_id, cycle, currency, amount_minor)
			SELECT v.id, 'monthly', 'INR', 499900 FROM plan_version v JOIN plan p ON p.id = v.plan_id WHERE p.slug = 'growth'`)
		for _, country := range []string{"US", "GB", "CA", "AU", "IN", "PK", "AE", "DE", "FR", "BR", "ZW"} {
			cards, err := s.Plans(t.Context(), country)
			if err != nil {
				t.Fatal(err)
			}
			if len(cards) != 4 {
				t.Errorf("%s: %d public plans", country, len(cards))
			}
			for _, card := range cards {
				for _, c := range card.Prices {
					checkPrice(t, d, s, country, card, c)
				}
			}
		}
	})
}

func checkPrice(t *testing.T, d *db.DB, s *catalog.Service, country string, card catalog.PlanCard, c catalog.CyclePrice) {
	t.Helper()
	quote, err := s.Quote(t.Context(), card.Slug, c.Cycle, country)
	if err != nil {
		t.Fatal(err)
	}
	var priced catalog.PricedPlan
	var used catalog.Quote
	if err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		if priced, err = catalog.PriceFor(ctx, tx, card.Slug, c.Cycle, country); err != nil {
			return err
		}
		used, err = catalog.UseQuote(ctx, tx, quote.ID)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	name := country + " " + card.Slug + " " + c.Cycle
	if diff := cmp.Diff(c.Price, priced.Price); diff != "" {
		t.Errorf("%s: card and price differ: %s", name, diff)
	}
	if c.Price.Source == catalog.SourcePriceList && c.Price.Money.Currency != "USD" {
		used.Price.USD = quote.Price.USD // not stored: for show only
	}
	if diff := cmp.Diff(quote, used); diff != "" {
		t.Errorf("%s: quote made and quote used differ: %s", name, diff)
	}
	if used.Price.Money != c.Price.Money {
		t.Errorf("%s: the card shows %s, the quote locks %s", name, c.Price.Money, used.Price.Money)
	}
	if again, err := catalog.Recompute(used.Price); err != nil || again != c.Price.Money.Minor {
		t.Errorf("%s: computed again %d, %v; want %d", name, again, err, c.Price.Money.Minor)
	}
	if paid := card.Slug != "free-trial"; paid != (c.Price.Money.Minor > 0) {
		t.Errorf("%s: costs %s", name, c.Price.Money)
	}
	if name == "PK starter monthly" && c.Price.Money.String() != "PKR 24742.00" {
		t.Errorf("%s: %s", name, c.Price.Money)
	}
	if name == "IN growth monthly" && c.Price.Money.String() != "INR 4999.00" {
		t.Errorf("%s: %s; the price set for the currency must win", name, c.Price.Money)
	}
}

func TestPriceForRefuses(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, _ *catalog.Service, _ *dbtest.Clock) {
		for _, c := range []struct{ plan, cycle, country, code string }{
			{"nothing", "monthly", "PK", "unknown_plan"},
			{"enterprise", "monthly", "PK", "unknown_plan"},
			{"", "monthly", "PK", "unknown_plan"},
			{"starter", "weekly", "PK", "unknown_cycle"},
			{"free-trial", "annual", "PK", "unknown_cycle"},
			{"starter", "monthly", "XX", "unknown_country"},
			{"starter", "monthly", "*", "unknown_country"},
		} {
			err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
				_, err := catalog.PriceFor(ctx, tx, c.plan, c.cycle, c.country)
				return err
			})
			if igny8.CodeOf(err) != c.code || igny8.KindOf(err) != igny8.Invalid {
				t.Errorf("%+v: got %v", c, err)
			}
		}
	})
}

func TestQuoteKeepsItsPriceForADay(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, clock *dbtest.Clock) {
		q, err := s.Quote(t.Context(), "starter", "monthly", "PK")
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
		exec(t, d, "INSERT INTO exchange_rate (id, currency, rate, source, valid_from, created_at) VALUES ($1, 'PKR', '300', 'staff', $2, $2)",
			igny8.NewID[igny8.RowID](clock.Now()), clock.Now())
		use := func() (out catalog.Quote, err error) {
			err = d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
				out, err = catalog.UseQuote(ctx, tx, q.ID)
				return err
			})
			return out, err
		}
		clock.Advance(23*time.Hour - time.Microsecond)
		if got, err := use(); err != nil || got.Price.Money.String() != "PKR 24742.00" {
			t.Errorf("inside the day: %s, %v", got.Price.Money, err)
		}
		cards, err := s.Plans(t.Context(), "PK")
		if err != nil || cards[1].Prices[0].Price.Money.String() != "PKR 26700.00" || cards[1].Prices[0].Price.Source != "staff" {
			t.Errorf("the card must follow the new rate: %+v, %v", cards[1].Prices[0], err)
		}
		clock.Advance(time.Microsecond)
		if _, err := use(); !errors.Is(err, catalog.ErrQuoteExpired) {
			t.Errorf("after the day: %v", err)
		}
		q.ID = igny8.NewID[igny8.QuoteID](start)
		if _, err := use(); !errors.Is(err, catalog.ErrUnknownQuote) {
			t.Errorf("unknown quote: %v", err)
		}
		clock.Advance(-24 * time.Hour) // the next database begins where this one did
	})
}

func TestRatesHoldFromTheirDate(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, clock *dbtest.Clock) {
		exec(t, d, "INSERT INTO exchange_rate (id, currency, rate, source, valid_from, created_at) VALUES ($1, 'EUR', '2', 'staff', $2, $2)",
			igny8.NewID[igny8.RowID](start), start.Add(time.Second))
		price := func() string {
			cards, err := s.Plans(t.Context(), "DE")
			if err != nil {
				t.Fatal(err)
			}
			return cards[1].Prices[0].Price.Money.String()
		}
		if got := price(); got != "EUR 81.88" {
			t.Errorf("before its date: %s", got)
		}
		clock.Advance(time.Second)
		if got := price(); got != "EUR 178.00" {
			t.Errorf("at its date: %s", got)
		}
		clock.Advance(-time.Second)
		exec(t, d, "DELETE FROM exchange_rate WHERE currency = 'EUR'")
		if _, err := s.Plans(t.Context(), "DE"); !errors.Is(err, catalog.ErrNoPrice) {
			t.Errorf("without a rate: %v", err)
		}
	})
}

func TestPaymentMethods(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		for country, want := range map[string][]string{
			"US": {"ach", "swift", "manual"}, "GB": {"faster-payments", "swift", "manual"}, "CA": {"interac", "swift", "manual"},
			"AU": {"payid", "swift", "manual"}, "IN": {"upi", "neft", "swift", "manual"},
			"PK": {"jazzcash", "easypaisa", "ibft", "raast", "swift", "manual"}, "AE": {"iban", "swift", "manual"},
			"DE": {"sepa", "swift", "manual"}, "FR": {"swift", "manual"}, catalog.Everywhere: {"swift", "manual"},
		} {
			got, err := s.PaymentMethods(t.Context(), country)
			if err != nil {
				t.Fatal(err)
			}
			var slugs []string
			for _, m := range got {
				slugs = append(slugs, m.Slug)
				if !m.Placeholder() {
					t.Errorf("%s %s: the account values are placeholders until set", country, m.Slug)
				}
			}
			if diff := cmp.Diff(want, slugs); diff != "" {
				t.Errorf("%s: %s", country, diff)
			}
		}
		exec(t, d, "UPDATE payment_method SET enabled = $1 WHERE slug = 'stripe'", true)
		got, err := s.PaymentMethods(t.Context(), "FR")
		if err != nil || len(got) != 3 || got[0].Slug != "stripe" || !got[0].Gateway() {
			t.Errorf("switched on: %+v, %v", got, err)
		}
	})
}

func TestMethodForCountry(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		find := func(slugOrID, country string) (m catalog.Method, err error) {
			err = d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
				m, err = catalog.MethodForCountry(ctx, tx, slugOrID, country)
				return err
			})
			return m, err
		}
		m, err := find("jazzcash", "PK")
		if err != nil || m.Kind != "local_wallet" || !m.Submission.ReferenceRequired {
			t.Fatalf("%+v, %v", m, err)
		}
		if again, err := find(m.ID.String(), "PK"); err != nil || again.Slug != "jazzcash" {
			t.Errorf("by id: %v", err)
		}
		for _, c := range [][2]string{{"jazzcash", "IN"}, {m.ID.String(), "US"}, {"stripe", "PK"}, {"", "PK"}, {"nothing", "PK"}} {
			if _, err := find(c[0], c[1]); !errors.Is(err, catalog.ErrUnknownMethod) {
				t.Errorf("%v: %v", c, err)
			}
		}
	})
}

func TestTrialAndInternalPlans(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, _ *catalog.Service, _ *dbtest.Clock) {
		if err := write(t, d, func(ctx context.Context, tx *db.Tx) error {
			trial, err := catalog.TrialPlan(ctx, tx)
			if err != nil || trial.Slug != "free-trial" || trial.TrialDays != 7 || trial.IncludedCredits != 500 {
				t.Errorf("trial: %+v, %v", trial, err)
			}
			big, err := catalog.PlanBySlug(ctx, tx, "enterprise")
			if err != nil || big.MaxUsers != nil || *big.MaxSites != 20 || big.IncludedCredits != 10000 {
				t.Errorf("enterprise: %+v, %v", big, err)
			}
			priced, err := catalog.PriceForVersion(ctx, tx, big.VersionID, "annual", "DE")
			if err != nil || priced.Price.USD.Minor != 499000 || priced.Country.TimeZone != "Europe/Berlin" {
				t.Errorf("price of a version: %+v, %v", priced, err)
			}
			if _, err := tx.ExecContext(ctx, "UPDATE plan SET archived_at = $1", tx.Now); err != nil {
				return err
			}
			if _, err := catalog.TrialPlan(ctx, tx); !errors.Is(err, catalog.ErrNoTrial) {
				t.Errorf("no trial plan: %v", err)
			}
			old, err := catalog.PlanVersionByID(ctx, tx, big.VersionID)
			if err != nil || !old.Archived {
				t.Errorf("an archived plan keeps its versions: %v", err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestNewVersionIsSoldOldOneKept(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		before, err := s.Plans(t.Context(), "US")
		if err != nil {
			t.Fatal(err)
		}
		old := before[1]
		id := igny8.NewID[igny8.PlanVersionID](start)
		exec(t, d, `INSERT INTO plan_version (id, plan_id, version, included_credits, trial_days, max_sites, max_users, max_sectors, features, created_at)
			SELECT $1, plan_id, 2, 1500, trial_days, NULL, max_users, max_sectors, features, created_at FROM plan_version WHERE id = $2`, id, old.VersionID)
		exec(t, d, "INSERT INTO plan_price (plan_version_id, cycle, currency, amount_minor) VALUES ($1, 'monthly', 'USD', 9500)", id)
		after, err := s.Plans(t.Context(), "US")
		if err != nil || after[1].VersionID != id || after[1].Prices[0].Price.Money.Minor != 9500 || after[1].MaxSites != nil {
			t.Errorf("the new version must be sold: %+v, %v", after[1], err)
		}
		if err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			p, err := catalog.PriceForVersion(ctx, tx, old.VersionID, "monthly", "US")
			if err == nil && (p.Price.Money.Minor != 8900 || p.IncludedCredits != 1000) {
				t.Errorf("the old version must stay as it was: %+v", p)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPackagesCostsAndIndustries(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		packages, err := s.CreditPackages(t.Context(), "PK")
		if err != nil || len(packages) != 3 || packages[0].Credits != 500 || packages[0].Price.Money.String() != "PKR 2502.00" {
			t.Errorf("packages: %+v, %v", packages, err)
		}
		costs, err := s.CreditCosts(t.Context())
		if err != nil || len(costs) != 8 {
			t.Errorf("costs: %+v, %v", costs, err)
		}
		exec(t, d, `INSERT INTO credit_cost (id, operation, name, unit, unit_size, credits, minimum, version, valid_from)
			VALUES ($1, 'image_basic', 'Image', 'image', 1, 3, 0, 2, $2)`, igny8.NewID[igny8.RowID](start), start.Add(time.Hour))
		if err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			n, err := catalog.Cost(ctx, tx, "image_basic", 2)
			if n != 2 {
				t.Errorf("a cost that begins later must not hold yet: %d", n)
			}
			if _, err := catalog.Cost(ctx, tx, "nothing", 1); !errors.Is(err, catalog.ErrUnknownOperation) {
				t.Errorf("unknown operation: %v", err)
			}
			if _, err := catalog.PackageFor(ctx, tx, "nothing", "PK"); !errors.Is(err, catalog.ErrUnknownPackage) {
				t.Errorf("unknown package: %v", err)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		industries, err := s.Industries(t.Context())
		if err != nil || len(industries) != 28 {
			t.Errorf("%d industries, %v", len(industries), err)
		}
		sectors, err := s.IndustrySectors(t.Context(), "construction-and-trades")
		if err != nil || len(sectors) != 8 || sectors[0].Slug != "roofing" {
			t.Errorf("sectors: %+v, %v", sectors, err)
		}
		if err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			words, err := catalog.SeedKeywordsOf(ctx, tx, sectors[0].ID)
			if len(words) < 10 || !slices.IsSorted(words) {
				t.Errorf("seed keywords: %v", words)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.IndustrySectors(t.Context(), "nothing"); !errors.Is(err, igny8.ErrNotFound) {
			t.Errorf("unknown industry: %v", err)
		}
	})
}

// TestTenantsReadTheCatalogue: the functions that join work in a tenant's
// transaction too.
func TestTenantsReadTheCatalogue(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		quote, err := s.Quote(t.Context(), "scale", "annual", "GB")
		if err != nil {
			t.Fatal(err)
		}
		if err := d.Read(t.Context(), igny8.NewID[igny8.AccountID](start), func(ctx context.Context, tx *db.Tx) error {
			_, err := catalog.UseQuote(ctx, tx, quote.ID)
			if err == nil {
				_, err = catalog.PriceFor(ctx, tx, "scale", "annual", "GB")
			}
			if err == nil {
				_, err = catalog.MethodForCountry(ctx, tx, "swift", "GB")
			}
			if err == nil {
				_, err = catalog.Cost(ctx, tx, "image_basic", 1)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

func TestTheOperatorsOwnAccountTakesThePlaceholdersPlace(t *testing.T) {
	run(t, func(t *testing.T, d *db.DB, s *catalog.Service, _ *dbtest.Clock) {
		staff := igny8.Actor{Role: igny8.RoleDeveloper, Email: "staff@example.com"}
		if _, err := s.SetMethodValues(t.Context(), staff, "jazzcash", map[string]string{"Mobile number": "0300 0000000", "Colour": "red"}); igny8.CodeOf(err) != "unknown_field" && igny8.KindOf(err) != igny8.Invalid {
			t.Errorf("a label the method lacks: %v", err)
		}
		if _, err := s.SetMethodValues(t.Context(), staff, "nothing", nil); igny8.KindOf(err) != igny8.NotFound {
			t.Errorf("a method there is not: %v", err)
		}
		before, err := s.Placeholders(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		m, err := s.SetMethodValues(t.Context(), staff, "jazzcash", map[string]string{"Mobile number": " 0300 0000000 ", "Account title": "Studio"})
		if err != nil || m.Placeholder() {
			t.Fatalf("set: %+v, %v", m.Fields, err)
		}
		after, err := s.Placeholders(t.Context())
		if err != nil || len(after) != len(before)-1 {
			t.Errorf("%d methods were not set up, now %d: %v", len(before), len(after), err)
		}
		i := slices.IndexFunc(m.Fields, func(f catalog.MethodField) bool { return f.Label == "Mobile number" })
		if m.Fields[i].Value != "0300 0000000" {
			t.Errorf("the number is %q", m.Fields[i].Value)
		}
	})
}
