package billing_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/doctor/doctortest"
)

// office is billing with its staff, over one database and a clock that is set.
type office struct {
	*testing.T
	d       *db.DB
	clock   *dbtest.Clock
	s       *billing.Service
	one     igny8.Actor
	another igny8.Actor
}

func inOffice(t *testing.T, f func(o office)) {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		f(office{t, d, clock, billing.New(d, nil, []byte("secret"), "http://localhost"), billingtest.Staff(t, d), billingtest.Staff(t, d)})
		doctortest.Assert(t, d)
	}, dbtest.WithClock(clock))
}

func (o office) approve(by igny8.Actor, p igny8.PaymentID, in billing.Approval) (billing.StaffPayment, error) {
	return o.s.Approve(o.Context(), by, p, in)
}

func (o office) account(id igny8.AccountID) (a account.Account) {
	o.Helper()
	err := o.d.Read(o.Context(), id, func(ctx context.Context, tx *db.Tx) (err error) {
		a, err = account.Get(ctx, tx)
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
	return a
}

func TestLessMoneyLeavesTheRestOpenMoreBecomesBalance(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		out, err := o.approve(o.one, p.ID, billing.Approval{ReceivedMinor: 2_000_000})
		if err != nil || out.Status != igny8.PaymentSucceeded || out.Invoice.Status != igny8.InvoicePending || out.Invoice.Due() != 474_200 {
			o.Fatalf("part payment: %+v due %d, %v", out.Status, out.Invoice.Due(), err)
		}
		if a := o.account(owner.Account); a.Status != igny8.AccountPendingPayment {
			o.Errorf("half paid, and already %s", a.Status)
		}
		// The rest, and PKR 1,000 more than that.
		p = billingtest.Submit(o, o.d, o.s, owner, inv, 574_200)
		if out, err = o.approve(o.one, p.ID, billing.Approval{}); err != nil || out.Invoice.Status != igny8.InvoicePaid {
			o.Fatalf("the rest: %s, %v", out.Invoice.Status, err)
		}
		balances, err := o.s.Balances(o.Context(), owner)
		if err != nil || len(balances) != 1 || balances[0].BalanceMinor != 100_000 || balances[0].Currency != "PKR" {
			o.Errorf("surplus: %+v, %v", balances, err)
		}
		if b, _ := o.s.CreditBalance(o.Context(), owner); o.account(owner.Account).Status != igny8.AccountActive || b.Balance != 1000 {
			o.Errorf("after the whole sum: %s, %d credits", o.account(owner.Account).Status, b.Balance)
		}
	})
}

func TestATrialThatPaysEndsItsTrial(t *testing.T) {
	inOffice(t, func(o office) {
		owner := billingtest.Trial(o, o.d)
		var inv billing.Invoice
		err := o.d.System(o.Context(), "test", owner.Account, func(ctx context.Context, tx *db.Tx) error {
			a, err := account.Lock(ctx, tx)
			if err != nil {
				return err
			}
			plan, err := catalog.PriceFor(ctx, tx, "growth", catalog.Monthly, "US")
			if err != nil {
				return err
			}
			_, inv, err = billing.StartPaid(ctx, tx, a, plan)
			return err
		})
		if err != nil {
			o.Fatal(err)
		}
		billingtest.Pay(o, o.d, o.s, o.one, owner, inv, 0)
		sub, err := o.s.Subscription(o.Context(), owner)
		if err != nil || sub.PlanSlug != "growth" || sub.Status != igny8.SubscriptionActive {
			o.Errorf("%s %s, %v", sub.PlanSlug, sub.Status, err)
		}
		// 31 January plus a month is the last of February, in the account's own zone.
		if want := time.Date(2026, 2, 28, 12, 0, 0, 0, time.UTC); !sub.CurrentPeriodEnd.Equal(want) {
			o.Errorf("period ends %s, want %s", sub.CurrentPeriodEnd, want)
		}
		// What was left of the trial's credits expired: the plan pool is set.
		if b, _ := o.s.CreditBalance(o.Context(), owner); b.Balance != 2000 || b.Plan != 2000 {
			o.Errorf("credits %+v", b)
		}
	})
}

func TestTheClockStandsStillWhileAPaymentWaits(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		effective := func() igny8.AccountStatus {
			a := o.account(owner.Account)
			sub, err := o.s.Subscription(o.Context(), owner)
			if err != nil {
				o.Fatal(err)
			}
			waiting, err := o.s.Payments(o.Context(), owner, "pending_approval", igny8.Page{})
			if err != nil {
				o.Fatal(err)
			}
			return account.Effective(account.Facts{Status: a.Status, CreatedAt: a.CreatedAt, PeriodEnd: sub.CurrentPeriodEnd,
				GraceUntil: sub.GraceUntil, Waiting: len(waiting.Items) > 0}, o.d.Now())
		}
		o.clock.Advance(13*24*time.Hour + 23*time.Hour) // one hour before the end
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		o.clock.Advance(5 * 24 * time.Hour)
		if got := effective(); got != igny8.AccountPendingPayment {
			o.Errorf("while it waits: %s", got)
		}
		if _, err := o.s.Reject(o.Context(), o.one, p.ID, billing.Rejection{Code: "not_received", Reason: "Nothing arrived."}); err != nil {
			o.Fatal(err)
		}
		o.clock.Advance(47 * time.Hour)
		if got := effective(); got != igny8.AccountPendingPayment {
			o.Errorf("47 hours after the rejection: %s", got)
		}
		o.clock.Advance(2 * time.Hour)
		if got := effective(); got != igny8.AccountExpired {
			o.Errorf("49 hours after the rejection: %s", got)
		}
		// Late, but the invoice is open: paying still activates.
		billingtest.Pay(o, o.d, o.s, o.one, owner, inv, 0)
		if got := effective(); got != igny8.AccountActive {
			o.Errorf("after paying: %s", got)
		}
	})
}

func TestWarningsNameNobodyAndNeedASecondPerson(t *testing.T) {
	inOffice(t, func(o office) {
		first, invoice1 := billingtest.Unpaid(o, o.d, "starter", "PK")
		second, invoice2 := billingtest.Unpaid(o, o.d, "starter", "PK")
		submit := func(owner igny8.Actor, inv billing.Invoice, reference string) igny8.PaymentID {
			p, err := o.s.Submit(o.Context(), owner, inv.ID, billing.Submission{Method: "raast", Reference: reference, PayerName: "P", PaidOn: "2026-01-31"})
			if err != nil {
				o.Fatal(err)
			}
			return p.ID
		}
		submit(first, invoice1, "TX-001 234")
		id := submit(second, invoice2, "tx 001-234")
		seen, err := o.s.StaffPayment(o.Context(), id)
		if err != nil || len(seen.Warnings) == 0 || seen.Warnings[0].Code != "duplicate_reference" {
			o.Fatalf("warnings %+v, %v", seen.Warnings, err)
		}
		for _, w := range seen.Warnings {
			if strings.Contains(w.Detail, first.Account.String()) || strings.Contains(w.Detail, first.Email) {
				o.Errorf("the warning names the other account: %s", w.Detail)
			}
		}
		if _, err := o.approve(o.one, id, billing.Approval{}); igny8.CodeOf(err) != "warnings_not_overridden" {
			o.Errorf("without a look: %v", err)
		}
		over := billing.Approval{OverrideWarnings: []string{"duplicate_reference"}}
		if out, err := o.approve(o.one, id, over); err != nil || out.Status != igny8.PaymentPendingApproval {
			o.Errorf("first of two: %s %v", out.Status, err)
		}
		if _, err := o.approve(o.one, id, over); igny8.CodeOf(err) != "second_approver_required" {
			o.Errorf("the same person twice: %v", err)
		}
		if out, err := o.approve(o.another, id, over); err != nil || out.Status != igny8.PaymentSucceeded {
			o.Errorf("second of two: %s %v", out.Status, err)
		}
	})
}

func TestNobodyOfThePayingAccountApproves(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		if _, err := o.approve(owner, p.ID, billing.Approval{}); igny8.KindOf(err) != igny8.Forbidden {
			o.Errorf("the owner: %v", err)
		}
		// Staff who belong to the account, whatever else they are.
		err := o.d.System(o.Context(), "test", owner.Account, func(ctx context.Context, tx *db.Tx) error {
			return account.AddMember(ctx, tx, o.one.User, igny8.RoleViewer)
		})
		if err != nil {
			o.Fatal(err)
		}
		if _, err := o.approve(o.one, p.ID, billing.Approval{}); igny8.CodeOf(err) != "self_approval" {
			o.Errorf("staff of the paying account: %v", err)
		}
		if _, err := o.approve(o.another, p.ID, billing.Approval{}); err != nil {
			o.Errorf("a colleague: %v", err)
		}
	})
}

func TestApproveAgainstRejectHasOneWinner(t *testing.T) {
	inOffice(t, func(o office) {
		for range 10 {
			owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
			p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
			var wg sync.WaitGroup
			var errs [2]error
			wg.Go(func() { _, errs[0] = o.approve(o.one, p.ID, billing.Approval{}) })
			wg.Go(func() {
				_, errs[1] = o.s.Reject(o.Context(), o.another, p.ID, billing.Rejection{Code: "other", Reason: "Not this one."})
			})
			wg.Wait()
			if (errs[0] == nil) == (errs[1] == nil) {
				o.Fatalf("approve: %v; reject: %v", errs[0], errs[1])
			}
			if a := o.account(owner.Account); (a.Status == igny8.AccountActive) != (errs[0] == nil) {
				o.Errorf("account %s, approve %v", a.Status, errs[0])
			}
		}
	})
}

// Card, quote, invoice: one price, for every country, plan and cycle.
func TestOnePriceEverywhere(t *testing.T) {
	inOffice(t, func(w office) {
		countries, err := catalog.New(w.d).Countries(w.Context())
		if err != nil || len(countries) < 8 {
			w.Fatal(len(countries), err)
		}
		codes := []string{"BR"} // no row: US dollars
		for _, c := range countries {
			codes = append(codes, c.Code)
		}
		n := 0
		for _, country := range codes {
			cards, err := catalog.New(w.d).Plans(w.Context(), country)
			if err != nil {
				w.Fatal(err)
			}
			for _, card := range cards {
				for _, price := range card.Prices {
					if card.Trial {
						continue
					}
					n++
					quote, err := catalog.New(w.d).Quote(w.Context(), card.Slug, price.Cycle, country)
					if err != nil {
						w.Fatal(err)
					}
					_, inv := billingtest.Owing(w, w.d, card.Slug, price.Cycle, country)
					what := country + " " + card.Slug + " " + price.Cycle
					if inv.Total() != price.Price.Money || inv.Total() != quote.Price.Money || inv.TotalMinor <= 0 || inv.Due() != inv.TotalMinor {
						w.Errorf("%s: card %s, quote %s, invoice %s due %d", what, price.Price.Money, quote.Price.Money, inv.Total(), inv.Due())
					}
					if country == "PK" && !strings.HasSuffix(inv.Total().Amount(), ".00") {
						w.Errorf("%s: %s has not two decimals", what, inv.Total())
					}
				}
			}
		}
		if n < 9*3*2 {
			w.Errorf("only %d combinations", n)
		}
	})
}

func TestAddMonths(t *testing.T) {
	karachi, newYork := zone(t, "Asia/Karachi"), zone(t, "America/New_York")
	for _, c := range []struct {
		anchor string
		n      int
		zone   *time.Location
		want   string
	}{
		{"2026-01-31T12:00:00Z", 1, time.UTC, "2026-02-28T12:00:00Z"},
		{"2026-01-31T12:00:00Z", 2, time.UTC, "2026-03-31T12:00:00Z"},
		{"2028-01-31T12:00:00Z", 1, time.UTC, "2028-02-29T12:00:00Z"},
		{"2028-02-29T12:00:00Z", 12, time.UTC, "2029-02-28T12:00:00Z"},
		{"2026-12-31T12:00:00Z", 2, time.UTC, "2027-02-28T12:00:00Z"},
		// 20:00 UTC on the 30th is the 31st in Karachi; the end is in February there.
		{"2026-01-30T20:00:00Z", 1, karachi, "2026-02-27T20:00:00Z"},
		// Over the change to summer time the hour of the day stays, not the number of hours.
		{"2026-02-20T15:00:00Z", 1, newYork, "2026-03-20T14:00:00Z"},
		{"2026-10-15T14:00:00Z", 1, newYork, "2026-11-15T15:00:00Z"},
	} {
		anchor, err := time.Parse(time.RFC3339, c.anchor)
		if err != nil {
			t.Fatal(err)
		}
		if got := billing.AddMonths(anchor, c.n, c.zone).Format(time.RFC3339); got != c.want {
			t.Errorf("%s + %d months in %s = %s, want %s", c.anchor, c.n, c.zone, got, c.want)
		}
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}
