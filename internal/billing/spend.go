package billing

import (
	"context"
	"fmt"
	"unicode/utf8"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing/billingdb"
	"igny8/internal/catalog"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/idem"
)

// The bounds of one spending.
const (
	MaxSpend     = 1_000_000 // credits
	MaxReference = 200       // characters

	// FreeUnverified is how many credits an account may spend in all before an owner
	// has proved an address.
	FreeUnverified = 50
)

// SpendRequest asks for credits to be spent: either for a quantity of an
// operation of the catalogue, or a number of credits.
type SpendRequest struct {
	Operation string
	Quantity  int64
	Credits   int64
	Reference string       // the caller's own name for the work
	Site      igny8.SiteID // zero for none
}

// SpendCredits takes credits from the actor's account at once and returns the
// ledger line. 402 insufficient_credits names what was needed and what is
// available, and takes nothing.
func (s *Service) SpendCredits(ctx context.Context, actor igny8.Actor, in SpendRequest) (t credit.Transaction, err error) {
	if err := in.validate(); err != nil {
		return t, err
	}
	err = s.db.Tenant(ctx, "credits.spend", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		if t, err = s.spendTx(ctx, tx, actor, in); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, t)
	})
	return t, err
}

func (s *Service) spendTx(ctx context.Context, tx *db.Tx, actor igny8.Actor, in SpendRequest) (credit.Transaction, error) {
	if in.Site.IsZero() && actor.Sites != nil {
		return credit.Transaction{}, igny8.InvalidField("site", "required", "Name the site: you reach certain sites only.")
	}
	if !in.Site.IsZero() {
		n, err := billingdb.New(tx).SiteExists(ctx, billingdb.SiteExistsParams{AccountID: tx.Account, ID: in.Site})
		if err != nil {
			return credit.Transaction{}, fmt.Errorf("look for the site: %w", err)
		}
		if n == 0 {
			return credit.Transaction{}, igny8.ErrNotFound
		}
		if !actor.Reaches(in.Site) {
			return credit.Transaction{}, igny8.ErrWrongSite
		}
	}
	price, text := in.Credits, "Credits spent"
	if in.Operation != "" {
		var err error
		if price, err = catalog.Cost(ctx, tx, in.Operation, in.Quantity); err != nil {
			return credit.Transaction{}, err
		}
		text = fmt.Sprintf("%s, quantity %d", in.Operation, in.Quantity)
	}
	switch {
	case price == 0:
		return credit.Transaction{}, igny8.InvalidField("operation", "free_operation", "This operation is free; there is nothing to spend.")
	case price > MaxSpend:
		return credit.Transaction{}, igny8.InvalidField("quantity", "out_of_range", "One spending is at most 1000000 credits; send a smaller quantity.")
	}
	if err := s.mayStillSpend(ctx, tx, price); err != nil {
		return credit.Transaction{}, err
	}
	return credit.Spend(ctx, tx, actor, credit.Spending{Credits: price, Operation: in.Operation, Reference: in.Reference,
		Description: text, Site: in.Site})
}

// mayStillSpend refuses an account without a proved address that would have spent
// more than it may look around with.
func (s *Service) mayStillSpend(ctx context.Context, tx *db.Tx, price int64) error {
	if !s.verified {
		return nil
	}
	ok, err := account.Verified(ctx, tx)
	if err != nil || ok {
		return err
	}
	spent, err := credit.Spent(ctx, tx)
	if err != nil {
		return err
	}
	if spent+price > FreeUnverified {
		return auth.ErrUnverified.With("used", spent).With("allowed", int64(FreeUnverified))
	}
	return nil
}

func (in SpendRequest) validate() error {
	byOperation := in.Operation != "" || in.Quantity != 0
	switch {
	case byOperation == (in.Credits != 0):
		return igny8.InvalidField("credits", "one_of", "Send either operation and quantity, or credits.")
	case byOperation && in.Operation == "":
		return igny8.InvalidField("operation", "required", "Name the operation that the quantity is of.")
	case !byOperation && (in.Credits < 1 || in.Credits > MaxSpend):
		return igny8.InvalidField("credits", "out_of_range", "Send a whole number from 1 to 1000000.")
	case utf8.RuneCountInString(in.Reference) > MaxReference:
		return igny8.InvalidField("reference", "too_long", "Keep the reference within 200 characters.")
	}
	return nil
}

// CreditBalance returns what the actor's account has in credits.
func (s *Service) CreditBalance(ctx context.Context, actor igny8.Actor) (b credit.Balance, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		b, err = credit.BalanceOf(ctx, tx)
		return err
	})
	return b, err
}

// CreditTransaction returns one line of the ledger of the actor's account.
func (s *Service) CreditTransaction(ctx context.Context, actor igny8.Actor, id igny8.CreditID) (t credit.Transaction, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		t, err = credit.TransactionByID(ctx, tx, id)
		return err
	})
	return t, err
}

// CreditTransactions lists the credit ledger of the actor's account, newest
// first.
func (s *Service) CreditTransactions(ctx context.Context, actor igny8.Actor, f credit.Filter, p igny8.Page) (list igny8.List[credit.Transaction], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		list, err = credit.Transactions(ctx, tx, f, p)
		return err
	})
	return list, err
}
