package credit_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// newAccount makes a bare account for ledger tests.
func newAccount(t *testing.T, d *db.DB) igny8.AccountID {
	t.Helper()
	id := igny8.NewID[igny8.AccountID](d.Now())
	err := d.System(t.Context(), "test", id, func(ctx context.Context, tx *db.Tx) error {
		_, err := account.Create(ctx, tx, account.New{ID: id, Name: "Ledger", Status: igny8.AccountTrial, Country: "PK", Currency: "PKR", TimeZone: "UTC"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func in(t *testing.T, d *db.DB, id igny8.AccountID, f db.Func) error {
	t.Helper()
	return d.Tenant(t.Context(), "test", id, f)
}

func balance(t *testing.T, d *db.DB, id igny8.AccountID) (b credit.Balance) {
	t.Helper()
	err := d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) (err error) {
		b, err = credit.BalanceOf(ctx, tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPlanIsSetBonusIsAddedAndPlanBurnsFirst(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := newAccount(t, d)
		err := in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
			if err := credit.SetPlan(ctx, tx, 100, tx.Now.Add(time.Hour), credit.Source{Kind: "invoice", ID: "1"}, "first"); err != nil {
				return err
			}
			return credit.AddBonus(ctx, tx, 50, credit.Source{Kind: "invoice", ID: "2"}, "package")
		})
		if err != nil {
			t.Fatal(err)
		}
		var line credit.Transaction
		if err := in(t, d, id, func(ctx context.Context, tx *db.Tx) (err error) {
			line, err = credit.Spend(ctx, tx, igny8.Actor{}, credit.Spending{Credits: 120})
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if line.Amount != -120 || line.BalanceAfter != 30 || line.Pool != "mixed" {
			t.Errorf("line %+v", line)
		}
		if b := balance(t, d, id); b.Plan != 0 || b.Bonus != 30 || b.Available != 30 {
			t.Errorf("plan is burnt before bonus: %+v", b)
		}
		// A renewal sets the plan pool and leaves the bonus alone.
		if err := in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
			return credit.SetPlan(ctx, tx, 100, tx.Now.Add(2*time.Hour), credit.Source{Kind: "invoice", ID: "3"}, "second")
		}); err != nil {
			t.Fatal(err)
		}
		if err := in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
			return credit.SetPlan(ctx, tx, 200, tx.Now.Add(3*time.Hour), credit.Source{Kind: "invoice", ID: "4"}, "third")
		}); err != nil {
			t.Fatal(err)
		}
		if b := balance(t, d, id); b.Plan != 200 || b.Bonus != 30 || b.Balance != 230 {
			t.Errorf("plan credits are set, not added: %+v", b)
		}
	})
}

func TestOneSourceGrantsOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := newAccount(t, d)
		add := func() error {
			return in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
				return credit.AddBonus(ctx, tx, 50, credit.Source{Kind: "invoice", ID: "same"}, "package")
			})
		}
		if err := add(); err != nil {
			t.Fatal(err)
		}
		if err := add(); !db.Duplicate(err) || igny8.KindOf(err) != igny8.Internal { // who asks does not choose the source: a fault of ours
			t.Errorf("second grant of one invoice: %v", err)
		}
		if b := balance(t, d, id); b.Balance != 50 {
			t.Errorf("balance %d, want 50", b.Balance)
		}
	})
}

func TestSpendingRaceTakesExactlyWhatIsThere(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := newAccount(t, d)
		if err := in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
			return credit.SetPlan(ctx, tx, 500, tx.Now.Add(time.Hour), credit.Source{Kind: "trial", ID: "1"}, "trial")
		}); err != nil {
			t.Fatal(err)
		}
		var taken atomic.Int64
		var wg sync.WaitGroup
		for range 64 {
			wg.Go(func() {
				for range 10 {
					err := in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
						_, err := credit.Spend(ctx, tx, igny8.Actor{}, credit.Spending{Credits: 1})
						return err
					})
					var refused *igny8.Error
					switch {
					case err == nil:
						taken.Add(1)
					case !errors.As(err, &refused) || refused.Code != "insufficient_credits":
						t.Errorf("spending: %v", err)
					}
				}
			})
		}
		wg.Wait()
		if b := balance(t, d, id); taken.Load() != 500 || b.Balance != 0 {
			t.Errorf("took %d of 500, balance %d", taken.Load(), b.Balance)
		}
	})
}
