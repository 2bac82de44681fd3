package auth

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/factor"
)

// Passkey is one that a person registered.
type Passkey = authdb.Passkey

// maxPasskeyName is how many characters the name of a passkey may have.
const maxPasskeyName = 60

var (
	errPasskey     = igny8.E(igny8.Unauthenticated, "invalid_passkey", "This passkey is not known here, or its answer came too late; try again, or log in with your password.")
	errNoPasskeys  = igny8.E(igny8.Conflict, "passkeys_unavailable", "Passkeys need a server whose public address is a name, not a number.")
	errPasskeyOn   = igny8.E(igny8.Conflict, "already_exists", "This passkey is registered already.")
	errPasskeyData = igny8.InvalidField("credential", "invalid_passkey", "The browser's answer is not right, or came too late; begin again.")
)

// HasPasskeys reports whether passkeys can be used at the public address.
func (s *Service) HasPasskeys() bool { return s.passkeys != nil }

// Ceremony is what a browser needs to ask an authenticator: Options for
// navigator.credentials, and the token to send its answer with, once, within five
// minutes.
type Ceremony struct {
	Token   string
	Options json.RawMessage
}

func readHolder(ctx context.Context, tx *db.Tx, user igny8.UserID) (h factor.Holder, keys []Passkey, err error) {
	u, err := account.UserByID(ctx, tx, user)
	if err != nil {
		return h, nil, err
	}
	if keys, err = authdb.New(tx).PasskeysOf(ctx, user); err != nil {
		return h, nil, fmt.Errorf("read passkeys: %w", err)
	}
	h = factor.Holder{User: u.ID, Email: u.Email}
	for _, k := range keys {
		h.Credentials = append(h.Credentials, k.Credential)
	}
	return h, keys, nil
}

// Passkeys lists those of the actor, the oldest first.
func (s *Service) Passkeys(ctx context.Context, actor igny8.Actor) (list []Passkey, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = authdb.New(tx).PasskeysOf(ctx, actor.User)
		return err
	})
	return list, err
}

// StartPasskey begins to register a passkey, for who knows the password.
func (s *Service) StartPasskey(ctx context.Context, actor igny8.Actor, password string) (c Ceremony, err error) {
	if s.passkeys == nil {
		return c, errNoPasskeys
	}
	u, err := s.confirmPassword(ctx, actor, password)
	if err != nil {
		return c, err
	}
	err = s.db.System(ctx, "auth.start_passkey", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		h, _, err := readHolder(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		asked, err := s.passkeys.AskNew(h)
		c, err = ceremony(ctx, tx, u.ID, forAdding, asked, err)
		return err
	})
	return c, err
}

func ceremony(ctx context.Context, tx *db.Tx, user igny8.UserID, purpose string, asked factor.Asked, err error) (c Ceremony, _ error) {
	if err != nil {
		return c, err
	}
	c.Options = asked.Options
	c.Token, err = challenge(ctx, tx, user, purpose, asked.Remember)
	return c, err
}

// takeCeremony uses a challenge up, whatever its answer is worth.
func (s *Service) takeCeremony(ctx context.Context, token string, purposes ...string) (row authdb.LoginChallenge, err error) {
	hash, ok := HashOpaque(LoginToken, token)
	if !ok || s.passkeys == nil {
		return row, errPasskey
	}
	err = s.db.System(ctx, "auth.take_challenge", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		for _, purpose := range purposes {
			row, err = authdb.New(tx).TakeChallenge(ctx, authdb.TakeChallengeParams{Hash: hash, Purpose: purpose, Now: tx.Now})
			if !db.Absent(err) {
				return err
			}
		}
		return errPasskey
	})
	return row, err
}

// AddPasskey registers the passkey that a browser made. Who had no second factor
// before gets recovery codes; codes is nil for others.
func (s *Service) AddPasskey(ctx context.Context, actor igny8.Actor, token, name string, credential []byte) (k Passkey, codes []string, err error) {
	if name, err = passkeyName(name); err != nil {
		return k, nil, err
	}
	row, err := s.takeCeremony(ctx, token, forAdding)
	if igny8.CodeOf(err) == errPasskey.Code || err == nil && row.UserID != actor.User {
		return k, nil, errPasskeyData
	}
	if err != nil {
		return k, nil, err
	}
	made, err := s.passkeys.New(factor.Holder{User: actor.User}, row.Data, credential)
	if err != nil {
		return k, nil, errPasskeyData.Because(err)
	}
	err = s.db.System(ctx, "auth.add_passkey", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.LockUser(ctx, tx, actor.User)
		if err != nil {
			return err
		}
		k, err = authdb.New(tx).InsertPasskey(ctx, authdb.InsertPasskeyParams{ID: db.NewID[igny8.PasskeyID](tx), UserID: u.ID,
			CredentialID: made.ID, Credential: made.Credential, Name: name, CreatedAt: tx.Now})
		if db.Absent(err) {
			return errPasskeyOn
		}
		if err != nil {
			return fmt.Errorf("insert passkey: %w", err)
		}
		if codes, err = firstCodes(ctx, tx, u.ID); err != nil {
			return err
		}
		return s.changed(ctx, tx, self(u, actor), u, "passkey_added")
	})
	return k, codes, err
}

func passkeyName(name string) (string, error) {
	name = strings.TrimSpace(name)
	switch {
	case name == "":
		return "", igny8.InvalidField("name", "required", "Give the passkey a name, such as the device it is on.")
	case utf8.RuneCountInString(name) > maxPasskeyName:
		return "", igny8.InvalidField("name", "too_long", "Keep the name within 60 characters.")
	}
	return name, nil
}

// firstCodes makes recovery codes for who has none left.
func firstCodes(ctx context.Context, tx *db.Tx, user igny8.UserID) ([]string, error) {
	f, err := FactorsOf(ctx, tx, user)
	if err != nil || f.Codes > 0 {
		return nil, err
	}
	return newCodes(ctx, tx, user)
}

// RemovePasskey removes one of the actor's passkeys, for who knows the password.
func (s *Service) RemovePasskey(ctx context.Context, actor igny8.Actor, id igny8.PasskeyID, password string) error {
	u, err := s.confirmPassword(ctx, actor, password)
	if err != nil {
		return err
	}
	return s.db.System(ctx, "auth.remove_passkey", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.LockUser(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		gone, err := authdb.New(tx).DeletePasskey(ctx, authdb.DeletePasskeyParams{ID: id, UserID: u.ID})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("delete passkey: %w", err)
		}
		if err := db.Expected(ctx, gone); err != nil {
			return err
		}
		if err := dropIdleCodes(ctx, tx, u.ID); err != nil {
			return err
		}
		return s.changed(ctx, tx, self(u, actor), u, "passkey_removed")
	})
}

// StartPasskeyLogin begins a login with a passkey alone; or, with the token of a
// login that has begun (see LoginConsole), with one of that person's as the second
// factor.
func (s *Service) StartPasskeyLogin(ctx context.Context, pending, network string) (c Ceremony, err error) {
	if s.passkeys == nil {
		return c, errNoPasskeys
	}
	if err := s.throttle(ctx, map[string]rule{"passkey:net:" + network: loginByNetwork}); err != nil {
		return c, err
	}
	hash, isPending := HashOpaque(LoginToken, pending)
	err = s.db.System(ctx, "auth.start_passkey_login", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		if !isPending {
			asked, err := s.passkeys.Ask()
			c, err = ceremony(ctx, tx, igny8.UserID{}, forPasskey, asked, err)
			return err
		}
		row, err := authdb.New(tx).PeekChallenge(ctx, authdb.PeekChallengeParams{Hash: hash, Purpose: forSecond, Now: tx.Now})
		if err != nil {
			return overOr(err)
		}
		h, keys, err := readHolder(ctx, tx, row.UserID)
		if err != nil {
			return err
		}
		if len(keys) == 0 {
			return errPasskey
		}
		asked, err := s.passkeys.AskOf(h)
		c, err = ceremony(ctx, tx, row.UserID, forBoth, asked, err)
		return err
	})
	return c, err
}

// LoginPasskey starts a session for who has a passkey and was verified by its device:
// both factors in one.
func (s *Service) LoginPasskey(ctx context.Context, token string, credential []byte, dev Device) (Person, Tokens, error) {
	return s.loginPasskey(ctx, token, credential, dev, anybody)
}

// LoginPasskeyConsole is LoginPasskey for the console of staff or of customers. It
// goes on with a login that has begun with a password (pending), when there is one.
func (s *Service) LoginPasskeyConsole(ctx context.Context, token string, credential []byte, pending string, staff bool, dev Device) (Console, error) {
	if hash, ok := HashOpaque(LoginToken, pending); ok {
		err := s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
			row, err := authdb.New(tx).PeekChallenge(ctx, authdb.PeekChallengeParams{Hash: hash, Purpose: forSecond, Now: tx.Now})
			if err != nil {
				return overOr(err)
			}
			dev.Remember = openBegun(row).Remember
			return nil
		})
		if err != nil {
			return Console{}, err
		}
	}
	_, tokens, err := s.loginPasskey(ctx, token, credential, dev, door(staff))
	if err != nil {
		return Console{}, err
	}
	return s.OpenConsole(ctx, tokens.Access)
}

func (s *Service) loginPasskey(ctx context.Context, token string, credential []byte, dev Device, admit admission) (p Person, t Tokens, err error) {
	row, err := s.takeCeremony(ctx, token, forPasskey, forBoth)
	if err != nil {
		return p, t, err
	}
	answer, err := factor.Read(credential)
	if err != nil {
		return p, t, errPasskey.Because(err)
	}
	h, keys, err := s.holderOf(ctx, row, answer)
	if err != nil {
		return p, t, err
	}
	used, err := s.passkeys.Check(h, row.Data, answer)
	if err != nil {
		return p, t, errPasskey.Because(err)
	}
	at := slices.IndexFunc(keys, func(k Passkey) bool { return k.CredentialID == used.ID })
	if at < 0 {
		return p, t, errPasskey
	}
	return s.enter(ctx, h.User, dev, admit, func(ctx context.Context, tx *db.Tx, u account.User) error {
		_, err := authdb.New(tx).UsePasskey(ctx, authdb.UsePasskeyParams{ID: keys[at].ID, UserID: u.ID, Credential: used.Credential, Now: &tx.Now})
		if db.Absent(err) {
			return errPasskey
		}
		return err
	})
}

// holderOf reads the person whom a challenge was made for, else the one whom the
// device names.
func (s *Service) holderOf(ctx context.Context, row authdb.LoginChallenge, answer factor.Answer) (h factor.Holder, keys []Passkey, err error) {
	id := row.UserID
	if id.IsZero() {
		var ok bool
		if id, ok = answer.User(); !ok {
			return h, nil, errPasskey
		}
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, keys, err = readHolder(ctx, tx, id)
		return err
	})
	if igny8.KindOf(err) == igny8.NotFound {
		return h, nil, errPasskey
	}
	return h, keys, err
}
