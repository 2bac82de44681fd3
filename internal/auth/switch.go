package auth

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/idem"
)

// Switched is a new session on another account of the same person.
type Switched struct {
	Account account.Account
	Tokens  Tokens
}

// Switch starts a session on another account of the actor's, beside the one they
// have, and not for longer than that. An account that they do not belong to is
// NotFound, as one that never was.
func (s *Service) Switch(ctx context.Context, actor igny8.Actor, to igny8.AccountID, dev Device) (out Switched, err error) {
	if !actor.Key.IsZero() || !actor.Impersonator.IsZero() {
		return out, igny8.ErrNotFound
	}
	err = s.db.System(ctx, "auth.switch", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		list, err := account.MembershipsOf(ctx, tx, actor.User)
		if err != nil {
			return err
		}
		m, ok := pick(list, func(m account.Membership) bool { return m.Account.ID == to })
		if !ok {
			return igny8.ErrNotFound
		}
		session, err := authdb.New(tx).GetSession(ctx, actor.Session)
		if err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		dev.Remember, dev.Until = session.Remember, session.ExpiresAt
		if out.Tokens, err = s.StartSession(ctx, tx, actor.User, to, m.Membership.Role, dev); err != nil {
			return err
		}
		out.Account, tx.Account, actor.Role = m.Account, to, m.Membership.Role
		err = audit.Record(ctx, tx, actor, audit.Entry{Action: "session.start", ObjectType: "user", ObjectID: actor.User.String()})
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func pick(list []account.Membership, is func(account.Membership) bool) (account.Membership, bool) {
	for _, m := range list {
		if is(m) {
			return m, true
		}
	}
	return account.Membership{}, false
}

// seenEvery is how exactly it is remembered when a member used the console last.
const seenEvery = 15 * time.Minute

// Confirm asks again for the password of who is logged in, throttled as a login is.
func (s *Service) Confirm(ctx context.Context, actor igny8.Actor, password string) error {
	if !actor.Key.IsZero() || !actor.Impersonator.IsZero() {
		return errPassword
	}
	_, err := s.confirmPassword(ctx, actor, password)
	return err
}

// CheckLogin checks an address and a password, and the second factor of who has one,
// throttled as a login is, and logs nobody in.
func (s *Service) CheckLogin(ctx context.Context, c Credentials) (account.User, error) {
	user, err := s.firstFactor(ctx, c)
	if err != nil {
		return user, err
	}
	return user, s.db.System(ctx, "auth.check_login", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		return s.byCode(c.Code)(ctx, tx, user)
	})
}

// ThrottleInvite counts one letter of invitation, by address and by account.
func (s *Service) ThrottleInvite(ctx context.Context, from igny8.AccountID, emailNorm string) error {
	return s.throttle(ctx, map[string]rule{"invite:addr:" + s.blind(emailNorm): letterByAddress, "invite:account:" + from.String(): inviteByAccount})
}

// MarkVerified notes that the person's address is proved, and returns them so.
func MarkVerified(ctx context.Context, tx *db.Tx, u account.User) (account.User, error) {
	if err := markVerified(ctx, tx, u); err != nil {
		return u, err
	}
	return account.UserByID(ctx, tx, u.ID)
}
