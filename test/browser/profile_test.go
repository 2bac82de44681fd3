package browser

import (
	"strings"
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// send presses the form of the page.
func send(p *browsertest.Page) *browsertest.Page { return p.Click("form.form button[type=submit]") }

// A person's language and number style reach every page at once, in this browser and
// in the next, and the letters; amounts to copy stay plain.
func TestProfile(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		n := newcomer{email: "noor@example.com", reference: "JC-profile"}.send(t, p.Base())
		approve(t, p.Base(), n.reference)
		p.Viewport(360)
		logIn(p, n.email).Go(n.home+"/settings").See("You", "noor@example.com", "owner").Axe()
		send(p.Tolerate("answer 422", "status of 422").Fill("First name", " ").Fill("Last name", "Khan"))
		p.See("Give your first name.").Axe()
		if got := p.Value("Last name"); got != "Khan" {
			t.Errorf("the refused form kept %q", got)
		}
		send(p.Fill("First name", "Noor").Fill("Language", "ur").Click("1.234.567,50"))
		p.See("محفوظ ہو گیا۔", "ترتیبات").Axe()
		if got := browsertest.Eval[string](p, `document.documentElement.lang + document.documentElement.dir`); got != "urrtl" {
			t.Errorf("the page is %s, want Urdu from right to left", got)
		}
		p.Go(n.home+"/credits").See("کھاتہ", "1.000").Axe()
		p.Go(n.home + "/billing").See("24.742")
		p.Go(n.home + "/billing?lang=en").See("Invoices") // asked for once …
		p.Go(n.home + "/billing").See("انوائس")           // … and not for longer

		other := machine.Page(t, p.Base())
		logIn(other, n.email).Go(n.home + "/sites").See("سائٹ شامل کریں")
		other.Click("العربية").See("أضف موقعًا").Axe() // the choice under every page is kept too
		p.Go(n.home + "/sites").See("أضف موقعًا")
		p.Go(n.home + "/settings/account").See("المنطقة الزمنية").Axe()
		p.Go(n.home + "/settings/billing").See("بيانات الفوترة").Axe()
	})
}

// What happened is told, counted until it is read, and read by a press only.
func TestNotices(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		n := newcomer{email: "noor@example.com", reference: "JC-notices"}.send(t, p.Base())
		approve(t, p.Base(), n.reference)
		p.Viewport(360)
		logIn(p, n.email).See("New for you", "1,000 credits added.", "Your account is active.").Axe()
		if got := p.Count("main .notice"); got != 3 {
			t.Errorf("the first page shows %d notices, want the newest three", got)
		}
		p.Click("All notices").See("Payment of Rs 24,742 received", "Payment of Rs 24,742 confirmed.", "issued.", "Your account was opened.", "PKT").Axe()
		p.Reload()
		count := func() string {
			return browsertest.Eval[string](p, `document.querySelector('.side-wide .count')?.textContent ?? ''`)
		}
		if got := count(); got != "6" {
			t.Errorf("to open the page left %q unread, want 6", got)
		}
		p.Click("Mark all as read").See("All notices are read.")
		if got := count(); got != "" || p.Count(".notice.is-unread") != 0 {
			t.Errorf("%q are still unread", got)
		}
		p.Click("Unread").See("All read").Axe()
		p.Go(n.home).NotSee("New for you")
		p.Go(n.home + "/notices").Click("Payment of Rs 24,742 confirmed.").See("Billed to")
	})
}

// The ledger by type, site and days; the address keeps them, and the file follows.
func TestLedgerFilter(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		p.Viewport(360)
		home := logIn(p, demo.CustomerEmail).URL()
		all := p.Go(home + "/credits").Count("section:nth-of-type(2) tbody tr")
		site := browsertest.Eval[string](p, `document.querySelector('[name=site] option:nth-child(2)').textContent`)
		p.Fill("Site", site).Fill("From", "2020-01-01").Click("Show")
		p.See("Clear filters").Axe()
		if !strings.Contains(p.URL(), "from=2020-01-01") || p.Value("From") != "2020-01-01" {
			t.Errorf("the address is %s, the field %q", p.URL(), p.Value("From"))
		}
		p.Click("spent").See("Clear filters")
		file := browsertest.Eval[string](p, `document.querySelector('a[download]').search`)
		for _, want := range []string{"type=deduction", "site=site_", "from=2020-01-01"} {
			if !strings.Contains(p.URL(), want) || !strings.Contains(file, want) {
				t.Errorf("the page is %s and the file %s, both want %s", p.URL(), file, want)
			}
		}
		p.Go(home + "/credits?to=2020-01-01").See("Nothing found").Axe()
		p.Tolerate("answer 422", "status of 422").Go(home + "/credits?from=soon").See("Write the day as year, month and day").Axe()
		p.Click("Clear filters").NotSee("Clear filters")
		if got := p.Count("section:nth-of-type(2) tbody tr"); got != all {
			t.Errorf("%d lines without a filter, want %d", got, all)
		}
	})
}
