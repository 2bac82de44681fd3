package auth

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/input"
	"igny8/internal/mail"
)

// How long sessions live. A refresh extends the idle limit, never the absolute one.
const (
	RefreshLifetime  = 7 * 24 * time.Hour
	RememberLifetime = 30 * 24 * time.Hour
	sessionLifetime  = 30 * 24 * time.Hour
	rememberSession  = 90 * 24 * time.Hour
	retryWithin      = 10 * time.Second
)

// Tokens are what a client carries: an access token of 15 minutes and a refresh
// token that is good for one use.
type Tokens struct {
	Access    string
	Refresh   string
	ExpiresIn int64 // seconds of the access token
}

// Device says where a session was started.
type Device struct {
	Network   string
	UserAgent string
	Known     string // what NewDevice gave this browser at a login before, "" for nothing
	Remember  bool
	Until     time.Time // when the session ends at the latest, zero for the usual time
}

// StartSession logs the user in within the transaction, which must be in system
// scope. account is zero for staff.
func (s *Service) StartSession(ctx context.Context, tx *db.Tx, user igny8.UserID, home igny8.AccountID, role igny8.Role, dev Device) (Tokens, error) {
	q, id := authdb.New(tx), db.NewID[igny8.SessionID](tx)
	life := sessionLifetime
	if dev.Remember {
		life = rememberSession
	}
	end := tx.Now.Add(life)
	if !dev.Until.IsZero() && dev.Until.Before(end) {
		end = dev.Until
	}
	err := q.InsertSession(ctx, authdb.InsertSessionParams{ID: id, UserID: user, HomeAccount: home, Remember: dev.Remember,
		UserAgent: input.Header(dev.UserAgent, maxAgent), Network: dev.Network, ExpiresAt: end, Now: tx.Now})
	if err != nil {
		return Tokens{}, fmt.Errorf("insert session: %w", err)
	}
	if err := account.SeeMember(ctx, tx, home, user); err != nil {
		return Tokens{}, err
	}
	refresh, hash := NewOpaque(RefreshToken)
	if err := s.insertRefresh(ctx, tx, hash, id, dev.Remember, end); err != nil {
		return Tokens{}, err
	}
	return s.tokens(user, home, role, id, refresh, tx.Now)
}

// insertRefresh stores a token of the session under its hash. It is good for the
// idle limit, and never beyond the session's end.
func (s *Service) insertRefresh(ctx context.Context, tx *db.Tx, hash string, id igny8.SessionID, remember bool, absolute time.Time) error {
	life := RefreshLifetime
	if remember {
		life = RememberLifetime
	}
	until := tx.Now.Add(life)
	if absolute.Before(until) {
		until = absolute
	}
	err := authdb.New(tx).InsertRefresh(ctx, authdb.InsertRefreshParams{Hash: hash, SessionID: id, CreatedAt: tx.Now, ExpiresAt: until})
	if err != nil {
		return fmt.Errorf("insert refresh token: %w", err)
	}
	return nil
}

func (s *Service) tokens(user igny8.UserID, home igny8.AccountID, role igny8.Role, id igny8.SessionID, refresh string, now time.Time) (Tokens, error) {
	access, _, err := s.signer.Sign(Claims{User: user, Account: home, Role: role, Session: id}, now)
	if err != nil {
		return Tokens{}, fmt.Errorf("sign access token: %w", err)
	}
	return Tokens{Access: access, Refresh: refresh, ExpiresIn: int64(AccessLifetime / time.Second)}, nil
}

var errReused = igny8.E(igny8.Unauthenticated, "token_reused",
	"This refresh token was used before, so the session was ended for safety; log in again.")

// Refresh exchanges a refresh token for new tokens. Each is good once; using it
// again within ten seconds gives the same answer (a lost reply, two tabs), later
// it means that somebody else has it, and the session ends.
func (s *Service) Refresh(ctx context.Context, token string) (t Tokens, err error) {
	hash, ok := HashOpaque(RefreshToken, token)
	if !ok {
		return t, account.ErrToken
	}
	reused := false
	err = s.db.System(ctx, "auth.refresh", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		reused = false
		row, err := authdb.New(tx).FindRefresh(ctx, hash)
		if db.Absent(err) || err == nil && !refreshRow(row).live(tx.Now) {
			return account.ErrToken
		}
		if err != nil {
			return fmt.Errorf("find refresh token: %w", err)
		}
		actor, err := account.Look(ctx, tx, igny8.Actor{User: row.Session.UserID, Account: row.Session.HomeAccount, Session: row.Session.ID})
		if err != nil {
			return err
		}
		refresh, again, err := s.rotate(ctx, tx, token, hash, refreshRow(row))
		if err != nil {
			return err
		}
		if again {
			reused = true
			if err := s.warn(ctx, tx, actor); err != nil {
				return err
			}
			return s.endSession(ctx, tx, actor, "reuse of a refresh token")
		}
		if err := account.SeeMember(ctx, tx, actor.Account, actor.User); err != nil {
			return err
		}
		t, err = s.tokens(actor.User, actor.Account, actor.Role, actor.Session, refresh, tx.Now)
		return err
	})
	if err == nil && reused {
		return Tokens{}, errReused
	}
	return t, err
}

// warn tells the person that somebody may have had their session.
func (s *Service) warn(ctx context.Context, tx *db.Tx, actor igny8.Actor) error {
	u, err := account.UserByID(ctx, tx, actor.User)
	if err != nil {
		return err
	}
	return mail.Enqueue(ctx, tx, mail.Letter{To: u.Email, Lang: u.Language, Template: "session_reused", Key: "session_reused:" + actor.Session.String(),
		Data: map[string]any{"Name": u.FirstName, "Link": s.publicURL + "/forgot"}})
}

type refreshRow authdb.FindRefreshRow

// rotate uses the token and returns its child; reused says that it was used
// before, and not just now.
func (s *Service) rotate(ctx context.Context, tx *db.Tx, token, hash string, row refreshRow) (child string, reused bool, err error) {
	q := authdb.New(tx)
	if row.RefreshToken.UsedAt == nil {
		child, childHash := NewOpaque(RefreshToken)
		sealed, err := s.seal(token, child)
		if err != nil {
			return "", false, err
		}
		_, err = q.UseRefresh(ctx, authdb.UseRefreshParams{Hash: hash, ChildSealed: sealed, Now: &tx.Now})
		if err == nil {
			return child, false, s.insertChild(ctx, tx, childHash, row)
		}
		if !db.Absent(err) {
			return "", false, fmt.Errorf("use refresh token: %w", err)
		}
		fresh, err := q.FindRefresh(ctx, hash) // another request was faster
		if err != nil {
			return "", false, fmt.Errorf("find refresh token: %w", err)
		}
		row = refreshRow(fresh)
	}
	if row.RefreshToken.UsedAt == nil || tx.Now.Sub(*row.RefreshToken.UsedAt) > retryWithin {
		return "", true, nil
	}
	child, err = s.open(token, row.RefreshToken.ChildSealed)
	return child, false, err
}

func (s *Service) insertChild(ctx context.Context, tx *db.Tx, hash string, row refreshRow) error {
	if err := s.insertRefresh(ctx, tx, hash, row.Session.ID, row.Session.Remember, row.Session.ExpiresAt); err != nil {
		return err
	}
	return authdb.New(tx).TouchSession(ctx, authdb.TouchSessionParams{ID: row.Session.ID, Now: tx.Now})
}

func (s *Service) endSession(ctx context.Context, tx *db.Tx, actor igny8.Actor, reason string) error {
	err := authdb.New(tx).RevokeSession(ctx, authdb.RevokeSessionParams{ID: actor.Session, Reason: &reason, Now: &tx.Now})
	if err != nil {
		return fmt.Errorf("revoke session: %w", err)
	}
	tx.Account = actor.Account // the chain that the account can read
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "session.end", ObjectType: "session", ObjectID: actor.Session.String(),
		Details: map[string]any{"reason": reason}})
}

// Logout ends the session of a refresh token. A token that is not known is as
// good as logged out.
func (s *Service) Logout(ctx context.Context, token string) error {
	hash, ok := HashOpaque(RefreshToken, token)
	if !ok {
		return nil
	}
	return s.db.System(ctx, "auth.logout", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		row, err := authdb.New(tx).FindRefresh(ctx, hash)
		if db.Absent(err) || err == nil && row.Session.RevokedAt != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find refresh token: %w", err)
		}
		return s.endSession(ctx, tx, igny8.Actor{User: row.Session.UserID, Account: row.Session.HomeAccount, Session: row.Session.ID}, "logout")
	})
}

// seal and open keep the child of a used token for a retry. The key is made from
// the used token itself, which is not stored, so the table alone opens nothing.
func (s *Service) seal(token, child string) ([]byte, error) {
	aead, err := sealer(s.mac("refresh child", token))
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, []byte(child), nil), nil
}

func (s *Service) open(token string, sealed []byte) (string, error) {
	aead, err := sealer(s.mac("refresh child", token))
	if err != nil {
		return "", err
	}
	plain, err := aead.Open(nil, nil, sealed, nil)
	if err != nil {
		return "", fmt.Errorf("open sealed token: %w", err)
	}
	return string(plain), nil
}

// sealer seals with a key of 32 bytes.
func sealer(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("make the seal: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// maxAgent is how many bytes are kept of what a browser calls itself.
const maxAgent = 300

// live reports whether token and session still stand. A used token is live: what
// its use means is rotate's to say.
func (r refreshRow) live(now time.Time) bool {
	return r.Session.RevokedAt == nil && now.Before(r.Session.ExpiresAt) && now.Before(r.RefreshToken.ExpiresAt)
}
