// Package billingtest makes accounts for the tests of other packages, through
// the functions that signups use.
package billingtest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/job"
)

var made atomic.Int64 // so that no two addresses are alike

// Seed fills the catalogue and makes the queue's tables.
func Seed(t testing.TB, d *db.DB) {
	t.Helper()
	if err := job.Migrate(context.Background(), d); err != nil {
		t.Fatal(err)
	}
	system(t, d, igny8.AccountID{}, catalog.Seed)
}

// Trial makes an account with its owner on the free trial. The catalogue must be
// seeded.
func Trial(t testing.TB, d *db.DB) igny8.Actor {
	t.Helper()
	return New(t, d, igny8.AccountTrial, "US", func(ctx context.Context, tx *db.Tx, a account.Account) error {
		plan, err := catalog.TrialPlan(ctx, tx)
		if err != nil {
			return err
		}
		_, err = billing.StartTrial(ctx, tx, plan)
		return err
	})
}

// Unpaid makes an account that owes the first month of a plan.
func Unpaid(t testing.TB, d *db.DB, plan, country string) (igny8.Actor, billing.Invoice) {
	t.Helper()
	return Owing(t, d, plan, catalog.Monthly, country)
}

// Owing makes an account that owes the first period of a plan.
func Owing(t testing.TB, d *db.DB, plan, cycle, country string) (igny8.Actor, billing.Invoice) {
	t.Helper()
	var inv billing.Invoice
	actor := New(t, d, igny8.AccountPendingPayment, country, func(ctx context.Context, tx *db.Tx, a account.Account) error {
		priced, err := catalog.PriceFor(ctx, tx, plan, cycle, country)
		if err != nil {
			return err
		}
		_, inv, err = billing.StartPaid(ctx, tx, a, priced)
		return err
	})
	return actor, inv
}

// Paid makes an account on a plan whose first month is paid and approved.
func Paid(t testing.TB, d *db.DB, s *billing.Service, staff igny8.Actor, plan, country string) igny8.Actor {
	t.Helper()
	actor, inv := Unpaid(t, d, plan, country)
	Pay(t, d, s, staff, actor, inv, 0)
	actor.Status = igny8.AccountActive
	return actor
}

// Pay submits and approves a payment of an invoice; minor 0 is what is due.
func Pay(t testing.TB, d *db.DB, s *billing.Service, staff, actor igny8.Actor, inv billing.Invoice, minor int64) billing.StaffPayment {
	t.Helper()
	p := Submit(t, d, s, actor, inv, minor)
	out, err := s.Approve(context.Background(), staff, p.ID, billing.Approval{Evidence: "statement", Note: "seen"})
	if err != nil {
		t.Fatal(err)
	}
	if out.Status != igny8.PaymentSucceeded {
		t.Fatalf("the payment is %s after approval", out.Status)
	}
	return out
}

// Submit tells of a payment by bank transfer; minor 0 is what is due.
func Submit(t testing.TB, d *db.DB, s *billing.Service, actor igny8.Actor, inv billing.Invoice, minor int64) billing.Payment {
	t.Helper()
	var method catalog.Method
	system(t, d, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		a, err := account.Get(ctx, tx)
		if err != nil {
			return err
		}
		all, err := catalog.MethodsForCountry(ctx, tx, a.Country)
		for _, m := range all {
			if !m.Gateway() && !m.Submission.ProofRequired {
				method = m
			}
		}
		return err
	})
	p, err := s.Submit(context.Background(), actor, inv.ID, billing.Submission{Method: method.Slug, PayerName: "Test Payer",
		Reference: fmt.Sprintf("TRX-%06d", made.Add(1)), PaidOn: d.Now().Format("2006-01-02"), AmountMinor: minor})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// New makes an account with its owner, in a status; start gives it its
// subscription.
func New(t testing.TB, d *db.DB, status igny8.AccountStatus, country string, start func(context.Context, *db.Tx, account.Account) error) igny8.Actor {
	t.Helper()
	actor := igny8.Actor{Account: igny8.NewID[igny8.AccountID](d.Now()), Role: igny8.RoleOwner, Status: status}
	system(t, d, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		place, err := catalog.CountryFor(ctx, tx, country)
		if err != nil {
			return err
		}
		u, err := user(ctx, tx, false)
		if err != nil {
			return err
		}
		a, err := account.Create(ctx, tx, account.New{ID: tx.Account, Name: "Test " + u.EmailNorm, Status: status, Country: country,
			Currency: place.Currency, TimeZone: place.TimeZone})
		if err != nil {
			return err
		}
		actor.User, actor.Email = u.ID, u.Email
		if err := account.AddMember(ctx, tx, u.ID, igny8.RoleOwner); err != nil {
			return err
		}
		return start(ctx, tx, a)
	})
	return actor
}

// Staff makes a member of the platform's staff, two days ago: one of today would be no
// second person.
func Staff(t testing.TB, d *db.DB) igny8.Actor {
	t.Helper()
	actor := igny8.Actor{Role: igny8.RoleDeveloper}
	system(t, d, igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		tx.Now = tx.Now.AddDate(0, 0, -2)
		u, err := user(ctx, tx, true)
		actor.User, actor.Email = u.ID, u.Email
		return err
	})
	return actor
}

func user(ctx context.Context, tx *db.Tx, staff bool) (account.User, error) {
	email := fmt.Sprintf("person%d@example.com", made.Add(1))
	return account.CreateUser(ctx, tx, account.NewUser{Email: email, EmailNorm: email, PasswordHash: "none", FirstName: "Test",
		LastName: "Person", Language: "en", Staff: staff})
}

func system(t testing.TB, d *db.DB, id igny8.AccountID, f db.Func) {
	t.Helper()
	if err := d.System(context.Background(), "test", id, f); err != nil {
		t.Fatal(err)
	}
}
