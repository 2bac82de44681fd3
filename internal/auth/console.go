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
	Account account.Account // the zero value for staff
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
		if c, err = look(ctx, tx, session); err != nil {
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

// look reads whose session it is, in system scope.
func look(ctx context.Context, tx *db.Tx, session authdb.Session) (c Console, err error) {
	c.Actor, err = account.Look(ctx, tx, igny8.Actor{User: session.UserID, Account: session.HomeAccount, Session: session.ID})
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

// LoginConsole checks a password, as Login does, and opens the console of staff
// or of a customer. Who comes to the other door is told so (403 other_door).
func (s *Service) LoginConsole(ctx context.Context, in Credentials, staff bool) (Console, error) {
	_, tokens, err := s.login(ctx, in, func(p Person) error {
		switch {
		case staff && !p.User.Staff:
			return igny8.E(igny8.Forbidden, "other_door", "This login is for staff; customers log in on the other page.")
		case !staff && p.User.Staff && len(p.Memberships) == 0:
			return igny8.E(igny8.Forbidden, "other_door", "This login is for customers; staff log in on the other page.")
		}
		return nil
	})
	if err != nil {
		return Console{}, err
	}
	return s.OpenConsole(ctx, tokens.Access)
}

// AuthenticateConsole checks a console token and reads afresh who comes with it:
// a revoked session, a disabled user and a lost membership are refused at once
// with 401. The idle limit moves on when a tenth of it has passed; then Until is
// later than before.
func (s *Service) AuthenticateConsole(ctx context.Context, token string) (c Console, err error) {
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
		c, err = look(ctx, tx, row.Session)
		return err
	})
	if err != nil {
		return Console{}, err
	}
	c.Token, c.Until = token, row.ConsoleToken.ExpiresAt
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
