package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/factor"
)

// Service runs the stories of identity.
type Service struct {
	db        *db.DB
	signer    *Signer
	hasher    *Hasher
	secret    []byte
	salt      string
	publicURL string
	unlimited bool
	oldSecret []byte
	second    bool             // staff must have a second factor
	passkeys  *factor.Passkeys // nil where passkeys cannot be
	verified  bool
}

// Config says how the service is made. Secret seals and blinds what is stored,
// OldSecret opens what was sealed before Secret replaced it, Salt hides persons (see
// Salt); StaffSecondFactor keeps staff without one out of everything but their own
// login; Unlimited switches throttling off, for tests.
type Config struct {
	DB                *db.DB
	Signer            *Signer
	Hasher            *Hasher
	Secret, OldSecret []byte
	Salt              string
	PublicURL         string
	StaffSecondFactor bool
	Unlimited         bool
	Verified          bool // some things need an address that was proved: letters are sent
}

// New returns the service.
func New(c Config) *Service {
	return &Service{c.DB, c.Signer, c.Hasher, c.Secret, c.Salt, c.PublicURL, c.Unlimited, c.OldSecret, c.StaffSecondFactor, factor.NewPasskeys(c.PublicURL, loginWithin), c.Verified}
}

func (s *Service) mac(label, text string) []byte { return macOf(s.secret, label, text) }

func macOf(secret []byte, label, text string) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write([]byte(label + "\x00" + text))
	return h.Sum(nil)
}

// blind makes a name of something that must not be stored as it is.
func (s *Service) blind(text string) string { return hex.EncodeToString(s.mac("blind", text)[:16]) }

// TrialHash is what is remembered of a person who had a trial.
func (s *Service) TrialHash(email string) string {
	sum := sha256.Sum256([]byte(s.salt + "\x00" + TrialKey(email)))
	return hex.EncodeToString(sum[:])
}

// JWKS is the document with the keys that verify access tokens.
func (s *Service) JWKS() []byte { return s.signer.JWKS() }

// HashPassword checks the rules and hashes, outside any transaction: it takes
// tens of milliseconds.
func (s *Service) HashPassword(ctx context.Context, password, email string, names ...string) (string, error) {
	if err := CheckPassword(password, email, names...); err != nil {
		return "", err
	}
	return s.hasher.Hash(ctx, password)
}

// Authenticate checks an access token or an API key and reads afresh who comes
// with it. ip is the caller's address, for keys that are bound to networks.
func (s *Service) Authenticate(ctx context.Context, token, ip string) (actor igny8.Actor, err error) {
	if strings.HasPrefix(token, string(APIKey)) {
		return s.authenticateKey(ctx, token, ip)
	}
	if strings.HasPrefix(token, string(StaffKey)) {
		return s.authenticateStaffKey(ctx, token, ip)
	}
	c, err := s.signer.Verify(token, s.db.Now())
	if err != nil {
		return actor, err
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		actor, err = s.look(ctx, tx, igny8.Actor{User: c.User, Account: c.Account, Session: c.Session})
		return err
	})
	return actor, err
}

// look is account.Look, and whether a member of staff has still to set up a second
// factor.
func (s *Service) look(ctx context.Context, tx *db.Tx, actor igny8.Actor) (igny8.Actor, error) {
	actor, err := account.Look(ctx, tx, actor)
	if err != nil || !s.second || !actor.Staff() {
		return actor, err
	}
	f, err := FactorsOf(ctx, tx, actor.User)
	actor.Unsecured = !f.Any()
	return actor, err
}

// Person is a user with the accounts they belong to.
type Person struct {
	User        account.User
	Memberships []account.Membership
}

// Me returns who the actor is.
func (s *Service) Me(ctx context.Context, actor igny8.Actor) (p Person, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		p.User, err = account.UserByID(ctx, tx, actor.User)
		if err != nil {
			return err
		}
		p.Memberships, err = account.MembershipsOf(ctx, tx, actor.User)
		return err
	})
	return p, err
}

// UpdateMe changes what the actor may change about themselves. check sees the
// person as they are, inside the transaction, and may refuse (If-Match).
func (s *Service) UpdateMe(ctx context.Context, actor igny8.Actor, check func(Person) error, patch account.UserPatch) (p Person, err error) {
	if err := patch.Validate(); err != nil {
		return p, err
	}
	err = s.db.System(ctx, "auth.update_me", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		if p.User, err = account.LockUser(ctx, tx, actor.User); err != nil {
			return err
		}
		if p.Memberships, err = account.MembershipsOf(ctx, tx, actor.User); err != nil {
			return err
		}
		if err := check(p); err != nil {
			return err
		}
		if p.User, err = account.UpdateUser(ctx, tx, p.User, patch); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "user.update", ObjectType: "user", ObjectID: actor.User.String()})
	})
	return p, err
}

// Credentials are what a person logs in with. Code is one of the authenticator app
// or a recovery code, for who has a second factor.
type Credentials struct {
	Email, Password, Code string
	Device                Device
}

var errCredentials = igny8.E(igny8.Unauthenticated, "invalid_credentials", "E-mail address or password is not right.")

func (s *Service) checkPassword(ctx context.Context, emailNorm, password string) (user account.User, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		user, err = account.UserByEmail(ctx, tx, emailNorm)
		return err
	})
	if igny8.KindOf(err) == igny8.NotFound {
		if err := s.hasher.VerifyDummy(ctx, password); err != nil {
			return user, err
		}
		return user, errCredentials
	}
	if err != nil {
		return user, err
	}
	ok, err := s.hasher.Verify(ctx, password, user.PasswordHash)
	if err != nil {
		return user, err
	}
	if !ok || user.Status != "active" {
		return user, errCredentials
	}
	return user, nil
}

// Ready refuses with `busy` while too many passwords wait to be hashed. It asks no
// database, so that a flood of logins costs none.
func (s *Service) Ready() error { return s.hasher.Full() }

// CreateStaff makes a member of the platform's staff, on behalf of who runs the
// program. Without permissions they may everything.
func (s *Service) CreateStaff(ctx context.Context, email, password string, permissions ...igny8.Permission) (u account.User, err error) {
	n, err := s.NewStaff(ctx, email, password)
	if err != nil {
		return u, err
	}
	n.Permissions = permissions
	err = s.db.System(ctx, "auth.create_staff", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err = AddStaff(ctx, tx, igny8.SystemActor, n)
		return err
	})
	return u, err
}

// NewStaff checks the address and password of a staff user to be, outside of any
// transaction.
func (s *Service) NewStaff(ctx context.Context, email, password string) (n account.NewUser, err error) {
	e, err := ParseEmail("email", email)
	if err != nil {
		return n, err
	}
	hash, err := s.HashPassword(ctx, password, e.Address)
	return account.NewUser{Email: e.Address, EmailNorm: e.Login, PasswordHash: hash, FirstName: "Staff", Language: "en", Staff: true}, err
}

// AddStaff makes the staff user; who may is the caller's to know.
func AddStaff(ctx context.Context, tx *db.Tx, actor igny8.Actor, n account.NewUser) (account.User, error) {
	u, err := account.CreateUser(ctx, tx, n)
	if err != nil {
		return u, err
	}
	if err := account.RecordStaffChange(ctx, tx, actor.User, u.ID, account.StaffCreated); err != nil {
		return u, err
	}
	return u, audit.Record(ctx, tx, actor, audit.Entry{Action: "staff.create", ObjectType: "user", ObjectID: u.ID.String(),
		Details: map[string]any{"email": u.Email, "permissions": account.Granted(u)}})
}

// EndSessionsOf ends all sessions of a person within the transaction, which must
// be in system scope.
func EndSessionsOf(ctx context.Context, tx *db.Tx, user igny8.UserID, reason string) error {
	if err := authdb.New(tx).RevokeSessionsOf(ctx, authdb.RevokeSessionsOfParams{UserID: user, Reason: &reason, Now: &tx.Now}); err != nil {
		return fmt.Errorf("revoke sessions: %w", err)
	}
	return nil
}
