package auth

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
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

// newWebAuthn takes the name that passkeys are bound to, and where they may be used,
// from the configured public address alone. A number is no name (Web Authentication
// 2, 5.1.2): then it is nil, and nobody is offered passkeys.
func newWebAuthn(publicURL string) *webauthn.WebAuthn {
	u, err := url.Parse(publicURL)
	if err != nil || u.Hostname() == "" {
		return nil
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil {
		return nil
	}
	required := true
	web, err := webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "igny8", RPOrigins: []string{u.Scheme + "://" + u.Host},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{RequireResidentKey: &required,
			ResidentKey: protocol.ResidentKeyRequirementRequired, UserVerification: protocol.VerificationRequired},
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Timeout: loginWithin, TimeoutUVD: loginWithin},
			Registration: webauthn.TimeoutConfig{Timeout: loginWithin, TimeoutUVD: loginWithin}},
	})
	if err != nil {
		return nil
	}
	return web
}

// HasPasskeys reports whether passkeys can be used at the public address.
func (s *Service) HasPasskeys() bool { return s.web != nil }

// Ceremony is what a browser needs to ask an authenticator: Options for
// navigator.credentials, and the token to send its answer with, once, within five
// minutes.
type Ceremony struct {
	Token   string
	Options json.RawMessage
}

// holder is a person as the library sees one.
type holder struct {
	user account.User
	keys []Passkey
}

// WebAuthnID is what an authenticator stores of the person.
func (h holder) WebAuthnID() []byte { return h.user.ID[:] }

// WebAuthnName tells the person's logins apart.
func (h holder) WebAuthnName() string { return h.user.Email }

// WebAuthnDisplayName is what the authenticator shows.
func (h holder) WebAuthnDisplayName() string { return h.user.Email }

// WebAuthnCredentials are the passkeys that are registered.
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	list := make([]webauthn.Credential, 0, len(h.keys))
	for _, k := range h.keys {
		var c webauthn.Credential
		if json.Unmarshal(k.Credential, &c) == nil {
			list = append(list, c)
		}
	}
	return list
}

// passkey finds the row of a credential.
func (h holder) passkey(id []byte) (Passkey, bool) {
	for _, k := range h.keys {
		if k.CredentialID == credentialID(id) {
			return k, true
		}
	}
	return Passkey{}, false
}

func credentialID(id []byte) string { return base64.RawURLEncoding.EncodeToString(id) }

func readHolder(ctx context.Context, tx *db.Tx, user igny8.UserID) (h holder, err error) {
	if h.user, err = account.UserByID(ctx, tx, user); err != nil {
		return h, err
	}
	if h.keys, err = authdb.New(tx).PasskeysOf(ctx, user); err != nil {
		return h, fmt.Errorf("read passkeys: %w", err)
	}
	return h, nil
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
	if s.web == nil {
		return c, errNoPasskeys
	}
	u, err := s.confirmPassword(ctx, actor, password)
	if err != nil {
		return c, err
	}
	err = s.db.System(ctx, "auth.start_passkey", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		h, err := readHolder(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		known := webauthn.Credentials(h.WebAuthnCredentials()).CredentialDescriptors()
		options, session, err := s.web.BeginRegistration(h, webauthn.WithExclusions(known))
		if err != nil {
			return fmt.Errorf("begin to register a passkey: %w", err)
		}
		c, err = ceremony(ctx, tx, u.ID, forAdding, options, session)
		return err
	})
	return c, err
}

func ceremony(ctx context.Context, tx *db.Tx, user igny8.UserID, purpose string, options any, session *webauthn.SessionData) (c Ceremony, err error) {
	if c.Options, err = json.Marshal(options); err != nil {
		return c, fmt.Errorf("write a passkey's options: %w", err)
	}
	c.Token, err = challenge(ctx, tx, user, purpose, session)
	return c, err
}

// takeCeremony uses a challenge up, whatever its answer is worth.
func (s *Service) takeCeremony(ctx context.Context, token string, purposes ...string) (row authdb.LoginChallenge, session webauthn.SessionData, err error) {
	hash, ok := HashOpaque(LoginToken, token)
	if !ok || s.web == nil {
		return row, session, errPasskey
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
	if err != nil {
		return row, session, err
	}
	if err := json.Unmarshal(row.Data, &session); err != nil {
		return row, session, fmt.Errorf("read a passkey's challenge: %w", err)
	}
	return row, session, nil
}

// AddPasskey registers the passkey that a browser made. Who had no second factor
// before gets recovery codes; codes is nil for others.
func (s *Service) AddPasskey(ctx context.Context, actor igny8.Actor, token, name string, credential []byte) (k Passkey, codes []string, err error) {
	if name, err = passkeyName(name); err != nil {
		return k, nil, err
	}
	row, session, err := s.takeCeremony(ctx, token, forAdding)
	if igny8.CodeOf(err) == errPasskey.Code || err == nil && row.UserID != actor.User {
		return k, nil, errPasskeyData
	}
	if err != nil {
		return k, nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(credential)
	if err != nil {
		return k, nil, errPasskeyData.Because(err)
	}
	made, err := s.web.CreateCredential(holder{user: account.User{ID: actor.User}}, session, parsed)
	if err != nil {
		return k, nil, errPasskeyData.Because(err)
	}
	kept, err := json.Marshal(made)
	if err != nil {
		return k, nil, fmt.Errorf("keep a passkey: %w", err)
	}
	err = s.db.System(ctx, "auth.add_passkey", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.LockUser(ctx, tx, actor.User)
		if err != nil {
			return err
		}
		k, err = authdb.New(tx).InsertPasskey(ctx, authdb.InsertPasskeyParams{ID: db.NewID[igny8.PasskeyID](tx), UserID: u.ID,
			CredentialID: credentialID(made.ID), Credential: kept, Name: name, CreatedAt: tx.Now})
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
	f, err := factorsOf(ctx, tx, user)
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
		_, err = authdb.New(tx).DeletePasskey(ctx, authdb.DeletePasskeyParams{ID: id, UserID: u.ID})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("delete passkey: %w", err)
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
	if s.web == nil {
		return c, errNoPasskeys
	}
	if err := s.throttle(ctx, map[string]rule{"passkey:net:" + network: loginByNetwork}); err != nil {
		return c, err
	}
	hash, isPending := HashOpaque(LoginToken, pending)
	err = s.db.System(ctx, "auth.start_passkey_login", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		if !isPending {
			options, session, err := s.web.BeginDiscoverableLogin()
			if err != nil {
				return fmt.Errorf("begin a login with a passkey: %w", err)
			}
			c, err = ceremony(ctx, tx, igny8.UserID{}, forPasskey, options, session)
			return err
		}
		row, err := authdb.New(tx).PeekChallenge(ctx, authdb.PeekChallengeParams{Hash: hash, Purpose: forSecond, Now: tx.Now})
		if err != nil {
			return overOr(err)
		}
		h, err := readHolder(ctx, tx, row.UserID)
		if err != nil {
			return err
		}
		if len(h.keys) == 0 {
			return errPasskey
		}
		options, session, err := s.web.BeginLogin(h)
		if err != nil {
			return fmt.Errorf("begin a login with a passkey: %w", err)
		}
		c, err = ceremony(ctx, tx, row.UserID, forBoth, options, session)
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
	row, session, err := s.takeCeremony(ctx, token, forPasskey, forBoth)
	if err != nil {
		return p, t, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(credential)
	if err != nil {
		return p, t, errPasskey.Because(err)
	}
	h, err := s.holderOf(ctx, row, parsed)
	if err != nil {
		return p, t, err
	}
	used, err := s.validate(h, row, session, parsed)
	if err != nil {
		return p, t, errPasskey.Because(err)
	}
	key, ok := h.passkey(used.ID)
	if !ok {
		return p, t, errPasskey
	}
	kept, err := json.Marshal(used)
	if err != nil {
		return p, t, fmt.Errorf("keep a passkey: %w", err)
	}
	return s.enter(ctx, h.user.ID, dev, admit, func(ctx context.Context, tx *db.Tx, u account.User) error {
		_, err := authdb.New(tx).UsePasskey(ctx, authdb.UsePasskeyParams{ID: key.ID, UserID: u.ID, Credential: kept, Now: &tx.Now})
		if db.Absent(err) {
			return errPasskey
		}
		return err
	})
}

// holderOf reads the person whom a challenge was made for, else the one whom the
// authenticator names.
func (s *Service) holderOf(ctx context.Context, row authdb.LoginChallenge, parsed *protocol.ParsedCredentialAssertionData) (h holder, err error) {
	id := row.UserID
	if id.IsZero() {
		if len(parsed.Response.UserHandle) != len(id) {
			return h, errPasskey
		}
		copy(id[:], parsed.Response.UserHandle)
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		h, err = readHolder(ctx, tx, id)
		return err
	})
	if igny8.KindOf(err) == igny8.NotFound {
		return h, errPasskey
	}
	return h, err
}

var errCloned = errors.New("the authenticator's counter went back: it may have been copied")

func (s *Service) validate(h holder, row authdb.LoginChallenge, session webauthn.SessionData, parsed *protocol.ParsedCredentialAssertionData) (used *webauthn.Credential, err error) {
	if row.UserID.IsZero() {
		used, err = s.web.ValidateDiscoverableLogin(func([]byte, []byte) (webauthn.User, error) { return h, nil }, session, parsed)
	} else {
		used, err = s.web.ValidateLogin(h, session, parsed)
	}
	if err == nil && used.Authenticator.CloneWarning {
		err = errCloned
	}
	return used, err
}
