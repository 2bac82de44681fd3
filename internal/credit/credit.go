package credit

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/credit/creditdb"
	"igny8/internal/db"
	"igny8/internal/event"
)

// The pools.
const (
	PoolPlan  = "plan"
	PoolBonus = "bonus"
	poolMixed = "mixed"
)

// The types of ledger lines.
const (
	TypeSubscription = "subscription"
	TypePurchase     = "purchase"
	TypeDeduction    = "deduction"
	TypeAdjustment   = "adjustment"
	TypeExpiry       = "expiry"
)

// Transaction is one line of the ledger.
type Transaction = creditdb.CreditTransaction

// Lot is a batch of credits that came together.
type Lot = creditdb.CreditLot

// Source says which business event moves credits. One event moves them once:
// the pair is unique per account.
type Source struct {
	Kind string // "invoice", "trial", "spend"
	ID   string
}

// SetPlan sets the plan pool to n credits that expire at the given instant. What
// was left of older plan lots expires as a line of its own. It joins the
// transaction of the payment that bought them.
func SetPlan(ctx context.Context, tx *db.Tx, n int64, expires time.Time, src Source, description string) error {
	if err := creditdb.New(tx).OpenBalance(ctx, creditdb.OpenBalanceParams{AccountID: tx.Account, UpdatedAt: tx.Now}); err != nil {
		return fmt.Errorf("open credit balance: %w", err)
	}
	if err := expirePlan(ctx, tx, src); err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	_, err := grant(ctx, tx, PoolPlan, TypeSubscription, n, &expires, src, description)
	return err
}

// AddBonus adds n credits to the bonus pool, which never expires.
func AddBonus(ctx context.Context, tx *db.Tx, n int64, src Source, description string) error {
	if err := creditdb.New(tx).OpenBalance(ctx, creditdb.OpenBalanceParams{AccountID: tx.Account, UpdatedAt: tx.Now}); err != nil {
		return fmt.Errorf("open credit balance: %w", err)
	}
	_, err := grant(ctx, tx, PoolBonus, TypePurchase, n, nil, src, description)
	return err
}

func expirePlan(ctx context.Context, tx *db.Tx, src Source) error {
	q := creditdb.New(tx)
	if _, err := q.LockBalance(ctx, tx.Account); err != nil {
		return fmt.Errorf("lock credit balance: %w", err)
	}
	lots, err := q.OpenLots(ctx, tx.Account)
	if err != nil {
		return fmt.Errorf("read lots: %w", err)
	}
	for _, lot := range lots {
		if lot.Pool != PoolPlan {
			continue
		}
		line := Transaction{Type: TypeExpiry, Pool: PoolPlan, Amount: -lot.Remaining, Source: "expiry",
			SourceID: lot.ID.String() + ":" + src.Kind + ":" + src.ID, Description: "Plan credits of the last period expired"}
		if _, err := write(ctx, tx, line, []burn{{lot.ID, lot.Remaining}}); err != nil {
			return err
		}
	}
	return nil
}

func grant(ctx context.Context, tx *db.Tx, pool, typ string, n int64, expires *time.Time, src Source, description string) (Transaction, error) {
	lot := db.NewID[igny8.LotID](tx)
	err := creditdb.New(tx).InsertLot(ctx, creditdb.InsertLotParams{AccountID: tx.Account, ID: lot, Pool: pool, Source: src.Kind,
		SourceID: src.ID, Amount: n, ExpiresAt: expires, CreatedAt: tx.Now})
	if err != nil {
		return Transaction{}, fmt.Errorf("insert lot: %w", err)
	}
	line := Transaction{Type: typ, Pool: pool, Amount: n, Source: src.Kind, SourceID: src.ID, Description: description}
	t, err := write(ctx, tx, line, []burn{{lot, -n}})
	if err != nil {
		return t, err
	}
	return t, event.Emit(ctx, tx, "credits.granted", t.ID.String(), map[string]any{"amount": n, "pool": pool, "balance_after": t.BalanceAfter})
}

type burn struct {
	lot    igny8.LotID
	amount int64 // taken from the lot; negative when the line filled it
}

// write books one line: balance, ledger, lots. It fills in id, seq, time and the
// balance after.
func write(ctx context.Context, tx *db.Tx, t Transaction, burns []burn) (Transaction, error) {
	q := creditdb.New(tx)
	after, err := q.AddToBalance(ctx, creditdb.AddToBalanceParams{AccountID: tx.Account, Amount: t.Amount, Now: tx.Now})
	if err != nil {
		return t, fmt.Errorf("change credit balance: %w", err)
	}
	t.AccountID, t.ID, t.Seq, t.BalanceAfter, t.CreatedAt = tx.Account, db.NewID[igny8.CreditID](tx), after.Seq, after.Balance, tx.Now
	if err := q.InsertTransaction(ctx, creditdb.InsertTransactionParams(t)); err != nil {
		return t, fmt.Errorf("insert credit transaction: %w", err)
	}
	for _, b := range burns {
		if b.amount > 0 {
			if _, err := q.TakeFromLot(ctx, creditdb.TakeFromLotParams{AccountID: tx.Account, ID: b.lot, Amount: b.amount}); err != nil {
				return t, fmt.Errorf("take from lot: %w", err)
			}
		}
		if err := q.InsertBurn(ctx, creditdb.InsertBurnParams{AccountID: tx.Account, TransactionID: t.ID, LotID: b.lot, Amount: b.amount}); err != nil {
			return t, fmt.Errorf("insert burn: %w", err)
		}
	}
	return t, nil
}

// Spending asks for credits to be spent.
type Spending struct {
	Credits     int64
	Operation   string // may be empty
	Reference   string // the caller's own name for the work
	Description string
	Site        igny8.SiteID
	SourceID    string // unique per account; empty makes one
}

// Spend takes credits and returns the ledger line. 402 insufficient_credits
// names what was needed and what is available; then nothing is taken.
func Spend(ctx context.Context, tx *db.Tx, actor igny8.Actor, s Spending) (Transaction, error) {
	q := creditdb.New(tx)
	balance, err := q.LockBalance(ctx, tx.Account)
	if err != nil && !db.Absent(err) {
		return Transaction{}, fmt.Errorf("lock credit balance: %w", err)
	}
	if available := balance.Balance - balance.Held; available < s.Credits {
		return Transaction{}, igny8.E(igny8.PaymentRequired, "insufficient_credits",
			"There are not enough credits for this; buy a package or change the plan.").
			With("needed", s.Credits).With("available", available)
	}
	lots, err := q.OpenLots(ctx, tx.Account)
	if err != nil {
		return Transaction{}, fmt.Errorf("read lots: %w", err)
	}
	burns, pool, err := plan(lots, s.Credits)
	if err != nil {
		return Transaction{}, err
	}
	line := Transaction{Type: TypeDeduction, Pool: pool, Amount: -s.Credits, Description: s.Description, Reference: s.Reference,
		SiteID: s.Site, UserID: actor.User, Source: "spend", SourceID: s.SourceID}
	if s.Operation != "" {
		line.Operation = &s.Operation
	}
	if line.SourceID == "" {
		line.SourceID = db.NewID[igny8.RowID](tx).UUID().String()
	}
	t, err := write(ctx, tx, line, burns)
	if err != nil {
		return t, err
	}
	if err := event.Emit(ctx, tx, "credits.spent", t.ID.String(),
		map[string]any{"amount": s.Credits, "operation": s.Operation, "reference": s.Reference, "balance_after": t.BalanceAfter}); err != nil {
		return t, err
	}
	return t, audit.Record(ctx, tx, actor, audit.Entry{Action: "credits.spend", ObjectType: "credit_transaction",
		ObjectID: t.ID.String(), Details: map[string]any{"credits": s.Credits, "operation": s.Operation}})
}

// Spent returns what work has taken from the account in all. The balance is locked,
// so nobody spends meanwhile.
func Spent(ctx context.Context, tx *db.Tx) (int64, error) {
	q := creditdb.New(tx)
	if _, err := q.LockBalance(ctx, tx.Account); err != nil && !db.Absent(err) {
		return 0, fmt.Errorf("lock credit balance: %w", err)
	}
	return q.SpentSoFar(ctx, tx.Account)
}

// plan says how much of which lot n credits burn. The lots come in order.
func plan(lots []Lot, n int64) (burns []burn, pool string, err error) {
	for _, lot := range lots {
		if n == 0 {
			break
		}
		take := min(n, lot.Remaining)
		burns = append(burns, burn{lot.ID, take})
		n -= take
		if pool != "" && pool != lot.Pool {
			pool = poolMixed
		} else {
			pool = lot.Pool
		}
	}
	if n > 0 {
		return nil, "", fmt.Errorf("credit lots hold %d less than the balance", n)
	}
	return burns, pool, nil
}

// Balance is what an account has.
type Balance struct {
	Balance   int64
	Held      int64
	Available int64
	Plan      int64
	Bonus     int64
	Lots      []Lot
}

// BalanceOf reads the balance of the transaction's account.
func BalanceOf(ctx context.Context, tx *db.Tx) (Balance, error) {
	q := creditdb.New(tx)
	row, err := q.Balance(ctx, tx.Account)
	if err != nil && !db.Absent(err) {
		return Balance{}, fmt.Errorf("read credit balance: %w", err)
	}
	lots, err := q.OpenLots(ctx, tx.Account)
	if err != nil {
		return Balance{}, fmt.Errorf("read lots: %w", err)
	}
	b := Balance{Balance: row.Balance, Held: row.Held, Available: row.Balance - row.Held, Lots: lots}
	for _, lot := range lots {
		if lot.Pool == PoolPlan {
			b.Plan += lot.Remaining
		} else {
			b.Bonus += lot.Remaining
		}
	}
	return b, nil
}

// Filter says which lines of the ledger are wanted; what is empty asks for all.
type Filter struct {
	Type  string
	Site  igny8.SiteID
	From  time.Time // the first instant
	Until time.Time // the first instant after
}

// Transactions lists the ledger of the transaction's account, newest first.
func Transactions(ctx context.Context, tx *db.Tx, f Filter, p igny8.Page) (igny8.List[Transaction], error) {
	arg := creditdb.ListTransactionsParams{AccountID: tx.Account, BeforeSeq: p.BeforeSeq(), PageSize: p.Fetch(), FromAt: time.Unix(0, 0),
		UntilAt: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
	if f.Type != "" {
		arg.Type = &f.Type
	}
	if !f.Site.IsZero() {
		site := f.Site.UUID().String()
		arg.Site = &site
	}
	if f.From.After(arg.FromAt) {
		arg.FromAt = f.From
	}
	if !f.Until.IsZero() && f.Until.Before(arg.UntilAt) {
		arg.UntilAt = f.Until
	}
	rows, err := creditdb.New(tx).ListTransactions(ctx, arg)
	return igny8.NewList(p, rows, func(t Transaction) string { return fmt.Sprint(t.Seq) }), err
}

// TransactionByID returns one line of the ledger of the transaction's account.
func TransactionByID(ctx context.Context, tx *db.Tx, id igny8.CreditID) (Transaction, error) {
	t, err := creditdb.New(tx).GetTransaction(ctx, creditdb.GetTransactionParams{AccountID: tx.Account, ID: id})
	if db.Absent(err) {
		return t, igny8.ErrNotFound
	}
	return t, err
}
