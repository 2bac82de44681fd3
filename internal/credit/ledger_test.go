package credit_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"igny8"
	"igny8/internal/credit"
	"igny8/internal/credit/creditdb"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// book runs what moves credits and must succeed.
func book(t *testing.T, d *db.DB, id igny8.AccountID, f db.Func) {
	t.Helper()
	if err := in(t, d, id, f); err != nil {
		t.Fatal(err)
	}
}

// two makes two accounts with a plan of 100 and a bonus of 50 each, from sources of the
// same names.
func two(t *testing.T, d *db.DB) (ours, theirs igny8.AccountID) {
	t.Helper()
	for _, id := range []*igny8.AccountID{&theirs, &ours} {
		*id = newAccount(t, d)
		book(t, d, *id, func(ctx context.Context, tx *db.Tx) error {
			if err := credit.SetPlan(ctx, tx, 100, tx.Now.Add(time.Hour), credit.Source{Kind: "invoice", ID: "plan"}, "plan"); err != nil {
				return err
			}
			return credit.AddBonus(ctx, tx, 50, credit.Source{Kind: "invoice", ID: "bonus"}, "package")
		})
	}
	return ours, theirs
}

// All that one account does leaves the other as it was, by the statements alone: SQLite
// has no policies that would help.
func TestAnotherAccountsCreditsStay(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ours, theirs := two(t, d)
		before := balance(t, d, theirs)
		book(t, d, ours, func(ctx context.Context, tx *db.Tx) error {
			if _, err := credit.Spend(ctx, tx, igny8.Actor{}, credit.Spending{Credits: 120}); err != nil {
				return err
			}
			if _, err := credit.Adjust(ctx, tx, -10, credit.Source{Kind: "test", ID: "less"}, "less"); err != nil {
				return err
			}
			if err := credit.Prolong(ctx, tx, credit.Source{Kind: "invoice", ID: "plan"}, tx.Now.Add(99*time.Hour)); err != nil {
				return err
			}
			spent, err := credit.Spent(ctx, tx)
			if spent != 120 {
				t.Errorf("spent %d, want 120: what staff take is not spent", spent)
			}
			return err
		})
		for _, src := range []credit.Source{{Kind: "invoice", ID: "other"}, {Kind: "other", ID: "bonus"}} {
			book(t, d, theirs, func(ctx context.Context, tx *db.Tx) error { return credit.Prolong(ctx, tx, src, tx.Now) })
		}
		if b := balance(t, d, ours); b.Balance != 20 || b.Plan != 0 || b.Bonus != 20 || len(b.Lots) != 1 {
			t.Errorf("ours: %+v", b)
		}
		after := balance(t, d, theirs)
		if after.Balance != 150 || after.Plan != 100 || after.Bonus != 50 || len(after.Lots) != 2 || !after.Lots[0].ExpiresAt.Equal(*before.Lots[0].ExpiresAt) || after.Lots[1].ExpiresAt != nil {
			t.Errorf("theirs: %+v, was %+v", after, before)
		}
		book(t, d, theirs, func(ctx context.Context, tx *db.Tx) error {
			if spent, err := credit.Spent(ctx, tx); spent != 0 || err != nil {
				t.Errorf("they spent %d, %v", spent, err)
			}
			lot := after.Lots[0].ID
			_, err := creditdb.New(tx).TakeFromLot(ctx, creditdb.TakeFromLotParams{AccountID: ours, ID: lot, Amount: 1})
			if !db.Absent(err) {
				t.Errorf("a lot of another account: %v", err)
			}
			return nil
		})
	})
}

// Staff give bonus credits, and take bonus credits before those of the plan; each
// booking has a name that is good once.
func TestAdjustingByHand(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := newAccount(t, d)
		adjust := func(n int64, name string) (line credit.Transaction, err error) {
			err = in(t, d, id, func(ctx context.Context, tx *db.Tx) error {
				line, err = credit.Adjust(ctx, tx, n, credit.Source{Kind: "adjustment", ID: name}, "by hand")
				return err
			})
			return line, err
		}
		if line, err := adjust(30, "one"); err != nil || line.Pool != credit.PoolBonus || line.Type != credit.TypeAdjustment || line.Amount != 30 || line.BalanceAfter != 30 {
			t.Errorf("the first credits of an account, by hand: %+v, %v", line, err)
		}
		if _, err := adjust(30, "one"); igny8.CodeOf(err) != "already_exists" {
			t.Errorf("the same booking twice: %v", err)
		}
		book(t, d, id, func(ctx context.Context, tx *db.Tx) error {
			return credit.SetPlan(ctx, tx, 100, tx.Now.Add(time.Hour), credit.Source{Kind: "invoice", ID: "1"}, "plan")
		})
		if line, err := adjust(-20, "two"); err != nil || line.Pool != credit.PoolBonus || line.BalanceAfter != 110 {
			t.Errorf("bonus goes first: %+v, %v", line, err)
		}
		if line, err := adjust(-20, "three"); err != nil || line.Pool != "mixed" || line.BalanceAfter != 90 {
			t.Errorf("then the plan: %+v, %v", line, err)
		}
		if b := balance(t, d, id); b.Bonus != 0 || b.Plan != 90 {
			t.Errorf("left: %+v", b)
		}
		if _, err := adjust(-91, "four"); igny8.CodeOf(err) != "credits_below_zero" {
			t.Errorf("below zero: %v", err)
		}
		if line, err := adjust(-90, "five"); err != nil || line.Pool != credit.PoolPlan || line.BalanceAfter != 0 {
			t.Errorf("to zero: %+v, %v", line, err)
		}
	})
}

// A plan of no credits ends what was left of the plan before, and adds nothing.
func TestAPlanWithoutCreditsEndsTheLastOne(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ours, _ := two(t, d)
		book(t, d, ours, func(ctx context.Context, tx *db.Tx) error {
			return credit.SetPlan(ctx, tx, 0, tx.Now.Add(time.Hour), credit.Source{Kind: "invoice", ID: "free"}, "free")
		})
		if b := balance(t, d, ours); b.Balance != 50 || b.Plan != 0 || len(b.Lots) != 1 {
			t.Errorf("%+v", b)
		}
	})
}

// The ledger is read by type, site, time and page; each line by its id, by its account.
func TestReadingTheLedger(t *testing.T) {
	clock := dbtest.NewClock(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ours, theirs := two(t, d)
		site := igny8.NewID[igny8.SiteID](clock.Now())
		began := clock.Now()
		var lines []credit.Transaction
		for i, s := range []credit.Spending{{Credits: 1, Operation: "draft", Site: site, SourceID: "work 1"}, {Credits: 2}, {Credits: 3, Site: site}} {
			clock.Advance(time.Hour)
			book(t, d, ours, func(ctx context.Context, tx *db.Tx) error {
				line, err := credit.Spend(ctx, tx, igny8.Actor{Email: "a@example.com"}, s)
				lines = append(lines, line)
				return err
			})
			if op := lines[i].Operation; (op == nil) != (s.Operation == "") || op != nil && *op != s.Operation || s.SourceID != "" && lines[i].SourceID != s.SourceID {
				t.Errorf("line %d: %+v", i, lines[i])
			}
		}
		list := func(f credit.Filter, p igny8.Page) (amounts []int64) {
			t.Helper()
			err := d.Read(t.Context(), ours, func(ctx context.Context, tx *db.Tx) error {
				got, err := credit.Transactions(ctx, tx, f, p)
				for _, line := range got.Items {
					amounts = append(amounts, line.Amount)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return amounts
		}
		hour := func(n int) time.Time { return began.Add(time.Duration(n) * time.Hour) }
		for what, c := range map[string]struct {
			f    credit.Filter
			want []int64
		}{
			"all":       {credit.Filter{}, []int64{-3, -2, -1, 50, 100}},
			"a type":    {credit.Filter{Type: credit.TypePurchase}, []int64{50}},
			"a site":    {credit.Filter{Site: site}, []int64{-3, -1}},
			"from":      {credit.Filter{From: hour(2)}, []int64{-3, -2}},
			"until":     {credit.Filter{Until: hour(2)}, []int64{-1, 50, 100}},
			"one hour":  {credit.Filter{From: hour(1), Until: hour(2)}, []int64{-1}},
			"long past": {credit.Filter{From: time.Date(1950, 1, 1, 0, 0, 0, 0, time.UTC), Until: hour(-1)}, nil},
			"for ever":  {credit.Filter{From: hour(3), Until: time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC)}, []int64{-3}},
		} {
			if got := list(c.f, igny8.Page{Limit: 50}); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", what, got, c.want)
			}
		}
		if got := list(credit.Filter{}, igny8.Page{Limit: 2, Before: strconv.FormatInt(lines[1].Seq, 10)}); !slices.Equal(got, []int64{-1, 50}) {
			t.Errorf("the page after: %v", got)
		}
		for id, want := range map[igny8.AccountID]string{ours: "", theirs: "not_found"} {
			err := d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) error {
				line, err := credit.TransactionByID(ctx, tx, lines[1].ID)
				if err == nil && line.Amount != -2 {
					t.Errorf("another line: %+v", line)
				}
				return err
			})
			if err == nil && want != "" || err != nil && igny8.CodeOf(err) != want {
				t.Errorf("a line by its id: %v, want %q", err, want)
			}
		}
	}, dbtest.WithClock(clock))
}

// Each movement is told in the outbox, and spending in the audit log too.
func TestMovementsAreTold(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ours, theirs := two(t, d)
		book(t, d, ours, func(ctx context.Context, tx *db.Tx) error {
			_, err := credit.Spend(ctx, tx, igny8.Actor{Email: "a@example.com"}, credit.Spending{Credits: 7})
			return err
		})
		for _, c := range []struct {
			of    igny8.AccountID
			query string
			want  int64
		}{
			{ours, "SELECT count(*) FROM outbox_event WHERE type = 'credits.granted' AND account_id = $1", 2},
			{ours, "SELECT count(*) FROM outbox_event WHERE type = 'credits.spent' AND account_id = $1", 1},
			{theirs, "SELECT count(*) FROM outbox_event WHERE type = 'credits.spent' AND account_id = $1", 0},
			{ours, "SELECT count(*) FROM audit_event WHERE action = 'credits.spend' AND actor_email = 'a@example.com' AND account_id = $1", 1},
			{ours, "SELECT count(*) FROM credit_burn WHERE account_id = $1", 3},
		} {
			if n := dbtest.Value[int64](t, d, c.query, c.of); n != c.want {
				t.Errorf("%s: %d, want %d", c.query, n, c.want)
			}
		}
	})
}
