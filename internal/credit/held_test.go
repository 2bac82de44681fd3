package credit_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"igny8"
	"igny8/internal/credit"
	"igny8/internal/credit/creditdb"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// bonus makes an account with n bonus credits in one lot, of which held are held.
func bonus(t *testing.T, d *db.DB, n, held int64) igny8.AccountID {
	t.Helper()
	id := newAccount(t, d)
	if err := in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
		return credit.AddBonus(ctx, tx, n, credit.Source{Kind: "invoice", ID: "1"}, "package")
	}); err != nil {
		t.Fatal(err)
	}
	dbtest.Exec(t, d, "UPDATE credit_balance SET held = $1 WHERE account_id = $2", held, id)
	return id
}

// available is what a refusal says there is.
func available(err error) any {
	var e *igny8.Error
	if !errors.As(err, &e) {
		return nil
	}
	return e.Facts["available"]
}

// What is held for work that goes on is neither spent nor taken by staff.
func TestHeldCreditsAreLeftAlone(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := bonus(t, d, 100, 60)
		spend := func(n int64) error {
			return in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
				_, err := credit.Spend(ctx, tx, igny8.Actor{}, credit.Spending{Credits: n})
				return err
			})
		}
		take := func(n int64) error {
			return in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
				_, err := credit.Adjust(ctx, tx, -n, credit.Source{Kind: "test", ID: "taken"}, "taken")
				return err
			})
		}
		if err := spend(41); igny8.CodeOf(err) != "insufficient_credits" || available(err) != int64(40) {
			t.Errorf("spending of what is held: %v, available %v", err, available(err))
		}
		if err := take(41); igny8.CodeOf(err) != "credits_below_zero" || available(err) != int64(40) {
			t.Errorf("taking of what is held: %v, available %v", err, available(err))
		}
		if err := spend(15); err != nil {
			t.Error(err)
		}
		if err := take(25); err != nil {
			t.Error(err)
		}
		if b := balance(t, d, id); b.Balance != 60 || b.Held != 60 || b.Available != 0 {
			t.Errorf("all that was free is gone, what is held is there: %+v", b)
		}
	})
}

// The statements themselves let no hold and no lot be overdrawn, whoever calls them.
func TestStatementsTakeNoMoreThanThereIs(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := bonus(t, d, 100, 60)
		lot := balance(t, d, id).Lots[0].ID
		run := func(f func(context.Context, *creditdb.Queries, time.Time) error) (got error) {
			in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
				got = f(ctx, creditdb.New(tx), tx.Now)
				return got
			})
			return got
		}
		for _, n := range []int64{41, 100, 101} {
			if err := run(func(ctx context.Context, q *creditdb.Queries, now time.Time) error {
				_, err := q.AddToBalance(ctx, creditdb.AddToBalanceParams{AccountID: id, Amount: -n, Now: now})
				return err
			}); !db.Absent(err) {
				t.Errorf("%d of a balance with 40 free: %v", n, err)
			}
		}
		take := func(n int64) error {
			return run(func(ctx context.Context, q *creditdb.Queries, _ time.Time) error {
				_, err := q.TakeFromLot(ctx, creditdb.TakeFromLotParams{AccountID: id, ID: lot, Amount: n})
				return err
			})
		}
		if err := take(101); !db.Absent(err) {
			t.Errorf("more than the lot has: %v", err)
		}
		dbtest.Exec(t, d, "UPDATE credit_balance SET balance = 90 WHERE account_id = $1", id) // as the ledger would
		if err := take(10); err != nil {
			t.Errorf("what the lot has: %v", err)
		}
		if err := take(91); !db.Absent(err) {
			t.Errorf("more than the lot has left: %v", err)
		}
	})
}

// Of lots that end at the same time, or never, the older burns first.
func TestOlderLotsBurnFirst(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := newAccount(t, d)
		for _, invoice := range []string{"old", "middle", "new"} {
			if err := in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
				return credit.AddBonus(ctx, tx, 10, credit.Source{Kind: "invoice", ID: invoice}, "package")
			}); err != nil {
				t.Fatal(err)
			}
		}
		left := func(n int64, want ...string) {
			t.Helper()
			if err := in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
				line, err := credit.Spend(ctx, tx, igny8.Actor{}, credit.Spending{Credits: n})
				if line.Pool != credit.PoolBonus {
					t.Errorf("of lots of one pool, the line says %q", line.Pool)
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, lot := range balance(t, d, id).Lots {
				got = append(got, lot.SourceID)
			}
			if !slices.Equal(got, want) {
				t.Errorf("after %d more there are %v, want %v", n, got, want)
			}
		}
		left(9, "old", "middle", "new")
		left(1, "middle", "new")
		left(11, "new")
	})
}
