package auth

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
)

// How long a login that has begun may be finished, and with how many tries.
const (
	loginWithin = 5 * time.Minute
	loginTries  = 5
)

var (
	errTOTPRequired = igny8.E(igny8.Unauthenticated, "totp_required",
		"This login has a second factor: send a code of the authenticator app, or a recovery code, as totp.")
	errTOTP      = igny8.E(igny8.Unauthenticated, "invalid_totp", "The code is not right, or was used already; wait for the next one.")
	errLoginOver = igny8.E(igny8.Unauthenticated, "login_expired", "This login took too long, or had too many tries; begin again.")
	errOtherDoor = igny8.E(igny8.Forbidden, "other_door", "This login is for staff; customers log in on the other page.")
	errStaffDoor = igny8.E(igny8.Forbidden, "other_door", "This login is for customers; staff log in on the other page.")
)

// admission may refuse a person who proved who they are.
type admission func(Person) error

// proof checks the rest of what a login needs, in its transaction.
type proof func(ctx context.Context, tx *db.Tx, u account.User) error

func anybody(Person) error { return nil }

// door admits staff or customers.
func door(staff bool) admission {
	return func(p Person) error {
		switch {
		case staff && !p.User.Staff:
			return errOtherDoor
		case !staff && p.User.Staff && len(p.Memberships) == 0:
			return errStaffDoor
		}
		return nil
	}
}

// Login checks a password, and the second factor of who has one, and starts a
// session on the person's first account. An unknown address costs the same time and
// gives the same answer as a wrong password; that a code is missing or wrong is told
// only after the right password.
func (s *Service) Login(ctx context.Context, c Credentials) (Person, Tokens, error) {
	return s.login(ctx, c, anybody)
}

func (s *Service) login(ctx context.Context, c Credentials, admit admission) (p Person, t Tokens, err error) {
	user, err := s.firstFactor(ctx, c)
	if err != nil {
		return p, t, err
	}
	return s.enter(ctx, user.ID, c.Device, admit, s.byCode(c.Code))
}

// firstFactor checks the password, and counts the code as a try.
func (s *Service) firstFactor(ctx context.Context, c Credentials) (user account.User, err error) {
	if err := s.Ready(); err != nil {
		return user, err
	}
	norm := NormalizeEmail(c.Email)
	from, err := s.triesFrom(ctx, norm, c.Device)
	if err != nil {
		return user, err
	}
	if err := s.throttle(ctx, map[string]rule{from: loginByAddress, "login:net:" + c.Device.Network: loginByNetwork}); err != nil {
		return user, err
	}
	if user, err = s.checkPassword(ctx, norm, c.Password); err != nil || c.Code == "" {
		return user, err
	}
	return user, s.throttleSecond(ctx, user.ID)
}

func (s *Service) byAddress(norm string) string { return "login:addr:" + s.blind(norm) }

// knownFor is how long a device or network that a person logged in from is known.
const knownFor = 90 * 24 * time.Hour

// triesFrom is the name under which wrong passwords for an address are counted. A device
// that the person logged in from before, or a network, counts by itself: strangers who try
// passwords keep each other waiting, and not the person.
func (s *Service) triesFrom(ctx context.Context, norm string, dev Device) (string, error) {
	if s.unlimited || norm == "" {
		return s.byAddress(norm), nil
	}
	if s.knows(norm, dev.Known) {
		return s.byKnown(norm, dev), nil
	}
	dev.Known = ""
	var n int64
	err := s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		n, err = authdb.New(tx).KnownNetwork(ctx, authdb.KnownNetworkParams{EmailNorm: norm, Network: dev.Network, Since: tx.Now.Add(-knownFor)})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("look for the network: %w", err)
	}
	if n == 0 || dev.Network == "" {
		return s.byAddress(norm), nil
	}
	return s.byKnown(norm, dev), nil
}

// byKnown counts by the device when it is known, else by the network.
func (s *Service) byKnown(norm string, dev Device) string {
	if s.knows(norm, dev.Known) {
		return "login:device:" + s.blind(norm+"\x00"+dev.Known)
	}
	return "login:known:" + s.blind(norm+"\x00"+dev.Network)
}

// NewDevice makes what a browser keeps after a login, so that it is known the next time.
// It opens nothing.
func (s *Service) NewDevice(email string) string {
	random := rand.Text()
	return random + "." + s.deviceMAC(NormalizeEmail(email), random)
}

func (s *Service) knows(norm, device string) bool {
	random, sum, ok := strings.Cut(device, ".")
	return ok && norm != "" && hmac.Equal([]byte(sum), []byte(s.deviceMAC(norm, random)))
}

func (s *Service) deviceMAC(norm, random string) string {
	return hex.EncodeToString(s.mac("device", norm+"\x00"+random)[:16])
}

func bySecond(user igny8.UserID) string { return "second:" + user.String() }

// throttleSecond counts one try of a second factor. Only who knows the password can
// make the person wait.
func (s *Service) throttleSecond(ctx context.Context, user igny8.UserID) error {
	return s.throttle(ctx, map[string]rule{bySecond(user): secondByUser})
}

// byCode asks who has a second factor for a code, and uses it up.
func (s *Service) byCode(code string) proof {
	return func(ctx context.Context, tx *db.Tx, u account.User) error {
		f, err := FactorsOf(ctx, tx, u.ID)
		switch {
		case err != nil:
			return err
		case !f.Any():
			return forgetSecond(ctx, tx, u.ID)
		case code == "":
			return errTOTPRequired
		}
		return s.spendCode(ctx, tx, u, code)
	}
}

// enter starts the session of a person whom the proof convinces.
func (s *Service) enter(ctx context.Context, user igny8.UserID, dev Device, admit admission, convinced proof) (p Person, t Tokens, err error) {
	err = s.db.System(ctx, "auth.login", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		if p.User, err = account.UserByID(ctx, tx, user); err != nil {
			return err
		}
		if p.User.Status != "active" {
			return errCredentials
		}
		if p.Memberships, err = account.MembershipsOf(ctx, tx, user); err != nil {
			return err
		}
		if err := admit(p); err != nil {
			return err
		}
		if err := convinced(ctx, tx, p.User); err != nil {
			return err
		}
		for _, tries := range []string{s.byAddress(p.User.EmailNorm), s.byKnown(p.User.EmailNorm, dev)} {
			if err := authdb.New(tx).Forget(ctx, tries); err != nil {
				return fmt.Errorf("forget tries: %w", err)
			}
		}
		t, err = s.begin(ctx, tx, p, dev)
		return err
	})
	return p, t, err
}

// begin starts the session on the person's first account.
func (s *Service) begin(ctx context.Context, tx *db.Tx, p Person, dev Device) (t Tokens, err error) {
	var home igny8.AccountID
	role := igny8.RoleDeveloper
	switch {
	case len(p.Memberships) > 0:
		home, role = p.Memberships[0].Account.ID, p.Memberships[0].Membership.Role
	case !p.User.Staff:
		return t, igny8.E(igny8.Forbidden, "no_account", "You belong to no account; ask to be invited, or sign up.")
	}
	if t, err = s.StartSession(ctx, tx, p.User.ID, home, role, dev); err != nil {
		return t, err
	}
	tx.Account = home
	return t, audit.Record(ctx, tx, igny8.Actor{User: p.User.ID, Email: p.User.Email, Role: role, Network: dev.Network},
		audit.Entry{Action: "session.start", ObjectType: "user", ObjectID: p.User.ID.String()})
}

// The purposes of challenges.
const (
	forSecond  = "second"         // the password was right
	forPasskey = "passkey"        // a passkey alone
	forBoth    = "passkey_second" // a passkey after the password
	forAdding  = "passkey_add"
)

// begun is what a login remembers between its two pages.
type begun struct {
	Staff    bool `json:"staff"`
	Remember bool `json:"remember"`
}

// challenge stores what a login or a passkey's ceremony remembers for five minutes,
// under a token that only its browser has. user is zero for a stranger.
func challenge(ctx context.Context, tx *db.Tx, user igny8.UserID, purpose string, data any) (token string, err error) {
	kept, err := json.Marshal(data)
	if err != nil {
		return "", fmt.Errorf("keep a challenge: %w", err)
	}
	q := authdb.New(tx)
	if err := q.ForgetChallenges(ctx, tx.Now); err != nil {
		return "", fmt.Errorf("forget old challenges: %w", err)
	}
	token, hash := NewOpaque(LoginToken)
	err = q.InsertChallenge(ctx, authdb.InsertChallengeParams{Hash: hash, UserID: user, Purpose: purpose, Data: kept,
		CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(loginWithin)})
	if err != nil {
		return "", fmt.Errorf("insert challenge: %w", err)
	}
	return token, nil
}

// LoginConsole checks a password, as Login does, and opens the console of staff or
// of a customer. Who comes to the other door is told so (403 other_door). Of who has
// a second factor nothing is opened: pending is the token to go on with in
// FinishConsole, for five minutes.
func (s *Service) LoginConsole(ctx context.Context, in Credentials, staff bool) (c Console, pending string, err error) {
	p, tokens, err := s.login(ctx, in, door(staff))
	if igny8.CodeOf(err) == errTOTPRequired.Code {
		err = s.db.System(ctx, "auth.begin_login", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			pending, err = challenge(ctx, tx, p.User.ID, forSecond, begun{staff, in.Device.Remember})
			return err
		})
		return c, pending, err
	}
	if err != nil {
		return c, "", err
	}
	c, err = s.OpenConsole(ctx, tokens.Access)
	return c, "", err
}

// Pending says what can finish a login that has begun at the door of staff or of
// customers; 401 login_expired when it can be finished no more.
func (s *Service) Pending(ctx context.Context, token string, staff bool) (f Factors, err error) {
	hash, ok := HashOpaque(LoginToken, token)
	if !ok {
		return f, errLoginOver
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		row, err := authdb.New(tx).PeekChallenge(ctx, authdb.PeekChallengeParams{Hash: hash, Purpose: forSecond, Now: tx.Now})
		if err != nil || row.Tries >= loginTries || openBegun(row).Staff != staff {
			return overOr(err)
		}
		f, err = FactorsOf(ctx, tx, row.UserID)
		return err
	})
	return f, err
}

func openBegun(row authdb.LoginChallenge) (b begun) {
	_ = json.Unmarshal(row.Data, &b) // written by challenge
	return b
}

// overOr says that a login is over, unless the database itself failed.
func overOr(err error) error {
	if err == nil || db.Absent(err) {
		return errLoginOver
	}
	return fmt.Errorf("read challenge: %w", err)
}

// FinishConsole opens the console of a login that has begun, for a code of the
// authenticator app or a recovery code: five tries, within five minutes.
func (s *Service) FinishConsole(ctx context.Context, token, code string, staff bool, dev Device) (Console, error) {
	hash, ok := HashOpaque(LoginToken, token)
	if !ok {
		return Console{}, errLoginOver
	}
	var row authdb.LoginChallenge
	err := s.db.System(ctx, "auth.try_login", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) (err error) {
		row, err = authdb.New(tx).TryChallenge(ctx, authdb.TryChallengeParams{Hash: hash, Purpose: forSecond, Now: tx.Now, Most: loginTries})
		if err != nil || openBegun(row).Staff != staff {
			return overOr(err)
		}
		return nil
	})
	if err != nil {
		return Console{}, err
	}
	if err := s.throttleSecond(ctx, row.UserID); err != nil {
		return Console{}, err
	}
	dev.Remember = openBegun(row).Remember
	_, tokens, err := s.enter(ctx, row.UserID, dev, door(staff), func(ctx context.Context, tx *db.Tx, u account.User) error {
		if code == "" {
			return errTOTP
		}
		if err := takeSecond(ctx, tx, hash); err != nil {
			return err
		}
		return s.byCode(code)(ctx, tx, u)
	})
	if err != nil {
		return Console{}, err
	}
	return s.OpenConsole(ctx, tokens.Access)
}

// takeSecond uses a begun login up.
func takeSecond(ctx context.Context, tx *db.Tx, hash string) error {
	_, err := authdb.New(tx).TakeChallenge(ctx, authdb.TakeChallengeParams{Hash: hash, Purpose: forSecond, Now: tx.Now})
	if err != nil {
		return overOr(err)
	}
	return nil
}
