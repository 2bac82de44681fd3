package customer

import (
	"bytes"
	"context"
	"encoding/csv"
	"strconv"
	"strings"
	"time"

	"igny8"
	"igny8/internal/catalog"
	"igny8/internal/credit"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// purse is what the credits page shows.
type purse struct {
	balance credit.Balance
	lines   []credit.Transaction
	days    []view.Bar
	costs   []catalog.CreditCost
	typ     string
	first   string
	older   string
}

// types are the filter of the ledger.
var types = []string{credit.TypeSubscription, credit.TypePurchase, credit.TypeDeduction, credit.TypeExpiry}

func (h handler) credits(ctx context.Context, r *console.Request) (console.Response, error) {
	p := purse{typ: r.Query("type")}
	var err error
	if p.balance, err = h.Billing.CreditBalance(ctx, r.Actor); err != nil {
		return console.Response{}, err
	}
	list, err := h.Billing.CreditTransactions(ctx, r.Actor, p.typ, r.ListPage())
	if err != nil {
		return console.Response{}, err
	}
	spent, err := h.Billing.CreditTransactions(ctx, r.Actor, credit.TypeDeduction, igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return console.Response{}, err
	}
	if p.costs, err = h.Catalog.CreditCosts(ctx); err != nil {
		return console.Response{}, err
	}
	p.lines, p.days = list.Items, perDay(ctx, spent.Items, h.c.Now(), view.Zone(r.Account.TimeZone))
	if r.Query("before") != "" {
		p.first = r.With("before", "")
	}
	if list.More {
		p.older = r.With("before", list.Next)
	}
	return console.Page(text.T(ctx, "app.credits"), "credits", creditsPage(r, p)), nil
}

// perDay adds up what was spent on each of the last fourteen days of the
// account's own calendar.
func perDay(ctx context.Context, lines []credit.Transaction, now time.Time, zone *time.Location) []view.Bar {
	const days = 14
	bars := make([]view.Bar, days)
	at := map[string]int{}
	for i := range bars {
		day := now.In(zone).AddDate(0, 0, i-days+1)
		bars[i].Label = view.FormatDay(ctx, day)
		at[day.Format(time.DateOnly)] = i
	}
	for _, l := range lines {
		if i, ok := at[l.CreatedAt.In(zone).Format(time.DateOnly)]; ok {
			bars[i].Value -= l.Amount
		}
	}
	return bars
}

// creditsCSV is the newest part of the ledger as a file. A cell that a
// spreadsheet would run as a formula gets an apostrophe in front.
func (h handler) creditsCSV(ctx context.Context, r *console.Request) (console.Response, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"when", "type", "credits", "balance_after", "pool", "description", "reference"})
	page := igny8.Page{Limit: igny8.MaxPage}
	for range 100 {
		list, err := h.Billing.CreditTransactions(ctx, r.Actor, r.Query("type"), page)
		if err != nil {
			return console.Response{}, err
		}
		for _, t := range list.Items {
			w.Write([]string{t.CreatedAt.UTC().Format(time.RFC3339), t.Type, strconv.FormatInt(t.Amount, 10),
				strconv.FormatInt(t.BalanceAfter, 10), t.Pool, harmless(t.Description), harmless(t.Reference)})
		}
		if !list.More {
			break
		}
		page.Before = list.Next
	}
	w.Flush()
	return console.Attached("credits.csv", "text/csv; charset=utf-8", b.Bytes()), w.Error()
}

func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
