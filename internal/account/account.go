package account

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"

	"igny8"
	"igny8/internal/account/accountdb"
	"igny8/internal/audit"
	"igny8/internal/db"
	"igny8/internal/input"
)

// Account is a tenant.
type Account = accountdb.Account

// User is a person.
type User = accountdb.AppUser

// Billing is who invoices are addressed to.
type Billing struct {
	Name       string `json:"name,omitempty"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	City       string `json:"city"`
	Region     string `json:"region"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
	TaxID      string `json:"tax_id"`
	Email      string `json:"email"`
}

// BillingOf reads the stored billing profile.
func BillingOf(stored []byte) (b Billing) {
	json.Unmarshal(stored, &b) // written by us; an empty profile otherwise
	return b
}

// Bytes is the profile as it is stored.
func (b Billing) Bytes() []byte {
	data, _ := json.Marshal(b) // strings only: cannot fail
	return data
}

// New says what a new account is like.
type New struct {
	ID       igny8.AccountID
	Number   int64 // from NextNumber; 0 takes one in this transaction
	Name     string
	Status   igny8.AccountStatus
	Country  string
	Currency igny8.Currency
	TimeZone string
	Billing  Billing
}

// Create makes the account of the transaction, which must be in system scope.
// The slug is made of the name; a taken one gets the account's number.
func Create(ctx context.Context, tx *db.Tx, n New) (Account, error) {
	q, number := accountdb.New(tx), n.Number
	if number == 0 {
		var err error
		if number, err = q.NextNumber(ctx); err != nil {
			return Account{}, fmt.Errorf("number the account: %w", err)
		}
	}
	base := slugify(n.Name)
	for _, slug := range []string{base, fmt.Sprintf("%s-%d", base, number), fmt.Sprintf("account-%d-%s", number, n.ID.String()[4:])} {
		a, err := q.InsertAccount(ctx, accountdb.InsertAccountParams{ID: n.ID, Number: number, Name: n.Name, Slug: slug,
			Status: n.Status, Country: n.Country, Currency: string(n.Currency), TimeZone: n.TimeZone, Billing: n.Billing.Bytes(), Now: tx.Now})
		if db.Absent(err) {
			continue
		}
		return a, err
	}
	return Account{}, fmt.Errorf("no free slug for account %d", number)
}

// NextNumber takes the next account number in a commit of its own, so that
// signups do not wait for each other. A signup that fails leaves a gap: account
// numbers are names for people, not a series that must be whole.
func NextNumber(ctx context.Context, d *db.DB) (n int64, err error) {
	err = d.System(ctx, "account.number", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		n, err = accountdb.New(tx).NextNumber(ctx)
		return err
	})
	return n, err
}

func slugify(name string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(name) {
		switch {
		case r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" {
		return s
	}
	return "account"
}

// NewUser says what a new person is like. The e-mail is normalised by the caller.
type NewUser struct {
	Email, EmailNorm, PasswordHash string
	FirstName, LastName, Language  string
	Staff                          bool
	Permissions                    []igny8.Permission // of staff; none is all
}

// ErrEmailTaken answers an address that is registered already.
var ErrEmailTaken = igny8.E(igny8.Conflict, "email_taken",
	"There is a user with this e-mail address already; log in, or reset the password.").
	WithField("email", "email_taken", "Log in with this address, or use another one.")

// CreateUser makes a person; 409 email_taken when the address is known.
func CreateUser(ctx context.Context, tx *db.Tx, n NewUser) (User, error) {
	u, err := accountdb.New(tx).InsertUser(ctx, accountdb.InsertUserParams{ID: db.NewID[igny8.UserID](tx), Email: n.Email,
		EmailNorm: n.EmailNorm, PasswordHash: n.PasswordHash, FirstName: n.FirstName, LastName: n.LastName,
		Language: n.Language, Staff: n.Staff, StaffPermissions: stored(n.Permissions), Now: tx.Now})
	if db.Absent(err) {
		return u, ErrEmailTaken
	}
	return u, err
}

// AddMember gives the user a role in the transaction's account; without sites, on all
// of them.
func AddMember(ctx context.Context, tx *db.Tx, user igny8.UserID, role igny8.Role, sites ...igny8.SiteID) error {
	return accountdb.New(tx).InsertMember(ctx, accountdb.InsertMemberParams{AccountID: tx.Account,
		ID: db.NewID[igny8.MembershipID](tx), UserID: user, Role: role, Sites: StoredSites(sites), CreatedAt: tx.Now})
}

// ClaimTrial remembers that a person had a trial; personHash is a salted hash of
// the normalised address, kept for ever. 409 trial_already_used the second time.
func ClaimTrial(ctx context.Context, tx *db.Tx, personHash string) error {
	_, err := accountdb.New(tx).ClaimTrial(ctx, accountdb.ClaimTrialParams{PersonHash: personHash, CreatedAt: tx.Now})
	if db.Absent(err) {
		return igny8.E(igny8.Conflict, "trial_already_used",
			"This person has had a free trial; choose a paid plan to go on.")
	}
	return err
}

// Lock takes the account's row for the rest of the transaction. Money stories do
// it first.
func Lock(ctx context.Context, tx *db.Tx) (Account, error) {
	return accountdb.New(tx).LockAccount(ctx, tx.Account)
}

// Get reads the transaction's account.
func Get(ctx context.Context, tx *db.Tx) (Account, error) {
	return accountdb.New(tx).GetAccount(ctx, tx.Account)
}

// SetStatus moves the account along its table of transitions. It does nothing
// when the account is there already.
func SetStatus(ctx context.Context, tx *db.Tx, from, to igny8.AccountStatus) error {
	if from == to {
		return nil
	}
	if !igny8.Allowed(igny8.AccountTransitions, from, to) {
		return igny8.InvalidTransition(from)
	}
	_, err := accountdb.New(tx).SetStatus(ctx, accountdb.SetStatusParams{AccountID: tx.Account, FromStatus: from, ToStatus: to, Now: tx.Now})
	if db.Absent(err) {
		return igny8.InvalidTransition(from)
	}
	return err
}

// Suspend takes the account's access away, for payment or for policy, and remembers
// what it was.
func Suspend(ctx context.Context, tx *db.Tx, a Account, reason string) (Account, error) {
	if !igny8.Allowed(igny8.AccountTransitions, a.Status, igny8.AccountSuspended) {
		return a, igny8.InvalidTransition(a.Status)
	}
	out, err := accountdb.New(tx).Suspend(ctx, accountdb.SuspendParams{AccountID: tx.Account, FromStatus: a.Status, Reason: &reason, Now: tx.Now})
	if db.Absent(err) {
		return a, igny8.InvalidTransition(a.Status)
	}
	return out, err
}

// Contact is the person that letters about the account go to.
type Contact = accountdb.OwnerRow

// Owner returns the account's first owner.
func Owner(ctx context.Context, tx *db.Tx) (Contact, error) {
	return accountdb.New(tx).Owner(ctx, tx.Account)
}

// Verified reports whether an owner of the transaction's account has proved an
// address.
func Verified(ctx context.Context, tx *db.Tx) (bool, error) {
	n, err := accountdb.New(tx).VerifiedOwners(ctx, tx.Account)
	return n > 0, err
}

// IsMember reports whether the user belongs to the transaction's account.
func IsMember(ctx context.Context, tx *db.Tx, user igny8.UserID) (bool, error) {
	n, err := accountdb.New(tx).IsMember(ctx, accountdb.IsMemberParams{AccountID: tx.Account, UserID: user})
	return n > 0, err
}

// UserByEmail finds a person by normalised address, in system scope.
func UserByEmail(ctx context.Context, tx *db.Tx, emailNorm string) (User, error) {
	return accountdb.New(tx).UserByEmail(ctx, emailNorm)
}

// UserByID finds a person, in system scope.
func UserByID(ctx context.Context, tx *db.Tx, id igny8.UserID) (User, error) {
	return accountdb.New(tx).GetUser(ctx, id)
}

// Membership is one of a person's accounts and the role in it.
type Membership = accountdb.MembershipsOfRow

// MembershipsOf lists a person's accounts, oldest membership first, in system scope.
func MembershipsOf(ctx context.Context, tx *db.Tx, user igny8.UserID) ([]Membership, error) {
	return accountdb.New(tx).MembershipsOf(ctx, user)
}

// Service answers questions about accounts from outside a transaction.
type Service struct{ db *db.DB }

// NewService returns the service.
func NewService(d *db.DB) *Service { return &Service{d} }

// Get returns the actor's account.
func (s *Service) Get(ctx context.Context, actor igny8.Actor) (a Account, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		a, err = Get(ctx, tx)
		return err
	})
	return a, err
}

// Patch names what may be changed; nil leaves a member as it is.
type Patch struct {
	Name     *string
	TimeZone *string
	Billing  *BillingPatch
}

// Update changes the actor's account. check sees the account as it is, inside
// the transaction, and may refuse (If-Match).
func (s *Service) Update(ctx context.Context, actor igny8.Actor, check func(Account) error, p Patch) (a Account, err error) {
	if err := p.validate(); err != nil {
		return a, err
	}
	err = s.db.Tenant(ctx, "account.update", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		old, err := Lock(ctx, tx)
		if err != nil {
			return err
		}
		if err := check(old); err != nil {
			return err
		}
		a, err = accountdb.New(tx).UpdateProfile(ctx, p.params(old, tx.Now))
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "account.update", ObjectType: "account", ObjectID: a.ID.String()})
	})
	return a, err
}

func (p Patch) params(old Account, now time.Time) accountdb.UpdateProfileParams {
	arg := accountdb.UpdateProfileParams{AccountID: old.ID, Name: old.Name, TimeZone: old.TimeZone, Billing: old.Billing, Now: now}
	if p.Name != nil {
		arg.Name = input.Name(*p.Name)
	}
	if p.TimeZone != nil {
		arg.TimeZone = *p.TimeZone
	}
	if p.Billing != nil {
		arg.Billing = p.Billing.On(BillingOf(old.Billing)).Bytes()
	}
	return arg
}

func (p Patch) validate() error {
	var faults input.Faults
	if p.Name != nil {
		faults.Add(CheckName("name", *p.Name))
	}
	if p.TimeZone != nil {
		if _, err := time.LoadLocation(*p.TimeZone); err != nil || *p.TimeZone == "" || *p.TimeZone == "Local" {
			faults.Field("time_zone", "unknown_time_zone", "Use an IANA time zone such as Asia/Karachi.")
		}
	}
	return faults.Err()
}

// CheckName refuses a name of an account in which nothing is to be seen.
func CheckName(field, name string) error {
	if !input.Visible(name) {
		return igny8.InvalidField(field, "required", "Give the account a name.")
	}
	return oneLine(field, name)
}

// Count returns how many accounts there are.
func (s *Service) Count(ctx context.Context) (n int64, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		n, err = accountdb.New(tx).CountAccounts(ctx)
		return err
	})
	return n, err
}

// HasUser reports whether somebody has this normalised address.
func (s *Service) HasUser(ctx context.Context, emailNorm string) (bool, error) {
	err := s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := UserByEmail(ctx, tx, emailNorm)
		return err
	})
	if igny8.KindOf(err) == igny8.NotFound {
		return false, nil
	}
	return err == nil, err
}
