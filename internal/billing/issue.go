package billing

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing/billingdb"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/event"
)

// The types of invoices. What a payment switches on follows from the type.
const (
	TypeSubscription  = "subscription"
	TypeCreditPackage = "credit_package"
)

// order is what an invoice is made of.
type order struct {
	typ          string
	text         string
	price        catalog.Priced
	subscription igny8.SubscriptionID
	credits      int64 // granted when paid
	due          time.Duration
}

// issue makes a pending invoice: number, rate lock and billing snapshot are
// fixed here for ever.
func issue(ctx context.Context, tx *db.Tx, a account.Account, o order) (Invoice, error) {
	number, err := nextNumber(ctx, tx, "INV", a)
	if err != nil {
		return Invoice{}, err
	}
	q, total := billingdb.New(tx), o.price.Money.Minor
	row, err := q.InsertInvoice(ctx, billingdb.InsertInvoiceParams{
		AccountID: tx.Account, ID: db.NewID[igny8.InvoiceID](tx), Number: number, Type: o.typ,
		Currency: string(o.price.Money.Currency), SubtotalMinor: total, TaxMinor: 0, TotalMinor: total,
		BaseMinor: o.price.Base.Minor, BaseCurrency: string(o.price.Base.Currency), Rate: o.price.Rate.String(),
		RateSource: o.price.Source, RateAt: o.price.At, Rounding: o.price.Rounding,
		Billing: a.Billing, PayCode: payCode(), SubscriptionID: o.subscription, Credits: o.credits,
		DueAt: tx.Now.Add(o.due), Now: tx.Now})
	if err != nil {
		return Invoice{}, fmt.Errorf("insert invoice: %w", err)
	}
	line := Line{AccountID: tx.Account, InvoiceID: row.ID, N: 1, Description: o.text, Quantity: 1, UnitMinor: total, AmountMinor: total}
	if err := q.InsertLine(ctx, billingdb.InsertLineParams(line)); err != nil {
		return Invoice{}, fmt.Errorf("insert invoice line: %w", err)
	}
	inv := Invoice{row, []Line{line}}
	return inv, event.Emit(ctx, tx, "invoice.issued", row.ID.String(), map[string]any{
		"number": number, "total_minor": total, "currency": row.Currency})
}

// nextNumber gives the next number of the account's series in this month of its
// own calendar: INV-12-202611-0001. The account's row is locked or new, so the
// numbers have no gap and no repeat.
func nextNumber(ctx context.Context, tx *db.Tx, series string, a account.Account) (string, error) {
	month := tx.Now.In(zone(a.TimeZone)).Format("200601")
	n, err := billingdb.New(tx).NextInSeries(ctx, billingdb.NextInSeriesParams{AccountID: tx.Account, Name: series, Month: month})
	if err != nil {
		return "", fmt.Errorf("number in series %s: %w", series, err)
	}
	return fmt.Sprintf("%s-%d-%s-%04d", series, a.Number, month, n), nil
}

// payCode is the word a customer writes into a transfer, so that it can be told
// to which invoice it belongs: ten characters without look-alikes, 47 bits.
func payCode() string {
	const letters = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
	b := make([]byte, 10)
	rand.Read(b)
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	return "IG" + string(b)
}
