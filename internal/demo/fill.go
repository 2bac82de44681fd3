package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"image"
	"image/color"
	"image/png"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/signup"
	"igny8/internal/site"
)

// The logins that are printed. They are public: the demonstration is for looking.
const (
	StaffEmail    = "staff@demo.example"
	SecondEmail   = "second@demo.example"
	CustomerEmail = "ayesha@demo.example"
	Password      = "look-around-4-demo"
)

// Services are what the demonstration is made through.
type Services struct {
	Auth    *auth.Service
	Account *account.Service
	Signup  *signup.Service
	Billing *billing.Service
	Site    *site.Service
	Now     func() time.Time
}

// customer is one account of the demonstration and what happened to it.
type customer struct {
	first, last, country, plan, cycle, method string
	payment                                   outcome
	site, industry                            string
}

// outcome is what becomes of a customer's first payment.
type outcome int

const (
	none      outcome = iota // not paid yet, or a trial
	waiting                  // sent, in the queue
	partial                  // sent, less than is due
	duplicate                // sent with a reference that somebody else used
	approved
	rejected
	withdrawn
)

var customers = []customer{
	{"Ayesha", "Khan", "PK", "starter", "monthly", "jazzcash", approved, "karachi-bakes.example.com", "food-and-drink"},
	{"Bilal", "Ahmed", "PK", "growth", "monthly", "easypaisa", waiting, "", ""},
	{"Sana", "Malik", "PK", "starter", "annual", "ibft", duplicate, "", ""},
	{"Rohan", "Mehta", "IN", "starter", "monthly", "upi", waiting, "", ""},
	{"Priya", "Nair", "IN", "growth", "monthly", "neft", approved, "monsoon-yoga.example.com", ""},
	{"Oliver", "Smith", "GB", "scale", "monthly", "faster-payments", approved, "thames-cycles.example.co.uk", ""},
	{"Emily", "Jones", "GB", "", "", "", none, "emily-bakes.example.co.uk", ""},
	{"James", "Miller", "US", "starter", "monthly", "ach", rejected, "", ""},
	{"Maria", "Garcia", "US", "growth", "annual", "ach", none, "", ""},
	{"Fatima", "Al Nuaimi", "AE", "starter", "monthly", "iban", partial, "", ""},
	{"Lena", "Schmidt", "DE", "starter", "monthly", "sepa", withdrawn, "", ""},
	{"Jonas", "Weber", "DE", "", "", "", none, "", ""},
}

// ErrNotEmpty refuses a database that is not the demonstration's.
var ErrNotEmpty = errors.New("this database holds accounts that are not the demonstration's; use an empty folder or database")

// Fill makes the lived-in system in an empty database. In a database it filled
// before it does nothing.
func Fill(ctx context.Context, s Services) error {
	known, err := s.Account.HasUser(ctx, StaffEmail)
	if err != nil || known {
		return err
	}
	if n, err := s.Account.Count(ctx); err != nil || n > 0 {
		return errors.Join(err, ErrNotEmpty)
	}
	second, err := s.Auth.CreateStaff(ctx, SecondEmail, Password)
	if err != nil {
		return fmt.Errorf("demonstration staff: %w", err)
	}
	clerk := igny8.Actor{User: second.ID, Role: igny8.RoleDeveloper, Email: second.Email, Network: "demo"}
	for i, c := range customers {
		if err := s.live(ctx, clerk, i, c); err != nil {
			return fmt.Errorf("demonstration account %s %s: %w", c.first, c.last, err)
		}
	}
	// Last: that this user is there says that everything is.
	if _, err := s.Auth.CreateStaff(ctx, StaffEmail, Password); err != nil {
		return fmt.Errorf("demonstration staff: %w", err)
	}
	return nil
}

func (s Services) live(ctx context.Context, clerk igny8.Actor, n int, c customer) error {
	email := fmt.Sprintf("%s@demo.example", lower(c.first))
	r, err := s.Signup.Register(ctx, signup.Form{Email: email, Password: Password, FirstName: c.first, LastName: c.last, Country: c.country,
		AccountName: c.first + "'s studio", Plan: c.plan, Cycle: c.cycle, PaymentMethod: c.method,
		Billing: account.Billing{Line1: fmt.Sprintf("%d Market Road", n+1), City: c.country}, Device: auth.Device{Network: fmt.Sprintf("demo-%d", n)}})
	if err != nil {
		return err
	}
	owner := igny8.Actor{User: r.User.ID, Account: r.Account.ID, Role: igny8.RoleOwner, Email: email, Network: "demo"}
	if c.payment != none {
		if err := s.pay(ctx, clerk, owner, n, c, *r.Invoice); err != nil {
			return err
		}
	}
	if c.site == "" {
		return nil
	}
	industry := c.industry
	if industry == "" {
		industry = anyIndustry
	}
	_, err = s.Site.Create(ctx, owner, site.NewSite{Name: c.first + "'s site", Domain: c.site, Industry: industry})
	return err
}

// pay sends the customer's payment and does with it what the table says.
func (s Services) pay(ctx context.Context, clerk, owner igny8.Actor, n int, c customer, inv billing.Invoice) error {
	in := billing.Submission{Method: c.method, Reference: fmt.Sprintf("TRX-%06d", 481516+n*2342), PayerName: c.first + " " + c.last,
		PaidOn: s.Now().Format(time.DateOnly), AmountMinor: inv.Due(), Files: [][]byte{Receipt(inv.Number)}}
	switch c.payment {
	case partial:
		in.AmountMinor = inv.Due() / 2
	case duplicate:
		in.Reference = fmt.Sprintf("trx %06d", 481516+1*2342) // the second customer's, written another way
	}
	p, err := s.Billing.Submit(ctx, owner, inv.ID, in)
	if err != nil {
		return err
	}
	switch c.payment {
	case approved:
		_, err = s.Billing.Approve(ctx, clerk, p.ID, billing.Approval{Evidence: "statement line seen", Note: "demo"})
	case rejected:
		_, err = s.Billing.Reject(ctx, clerk, p.ID, billing.Rejection{Code: "not_received", Reason: "Nothing with this reference has arrived. Please check the number and send it again."})
	case withdrawn:
		_, err = s.Billing.Withdraw(ctx, owner, p.ID)
	}
	return err
}

const anyIndustry = "fitness-and-sport"

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// Receipt draws a picture that stands for a payment's receipt, different for
// each text.
func Receipt(text string) []byte {
	h := fnv.New64a()
	h.Write([]byte(text))
	bits := h.Sum64()
	m := image.NewRGBA(image.Rect(0, 0, 240, 320))
	for y := range 320 {
		for x := range 240 {
			c := color.RGBA{250, 250, 247, 255}
			row := (y - 40) / 20
			switch {
			case y < 30:
				c = color.RGBA{11, 87, 208, 255}
			case y >= 40 && y < 280 && (y-40)%20 < 8 && x >= 20 && x < 60+int(bits>>(row*5)&31)*5:
				c = color.RGBA{60, 60, 70, 255}
			}
			m.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	png.Encode(&b, m) // to memory: cannot fail
	return b.Bytes()
}
