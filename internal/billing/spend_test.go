package billing_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/doctor/doctortest"
)

// Sixty-four at once want ten each of 500: fifty get them, nobody else does.
func TestSpendNeverBelowZero(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		tim, s := billingtest.Trial(t, d), billing.New(d, nil, nil, "")
		var wg sync.WaitGroup
		errs := make([]error, 64)
		for i := range errs {
			wg.Go(func() {
				for {
					_, errs[i] = s.SpendCredits(t.Context(), tim, billing.SpendRequest{Credits: 10, Reference: "r"})
					if igny8.KindOf(errs[i]) != igny8.Unavailable {
						return
					}
				}
			})
		}
		wg.Wait()
		got := 0
		for _, err := range errs {
			if err == nil {
				got++
				continue
			}
			var e *igny8.Error
			if !errors.As(err, &e) || e.Code != "insufficient_credits" || e.Facts["needed"] != int64(10) || e.Facts["available"] != int64(0) {
				t.Error(err)
			}
		}
		b, err := s.CreditBalance(t.Context(), tim)
		if err != nil || got != 50 || b.Balance != 0 || b.Available != 0 || b.Plan != 0 || len(b.Lots) != 0 {
			t.Errorf("%d spent, left %+v, %v", got, b, err)
		}
		var sum, lines, least int64
		if err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT SUM(amount), COUNT(*), MIN(balance_after) FROM credit_transaction WHERE account_id = $1", tim.Account).
				Scan(&sum, &lines, &least)
		}); err != nil || sum != 0 || lines != 51 || least != 0 {
			t.Errorf("the ledger: sum %d, %d lines, lowest %d, %v", sum, lines, least, err)
		}
		doctortest.Assert(t, d)
	})
}

func TestSpend(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		tim, s := billingtest.Trial(t, d), billing.New(d, nil, nil, "")
		tx, err := s.SpendCredits(t.Context(), tim, billing.SpendRequest{Operation: "content_generation", Quantity: 101, Reference: "draft 7"})
		if err != nil || tx.Amount != -2 || tx.BalanceAfter != 498 || tx.Pool != "plan" || tx.Type != "deduction" || tx.Reference != "draft 7" ||
			tx.Operation == nil || *tx.Operation != "content_generation" || tx.UserID != tim.User {
			t.Errorf("%+v %v", tx, err)
		}
		for _, c := range []struct {
			in   billing.SpendRequest
			code string
		}{
			{billing.SpendRequest{}, "validation_failed"},
			{billing.SpendRequest{Credits: 5, Operation: "image_basic", Quantity: 1}, "validation_failed"},
			{billing.SpendRequest{Credits: 5, Quantity: 1}, "validation_failed"},
			{billing.SpendRequest{Quantity: 1}, "validation_failed"},
			{billing.SpendRequest{Credits: -5}, "validation_failed"},
			{billing.SpendRequest{Credits: 1_000_001}, "validation_failed"},
			{billing.SpendRequest{Credits: 1, Reference: strings.Repeat("x", 201)}, "validation_failed"},
			{billing.SpendRequest{Operation: "dancing", Quantity: 1}, "unknown_operation"},
			{billing.SpendRequest{Operation: "image_basic"}, "invalid_quantity"},
			{billing.SpendRequest{Operation: "image_premium", Quantity: 1_000_000}, "validation_failed"},
			{billing.SpendRequest{Operation: "idea_to_task", Quantity: 3}, "validation_failed"},
			{billing.SpendRequest{Credits: 1, Site: igny8.NewID[igny8.SiteID](d.Now())}, "not_found"},
			{billing.SpendRequest{Credits: 499}, "insufficient_credits"},
		} {
			if _, err := s.SpendCredits(t.Context(), tim, c.in); igny8.CodeOf(err) != c.code {
				t.Errorf("%+v: want %s, got %v", c.in, c.code, err)
			}
		}
		una := billingtest.Trial(t, d)
		if list, err := s.CreditTransactions(t.Context(), una, credit.Filter{Type: credit.TypeDeduction}, igny8.Page{}); err != nil || len(list.Items) != 0 {
			t.Errorf("another account's lines: %+v %v", list, err)
		}
		if list, err := s.CreditTransactions(t.Context(), tim, credit.Filter{}, igny8.Page{}); err != nil || len(list.Items) != 2 || list.Items[0].ID != tx.ID {
			t.Errorf("%+v %v", list, err)
		}
	})
}

// Before an owner has proved an address an account may spend fifty credits in all,
// also when sixteen ask at once; where no letters are sent, everything.
func TestUnverifiedSpendFifty(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		tim, free, s := billingtest.Trial(t, d), billingtest.Trial(t, d), billing.New(d, nil, nil, "")
		s.OnlyVerified()
		errs := make([]error, 16)
		var wg sync.WaitGroup
		for i := range errs {
			wg.Go(func() {
				for {
					if _, errs[i] = s.SpendCredits(t.Context(), tim, billing.SpendRequest{Credits: 10}); igny8.KindOf(errs[i]) != igny8.Unavailable {
						return
					}
				}
			})
		}
		wg.Wait()
		got := map[string]int{}
		for _, err := range errs {
			if err == nil {
				got["spent"]++
			} else {
				got[igny8.CodeOf(err)]++
			}
		}
		if got["spent"] != 5 || got["email_unverified"] != 11 {
			t.Errorf("%v, want 5 spent and 11 refused", got)
		}
		if _, err := s.SpendCredits(t.Context(), free, billing.SpendRequest{Credits: 51}); igny8.CodeOf(err) != "email_unverified" {
			t.Errorf("51 at once: %v", err)
		}
		if _, err := s.SpendCredits(t.Context(), free, billing.SpendRequest{Credits: 50}); err != nil {
			t.Errorf("50: %v", err)
		}
		err := d.System(t.Context(), "test", tim.Account, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE app_user SET email_verified_at = $1 WHERE id = $2", d.Now(), tim.User)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.SpendCredits(t.Context(), tim, billing.SpendRequest{Credits: 450}); err != nil {
			t.Errorf("with a proved address: %v", err)
		}
		if _, err := billing.New(d, nil, nil, "").SpendCredits(t.Context(), free, billing.SpendRequest{Credits: 450}); err != nil {
			t.Errorf("without letters: %v", err)
		}
		doctortest.Assert(t, d)
	})
}
