package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/billing"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/input"
	"igny8/internal/payref"
	"igny8/internal/search/searchdb"
)

// Service answers staff.
type Service struct{ db *db.DB }

// New returns the service.
func New(d *db.DB) *Service { return &Service{d} }

// Entry is one account in the staff's list.
type Entry = searchdb.ListAccountsRow

// Accounts lists all accounts, newest first; status empty means all.
func (s *Service) Accounts(ctx context.Context, status string, p igny8.Page) (list igny8.List[Entry], err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := listAccounts(ctx, searchdb.New(tx), status, p)
		list = igny8.NewList(p, rows, func(e Entry) string { return e.ID.UUID().String() })
		return err
	})
	return list, err
}

func listAccounts(ctx context.Context, q *searchdb.Queries, status string, p igny8.Page) ([]Entry, error) {
	before := igny8.AccountID(p.BeforeID())
	if status == "" {
		return q.ListAccounts(ctx, searchdb.ListAccountsParams{BeforeID: before, PageSize: p.Fetch()})
	}
	rows, err := q.ListAccountsIn(ctx, searchdb.ListAccountsInParams{Status: igny8.AccountStatus(status), BeforeID: before, PageSize: p.Fetch()})
	list := make([]Entry, len(rows))
	for i, r := range rows {
		list[i] = Entry(r)
	}
	return list, err
}

// Overview is an account at a glance.
type Overview struct {
	Entry
	Effective    igny8.AccountStatus
	Subscription *billing.Subscription
	Credits      credit.Balance
	Reinstated   igny8.AccountStatus // what a suspended account would be
	Events       []audit.Event       // the newest
	Users        []User              // who belongs to it, the first 200
}

// User is a person who belongs to an account.
type User = searchdb.UsersOfRow

// Open reads one account for staff, and writes into that account's own audit log
// that they looked.
func (s *Service) Open(ctx context.Context, staff igny8.Actor, id igny8.AccountID) (o Overview, err error) {
	err = s.db.System(ctx, "search.open", id, func(ctx context.Context, tx *db.Tx) error {
		if o, err = overview(ctx, tx, id); err != nil {
			return err
		}
		if o.Users, err = searchdb.New(tx).UsersOf(ctx, id); err != nil {
			return fmt.Errorf("list users: %w", err)
		}
		return audit.Record(ctx, tx, staff, audit.Entry{Action: "account.view", ObjectType: "account", ObjectID: id.String()})
	})
	return o, err
}

// Again reads an account that staff have open, for the parts of its page that
// change while they type. It is the same look, and told once.
func (s *Service) Again(ctx context.Context, id igny8.AccountID) (o Overview, err error) {
	if err = s.db.Read(ctx, id, func(ctx context.Context, tx *db.Tx) error {
		o, err = overview(ctx, tx, id)
		return err
	}); err != nil {
		return o, err
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error { // a tenant sees no second factors
		o.Users, err = searchdb.New(tx).UsersOf(ctx, id)
		return err
	})
	return o, err
}

func overview(ctx context.Context, tx *db.Tx, id igny8.AccountID) (o Overview, err error) {
	row, err := searchdb.New(tx).OneAccount(ctx, id)
	if err != nil {
		return o, err
	}
	o = Overview{Entry: Entry(row)}
	waiting, err := searchdb.New(tx).PaymentWaits(ctx, id)
	if err != nil {
		return o, fmt.Errorf("look for a waiting payment: %w", err)
	}
	facts := account.Facts{Status: row.Status, CreatedAt: row.CreatedAt, Waiting: waiting > 0}
	sub, err := billing.CurrentSubscription(ctx, tx)
	switch {
	case igny8.KindOf(err) == igny8.NotFound:
	case err != nil:
		return o, err
	default:
		o.Subscription = &sub
		facts.PeriodEnd, facts.GraceUntil = sub.CurrentPeriodEnd, sub.GraceUntil
	}
	o.Effective = account.Effective(facts, tx.Now)
	if o.Credits, err = credit.BalanceOf(ctx, tx); err != nil {
		return o, err
	}
	if err := unsuspended(ctx, tx, &o); err != nil {
		return o, err
	}
	events, err := audit.List(ctx, tx, igny8.Page{Limit: newest})
	if err != nil {
		return o, fmt.Errorf("read the timeline: %w", err)
	}
	o.Events = events.Items
	return o, nil
}

// newest is how many events of an account are shown at a glance.
const newest = 50

// unsuspended fills in what a suspended account would be.
func unsuspended(ctx context.Context, tx *db.Tx, o *Overview) error {
	if o.Status != igny8.AccountSuspended {
		return nil
	}
	a, err := account.Get(ctx, tx)
	if err != nil {
		return err
	}
	o.Reinstated, err = billing.StatusWithout(ctx, tx, a)
	return err
}

// Timeline lists everything that happened in an account, newest first, and writes
// into that account's own audit log that staff looked.
func (s *Service) Timeline(ctx context.Context, staff igny8.Actor, id igny8.AccountID, p igny8.Page) (list igny8.List[audit.Event], err error) {
	err = s.db.System(ctx, "search.timeline", id, func(ctx context.Context, tx *db.Tx) error {
		if _, err := account.Get(ctx, tx); err != nil {
			return err
		}
		if list, err = audit.List(ctx, tx, p); err != nil {
			return err
		}
		return audit.Record(ctx, tx, staff, audit.Entry{Action: "account.view_timeline", ObjectType: "account", ObjectID: id.String()})
	})
	return list, err
}

// PlatformAudit lists what staff and the program did that concerns no account.
func (s *Service) PlatformAudit(ctx context.Context, p igny8.Page) (list igny8.List[audit.Event], err error) {
	err = s.db.Read(ctx, igny8.Platform, func(ctx context.Context, tx *db.Tx) error {
		list, err = audit.List(ctx, tx, p)
		return err
	})
	return list, err
}

// Hit is one thing that was found.
type Hit struct {
	Kind    string // account, user, invoice, payment or site
	ID      string // of the thing
	Account igny8.AccountID
	Name    string // of the account
	Label   string
	Detail  string
}

// Find looks for a term in e-mail addresses, account names and numbers, invoice
// numbers, pay codes, references, receipts, amounts of waiting payments and
// domains. Spaces, dashes and case do not matter.
func (s *Service) Find(ctx context.Context, term string) (hits []Hit, err error) {
	term = strings.ToLower(input.Code(term))
	if len(term) < 2 || len(term) > 100 {
		return nil, igny8.InvalidField("q", "out_of_range", "Search for 2 to 100 characters.")
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		hits = nil
		q := searchdb.New(tx)
		for _, look := range []func(context.Context, *searchdb.Queries, string) ([]Hit, error){
			findAccounts, findUsers, findInvoices, findPayments, findAmounts, findSites} {
			found, err := look(ctx, q, term)
			if err != nil {
				return fmt.Errorf("search: %w", err)
			}
			hits = append(hits, found...)
		}
		return nil
	})
	return hits, err
}

// begins is the LIKE pattern of texts that begin with the term.
func begins(term string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(term) + "%"
}

func findAccounts(ctx context.Context, q *searchdb.Queries, term string) (hits []Hit, err error) {
	number, err := strconv.ParseInt(strings.TrimPrefix(term, "#"), 10, 64)
	if err != nil {
		number = -1
	}
	slug := strings.Join(strings.Fields(term), "-")
	rows, err := q.FindAccounts(ctx, searchdb.FindAccountsParams{Number: number, Pattern: begins(slug)})
	for _, r := range rows {
		hits = append(hits, Hit{"account", r.ID.String(), r.ID, r.Name, fmt.Sprintf("#%d %s", r.Number, r.Name), string(r.Status)})
	}
	return hits, err
}

func findUsers(ctx context.Context, q *searchdb.Queries, term string) (hits []Hit, err error) {
	rows, err := q.FindUsers(ctx, begins(term))
	slices.SortFunc(rows, func(a, b searchdb.FindUsersRow) int { return strings.Compare(a.Email, b.Email) })
	for _, r := range rows {
		hits = append(hits, Hit{"user", r.ID.String(), r.ID, r.Name, r.Email, string(r.Status)})
	}
	return hits, err
}

func findInvoices(ctx context.Context, q *searchdb.Queries, term string) (hits []Hit, err error) {
	rows, err := q.FindInvoices(ctx, searchdb.FindInvoicesParams{Number: documentNumber("INV", term), PayCode: bare(term)})
	for _, r := range rows {
		hits = append(hits, Hit{"invoice", r.ID.String(), r.AccountID, r.Name, r.Number, money(r.TotalMinor, r.Currency) + ", " + string(r.Status)})
	}
	return hits, err
}

// bare is the letters and digits of a term alone, in capitals.
func bare(term string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, strings.ToUpper(term))
}

// documentNumber writes a number as it is stored, INV-698-202611-0001, whatever was typed
// between its parts, and also without the series in front. A number ends in six digits of
// the month and four that count.
func documentNumber(series, term string) string {
	text := strings.TrimPrefix(bare(term), series)
	const month, count = 6, 4
	if n := len(text) - month - count; n > 0 && strings.Trim(text, "0123456789") == "" {
		return series + "-" + text[:n] + "-" + text[n:n+month] + "-" + text[n+month:]
	}
	return ""
}

func findPayments(ctx context.Context, q *searchdb.Queries, term string) (hits []Hit, err error) {
	norm, receipt := payref.Normalize(term), documentNumber("RCT", term)
	if norm == "" {
		return nil, nil
	}
	rows, err := q.FindPayments(ctx, searchdb.FindPaymentsParams{Pattern: begins(norm), Receipt: &receipt})
	for _, r := range rows {
		hits = append(hits, Hit{"payment", r.ID.String(), r.AccountID, r.Name, r.Reference, money(r.AmountMinor, r.Currency) + ", " + string(r.Status)})
	}
	return hits, err
}

// findAmounts reads "24,742" or "24742.00" as an amount of a currency with two
// decimals, or with none.
func findAmounts(ctx context.Context, q *searchdb.Queries, term string) (hits []Hit, err error) {
	two, as := input.Amount(term, "USD")
	if as != input.Read {
		return nil, nil
	}
	none, _ := input.Amount(term, "JPY") // zero when it has decimals: no payment has that amount
	rows, err := q.FindAmounts(ctx, searchdb.FindAmountsParams{Minor: two, Whole: none})
	for _, r := range rows {
		hits = append(hits, Hit{"payment", r.ID.String(), r.AccountID, r.Name, r.Reference, money(r.AmountMinor, r.Currency) + ", " + string(r.Status)})
	}
	return hits, err
}

func findSites(ctx context.Context, q *searchdb.Queries, term string) (hits []Hit, err error) {
	rows, err := q.FindSites(ctx, begins(term))
	slices.SortFunc(rows, func(a, b searchdb.FindSitesRow) int { return strings.Compare(a.Domain, b.Domain) })
	for _, r := range rows {
		hits = append(hits, Hit{"site", r.ID.String(), r.AccountID, r.Name, r.Domain, ""})
	}
	return hits, err
}

func money(minor int64, currency string) string {
	return igny8.Money{Minor: minor, Currency: igny8.Currency(currency)}.String()
}
