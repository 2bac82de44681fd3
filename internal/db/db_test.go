package db_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

func insertAccount(ctx context.Context, tx *db.Tx, id igny8.AccountID, number int) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO account (id, number, name, slug, status, country, currency, time_zone, billing, version, created_at, updated_at)
		VALUES ($1, $2, 'n', $3, 'trial', 'PK', 'PKR', 'Asia/Karachi', $4, 1, $5, $5)`, id, number, id.String(), []byte("{}"), tx.Now)
	return err
}

func TestTenantWritesAndSeesOnlyItself(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		a, b := igny8.NewID[igny8.AccountID](d.Now()), igny8.NewID[igny8.AccountID](d.Now())
		for i, id := range []igny8.AccountID{a, b} {
			if err := d.Tenant(ctx, "t", id, func(ctx context.Context, tx *db.Tx) error { return insertAccount(ctx, tx, id, i+1) }); err != nil {
				t.Fatal(err)
			}
		}
		err := d.Tenant(ctx, "t", a, func(ctx context.Context, tx *db.Tx) error {
			return insertAccount(ctx, tx, igny8.NewID[igny8.AccountID](tx.Now), 3)
		})
		if d.Postgres() != (err != nil) {
			t.Errorf("writing for another tenant: %v", err)
		}
		count := func(run func(f db.Func) error) (n int) {
			if err := run(func(ctx context.Context, tx *db.Tx) error {
				return tx.QueryRowContext(ctx, "SELECT count(*) FROM account WHERE id IN ($1, $2)", a, b).Scan(&n)
			}); err != nil {
				t.Fatal(err)
			}
			return n
		}
		want := 2
		if d.Postgres() {
			want = 1
		}
		if n := count(func(f db.Func) error { return d.Read(ctx, a, f) }); n != want {
			t.Errorf("a tenant sees %d accounts, want %d", n, want)
		}
		if n := count(func(f db.Func) error { return d.ReadSystem(ctx, f) }); n != 2 {
			t.Errorf("the system sees %d accounts, want 2", n)
		}
	})
}

func TestNestedTransactionIsRefusedAtOnce(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		err := d.System(t.Context(), "outer", igny8.AccountID{}, func(ctx context.Context, _ *db.Tx) error {
			return d.System(ctx, "inner", igny8.AccountID{}, func(context.Context, *db.Tx) error { return nil })
		})
		if err == nil || !strings.Contains(err.Error(), `"inner" opened inside "outer"`) {
			t.Errorf("got %v", err)
		}
	})
}

func TestFailureRollsBackAndErrorsAreTranslated(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		id := igny8.NewID[igny8.AccountID](d.Now())
		boom := errors.New("boom")
		if err := d.Tenant(ctx, "t", id, func(ctx context.Context, tx *db.Tx) error {
			if err := insertAccount(ctx, tx, id, 1); err != nil {
				return err
			}
			return boom
		}); !errors.Is(err, boom) {
			t.Fatalf("got %v", err)
		}
		one := func() error {
			return d.Tenant(ctx, "t", id, func(ctx context.Context, tx *db.Tx) error { return insertAccount(ctx, tx, id, 1) })
		}
		if err := one(); err != nil {
			t.Fatalf("rolled-back row is still there: %v", err)
		}
		if err := one(); !db.Duplicate(err) || igny8.KindOf(err) != igny8.Internal {
			t.Errorf("duplicate: got %v, want an internal error that says so", err)
		}
		err := d.Read(ctx, id, func(ctx context.Context, tx *db.Tx) error {
			var s string
			return tx.QueryRowContext(ctx, "SELECT name FROM account WHERE id = $1", igny8.NewID[igny8.AccountID](tx.Now)).Scan(&s)
		})
		if !errors.Is(err, igny8.ErrNotFound) {
			t.Errorf("absent row: got %v", err)
		}
		err = d.Read(ctx, id, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE account SET name = 'x' WHERE id = $1", id)
			return err
		})
		if err == nil {
			t.Error("a read transaction could write")
		}
	})
}

func TestHookFailsATransactionAtEachStatement(t *testing.T) {
	var at int
	boom := errors.New("boom")
	hook := func(story string, done int, committed bool) error {
		if story == "t" && done == at && !committed {
			return boom
		}
		return nil
	}
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		for at = range 3 {
			err := d.System(t.Context(), "t", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
				for n := range 2 {
					if err := insertAccount(ctx, tx, igny8.NewID[igny8.AccountID](tx.Now), n+1); err != nil {
						return err
					}
				}
				return nil
			})
			if !errors.Is(err, boom) {
				t.Errorf("at %d: got %v", at, err)
			}
		}
		at = 9
		err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM account").Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows left, %v", n, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}, dbtest.WithHook(hook))
}

func TestIDsOfOneTransactionSortAsMade(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		d.ReadSystem(t.Context(), func(_ context.Context, tx *db.Tx) error {
			last := ""
			for range 10_000 {
				id := db.NewID[igny8.CreditID](tx).UUID().String()
				if id <= last {
					t.Fatalf("%s after %s", id, last)
				}
				last = id
			}
			return nil
		})
	})
}

func TestSecondServerOnOneFileIsRefused(t *testing.T) {
	url := dbtest.SQLiteURL(t)
	exclusive := func(o *db.Options) { o.Exclusive = true }
	dbtest.Open(t, url, exclusive)
	if _, err := db.Open(t.Context(), db.Options{URL: url, Exclusive: true}); err == nil || !strings.Contains(err.Error(), "another igny8") {
		t.Errorf("got %v", err)
	}
}

// late is a context that ends between our look at it and the driver's.
type late struct {
	context.Context
	looked *bool
}

func (l late) Err() error {
	if !*l.looked {
		*l.looked = true
		return nil
	}
	return l.Context.Err()
}

// A caller who gives up between two statements makes database/sql drop the
// connection while the transaction still holds it; the rollback must not touch
// it then, or the process ends in a panic of the driver.
func TestGivingUpInsideATransactionIsHarmless(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		for i := range 24 {
			ctx, giveUp := context.WithCancel(t.Context())
			err := d.System(ctx, "t", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
				go func() {
					time.Sleep(time.Duration(i) * 250 * time.Microsecond)
					giveUp()
				}()
				for n := 1; ; n++ {
					if i%4 == 0 && n == 2 {
						over, end := context.WithCancel(ctx)
						end()
						ctx = late{over, new(bool)}
					}
					if err := insertAccount(ctx, tx, igny8.NewID[igny8.AccountID](tx.Now), n); err != nil {
						return err
					}
				}
			})
			if igny8.KindOf(err) != igny8.Unavailable {
				t.Fatalf("try %d: %v is not Unavailable", i, err)
			}
		}
		err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var n int
			if err := tx.QueryRowContext(ctx, "SELECT count(*) FROM account").Scan(&n); err != nil || n != 0 {
				t.Errorf("%d rows left, %v", n, err)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// What a story meets on its way and does not expect is a fault of ours: it must be
// logged, and not be told as an object that is not there.
func TestAFaultInsideAStoryIsNoMissingObject(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := igny8.NewID[igny8.AccountID](d.Now())
		err := d.Tenant(t.Context(), "t", id, func(ctx context.Context, tx *db.Tx) error {
			var s string
			err := tx.QueryRowContext(ctx, "SELECT name FROM account WHERE id = $1", id).Scan(&s)
			return fmt.Errorf("pay the invoice: %w", err)
		})
		if igny8.KindOf(err) != igny8.Internal || !db.Absent(err) {
			t.Errorf("an absent row inside a story: %v", err)
		}
		err = d.Tenant(t.Context(), "t", id, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "INSERT INTO credit_lot (account_id, id, pool, source, source_id, amount, remaining, created_at) VALUES ($1, $1, 'bonus', 's', 's', 1, 1, $2)", id, tx.Now)
			return err
		})
		if igny8.KindOf(err) != igny8.Internal || err == nil {
			t.Errorf("a row without its account: %v", err)
		}
	})
}
