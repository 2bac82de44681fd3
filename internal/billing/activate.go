package billing

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing/billingdb"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/event"
)

// activate gives what a paid invoice bought. What that is follows from the
// invoice's type alone: a package never touches the account's state.
func activate(ctx context.Context, tx *db.Tx, a account.Account, inv Invoice, payment igny8.PaymentID) error {
	src := credit.Source{Kind: "invoice", ID: inv.ID.String()}
	switch inv.Type {
	case TypeSubscription:
		if err := activateSubscription(ctx, tx, a, inv, payment, src); err != nil {
			return err
		}
	case TypeCreditPackage:
		if err := credit.AddBonus(ctx, tx, inv.Credits, src, "Credit package, invoice "+inv.Number); err != nil {
			return err
		}
	}
	return event.Emit(ctx, tx, "invoice.paid", inv.ID.String(), map[string]any{"number": inv.Number, "total_minor": inv.TotalMinor, "currency": inv.Currency})
}

func activateSubscription(ctx context.Context, tx *db.Tx, a account.Account, inv Invoice, payment igny8.PaymentID, src credit.Source) error {
	q := billingdb.New(tx)
	sub, err := q.GetSubscription(ctx, billingdb.GetSubscriptionParams{AccountID: tx.Account, ID: inv.SubscriptionID})
	if err != nil {
		return fmt.Errorf("find subscription: %w", err)
	}
	// The first period begins at approval, a renewal where the last one ended.
	start := tx.Now
	if sub.CurrentPeriodEnd != nil && sub.Status != igny8.SubscriptionIncomplete {
		start = *sub.CurrentPeriodEnd
	}
	end := AddMonths(start, months(sub.Cycle), zone(a.TimeZone))
	if sub.Status == igny8.SubscriptionIncomplete {
		if err := q.EndTrial(ctx, billingdb.EndTrialParams{AccountID: tx.Account, Now: tx.Now}); err != nil {
			return fmt.Errorf("end trial: %w", err)
		}
	}
	if _, err := q.ActivateSubscription(ctx, billingdb.ActivateSubscriptionParams{AccountID: tx.Account, ID: sub.ID, StartsAt: &start, EndsAt: &end, Now: tx.Now}); err != nil {
		return fmt.Errorf("activate subscription: %w", err)
	}
	if err := q.InsertPeriod(ctx, billingdb.InsertPeriodParams{AccountID: tx.Account, InvoiceID: inv.ID, SubscriptionID: sub.ID,
		PaymentID: payment, StartsAt: start, EndsAt: end, CreatedAt: tx.Now}); err != nil {
		return fmt.Errorf("insert period: %w", err)
	}
	if a.Status != igny8.AccountSuspended { // staff suspended it, staff reinstate it
		if err := account.SetStatus(ctx, tx, a.Status, igny8.AccountActive); err != nil {
			return err
		}
	}
	if err := credit.SetPlan(ctx, tx, inv.Credits, end, src, "Credits of "+sub.PlanSlug+", invoice "+inv.Number); err != nil {
		return err
	}
	if err := event.Emit(ctx, tx, "subscription.activated", sub.ID.String(), map[string]any{"plan": sub.PlanSlug, "period_end": end}); err != nil {
		return err
	}
	return event.Emit(ctx, tx, "account.activated", a.ID.String(), map[string]any{"status": igny8.AccountActive})
}
