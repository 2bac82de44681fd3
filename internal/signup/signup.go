package signup

import (
	"cmp"
	"context"
	"errors"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
	"igny8/internal/input"
)

// Service signs customers up.
type Service struct {
	db   *db.DB
	auth *auth.Service
}

// New returns the service.
func New(d *db.DB, a *auth.Service) *Service { return &Service{d, a} }

// Form is what a new customer fills in. Without a plan, or with the trial's
// slug, it is a free trial; else Plan, Cycle and PaymentMethod say what is bought.
type Form struct {
	Email, Password     string
	FirstName, LastName string
	Language            string // of letters and pages (BCP 47); "" is English
	Country             string // ISO 3166-1 alpha-2
	AccountName         string // empty: made of the names
	Plan, Cycle         string
	PaymentMethod       string // slug or id
	Quote               igny8.QuoteID
	Billing             account.Billing
	Device              auth.Device
}

// Result is a new customer, logged in. Invoice is nil for a trial.
type Result struct {
	User         account.User
	Account      account.Account
	Subscription billing.Subscription
	Invoice      *billing.Invoice
	Tokens       auth.Tokens
}

// Register signs a customer up and logs the new user in. Everything is there
// afterwards, or nothing is.
func (s *Service) Register(ctx context.Context, f Form) (out Result, err error) {
	if err := s.Check(ctx, f); err != nil {
		return out, err
	}
	f.clean()
	email, err := auth.ParseEmail("email", f.Email)
	if err != nil {
		return out, err
	}
	if err := s.auth.ThrottleRegister(ctx, f.Device.Network, email.Login); err != nil {
		return out, err
	}
	hash, err := s.auth.HashPassword(ctx, f.Password, email.Address, f.FirstName, f.LastName)
	if err != nil {
		return out, err
	}
	number, err := account.NextNumber(ctx, s.db)
	if err != nil {
		return out, err
	}
	// The id is made first, so that the transaction knows its account.
	id := igny8.NewID[igny8.AccountID](s.db.Now())
	err = s.db.System(ctx, "signup.register", id, func(ctx context.Context, tx *db.Tx) error {
		out, err = s.register(ctx, tx, f, email, hash, number)
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	if errors.Is(err, account.ErrEmailTaken) {
		if err := s.auth.ThrottleTaken(ctx, f.Device.Network); err != nil {
			return out, err
		}
	}
	return out, err
}

func (s *Service) register(ctx context.Context, tx *db.Tx, f Form, email auth.Email, hash string, number int64) (out Result, err error) {
	country, err := catalog.CountryFor(ctx, tx, f.Country)
	if err != nil {
		return out, err
	}
	out.User, err = account.CreateUser(ctx, tx, account.NewUser{Email: email.Address, EmailNorm: email.Login, PasswordHash: hash,
		FirstName: f.FirstName, LastName: f.LastName, Language: cmp.Or(f.Language, "en")})
	if err != nil {
		return out, err
	}
	trial, err := s.isTrial(ctx, tx, f)
	if err != nil {
		return out, err
	}
	status := igny8.AccountPendingPayment
	if trial != nil {
		status = igny8.AccountTrial
	}
	out.Account, err = account.Create(ctx, tx, account.New{ID: tx.Account, Number: number, Name: f.accountName(), Status: status, Country: country.Code,
		Currency: country.Currency, TimeZone: country.TimeZone, Billing: f.profile(email)})
	if err != nil {
		return out, err
	}
	if err := account.AddMember(ctx, tx, out.User.ID, igny8.RoleOwner); err != nil {
		return out, err
	}
	if trial != nil {
		err = s.startTrial(ctx, tx, *trial, email, &out)
	} else {
		err = startPaid(ctx, tx, f, &out)
	}
	if err != nil {
		return out, err
	}
	return out, s.finish(ctx, tx, f, &out)
}

// isTrial returns the trial plan when the form asks for one.
func (s *Service) isTrial(ctx context.Context, tx *db.Tx, f Form) (*catalog.Plan, error) {
	if f.Plan != "" {
		p, err := catalog.PlanBySlug(ctx, tx, f.Plan)
		if err != nil || !p.Trial {
			return nil, err
		}
	}
	p, err := catalog.TrialPlan(ctx, tx)
	return &p, err
}

func (s *Service) startTrial(ctx context.Context, tx *db.Tx, plan catalog.Plan, email auth.Email, out *Result) (err error) {
	if err := account.ClaimTrial(ctx, tx, s.auth.TrialHash(email.Address)); err != nil {
		return err
	}
	out.Subscription, err = billing.StartTrial(ctx, tx, plan)
	return err
}

func startPaid(ctx context.Context, tx *db.Tx, f Form, out *Result) error {
	priced, err := f.price(ctx, tx)
	if err != nil {
		return err
	}
	method, err := f.method(ctx, tx)
	if err != nil {
		return err
	}
	if err := billing.UseMethod(ctx, tx, method.Slug); err != nil {
		return err
	}
	sub, inv, err := billing.StartPaid(ctx, tx, out.Account, priced)
	out.Subscription, out.Invoice = sub, &inv
	return err
}

// method is the one the form names, else the country's first.
func (f Form) method(ctx context.Context, tx *db.Tx) (catalog.Method, error) {
	if f.PaymentMethod != "" {
		return catalog.MethodForCountry(ctx, tx, f.PaymentMethod, f.Country)
	}
	all, err := catalog.MethodsForCountry(ctx, tx, f.Country)
	if err == nil && len(all) == 0 {
		err = catalog.ErrUnknownMethod
	}
	if err != nil {
		return catalog.Method{}, err
	}
	return all[0], nil
}

// price is the price of the form's quote when it names one, else today's.
func (f Form) price(ctx context.Context, tx *db.Tx) (catalog.PricedPlan, error) {
	if f.Quote.IsZero() {
		return catalog.PriceFor(ctx, tx, f.Plan, f.Cycle, f.Country)
	}
	q, err := catalog.UseQuote(ctx, tx, f.Quote)
	if err != nil {
		return q.PricedPlan, err
	}
	if q.Slug != f.Plan || q.Cycle != f.Cycle || q.Country.Code != f.Country {
		return q.PricedPlan, igny8.InvalidField("quote", "quote_differs", "The quote is for another plan, cycle or country; ask for a new one.")
	}
	return q.PricedPlan, nil
}

// finish logs the user in and writes what follows from the signup.
func (s *Service) finish(ctx context.Context, tx *db.Tx, f Form, out *Result) (err error) {
	if out.Tokens, err = s.auth.StartSession(ctx, tx, out.User.ID, out.Account.ID, igny8.RoleOwner, f.Device); err != nil {
		return err
	}
	if err := s.auth.SendVerification(ctx, tx, out.User); err != nil {
		return err
	}
	if err := event.Emit(ctx, tx, "account.created", out.Account.ID.String(), map[string]any{
		"status": out.Account.Status, "country": out.Account.Country, "plan": out.Subscription.PlanSlug}); err != nil {
		return err
	}
	actor := igny8.Actor{User: out.User.ID, Account: out.Account.ID, Role: igny8.RoleOwner, Email: out.User.Email, Network: f.Device.Network}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "account.create", ObjectType: "account", ObjectID: out.Account.ID.String(),
		Details: map[string]any{"plan": out.Subscription.PlanSlug, "status": out.Account.Status}})
}

// clean takes away what people type without meaning it.
func (f *Form) clean() {
	f.FirstName, f.LastName, f.AccountName = input.Name(f.FirstName), input.Name(f.LastName), input.Name(f.AccountName)
	f.Country, f.Plan, f.PaymentMethod = strings.ToUpper(input.Machine(f.Country)), input.Machine(f.Plan), input.Machine(f.PaymentMethod)
	f.Cycle = cmp.Or(f.Cycle, catalog.Monthly)
}

// Check tells everything that is wrong with a form, in one error, and changes nothing. It
// does not say whether the address is taken.
func (s *Service) Check(ctx context.Context, f Form) error {
	f.clean()
	var faults input.Faults
	email, err := auth.ParseEmail("email", f.Email)
	faults.Add(err)
	faults.Add(account.UserPatch{FirstName: &f.FirstName, LastName: &f.LastName}.Validate())
	if f.AccountName != "" {
		faults.Add(account.CheckName("account_name", f.AccountName))
	}
	faults.Add(auth.CheckPassword(f.Password, email.Address, f.FirstName, f.LastName))
	faults.Add(catalog.CheckCountry(f.Country))
	if faults.Err() == nil {
		return nil // what the catalogue says is found out by the story itself
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		faults.Add(f.checkOffer(ctx, tx))
		return nil
	})
	return cmp.Or(err, faults.Err())
}

// checkOffer looks for what is asked of the catalogue and not in it.
func (f Form) checkOffer(ctx context.Context, tx *db.Tx) error {
	var faults input.Faults
	if f.Plan != "" {
		_, err := catalog.PlanBySlug(ctx, tx, f.Plan)
		faults.Add(err)
	}
	if f.PaymentMethod != "" && catalog.CheckCountry(f.Country) == nil {
		_, err := catalog.MethodForCountry(ctx, tx, f.PaymentMethod, f.Country)
		faults.Add(err)
	}
	return faults.Err()
}

func (f Form) accountName() string {
	if f.AccountName != "" {
		return f.AccountName
	}
	return f.FirstName + " " + f.LastName
}

// profile is the billing profile with what the form says elsewhere filled in.
func (f Form) profile(email auth.Email) account.Billing {
	b := f.Billing
	if b.Name == "" {
		b.Name = f.accountName()
	}
	if b.Email == "" {
		b.Email = email.Address
	}
	if b.Country == "" {
		b.Country = f.Country
	}
	return b
}
