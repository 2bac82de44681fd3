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

// StartTrial gives the transaction's new account the trial plan: active from now
// for the plan's trial days, with its credits. It joins the signup.
func StartTrial(ctx context.Context, tx *db.Tx, plan catalog.Plan) (Subscription, error) {
	ends := tx.Now.Add(time.Duration(plan.TrialDays) * 24 * time.Hour)
	sub, err := billingdb.New(tx).InsertSubscription(ctx, billingdb.InsertSubscriptionParams{
		AccountID: tx.Account, ID: db.NewID[igny8.SubscriptionID](tx), PlanID: plan.ID, PlanVersionID: plan.VersionID,
		PlanSlug: plan.Slug, Cycle: catalog.Monthly, Status: igny8.SubscriptionActive, Trial: true,
		CurrentPeriodStart: &tx.Now, CurrentPeriodEnd: &ends, TrialEndsAt: &ends, Now: tx.Now})
	if err != nil {
		return sub, fmt.Errorf("insert trial subscription: %w", err)
	}
	src := credit.Source{Kind: "trial", ID: sub.ID.String()}
	if err := credit.SetPlan(ctx, tx, plan.IncludedCredits, ends, src, "Credits of the free trial"); err != nil {
		return sub, err
	}
	return sub, event.Emit(ctx, tx, "subscription.created", sub.ID.String(), map[string]any{"plan": sub.PlanSlug, "status": sub.Status})
}

// StartPaid gives the transaction's account an incomplete subscription on a plan
// and the invoice for its first period, at the price it was quoted. It joins the
// signup. Nothing is usable before the invoice is paid.
func StartPaid(ctx context.Context, tx *db.Tx, a account.Account, plan catalog.PricedPlan) (Subscription, Invoice, error) {
	sub, err := billingdb.New(tx).InsertSubscription(ctx, billingdb.InsertSubscriptionParams{
		AccountID: tx.Account, ID: db.NewID[igny8.SubscriptionID](tx), PlanID: plan.ID, PlanVersionID: plan.VersionID,
		PlanSlug: plan.Slug, Cycle: plan.Cycle, Status: igny8.SubscriptionIncomplete, AutoRenew: true, Now: tx.Now})
	if err != nil {
		return sub, Invoice{}, fmt.Errorf("insert subscription: %w", err)
	}
	inv, err := issue(ctx, tx, a, order{
		typ: TypeSubscription, price: plan.Price, subscription: sub.ID,
		credits: plan.IncludedCredits * int64(months(plan.Cycle)), due: account.FirstPaymentWithin,
		text: fmt.Sprintf("%s, %s", plan.Name, plan.Cycle)})
	if err != nil {
		return sub, inv, err
	}
	return sub, inv, event.Emit(ctx, tx, "subscription.created", sub.ID.String(), map[string]any{"plan": sub.PlanSlug, "status": sub.Status})
}

// UseMethod remembers the account's default payment method by its slug.
func UseMethod(ctx context.Context, tx *db.Tx, slug string) error {
	return billingdb.New(tx).SetDefaultMethod(ctx, billingdb.SetDefaultMethodParams{
		AccountID: tx.Account, ID: db.NewID[igny8.RowID](tx), Method: slug, CreatedAt: tx.Now})
}

// LimitsRow says what the running plan allows; nil is no limit.
type LimitsRow = billingdb.LimitsRow

// RunningLimits returns what the account's running plan allows, 402 payment_required
// without one.
func RunningLimits(ctx context.Context, tx *db.Tx) (LimitsRow, error) {
	l, err := billingdb.New(tx).Limits(ctx, tx.Account)
	if db.Absent(err) {
		return l, igny8.E(igny8.PaymentRequired, "payment_required", "No plan is running; pay the open invoice or choose a plan.")
	}
	return l, err
}

// LimitReached refuses one more of what the plan limits: sites, sectors, users.
func LimitReached(limit, plan string, allowed, used int64) *igny8.Error {
	return igny8.E(igny8.Forbidden, "limit_reached", "The plan allows no more of these; remove one, or choose a larger plan.").
		With("limit", limit).With("allowed", allowed).With("used", used).With("plan", plan)
}
