package browser

import (
	"strings"
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// Every page of customers, in all shapes.
func TestCustomerPages(t *testing.T) {
	p := logIn(machine.Start(t).Page(), demo.CustomerEmail)
	home := p.URL()
	p.Go(home + "/billing").Click("main tbody tr:nth-child(1) td:nth-child(1) a")
	invoice := p.URL()
	site := p.Go(home + "/sites").Click("main tbody tr:nth-child(1) a[data-row]").URL()
	p.Sweep(home, home+"/billing", invoice, home+"/credits", home+"/sites", site, home+"/settings", home+"/settings/account", home+"/settings/billing", home+"/notices", home+"/notices?show=unread", home+"/credits?to=2020-01-01", home+"/audit", home+"/security", home+"/developers", home+"/close")
}

// A site in a few clicks, from an address as it is copied; then the next is one too
// many, and the page says so without losing what was typed.
func TestSites(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		n := newcomer{email: "noor@example.com", reference: "JC-site"}.send(t, p.Base())
		approve(t, p.Base(), n.reference)
		p.Viewport(360)
		logIn(p, n.email).See("Add your first site").Axe().Click("Add a site")
		p.Fill("Name", "Noor's garage").Fill("Domain", "https://Www.Noors-Garage.example.com/home?x=1").Fill("Industry", "Automotive").Click("form.form button[type=submit]")
		p.See("Your site is there.", "noors-garage.example.com", "0 of 5 chosen").Axe()
		p.Click("Car repair and servicing").Click("Used car sales").Click("Save sectors").See("Saved.", "2 of 5 chosen").Axe()
		p.Reload().See("2 of 5 chosen")
		if ticked := p.Count("[name=sector]:checked"); ticked != 2 {
			t.Errorf("%d sectors are ticked, want 2", ticked)
		}
		p.Tolerate("answer 403", "status of 403").Go(n.home+"/sites").Fill("Name", "Second").Fill("Domain", "second.example.com").Fill("Industry", "Automotive").Click("form.form button[type=submit]")
		p.See("No more sites: the plan starter allows 1, and you have 1.").Axe().FocusKept()
		if got := p.Value("Name") + " " + p.Value("Domain"); got != "Second second.example.com" {
			t.Errorf("the refused form kept %q", got)
		}
	})
}

// One sum from the price list to the invoice, and never zero.
func TestOneSumEverywhere(t *testing.T) {
	p := create(signUp(machine.Start(t).Page().Viewport(360), "Choose Starter", "zara@example.com")).See("Send the money")
	onlyStarter(t, p)
	p.Go("/login").Wait("be logged in", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), "/app/") })
	p.See(starter)
	home := p.URL()
	onlyStarter(t, p.Go(home+"/billing"))
	onlyStarter(t, p.Click("main tbody tr:nth-child(1) td:nth-child(1) a").See("Whoever pays"))
	onlyStarter(t, p.Click("Pay").See("Send the money"))
}
