package billing

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing/billingdb"
	"igny8/internal/catalog"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/event"
)

// What staff do to subscriptions by hand. These join a transaction that has locked
// the account; who may and why is the caller's to know and to write down.

// StatusWithout is what a suspended account would be were it not suspended, at this
// instant: what it was before, unless it paid or its time passed meanwhile.
func StatusWithout(ctx context.Context, tx *db.Tx, a account.Account) (igny8.AccountStatus, error) {
	q := billingdb.New(tx)
	waiting, err := q.PaymentsWaiting(ctx, tx.Account)
	if err != nil {
		return "", fmt.Errorf("look for waiting payments: %w", err)
	}
	f := account.Facts{Status: igny8.AccountExpired, CreatedAt: a.CreatedAt, Waiting: waiting > 0}
	live, err := q.LiveSubscription(ctx, tx.Account)
	switch {
	case err == nil:
		f.Status, f.PeriodEnd, f.GraceUntil = igny8.AccountActive, live.CurrentPeriodEnd, live.GraceUntil
		if live.Trial {
			f.Status = igny8.AccountTrial
		}
	case !db.Absent(err):
		return "", fmt.Errorf("find subscription: %w", err)
	case a.StatusBefore != nil && *a.StatusBefore == string(igny8.AccountPendingPayment):
		f.Status = igny8.AccountPendingPayment
		if owed, err := currentSubscription(ctx, tx); err == nil {
			f.GraceUntil = owed.GraceUntil
		}
	}
	return account.Effective(f, tx.Now), nil
}

// Reinstate gives a suspended account the status of StatusWithout. A subscription
// whose time is over ends.
func Reinstate(ctx context.Context, tx *db.Tx, a account.Account) (igny8.AccountStatus, error) {
	if a.Status != igny8.AccountSuspended {
		return a.Status, igny8.InvalidTransition(a.Status)
	}
	to, err := StatusWithout(ctx, tx, a)
	if err != nil {
		return to, err
	}
	if to == igny8.AccountExpired {
		if err := billingdb.New(tx).ExpireLive(ctx, billingdb.ExpireLiveParams{AccountID: tx.Account, Now: tx.Now}); err != nil {
			return to, fmt.Errorf("end subscription: %w", err)
		}
	}
	return to, account.SetStatus(ctx, tx, a.Status, to)
}

// TrialEnd is when a trial would end that is extended by days: they are added to its
// end, or to now when it is over.
func TrialEnd(ends, now time.Time, days int) time.Time {
	if ends.Before(now) {
		ends = now
	}
	return ends.AddDate(0, 0, days)
}

// ExtendTrial moves the end of the account's trial, and the expiry of its credits
// with it. A trial that ran out runs again. Nothing may have been paid or given
// since.
func ExtendTrial(ctx context.Context, tx *db.Tx, a account.Account, days int) (Subscription, error) {
	if a.Status != igny8.AccountTrial && a.Status != igny8.AccountExpired {
		return Subscription{}, igny8.InvalidTransition(a.Status)
	}
	q := billingdb.New(tx)
	trial, err := q.LatestTrial(ctx, tx.Account)
	if db.Absent(err) {
		return Subscription{}, igny8.InvalidTransition(a.Status)
	}
	if err != nil {
		return Subscription{}, fmt.Errorf("find the trial: %w", err)
	}
	ends := TrialEnd(*trial.CurrentPeriodEnd, tx.Now, days)
	trial, err = q.MoveTrial(ctx, billingdb.MoveTrialParams{AccountID: tx.Account, ID: trial.ID, EndsAt: &ends, Now: tx.Now})
	if db.Absent(err) {
		return Subscription{}, igny8.InvalidTransition(a.Status)
	}
	if err != nil {
		return Subscription{}, fmt.Errorf("move the trial's end: %w", err)
	}
	if err := credit.Prolong(ctx, tx, credit.Source{Kind: "trial", ID: trial.ID.String()}, ends); err != nil {
		return trial, err
	}
	if err := account.SetStatus(ctx, tx, a.Status, igny8.AccountTrial); err != nil {
		return trial, err
	}
	return trial, event.Emit(ctx, tx, "subscription.extended", trial.ID.String(), map[string]any{"plan": trial.PlanSlug, "period_end": ends})
}

// Gift is a plan that staff give without a payment.
type Gift struct {
	Plan   string
	Cycle  string
	Months int // 0 is one cycle
}

// Lasts is for how many months the plan is given.
func (g Gift) Lasts() int {
	if g.Months == 0 {
		return months(g.Cycle)
	}
	return g.Months
}

// Ends is when a plan that is given now would end, in an account of this time zone.
func (g Gift) Ends(timeZone string, now time.Time) time.Time {
	return AddMonths(now, g.Lasts(), zone(timeZone))
}

var errMoneyUnderway = igny8.E(igny8.Conflict, "money_underway",
	"A payment waits for a decision, an invoice is paid in part, or a paid period has not begun; settle that first.")

// GivePlan ends what runs and gives the account an active subscription for a time,
// with the plan's credits and without an invoice. Open invoices for subscriptions
// that nothing was paid on become void. See decisions/0010.
func GivePlan(ctx context.Context, tx *db.Tx, a account.Account, g Gift) (Subscription, error) {
	if a.Status == igny8.AccountSuspended {
		return Subscription{}, igny8.InvalidTransition(a.Status)
	}
	plan, err := catalog.PlanBySlug(ctx, tx, g.Plan)
	if err == nil && plan.Trial {
		err = catalog.ErrUnknownPlan
	}
	if err != nil {
		return Subscription{}, err
	}
	if err := clear(ctx, tx); err != nil {
		return Subscription{}, err
	}
	ends := g.Ends(a.TimeZone, tx.Now)
	sub, err := billingdb.New(tx).InsertSubscription(ctx, billingdb.InsertSubscriptionParams{
		AccountID: tx.Account, ID: db.NewID[igny8.SubscriptionID](tx), PlanID: plan.ID, PlanVersionID: plan.VersionID,
		PlanSlug: plan.Slug, Cycle: g.Cycle, Status: igny8.SubscriptionActive, CurrentPeriodStart: &tx.Now, CurrentPeriodEnd: &ends, Now: tx.Now})
	if err != nil {
		return sub, fmt.Errorf("insert subscription: %w", err)
	}
	if err := account.SetStatus(ctx, tx, a.Status, igny8.AccountActive); err != nil {
		return sub, err
	}
	src := credit.Source{Kind: "gift", ID: sub.ID.String()}
	if err := credit.SetPlan(ctx, tx, plan.IncludedCredits*int64(g.Lasts()), ends, src, "Credits of "+plan.Slug); err != nil {
		return sub, err
	}
	return sub, event.Emit(ctx, tx, "subscription.activated", sub.ID.String(), map[string]any{"plan": sub.PlanSlug, "period_end": ends})
}

// clear ends every subscription of the account and what is owed for them.
func clear(ctx context.Context, tx *db.Tx) error {
	q := billingdb.New(tx)
	n, err := q.MoneyUnderway(ctx, billingdb.MoneyUnderwayParams{AccountID: tx.Account, Now: tx.Now})
	if err != nil {
		return fmt.Errorf("look for money that is not settled: %w", err)
	}
	if n > 0 {
		return errMoneyUnderway
	}
	ended, err := q.EndLive(ctx, billingdb.EndLiveParams{AccountID: tx.Account, Now: tx.Now})
	if err != nil {
		return fmt.Errorf("end subscription: %w", err)
	}
	for _, id := range ended {
		if err := q.CutPeriods(ctx, billingdb.CutPeriodsParams{AccountID: tx.Account, SubscriptionID: id, Now: tx.Now}); err != nil {
			return fmt.Errorf("end period: %w", err)
		}
	}
	if err := q.CancelIncomplete(ctx, billingdb.CancelIncompleteParams{AccountID: tx.Account, Now: tx.Now}); err != nil {
		return fmt.Errorf("cancel subscription: %w", err)
	}
	reason := "a plan was given by staff"
	void, err := q.VoidUnpaid(ctx, billingdb.VoidUnpaidParams{AccountID: tx.Account, VoidReason: &reason, Now: tx.Now})
	if err != nil {
		return fmt.Errorf("void invoices: %w", err)
	}
	for _, inv := range void {
		if err := event.Emit(ctx, tx, "invoice.voided", inv.ID.String(), map[string]any{"number": inv.Number}); err != nil {
			return err
		}
	}
	return nil
}
