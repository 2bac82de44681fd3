package customer

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"igny8"
	"igny8/internal/catalog"
	"igny8/internal/credit"
	"igny8/internal/site"
	"igny8/internal/web"
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
	sites   []site.Site
	filter  view.Form // as it was asked for
	first   string
	older   string
}

// filtered reports whether only some lines are asked for.
func (p purse) filtered() bool {
	return p.filter.Value("type")+p.filter.Value("site")+p.filter.Value("from")+p.filter.Value("to") != ""
}

// ledgerFilter reads which lines the address asks for. Days are those of the
// account's own calendar, the last one included.
func ledgerFilter(ctx context.Context, r *console.Request) (credit.Filter, view.Form) {
	f, form := credit.Filter{Type: r.Query("type")}, view.Filled("type", r.Query("type"), "site", r.Query("site"), "from", r.Query("from"), "to", r.Query("to"))
	wrong := func(name, key string) {
		form.Errors = append(form.Errors, view.FieldError{Field: name, Text: text.T(ctx, key)})
		form.Status = http.StatusUnprocessableEntity
	}
	day := func(name string) time.Time {
		if r.Query(name) == "" {
			return time.Time{}
		}
		at, err := time.ParseInLocation(time.DateOnly, r.Query(name), view.Zone(r.Account.TimeZone))
		if err != nil {
			wrong(name, "credits.filter.date")
		}
		return at
	}
	if s := r.Query("site"); s != "" {
		var err error
		if f.Site, err = igny8.ParseID[igny8.SiteID](s); err != nil {
			wrong("site", "credits.filter.site.wrong")
		}
	}
	f.From = day("from")
	if to := day("to"); !to.IsZero() {
		f.Until = to.AddDate(0, 0, 1)
	}
	return f, form
}

// ledgerHref is an address of the ledger that keeps the filter, but for the type.
func ledgerHref(r *console.Request, path, typ string) string {
	q := url.Values{}
	for name, v := range map[string]string{"type": typ, "site": r.Query("site"), "from": r.Query("from"), "to": r.Query("to")} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if len(q) == 0 {
		return r.Here(path)
	}
	return r.Here(path) + "?" + q.Encode()
}

// types are the filter of the ledger.
var types = []string{credit.TypeSubscription, credit.TypePurchase, credit.TypeDeduction, credit.TypeExpiry}

func (h handler) credits(ctx context.Context, r *console.Request) (console.Response, error) {
	f, form := ledgerFilter(ctx, r)
	p := purse{filter: form}
	var err error
	if p.balance, err = h.Billing.CreditBalance(ctx, r.Actor); err != nil {
		return console.Response{}, err
	}
	var list igny8.List[credit.Transaction]
	if !form.Failed() {
		if list, err = h.Billing.CreditTransactions(ctx, r.Actor, f, r.ListPage()); err != nil {
			return console.Response{}, err
		}
	}
	sites, err := h.Site.List(ctx, r.Actor, igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return console.Response{}, err
	}
	p.sites = sites.Items
	spent, err := h.Billing.CreditTransactions(ctx, r.Actor, credit.Filter{Type: credit.TypeDeduction}, igny8.Page{Limit: igny8.MaxPage})
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
	return console.Page(text.T(ctx, "app.credits"), "credits", creditsPage(r, p)).Showing(form), nil
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

// creditsCSV is the newest part of the ledger as a file, by the filter of the page.
func (h handler) creditsCSV(ctx context.Context, r *console.Request) (console.Response, error) {
	f, form := ledgerFilter(ctx, r)
	if form.Failed() {
		return console.SeeOther(ledgerHref(r, "credits", f.Type)), nil // which says what is wrong
	}
	var rows [][]string
	page := igny8.Page{Limit: igny8.MaxPage}
	for range 100 {
		list, err := h.Billing.CreditTransactions(ctx, r.Actor, f, page)
		if err != nil {
			return console.Response{}, err
		}
		for _, t := range list.Items {
			rows = append(rows, []string{t.CreatedAt.UTC().Format(time.RFC3339), t.Type, strconv.FormatInt(t.Amount, 10),
				strconv.FormatInt(t.BalanceAfter, 10), t.Pool, t.Description, t.Reference})
		}
		if !list.More {
			break
		}
		page.Before = list.Next
	}
	file := web.CSV([]string{"when", "type", "credits", "balance_after", "pool", "description", "reference"}, rows)
	return console.Attached("credits.csv", "text/csv; charset=utf-8", file), nil
}

// siteOptions are the sites to choose from, all of them first.
func siteOptions(ctx context.Context, sites []site.Site) []view.Option {
	out := []view.Option{{Label: text.T(ctx, "credits.filter.site.all")}}
	for _, s := range sites {
		out = append(out, view.Option{Value: s.ID.String(), Label: s.Domain})
	}
	return out
}
