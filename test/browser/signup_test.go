package browser

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// starter is what the plan costs in Pakistan: 89 dollars at 278, rounded to whole
// rupees.
const starter = "24,742"

var rupees = regexp.MustCompile(`(?:Rs|PKR)\s?([\d,.]+\d)`)

// onlyStarter fails the test unless the main part of the page names the price of
// the plan, and no other sum.
func onlyStarter(t *testing.T, p *browsertest.Page) {
	t.Helper()
	var sums []string
	for _, m := range rupees.FindAllStringSubmatch(p.Text("main"), -1) {
		sums = append(sums, strings.TrimSuffix(m[1], ".00"))
	}
	if len(sums) == 0 || slices.ContainsFunc(sums, func(s string) bool { return s != starter }) {
		t.Errorf("%s names the sums %q, want %s and nothing else", p.URL(), sums, starter)
	}
}

// signUp fills the four pages of signing up, from the plan's own link on, and ends
// on the page after.
func signUp(p *browsertest.Page, plan, email string) *browsertest.Page {
	const next = "form.signup .button-primary"
	p.Go("/pricing").Fill("country", "Pakistan")
	if p.Count("[data-without-js]:not([hidden])") > 0 {
		p.Click("Show prices")
	}
	p.See(starter).Click(plan).Click(next)
	p.Fill("First name", "Zara").Fill("Last name", "Sheikh").Fill("E-mail address", email).Click(next)
	p.See("Your business").Fill("Business name", "Zara Writes").Click(next)
	p.See("Check your answers", "Zara Sheikh", email, "Zara Writes")
	return p
}

// create sends the last page of signing up.
func create(p *browsertest.Page) *browsertest.Page {
	return p.Fill("Choose a password", demo.Password).Click("Create account")
}

// The first two things that the product this one follows broke: whoever signed up
// was not logged in, and sums differed between screens or were zero.
func TestSigningUpOnAPhone(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		signUp(p.Viewport(360), "Choose Starter", "zara@example.com")
		onlyStarter(t, p)
		p.Axe()
		create(p).See("Send the money")
		onlyStarter(t, p)
		p.Axe()
		if !strings.HasPrefix(p.URL(), "/pay/") {
			t.Fatalf("after signing up for a paid plan at %s, want the pay page", p.URL())
		}
		p.See("Pay later, look around first").Reload().See("Pay later, look around first")
		onlyStarter(t, p)
		p.Go("/login").Wait("be logged in", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), "/app/") })
	})
}

func TestFreeTrialOnAPhone(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		signUp(p.Viewport(360), "main .plan a[href*=trial]", "trial@example.com")
		create(p).Wait("be in the console", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), "/app/") })
		p.Reload().Axe()
		if !strings.HasPrefix(p.URL(), "/app/") {
			t.Errorf("after a reload at %s, want still in /app/", p.URL())
		}
	})
}

// Mistakes cost nothing that was typed.
func TestSigningUpWithMistakes(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		p.Viewport(360).Go("/signup?country=PK&plan=starter").Click("form.signup .button-primary")
		p.Fill("First name", "Zara").Fill("E-mail address", "not an address").Click("form.signup .button-primary")
		p.See("Please check your answers", "Give your last name.").Axe().FocusKept()
		if got := p.Value("First name") + " " + p.Value("E-mail address"); got != "Zara not an address" {
			t.Errorf("the refused page kept %q", got)
		}
	})
}

// The third: an approval turns the customer's open page into the receipt.
func TestPayingAndBeingApproved(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		proof := filepath.Join(t.TempDir(), "receipt.png")
		if err := os.WriteFile(proof, onePixel(t), 0o600); err != nil {
			t.Fatal(err)
		}
		create(signUp(p.Viewport(360), "Choose Starter", "zara@example.com")).See("Send the money")
		p.Fill("payer_name", "Zara Sheikh").Fill("paid_on", time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)).Fill("amount", "one hundred").Upload("proof", proof).Click("I have paid")
		p.See("Please check your answers", "receipt.png", "we have this one").Axe().FocusKept()
		p.Fill("reference", "TX 4711").Fill("amount", starter).Click("I have paid").See("We are checking your payment")
		onlyStarter(t, p)
		p.Axe()
		approve(t, p.Base(), "TX 4711")
		if p.Runs() {
			p.SeeWithin(20*time.Second, "Paid. Thank you.") // it asks every two seconds; a busy machine is not a fault
		}
		p.Reload().See("Paid. Thank you.", "Create your first site")
		onlyStarter(t, p)
		p.Axe()
	})
}
