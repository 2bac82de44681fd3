package auth

import (
	"context"
	"fmt"
	"slices"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/mail"
)

// How long links in letters are good.
const (
	verifyWithin = 24 * time.Hour
	resetWithin  = 30 * time.Minute
)

var errLink = igny8.E(igny8.Invalid, "link_invalid", "This link is not valid, was used, or is too old; ask for a new one.")

// takeLink uses a letter's link up and returns whose it is: once, in time, and for
// the address that it went to.
func takeLink(ctx context.Context, tx *db.Tx, kind OpaqueKind, purpose, token string) (u account.User, err error) {
	hash, ok := HashOpaque(kind, token)
	if !ok {
		return u, errLink
	}
	row, err := authdb.New(tx).UseEmailToken(ctx, authdb.UseEmailTokenParams{Hash: hash, Purpose: purpose, Now: &tx.Now})
	if db.Absent(err) {
		return u, errLink
	}
	if err != nil {
		return u, fmt.Errorf("use link: %w", err)
	}
	if u, err = account.UserByID(ctx, tx, row.UserID); err != nil {
		return u, err
	}
	if u.EmailNorm != row.EmailNorm || u.Status != "active" {
		return u, errLink
	}
	return u, nil
}

// Verify proves an address with the token of the letter: once, within 24 hours.
// Whoever signed up with an address that was not theirs must not stay in when its
// owner proves it: the first proof ends every session from another network than
// actor's, and every open change of address, unless actor is the person logged in,
// and so knows the password too.
func (s *Service) Verify(ctx context.Context, actor igny8.Actor, token string) error {
	return s.db.System(ctx, "auth.verify", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := takeLink(ctx, tx, VerifyToken, toVerify, token)
		if err != nil {
			return err
		}
		if err := markVerified(ctx, tx, u); err != nil {
			return err
		}
		if u.EmailVerifiedAt == nil && actor.User != u.ID {
			if err := endForeign(ctx, tx, u.ID, actor.Network); err != nil {
				return err
			}
			if err := dropFactors(ctx, tx, u.ID); err != nil {
				return err
			}
		}
		return tellPerson(ctx, tx, self(u, actor), "user.verify_email", nil)
	})
}

func markVerified(ctx context.Context, tx *db.Tx, u account.User) error {
	err := authdb.New(tx).MarkVerified(ctx, authdb.MarkVerifiedParams{ID: u.ID, EmailNorm: u.EmailNorm, Now: &tx.Now})
	if err != nil {
		return fmt.Errorf("mark verified: %w", err)
	}
	return nil
}

// Reset sets a new password with the token of a letter: once, within 30 minutes.
// It proves the address, ends all sessions and links and open changes of address,
// and logs nobody in. The second factor stays, except at the first proof of an
// address that somebody signed up with: whoever did may not have been its owner.
// Staff are made by others of the staff, so theirs stays always.
func (s *Service) Reset(ctx context.Context, network, token, password string) error {
	var u account.User
	err := s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		hash, _ := HashOpaque(ResetToken, token)
		row, err := authdb.New(tx).PeekEmailToken(ctx, authdb.PeekEmailTokenParams{Hash: hash, Purpose: toReset, Now: tx.Now})
		if db.Absent(err) {
			return errLink
		}
		if err != nil {
			return fmt.Errorf("look at link: %w", err)
		}
		u, err = account.UserByID(ctx, tx, row)
		return err
	})
	if err != nil {
		return err
	}
	hash, err := s.HashPassword(ctx, password, u.Email, u.FirstName, u.LastName) // takes long: no transaction is open
	if err != nil {
		return err
	}
	return s.db.System(ctx, "auth.reset", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := takeLink(ctx, tx, ResetToken, toReset, token)
		if err != nil {
			return err
		}
		if err := s.setPassword(ctx, tx, u, hash); err != nil {
			return err
		}
		if err := markVerified(ctx, tx, u); err != nil {
			return err
		}
		if u.EmailVerifiedAt == nil && !u.Staff {
			if err := dropFactors(ctx, tx, u.ID); err != nil {
				return err
			}
		}
		if err := s.endAll(ctx, tx, u.ID, igny8.SessionID{}, "password reset"); err != nil {
			return err
		}
		return tellPerson(ctx, tx, self(u, igny8.Actor{Network: network}), "user.reset_password", nil)
	})
}

// setPassword stores the hash, ends the links that could set another, and tells
// the person by letter.
func (s *Service) setPassword(ctx context.Context, tx *db.Tx, u account.User, hash string) error {
	q := authdb.New(tx)
	_, err := q.SetPassword(ctx, authdb.SetPasswordParams{ID: u.ID, EmailNorm: u.EmailNorm, PasswordHash: hash, Now: tx.Now})
	if db.Absent(err) {
		return errLink
	}
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	if err := q.VoidEmailTokens(ctx, authdb.VoidEmailTokensParams{UserID: u.ID, Purpose: toReset, Now: &tx.Now}); err != nil {
		return fmt.Errorf("end links: %w", err)
	}
	return mail.Enqueue(ctx, tx, mail.Letter{To: u.Email, Lang: u.Language, Template: "password_changed",
		Key:  "password_changed:" + u.ID.String() + ":" + tx.Now.Format(time.RFC3339Nano),
		Data: map[string]any{"Name": u.FirstName, "Link": s.publicURL + "/forgot"}})
}

// ChangePassword sets a new password for who knows the one before. Every session
// ends; the caller gets a new one in place of theirs.
func (s *Service) ChangePassword(ctx context.Context, actor igny8.Actor, current, password string, dev Device) (t Tokens, err error) {
	u, err := s.confirmPassword(ctx, actor, current)
	if err != nil {
		return t, err
	}
	hash, err := s.HashPassword(ctx, password, u.Email, u.FirstName, u.LastName)
	if err != nil {
		return t, err
	}
	err = s.db.System(ctx, "auth.change_password", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		session, err := authdb.New(tx).GetSession(ctx, actor.Session)
		if err != nil {
			return fmt.Errorf("read session: %w", err)
		}
		if err := s.setPassword(ctx, tx, u, hash); err != nil {
			return err
		}
		if err := s.endAll(ctx, tx, u.ID, igny8.SessionID{}, "password changed"); err != nil {
			return err
		}
		dev.Remember = session.Remember
		if t, err = s.StartSession(ctx, tx, u.ID, actor.Account, actor.Role, dev); err != nil {
			return err
		}
		return tellPerson(ctx, tx, self(u, actor), "user.change_password", nil)
	})
	return t, err
}

var errPassword = igny8.InvalidField("password", "wrong_password", "This is not your password now.")

// confirmPassword asks again for the password of who is logged in, throttled as a
// login is.
func (s *Service) confirmPassword(ctx context.Context, actor igny8.Actor, password string) (u account.User, err error) {
	if err := s.throttle(ctx, map[string]rule{"confirm:" + actor.User.String(): loginByAddress}); err != nil {
		return u, err
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err = account.UserByID(ctx, tx, actor.User)
		return err
	})
	if err != nil {
		return u, err
	}
	if _, err := s.checkPassword(ctx, u.EmailNorm, password); err != nil {
		if igny8.CodeOf(err) == errCredentials.Code {
			err = errPassword
		}
		return u, err
	}
	return u, s.db.System(ctx, "auth.forget_tries", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		return authdb.New(tx).Forget(ctx, "confirm:"+actor.User.String())
	})
}

// ConfirmPassword asks who is logged in for their password once more, before
// something that cannot be undone.
func (s *Service) ConfirmPassword(ctx context.Context, actor igny8.Actor, password string) error {
	_, err := s.confirmPassword(ctx, actor, password)
	return err
}

// endAll ends every session of the person but one (zero for none), every login that
// has begun, and every change of address that is not done.
func (s *Service) endAll(ctx context.Context, tx *db.Tx, user igny8.UserID, keep igny8.SessionID, reason string) error {
	q := authdb.New(tx)
	if keep.IsZero() {
		keep = igny8.SessionID{15: 1} // no session has it
	}
	if _, err := q.EndOtherSessions(ctx, authdb.EndOtherSessionsParams{UserID: user, Keep: keep, Reason: &reason, Now: &tx.Now}); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if err := q.EndChallenges(ctx, user); err != nil {
		return fmt.Errorf("end logins that have begun: %w", err)
	}
	if err := q.EndEmailChanges(ctx, authdb.EndEmailChangesParams{UserID: user, Now: &tx.Now}); err != nil {
		return fmt.Errorf("end changes of address: %w", err)
	}
	return nil
}

func endForeign(ctx context.Context, tx *db.Tx, user igny8.UserID, network string) error {
	q, reason := authdb.New(tx), "address verified elsewhere"
	if err := q.EndForeignSessions(ctx, authdb.EndForeignSessionsParams{UserID: user, Network: network, Reason: &reason, Now: &tx.Now}); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if err := q.EndEmailChanges(ctx, authdb.EndEmailChangesParams{UserID: user, Now: &tx.Now}); err != nil {
		return fmt.Errorf("end changes of address: %w", err)
	}
	return nil
}

// self is the person as the one who acts, from where the request came.
func self(u account.User, actor igny8.Actor) igny8.Actor {
	actor.User, actor.Email = u.ID, u.Email
	return actor
}

// tellPerson writes what a person did with their own login into the log of every
// account they belong to; of staff into the platform's.
func tellPerson(ctx context.Context, tx *db.Tx, actor igny8.Actor, action string, details map[string]any) error {
	return tellAbout(ctx, tx, actor, actor.User, action, details)
}

// tellAbout writes what the actor did with a person's login into the log of every
// account that the person belongs to, in the order of the accounts, so that two never
// wait for each other. The person acts with their role in each, staff stay staff.
func tellAbout(ctx context.Context, tx *db.Tx, actor igny8.Actor, user igny8.UserID, action string, details map[string]any) error {
	list, err := account.MembershipsOf(ctx, tx, user)
	if err != nil {
		return err
	}
	slices.SortFunc(list, func(a, b account.Membership) int {
		x, y := a.Account.ID, b.Account.ID
		return slices.Compare(x[:], y[:])
	})
	entry := audit.Entry{Action: action, ObjectType: "user", ObjectID: user.String(), Details: details}
	before := tx.Account
	defer func() { tx.Account = before }()
	if len(list) == 0 {
		tx.Account, actor.Role = igny8.AccountID{}, igny8.RoleDeveloper
		return audit.Record(ctx, tx, actor, entry)
	}
	for _, m := range list {
		tx.Account = m.Account.ID
		if actor.User == user {
			actor.Role = m.Membership.Role
		}
		if err := audit.Record(ctx, tx, actor, entry); err != nil {
			return err
		}
	}
	return nil
}
