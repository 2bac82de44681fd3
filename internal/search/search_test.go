package search_test

import (
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/doctor/doctortest"
	"igny8/internal/search"
	"igny8/internal/site"
)

func TestOneBoxFindsEverything(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		bill, s, staff := billing.New(d, nil, nil, ""), search.New(d), billingtest.Staff(t, d)
		owner, inv := billingtest.Unpaid(t, d, "starter", "PK")
		p, err := bill.Submit(t.Context(), owner, inv.ID, billing.Submission{Method: "raast", Reference: "TX-77 001_9", PayerName: "P",
			PaidOn: d.Now().Format("2006-01-02")})
		if err != nil {
			t.Fatal(err)
		}
		trial := billingtest.Trial(t, d)
		if _, err := site.New(d).Create(t.Context(), trial, site.NewSite{Name: "S", Domain: "find-me.example.com", Industry: "automotive"}); err != nil {
			t.Fatal(err)
		}
		for term, want := range map[string]string{
			"tx77 0019":                             "payment " + p.ID.String(),
			"24,742":                                "payment " + p.ID.String(),
			strings.ToLower(inv.Number):             "invoice " + inv.ID.String(),
			inv.PayCode[:4] + " " + inv.PayCode[4:]: "invoice " + inv.ID.String(),
			owner.Email[:len(owner.Email)-4]:        "user " + owner.Account.String(),
			"FIND-me":                               "site ",
			"100%":                                  "",
			"__":                                    "",
		} {
			hits, err := s.Find(t.Context(), term)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, h := range hits {
				got = append(got, h.Kind+" "+h.ID)
			}
			if all := strings.Join(got, ", "); want == "" && all != "" || !strings.Contains(all, want) {
				t.Errorf("%q found %q, want %q", term, all, want)
			}
		}
		if _, err := s.Find(t.Context(), "x"); igny8.KindOf(err) != igny8.Invalid {
			t.Errorf("one letter: %v", err)
		}
		// Looking into an account is in that account's own audit log.
		o, err := s.Open(t.Context(), staff, owner.Account)
		if err != nil || o.OwnerEmail != owner.Email || o.Effective != igny8.AccountPendingPayment || o.Subscription == nil {
			t.Fatalf("%+v, %v", o, err)
		}
		log, err := s.Timeline(t.Context(), staff, owner.Account, igny8.Page{})
		if err != nil || len(log.Items) == 0 || log.Items[0].Action != "account.view" || log.Items[0].ActorEmail != staff.Email {
			t.Errorf("timeline %+v, %v", log.Items, err)
		}
		if _, err := s.Open(t.Context(), staff, igny8.NewID[igny8.AccountID](d.Now())); igny8.KindOf(err) != igny8.NotFound {
			t.Errorf("absent account: %v", err)
		}
		doctortest.Assert(t, d)
		list, err := s.Accounts(t.Context(), "trial", igny8.Page{})
		if err != nil || len(list.Items) != 1 || list.Items[0].ID != trial.Account {
			t.Errorf("accounts on trial: %d, %v", len(list.Items), err)
		}
	})
}

func TestStaffSeeTheStatusThatTheGateGoesBy(t *testing.T) {
	clock := dbtest.NewClock(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		bill, s, staff := billing.New(d, nil, nil, ""), search.New(d), billingtest.Staff(t, d)
		silent, _ := billingtest.Unpaid(t, d, "starter", "PK")
		told, inv := billingtest.Unpaid(t, d, "starter", "PK")
		billingtest.Submit(t, d, bill, told, inv, 0)
		clock.Advance(15 * 24 * time.Hour)
		for id, want := range map[igny8.AccountID]igny8.AccountStatus{
			silent.Account: igny8.AccountExpired, told.Account: igny8.AccountPendingPayment} {
			if o, err := s.Open(t.Context(), staff, id); err != nil || o.Effective != want {
				t.Errorf("effective %s, want %s, %v", o.Effective, want, err)
			}
		}
	}, dbtest.WithClock(clock))
}
