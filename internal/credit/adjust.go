package credit

import (
	"context"
	"fmt"
	"slices"
	"time"

	"igny8"
	"igny8/internal/credit/creditdb"
	"igny8/internal/db"
)

// Adjust gives n bonus credits by hand, or takes -n: bonus credits first, then those
// of the plan. 409 credits_below_zero when fewer are available; then nothing is
// taken. 409 already_exists when src was booked before.
func Adjust(ctx context.Context, tx *db.Tx, n int64, src Source, description string) (Transaction, error) {
	t, err := adjust(ctx, tx, n, src, description)
	if db.Duplicate(err) {
		err = igny8.E(igny8.Conflict, "already_exists", "These credits were booked already; send another name to book them once more.").Because(err)
	}
	return t, err
}

func adjust(ctx context.Context, tx *db.Tx, n int64, src Source, description string) (Transaction, error) {
	q := creditdb.New(tx)
	if err := q.OpenBalance(ctx, creditdb.OpenBalanceParams{AccountID: tx.Account, UpdatedAt: tx.Now}); err != nil {
		return Transaction{}, fmt.Errorf("open credit balance: %w", err)
	}
	balance, err := q.LockBalance(ctx, tx.Account)
	if err != nil {
		return Transaction{}, fmt.Errorf("lock credit balance: %w", err)
	}
	if n > 0 {
		return grant(ctx, tx, PoolBonus, TypeAdjustment, n, nil, src, description)
	}
	if available := balance.Balance - balance.Held; available < -n {
		return Transaction{}, igny8.E(igny8.Conflict, "credits_below_zero", "The account has fewer credits available than would be taken.").
			With("available", available)
	}
	lots, err := q.OpenLots(ctx, tx.Account)
	if err != nil {
		return Transaction{}, fmt.Errorf("read lots: %w", err)
	}
	slices.SortStableFunc(lots, func(a, b Lot) int { return bonusFirst(a) - bonusFirst(b) })
	burns, pool, err := plan(lots, -n)
	if err != nil {
		return Transaction{}, err
	}
	return write(ctx, tx, Transaction{Type: TypeAdjustment, Pool: pool, Amount: n, Source: src.Kind, SourceID: src.ID, Description: description}, burns)
}

func bonusFirst(l Lot) int {
	if l.Pool == PoolBonus {
		return 0
	}
	return 1
}

// Prolong lets the lot of a business event expire at another instant. It does
// nothing when there is no such lot.
func Prolong(ctx context.Context, tx *db.Tx, src Source, expires time.Time) error {
	err := creditdb.New(tx).ProlongLot(ctx, creditdb.ProlongLotParams{AccountID: tx.Account, Source: src.Kind, SourceID: src.ID, ExpiresAt: &expires})
	if err != nil {
		return fmt.Errorf("prolong credits: %w", err)
	}
	return nil
}
