package desk

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/db"
	"igny8/internal/desk/deskdb"
)

// A Gift is credits or a plan that a member of staff gives to an account: done, or waiting
// for a second person.
type Gift = deskdb.StaffGift

const (
	giftCredits = "credits"
	giftPlan    = "plan"

	giftWaiting = "waiting"
	giftDone    = "done"

	aloneFor = 24 * time.Hour // what one person gives alone is counted over this time
)

// gift is what one act gives.
type gift struct {
	Gift
	limit int64 // of what it counts in: credits, or months
}

func (g gift) amount() int64 {
	if g.Kind == giftPlan {
		return g.Months
	}
	return g.Credits
}

// same reports whether two members of staff mean the same gift.
func (g gift) same(o Gift) bool {
	return g.Credits == o.Credits && g.Plan == o.Plan && g.Cycle == o.Cycle && g.Months == o.Months
}

// allow decides whether the gift may be done now, in a transaction of system scope that
// holds the account's lock. It returns nil when it may, and the gift that waits for a
// second person when it may not. told are details for the audit log.
func (g gift) allow(ctx context.Context, tx *db.Tx, actor igny8.Actor) (waits *Gift, told map[string]any, err error) {
	// Whoever gives waits for their own gifts before, so that the sum below holds.
	if _, err := account.LockUser(ctx, tx, actor.User); err != nil {
		return nil, nil, fmt.Errorf("lock staff user: %w", err)
	}
	two, err := g.needsTwo(ctx, tx, actor)
	if err != nil {
		return nil, nil, err
	}
	if !two {
		return nil, map[string]any{}, g.insert(ctx, tx, actor, giftDone)
	}
	alone, err := account.Alone(ctx, tx, actor.User, igny8.PermAccounts)
	if err != nil {
		return nil, nil, err
	}
	if alone {
		return nil, map[string]any{"one_approver": true}, g.insert(ctx, tx, actor, giftDone)
	}
	return g.second(ctx, tx, actor)
}

func (g gift) needsTwo(ctx context.Context, tx *db.Tx, actor igny8.Actor) (bool, error) {
	sum, err := deskdb.New(tx).GivenAlone(ctx, deskdb.GivenAloneParams{GivenBy: actor.User, Kind: g.Kind, Since: tx.Now.Add(-aloneFor)})
	if err != nil {
		return false, fmt.Errorf("sum of gifts: %w", err)
	}
	given := sum.Credits
	if g.Kind == giftPlan {
		given = sum.Months
	}
	return given+g.amount() > g.limit, nil
}

// second confirms the same gift of somebody else that waits, or lets this one wait.
func (g gift) second(ctx context.Context, tx *db.Tx, actor igny8.Actor) (waits *Gift, told map[string]any, err error) {
	q := deskdb.New(tx)
	first, err := q.WaitingGift(ctx, deskdb.WaitingGiftParams{AccountID: tx.Account, Kind: g.Kind})
	switch {
	case db.Absent(err) || err == nil && !g.same(first):
		return g.wait(ctx, tx, actor)
	case err != nil:
		return nil, nil, fmt.Errorf("read waiting gift: %w", err)
	case first.GivenBy == actor.User:
		return nil, nil, igny8.E(igny8.Conflict, "second_approver_required", "You asked for this already; another member of staff must confirm it by doing the same.")
	}
	if err := account.Independent(ctx, tx, first.GivenBy, actor.User); err != nil {
		return nil, nil, err
	}
	_, err = q.ConfirmGift(ctx, deskdb.ConfirmGiftParams{AccountID: tx.Account, ID: first.ID, SecondBy: actor.User, SecondEmail: &actor.Email, Now: &tx.Now})
	if err != nil {
		return nil, nil, fmt.Errorf("confirm gift: %w", err)
	}
	return nil, map[string]any{"first": first.GivenEmail}, nil
}

// wait puts the gift in the place of any other of its kind that waits for the account.
func (g gift) wait(ctx context.Context, tx *db.Tx, actor igny8.Actor) (*Gift, map[string]any, error) {
	if err := deskdb.New(tx).ReplaceGift(ctx, deskdb.ReplaceGiftParams{AccountID: tx.Account, Kind: g.Kind}); err != nil {
		return nil, nil, fmt.Errorf("replace gift: %w", err)
	}
	if err := g.insert(ctx, tx, actor, giftWaiting); err != nil {
		return nil, nil, err
	}
	waits, err := deskdb.New(tx).WaitingGift(ctx, deskdb.WaitingGiftParams{AccountID: tx.Account, Kind: g.Kind})
	if err != nil {
		return nil, nil, fmt.Errorf("read waiting gift: %w", err)
	}
	return &waits, map[string]any{"credits": g.Credits, "plan": g.Plan, "months": g.Months}, nil
}

func (g gift) insert(ctx context.Context, tx *db.Tx, actor igny8.Actor, status string) error {
	in := deskdb.InsertGiftParams{AccountID: tx.Account, ID: db.NewID[igny8.RowID](tx), Kind: g.Kind, Credits: g.Credits, Plan: g.Plan,
		Cycle: g.Cycle, Months: g.Months, Note: g.Note, Status: status, GivenBy: actor.User, GivenEmail: actor.Email, Now: tx.Now}
	if status == giftDone {
		in.DoneAt = &tx.Now
	}
	if err := deskdb.New(tx).InsertGift(ctx, in); err != nil {
		return fmt.Errorf("insert gift: %w", err)
	}
	return nil
}

// Waiting lists the gifts to an account that wait for a second person.
func (s *Service) Waiting(ctx context.Context, id igny8.AccountID) (list []Gift, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = deskdb.New(tx).WaitingGifts(ctx, id)
		return err
	})
	return list, err
}
