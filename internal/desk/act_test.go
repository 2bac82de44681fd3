package desk_test

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/desk"
)

const day = 24 * time.Hour

// stands checks an account's stored status and what is in its books.
func (b *bureau) stands(out desk.Outcome, err error, status igny8.AccountStatus, credits int64) {
	b.Helper()
	if err != nil || out.Account.Status != status || out.Credits.Available != credits {
		b.Errorf("want %s with %d credits, got %s with %d, %v", status, credits, out.Account.Status, out.Credits.Available, err)
	}
}

// audited returns the details of the newest row of the account's audit log.
func (b *bureau) audited(id igny8.AccountID, action string) (details map[string]any) {
	b.Helper()
	var name, text, role string
	b.must(b.d.ReadSystem(b.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT action, details, actor_role FROM audit_event WHERE account_id = $1 ORDER BY seq DESC LIMIT 1", id).Scan(&name, &text, &role)
	}))
	if name != action || role != "developer" {
		b.Errorf("the audit log ends with %s by %s, want %s by developer", name, role, action)
	}
	b.must(json.Unmarshal([]byte(text), &details))
	return details
}

func (b *bureau) told(id igny8.AccountID, event string) {
	b.Helper()
	if dbtest.Value[int](b, b.d, "SELECT count(*) FROM outbox_event WHERE account_id = $1 AND type = $2", id, event) == 0 {
		b.Errorf("no event %s", event)
	}
}

func TestSuspendAndReinstate(t *testing.T) {
	on(t, func(b *bureau) {
		ctx := t.Context()
		tim := billingtest.Trial(t, b.d)
		out, err := b.desk.Suspend(ctx, b.chief, tim.Account, "policy", "sends spam")
		b.stands(out, err, igny8.AccountSuspended, 500)
		if got := b.audited(tim.Account, "account.suspend"); got["code"] != "policy" || got["note"] != "sends spam" || got["from"] != "trial" {
			t.Errorf("%v", got)
		}
		b.told(tim.Account, "account.suspended")
		_, err = b.desk.Suspend(ctx, b.chief, tim.Account, "payment", "again")
		b.refused("invalid_transition", err)
		out, err = b.desk.Reinstate(ctx, b.chief, tim.Account, "it was a mistake")
		b.stands(out, err, igny8.AccountTrial, 500)
		_, err = b.desk.Reinstate(ctx, b.chief, tim.Account, "twice")
		b.refused("invalid_transition", err)

		for field, err := range map[string]error{
			"reason": second(b.desk.Suspend(ctx, b.chief, tim.Account, "mood", "because")),
			"note":   second(b.desk.Suspend(ctx, b.chief, tim.Account, "policy", "  x ")),
			"long":   second(b.desk.Reinstate(ctx, b.chief, tim.Account, strings.Repeat("x", 1001))),
		} {
			if igny8.CodeOf(err) != "validation_failed" {
				t.Errorf("%s: %v", field, err)
			}
		}
		b.refused("not_found", second(b.desk.Suspend(ctx, b.chief, igny8.NewID[igny8.AccountID](b.d.Now()), "policy", "nobody")))
	})
}

func second[T any](_ T, err error) error { return err }

// What a suspended account becomes goes by the clock, and by what was paid meanwhile.
func TestReinstatedByTheClock(t *testing.T) {
	on(t, func(b *bureau) {
		ctx := t.Context()
		tim := billingtest.Trial(t, b.d)
		paid := billingtest.Paid(t, b.d, b.bill, b.chief, "starter", "PK")
		owing, _ := billingtest.Unpaid(t, b.d, "starter", "PK")
		later, invoice := billingtest.Unpaid(t, b.d, "starter", "PK")
		for _, a := range []igny8.Actor{tim, paid, owing, later} {
			b.must(second(b.desk.Suspend(ctx, b.chief, a.Account, "payment", "waits for an answer")))
		}
		billingtest.Pay(t, b.d, b.bill, b.chief, later, invoice, 0)
		out, err := b.desk.Reinstate(ctx, b.chief, later.Account, "it has paid")
		b.stands(out, err, igny8.AccountActive, 1000)
		out, err = b.desk.Reinstate(ctx, b.chief, owing.Account, "in time")
		b.stands(out, err, igny8.AccountPendingPayment, 0)
		b.must(second(b.desk.Suspend(ctx, b.chief, owing.Account, "payment", "again")))

		b.clock.Advance(20 * day)
		out, err = b.desk.Reinstate(ctx, b.chief, tim.Account, "the trial is over meanwhile")
		b.stands(out, err, igny8.AccountExpired, 500)
		if out.Subscription.Status != igny8.SubscriptionExpired {
			t.Errorf("the trial is %s", out.Subscription.Status)
		}
		out, err = b.desk.Reinstate(ctx, b.chief, owing.Account, "14 days are over")
		b.stands(out, err, igny8.AccountExpired, 0)
		b.clock.Advance(20 * day)
		out, err = b.desk.Reinstate(ctx, b.chief, paid.Account, "period and grace are over")
		b.stands(out, err, igny8.AccountExpired, 1000)
	})
}

func TestExtendTrial(t *testing.T) {
	on(t, func(b *bureau) {
		ctx := t.Context()
		tim := billingtest.Trial(t, b.d)
		out, err := b.desk.ExtendTrial(ctx, b.chief, tim.Account, 7, "they were ill")
		b.stands(out, err, igny8.AccountTrial, 500)
		want := b.clock.Now().Add(14 * day)
		if !out.Subscription.CurrentPeriodEnd.Equal(want) || !out.Subscription.TrialEndsAt.Equal(want) || !out.Credits.Lots[0].ExpiresAt.Equal(want) {
			t.Errorf("%+v %+v", out.Subscription, out.Credits.Lots)
		}
		b.told(tim.Account, "subscription.extended")

		b.clock.Advance(15 * day) // over by the clock, stored as a trial
		out, err = b.desk.ExtendTrial(ctx, b.chief, tim.Account, 3, "another chance")
		b.stands(out, err, igny8.AccountTrial, 500)
		if want := b.clock.Now().Add(3 * day); !out.Subscription.CurrentPeriodEnd.Equal(want) {
			t.Errorf("a trial that is over begins anew now: %v", out.Subscription.CurrentPeriodEnd)
		}
		b.clock.Advance(4 * day)
		b.must(second(b.desk.Suspend(ctx, b.chief, tim.Account, "policy", "to store that it is over")))
		b.refused("invalid_transition", second(b.desk.ExtendTrial(ctx, b.chief, tim.Account, 3, "while suspended")))
		out, err = b.desk.Reinstate(ctx, b.chief, tim.Account, "over")
		b.stands(out, err, igny8.AccountExpired, 500)
		out, err = b.desk.ExtendTrial(ctx, b.chief, tim.Account, 5, "from expired")
		b.stands(out, err, igny8.AccountTrial, 500)

		paid := billingtest.Paid(t, b.d, b.bill, b.chief, "starter", "PK")
		b.refused("invalid_transition", second(b.desk.ExtendTrial(ctx, b.chief, paid.Account, 3, "no trial")))
		for _, days := range []int{0, -1, 91} {
			b.refused("validation_failed", second(b.desk.ExtendTrial(ctx, b.chief, tim.Account, days, "out of range")))
		}
	})
}

func TestAdjustCredits(t *testing.T) {
	on(t, func(b *bureau) {
		ctx := t.Context()
		tim := billingtest.Trial(t, b.d)
		out, err := b.desk.AdjustCredits(ctx, b.chief, tim.Account, 100, "", "for the outage")
		b.stands(out, err, igny8.AccountTrial, 600)
		if out.Credits.Bonus != 100 || out.Credits.Plan != 500 {
			t.Errorf("%+v", out.Credits)
		}
		out, err = b.desk.AdjustCredits(ctx, b.chief, tim.Account, -150, "", "given twice")
		if b.stands(out, err, igny8.AccountTrial, 450); out.Credits.Bonus != 0 {
			t.Errorf("bonus credits go first: %+v", out.Credits)
		}
		b.refused("credits_below_zero", second(b.desk.AdjustCredits(ctx, b.chief, tim.Account, -451, "", "too many")))
		for _, n := range []int64{0, 1_000_001, -1_000_001} {
			b.refused("validation_failed", second(b.desk.AdjustCredits(ctx, b.chief, tim.Account, n, "", "out of range")))
		}
		list, err := b.bill.CreditTransactions(ctx, tim, credit.Filter{Type: credit.TypeAdjustment}, igny8.Page{})
		if err != nil || len(list.Items) != 2 || list.Items[0].Pool != "mixed" || list.Items[1].Pool != "bonus" {
			t.Errorf("%+v %v", list.Items, err)
		}
		b.must(second(b.desk.AdjustCredits(ctx, b.chief, tim.Account, 1, "a-form", "sent twice")))
		b.refused("already_exists", second(b.desk.AdjustCredits(ctx, b.chief, tim.Account, 1, "a-form", "sent twice")))
		b.refused("already_exists", second(b.desk.AdjustCredits(ctx, b.chief, tim.Account, -1, "a-form", "sent twice")))
		owing, _ := billingtest.Unpaid(t, b.d, "starter", "PK")
		out, err = b.desk.AdjustCredits(ctx, b.chief, owing.Account, 5, "", "before it pays")
		b.stands(out, err, igny8.AccountPendingPayment, 5)
	})
}

// Ten at once take sixty each of 500: eight get them.
func TestAdjustNeverBelowZero(t *testing.T) {
	on(t, func(b *bureau) {
		tim := billingtest.Trial(t, b.d)
		errs := make([]error, 10)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				for {
					if _, errs[i] = b.desk.AdjustCredits(t.Context(), b.chief, tim.Account, -60, "", "all at once"); igny8.KindOf(errs[i]) != igny8.Unavailable {
						return
					}
				}
			})
		}
		wg.Wait()
		got := map[string]int{}
		for _, err := range errs {
			if err == nil {
				got["done"]++
			} else {
				got[igny8.CodeOf(err)]++
			}
		}
		if got["done"] != 8 || got["credits_below_zero"] != 2 {
			t.Errorf("%v", got)
		}
	})
}

func TestAssignPlan(t *testing.T) {
	on(t, func(b *bureau) {
		ctx := t.Context()
		tim := billingtest.Trial(t, b.d)
		b.must(second(b.desk.AdjustCredits(ctx, b.chief, tim.Account, 7, "", "a bonus that stays")))
		out, err := b.desk.AssignPlan(ctx, b.chief, tim.Account, billing.Gift{Plan: "enterprise", Cycle: "monthly"}, "by contract")
		b.stands(out, err, igny8.AccountActive, 10_007)
		if s := out.Subscription; s.PlanSlug != "enterprise" || s.Trial || s.AutoRenew || !s.CurrentPeriodEnd.Equal(b.clock.Now().AddDate(0, 1, 0)) {
			t.Errorf("%+v", s)
		}
		b.told(tim.Account, "account.activated")
		out, err = b.desk.AssignPlan(ctx, b.chief, tim.Account, billing.Gift{Plan: "starter", Cycle: "annual", Months: 3}, "smaller")
		b.stands(out, err, igny8.AccountActive, 3007)

		owing, invoice := billingtest.Unpaid(t, b.d, "starter", "PK")
		out, err = b.desk.AssignPlan(ctx, b.chief, owing.Account, billing.Gift{Plan: "growth", Cycle: "annual"}, "paid by the group")
		b.stands(out, err, igny8.AccountActive, 24_000)
		if got, err := b.bill.Invoice(ctx, owing, invoice.ID); err != nil || got.Status != igny8.InvoiceVoid {
			t.Errorf("the open invoice is %s, %v", got.Status, err)
		}

		paid := billingtest.Paid(t, b.d, b.bill, b.chief, "starter", "PK")
		b.clock.Advance(3 * day)
		out, err = b.desk.AssignPlan(ctx, b.chief, paid.Account, billing.Gift{Plan: "scale", Cycle: "monthly"}, "an upgrade by hand")
		b.stands(out, err, igny8.AccountActive, 4000)

		waiting, invoice := billingtest.Unpaid(t, b.d, "starter", "PK")
		billingtest.Submit(t, b.d, b.bill, waiting, invoice, 0)
		b.refused("money_underway", second(b.desk.AssignPlan(ctx, b.chief, waiting.Account, billing.Gift{Plan: "growth", Cycle: "monthly"}, "too early")))
		part, invoice := billingtest.Unpaid(t, b.d, "starter", "PK")
		billingtest.Pay(t, b.d, b.bill, b.chief, part, invoice, 100)
		b.refused("money_underway", second(b.desk.AssignPlan(ctx, b.chief, part.Account, billing.Gift{Plan: "growth", Cycle: "monthly"}, "too early")))

		for _, g := range []billing.Gift{{Plan: "free-trial", Cycle: "monthly"}, {Plan: "nothing", Cycle: "monthly"}} {
			b.refused("unknown_plan", second(b.desk.AssignPlan(ctx, b.chief, tim.Account, g, "no such plan")))
		}
		for _, g := range []billing.Gift{{Plan: "starter", Cycle: "weekly"}, {Plan: "starter", Cycle: "monthly", Months: 37}} {
			b.refused("validation_failed", second(b.desk.AssignPlan(ctx, b.chief, tim.Account, g, "out of range")))
		}
		b.must(second(b.desk.Suspend(ctx, b.chief, tim.Account, "policy", "first this")))
		b.refused("invalid_transition", second(b.desk.AssignPlan(ctx, b.chief, tim.Account, billing.Gift{Plan: "starter", Cycle: "monthly"}, "while suspended")))
	})
}

func TestStaffDoNothingToTheirOwnAccount(t *testing.T) {
	on(t, func(b *bureau) {
		tim := billingtest.Trial(t, b.d)
		b.must(b.d.System(t.Context(), "test", tim.Account, func(ctx context.Context, tx *db.Tx) error {
			return account.AddMember(ctx, tx, b.chief.User, igny8.RoleViewer)
		}))
		b.refused("self_approval", second(b.desk.AdjustCredits(t.Context(), b.chief, tim.Account, 100, "", "for myself")))
		b.refused("self_approval", second(b.desk.AssignPlan(t.Context(), b.chief, tim.Account, billing.Gift{Plan: "enterprise", Cycle: "annual"}, "for myself")))
	})
}
