package auth

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
)

// How long the console's cookie is good without being used. The session's own end
// always holds, as it does for refresh tokens.
const (
	ConsoleIdle      = 7 * 24 * time.Hour
	ConsoleRemember  = 30 * 24 * time.Hour
	StaffConsoleIdle = 12 * time.Hour
)

// Console is an open console: whose it is, and the token that its cookie carries.
type Console struct {
	Actor   igny8.Actor
	User    account.User
	Account account.Account      // the zero value for staff
	Member  []account.Membership // of the person, in all their accounts
	Token   string
	Until   time.Time // when the cookie ends unless it is used
}

// OpenConsole makes a console token for the session of an access token that was
// just issued, at login or signup. Both live and die with that session.
func (s *Service) OpenConsole(ctx context.Context, access string) (c Console, err error) {
	claims, err := s.signer.Verify(access, s.db.Now())
	if err != nil {
		return c, err
	}
	token, hash := NewOpaque(ConsoleToken)
	err = s.db.System(ctx, "auth.open_console", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		session, err := authdb.New(tx).GetSession(ctx, claims.Session)
		if err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		if c, err = s.lookConsole(ctx, tx, session, ""); err != nil {
			return err
		}
		c.Token, c.Until = token, consoleUntil(session, tx.Now)
		err = authdb.New(tx).InsertConsole(ctx, authdb.InsertConsoleParams{Hash: hash, SessionID: session.ID, CreatedAt: tx.Now, ExpiresAt: c.Until})
		if err != nil {
			return fmt.Errorf("insert console token: %w", err)
		}
		return nil
	})
	return c, err
}

// lookConsole reads whose session it is, in system scope, and takes the account that slug
// names. Where the person is no member of that, or slug is "", it is the account they
// logged in for, or else their first: one login serves all of a person's accounts.
func (s *Service) lookConsole(ctx context.Context, tx *db.Tx, session authdb.Session, slug string) (c Console, err error) {
	at := session.HomeAccount
	if !at.IsZero() && session.Acting == nil {
		if c.Member, err = account.MembershipsOf(ctx, tx, session.UserID); err != nil {
			return c, err
		}
		m, ok := pick(c.Member, func(m account.Membership) bool { return m.Account.Slug == slug })
		if !ok {
			m, ok = pick(c.Member, func(m account.Membership) bool { return m.Account.ID == at })
		}
		if !ok && len(c.Member) > 0 {
			m = c.Member[0]
		}
		at = m.Account.ID
		if at.IsZero() {
			return c, account.ErrToken
		}
	}
	c.Actor, err = s.look(ctx, tx, igny8.Actor{User: session.UserID, Account: at, Session: session.ID})
	if err != nil {
		return c, err
	}
	if c.User, err = account.UserByID(ctx, tx, session.UserID); err != nil || c.Actor.Account.IsZero() {
		return c, err
	}
	tx.Account = c.Actor.Account
	c.Account, err = account.Get(ctx, tx)
	return c, err
}

// seenLately reports whether the member's use of the account needs no note.
func (c Console) seenLately(now time.Time) bool {
	m, ok := pick(c.Member, func(m account.Membership) bool { return m.Account.ID == c.Account.ID })
	return !ok || m.Membership.LastSeenAt != nil && now.Sub(*m.Membership.LastSeenAt) < seenEvery
}

// consoleUntil is the idle limit from now, and never beyond the session's end.
func consoleUntil(session authdb.Session, now time.Time) time.Time {
	until := now.Add(consoleIdle(session))
	if session.ExpiresAt.Before(until) {
		until = session.ExpiresAt
	}
	return until
}

func consoleIdle(session authdb.Session) time.Duration {
	switch {
	case session.HomeAccount.IsZero():
		return StaffConsoleIdle
	case session.Remember:
		return ConsoleRemember
	}
	return ConsoleIdle
}

// AuthenticateConsole checks a console token and reads afresh who comes with it, for
// the account that the page's address names by slug, if they belong to it; see lookConsole.
// A revoked session, a disabled user and who belongs to no account any more are
// refused at once with 401. The idle limit moves on when a tenth of it has passed; then Until is
// later than before.
func (s *Service) AuthenticateConsole(ctx context.Context, token, slug string) (c Console, err error) {
	hash, ok := HashOpaque(ConsoleToken, token)
	if !ok {
		return c, account.ErrToken
	}
	var row authdb.FindConsoleRow
	now := s.db.Now()
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		row, err = authdb.New(tx).FindConsole(ctx, hash)
		if db.Absent(err) || err == nil && !tx.Now.Before(row.ConsoleToken.ExpiresAt) {
			return account.ErrToken
		}
		if err != nil {
			return fmt.Errorf("find console token: %w", err)
		}
		c, err = s.lookConsole(ctx, tx, row.Session, slug)
		return err
	})
	if err != nil {
		return Console{}, err
	}
	c.Token, c.Until = token, row.ConsoleToken.ExpiresAt
	if !c.seenLately(now) {
		err = s.db.System(ctx, "auth.see_member", c.Account.ID, func(ctx context.Context, tx *db.Tx) error {
			return account.SeeMember(ctx, tx, c.Account.ID, c.User.ID)
		})
		if err != nil {
			return Console{}, err
		}
	}
	if until := consoleUntil(row.Session, now); until.Sub(c.Until) > consoleIdle(row.Session)/10 {
		c.Until = until
		err = s.db.System(ctx, "auth.extend_console", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			if err := authdb.New(tx).ExtendConsole(ctx, authdb.ExtendConsoleParams{Hash: hash, ExpiresAt: until}); err != nil {
				return fmt.Errorf("extend console token: %w", err)
			}
			return authdb.New(tx).TouchSession(ctx, authdb.TouchSessionParams{ID: row.Session.ID, Now: tx.Now})
		})
	}
	return c, err
}

// EndConsole logs out: the session of the token ends, and with it every token of
// that session. A token that is not known is as good as logged out. Expired
// console tokens are deleted along the way.
func (s *Service) EndConsole(ctx context.Context, token string) error {
	hash, ok := HashOpaque(ConsoleToken, token)
	if !ok {
		return nil
	}
	return s.db.System(ctx, "auth.end_console", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		row, err := authdb.New(tx).FindConsole(ctx, hash)
		if db.Absent(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find console token: %w", err)
		}
		if err := authdb.New(tx).ForgetConsole(ctx, authdb.ForgetConsoleParams{Hash: hash, Now: tx.Now}); err != nil {
			return fmt.Errorf("forget console token: %w", err)
		}
		if row.Session.RevokedAt != nil {
			return nil
		}
		if row.Session.Acting != nil {
			return endLook(ctx, tx, row.Session)
		}
		return s.endSession(ctx, tx, igny8.Actor{User: row.Session.UserID, Account: row.Session.HomeAccount, Session: row.Session.ID}, "logout")
	})
}
