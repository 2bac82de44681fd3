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
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/blob"
	"igny8/internal/catalog"
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
	Catalog *catalog.Service
	Now     func() time.Time
	Ago     func(time.Duration) // sets the clock back by so much
}

// customer is one account of the demonstration and what happened to it.
type customer struct {
	ago                                       time.Duration // when they signed up
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

const day = 24 * time.Hour

// customers are in the order of their signing up: so their numbers are.
var customers = []customer{
	{9 * day, "Oliver", "Smith", "GB", "scale", "monthly", "faster-payments", approved, "thames-cycles.example.co.uk", ""},
	{8 * day, "Priya", "Nair", "IN", "growth", "monthly", "neft", approved, "monsoon-yoga.example.com", ""},
	{6 * day, "Ayesha", "Khan", "PK", "starter", "monthly", "jazzcash", approved, "karachi-bakes.example.com", "food-and-drink"},
	{4 * day, "James", "Miller", "US", "starter", "monthly", "ach", rejected, "", ""},
	{3 * day, "Lena", "Schmidt", "DE", "starter", "monthly", "sepa", withdrawn, "", ""},
	{50 * time.Hour, "Maria", "Garcia", "US", "growth", "annual", "ach", none, "", ""},
	{2 * day, "Emily", "Jones", "GB", "", "", "", none, "emily-bakes.example.co.uk", ""},
	{20 * time.Hour, "Jonas", "Weber", "DE", "", "", "", none, "", ""},
	{192 * time.Minute, "Bilal", "Ahmed", "PK", "growth", "monthly", "easypaisa", waiting, "", ""},
	{140 * time.Minute, "Sana", "Malik", "PK", "starter", "annual", "ibft", duplicate, "", ""},
	{55 * time.Minute, "Rohan", "Mehta", "IN", "starter", "monthly", "upi", waiting, "", ""},
	{20 * time.Minute, "Fatima", "Al Nuaimi", "AE", "starter", "monthly", "iban", partial, "", ""},
}

// reused is the reference that two of them send.
const reused = "TRX-483858"

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
	defer s.Ago(0)
	s.Ago(10 * day) // staff of today would be no second persons yet
	second, err := s.Auth.CreateStaff(ctx, SecondEmail, Password)
	if err != nil {
		return fmt.Errorf("demonstration staff: %w", err)
	}
	clerk := igny8.Actor{User: second.ID, Role: igny8.RoleDeveloper, Email: second.Email, Network: "demo"}
	if err := s.accounts(ctx, clerk); err != nil {
		return fmt.Errorf("demonstration payment methods: %w", err)
	}
	for i, c := range customers {
		if err := s.live(ctx, clerk, i, c); err != nil {
			return fmt.Errorf("demonstration account %s %s: %w", c.first, c.last, err)
		}
	}
	s.Ago(10 * day)
	// Last: that this user is there says that everything is.
	if _, err := s.Auth.CreateStaff(ctx, StaffEmail, Password); err != nil {
		return fmt.Errorf("demonstration staff: %w", err)
	}
	return nil
}

// accounts gives the payment methods of the customers' countries account values
// that nobody can send money to.
func (s Services) accounts(ctx context.Context, clerk igny8.Actor) error {
	invented := map[string]string{"Account name": "Demo Studio Ltd", "Account title": "Demo Studio (Pvt) Ltd", "Beneficiary": "Demo Studio GmbH",
		"Payee": "Demo Studio", "Bank": "Demo Bank", "IBAN": "XX00 DEMO 0000 0000 0000", "Mobile number": "0300 0000000", "UPI ID": "demo-studio@example",
		"Raast ID": "0300 0000000", "Account number": "0000 0000", "Sort code": "00-00-00", "Routing number": "000000000", "IFSC": "DEMO0000000", "BIC": "DEMOXXXX", "SWIFT / BIC": "DEMOXXXX"}
	methods, err := s.Catalog.Placeholders(ctx)
	if err != nil {
		return err
	}
	for _, m := range methods {
		values := map[string]string{}
		for _, f := range m.Fields {
			if v := invented[f.Label]; f.Placeholder && v != "" {
				values[f.Label] = v
			}
		}
		if _, err := s.Catalog.SetMethodValues(ctx, clerk, m.Slug, values); err != nil {
			return err
		}
	}
	return nil
}

// live plays what one customer did, at the times when they did it.
func (s Services) live(ctx context.Context, clerk igny8.Actor, n int, c customer) error {
	s.Ago(c.ago)
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
	made, err := s.Site.Create(ctx, owner, site.NewSite{Name: c.first + "'s site", Domain: c.site, Industry: industry})
	if err != nil || c.payment != approved {
		return err
	}
	return s.work(ctx, owner, n, c, made.ID)
}

// work spends credits, from the day after the first to today.
func (s Services) work(ctx context.Context, owner igny8.Actor, n int, c customer, on igny8.SiteID) error {
	works := []billing.SpendRequest{{Operation: "keyword_clustering", Quantity: 1}, {Operation: "idea_generation", Quantity: 1},
		{Operation: "content_generation", Quantity: 1200}, {Operation: "content_generation", Quantity: 2600}, {Operation: "image_premium", Quantity: 3}}
	for ago, i := c.ago-day, n; ago > 0; ago, i = ago-day, i+1 {
		s.Ago(ago)
		for j := range 1 + i%3 {
			in := works[(i+j)%len(works)]
			in.Site, in.Reference = on, fmt.Sprintf("work-%d-%d", i, j)
			if _, err := s.Billing.SpendCredits(ctx, owner, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// pay sends the customer's payment and does with it what the table says.
func (s Services) pay(ctx context.Context, clerk, owner igny8.Actor, n int, c customer, inv billing.Invoice) error {
	in := billing.Submission{Method: c.method, Reference: fmt.Sprintf("TRX-%06d", 481516+n*2342), PayerName: c.first + " " + c.last,
		PaidOn: s.Now().Format(time.DateOnly), AmountMinor: inv.Due(), Files: []blob.Upload{blob.Bytes("receipt.png", Receipt(inv.Number))}}
	switch c.payment {
	case partial:
		in.AmountMinor = inv.Due() / 2
	case duplicate:
		in.Reference = strings.ReplaceAll(strings.ToLower(reused), "-", " ") // written another way
	}
	if c.first == "Bilal" {
		in.Reference = reused
	}
	p, err := s.Billing.Submit(ctx, owner, inv.ID, in)
	if err != nil {
		return err
	}
	if c.ago > day {
		s.Ago(c.ago - time.Duration(20+9*n)*time.Minute)
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
