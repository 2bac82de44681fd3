package desk

import (
	"context"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/idem"
)

// Look is a staff user's look into an account as one of its people.
type Look struct {
	Account account.Account
	Tokens  auth.Tokens
	Until   time.Time
}

// Impersonate lets the actor look into an account: read-only unless write is asked
// for, for 30 minutes. The reason stands in the account's own audit log. An
// earlier look of theirs ends.
func (s *Service) Impersonate(ctx context.Context, actor igny8.Actor, in auth.Acting) (l Look, err error) {
	in.Reason = strings.TrimSpace(in.Reason)
	if err := checkNote("reason", in.Reason); err != nil {
		return l, err
	}
	err = s.db.System(ctx, "desk.impersonate", in.Account, func(ctx context.Context, tx *db.Tx) error {
		if l.Account, err = account.Get(ctx, tx); err != nil {
			return err
		}
		if err := expected(ctx, tx); err != nil {
			return err
		}
		if l.Tokens, l.Until, err = s.auth.StartActing(ctx, tx, actor, in); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, l)
	})
	return l, err
}

// EndLooks ends the actor's look, wherever it is open, and returns how many ended.
func (s *Service) EndLooks(ctx context.Context, actor igny8.Actor) (n int, err error) {
	err = s.db.System(ctx, "desk.end_looks", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		n, err = auth.EndActing(ctx, tx, actor)
		return err
	})
	return n, err
}
