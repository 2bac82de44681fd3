package browser

import (
	"fmt"
	"net/url"
	"path"
	"strings"
	"testing"
	"time"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// Every page of staff, in all shapes.
func TestStaffPages(t *testing.T) {
	p := logIn(machine.Start(t).Page(), demo.StaffEmail)
	waiting := paths(p, "#queue a[data-row]")
	payment := p.Click("#queue tbody tr:nth-child(1) a[data-row]").See("Amount received").URL()
	decided := p.Go("/staff/search?q=trx").Click("main tbody tr:nth-child(1) a[data-row]").URL()
	account := p.Go("/staff/accounts").Click("main tbody tr:nth-child(1) a[data-row]").URL()
	bulk := "/staff/bulk?" + chosen(waiting)
	p.Sweep("/staff", payment, decided, bulk, "/staff/search?q=trx", "/staff/accounts", account,
		"/staff/audit", "/staff/catalogue", "/staff/health", "/staff/health?show=all", "/staff/health?show=cancelled", "/staff/settings")
}

// paths returns where the links go that a selector finds, without the server's
// address.
func paths(p *browsertest.Page, selector string) []string {
	return browsertest.Eval[[]string](p, `[...document.querySelectorAll('`+selector+`')].map(a => a.getAttribute('href'))`)
}

// chosen is the query that the queue's form sends for payments with these paths.
func chosen(payments []string) string {
	q := url.Values{}
	for _, p := range payments {
		q.Add("id", path.Base(p))
	}
	return q.Encode()
}

// open opens the queue, and the payment of a business in it.
func open(p *browsertest.Page, business string) *browsertest.Page {
	return p.Go("/staff").Click(business).See("Payment of "+business, "Amount received")
}

func TestApprovingByClicking(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		list := three(t, p.Base())
		open(logIn(p, demo.StaffEmail), "Business one").See("equal", "Rs "+starter, "JC-one").NotSee("differs")
		if wide := browsertest.Eval[int](p, `document.querySelector('.review-proof img').naturalWidth`); wide != 240 {
			t.Errorf("the proof is shown %d px wide, want the picture that was sent, 240", wide)
		}
		p.Click("Approve").See("Approved. Everything is active", "Payment of Business two")
		p.Go("/staff").NotSee("Business one")
		p.Go("/staff/search?q=jc-one").Click("main tbody tr:nth-child(1) a[data-row]").See("approved", demo.StaffEmail)
		var inv struct{ Status, Total string }
		api(t, p.Base(), list[0].token, "GET", "/billing/invoices/"+list[0].invoice, nil, &inv)
		if inv.Status != "paid" {
			t.Errorf("the invoice is %+v, want paid", inv)
		}
	})
}

// Five in a row without the mouse: j goes to the first, Enter opens it, and each a
// approves and opens the next.
func TestApprovingFiveWithKeys(t *testing.T) {
	p := logIn(machine.Start(t, "IGNY8_APPROVAL_HOLD=2s").Page(), demo.StaffEmail)
	list := waiting(t, p.Base(), "one", "two", "three", "four", "five")
	p.Reload().Press("j", "x", "j")
	if n := p.Count("#queue input:checked"); n != 1 {
		t.Errorf("x selected %d rows, want the one that j had come to", n)
	}
	p.FocusKept()
	at := browsertest.Eval[int](p, `[...document.querySelectorAll('[data-row]')].findIndex(a => a.textContent === 'Business one')`)
	for range at - 1 {
		p.Press("j")
	}
	p.Press("Enter").See("Payment of Business one")
	p.Press("e", "Escape")
	if on := browsertest.Eval[string](p, `document.activeElement.name`); on != "received" {
		t.Errorf("e put the cursor into %q, want the amount", on)
	}
	p.Reload()
	for _, next := range []string{"two", "three", "four", "five"} {
		p.Press("a").See("Approved.", "Payment of Business "+next)
	}
	p.Press("a").See("Approved.", "takes effect in seconds")
	if p.URL() != "/staff" {
		t.Errorf("after the last payment at %s, want the queue", p.URL())
	}
	p.SeeWithin(15*time.Second, "All").Wait("see the five leave the queue", 20*time.Second, func() bool {
		return p.Count("#queue [data-row]") > 0 && !strings.Contains(p.Text("#queue"), "Business")
	})
	for _, n := range list {
		var b struct{ Available int }
		if api(t, p.Base(), n.token, "GET", "/credits/balance", nil, &b); b.Available != 1000 {
			t.Errorf("%s has %d credits, want the plan's 1000, once", n.email, b.Available)
		}
	}
}

func TestRefusing(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		const reason = "Only half of it is on our statement; send the rest."
		list := three(t, p.Base())
		open(logIn(p, demo.StaffEmail), "Business one")
		p.Click("Refuse this payment").Fill("Reason", "Another amount arrived")
		if !p.Runs() {
			p.Click("Show the letter")
		}
		p.See("The amount that arrived is not the amount you told us", "To one@example.com, in English")
		p.Fill("What the customer will read", reason)
		if !p.Runs() {
			p.Click("Show the letter")
		}
		p.See("Reason: " + reason).Axe()
		p.Click("Refuse").See("Refused. The customer is told why", "Payment of Business two")

		customer := machine.Page(t, p.Base()).Viewport(360).JavaScript(p.Runs())
		customer.Go("/login").Fill("E-mail address", list[0].email).Fill("Password", demo.Password).Click("form.form button[type=submit]")
		customer.Go(list[0].home+"/billing").See(reason, "refused").Axe()
		customer.Click("Pay").See("We could not accept the last payment", reason, "Fix and send again", "Send the money").Axe()
		onlyStarter(t, customer)
		customer.See("Proof 1, as you sent it")
		if got := customer.Value("reference") + ", " + customer.Value("payer_name"); got != "JC-one, Noor Shah" {
			t.Errorf("the form for another try begins with %q", got)
		}
		customer.Fill("reference", "JC-again").Click("I have paid").See("We are checking your payment")
		open(p, "Business one").See("JC-again", "Proof 1").NotSee("same file sent before")
	})
}

// The slower of two is told who was faster, and nothing happens twice.
func TestTwoStaffOnOnePayment(t *testing.T) {
	bothWays(t, func(t *testing.T, slow *browsertest.Page) {
		list := three(t, slow.Base())
		fast := machine.Page(t, slow.Base())
		open(logIn(slow, demo.SecondEmail), "Business one")
		logIn(fast, demo.StaffEmail).See("open at " + demo.SecondEmail)
		open(fast, "Business one").Click("Approve").See("Approved.")
		slow.Tolerate("answer 409", "status of 409").Click("Approve").See("Payment of Business one", "Decided", demo.StaffEmail).Axe().FocusKept()
		var credits struct{ Available int }
		api(t, slow.Base(), list[0].token, "GET", "/credits/balance", nil, &credits)
		if credits.Available != 1000 {
			t.Errorf("the customer has %d credits, want the plan's 1000, once", credits.Available)
		}
	})
}

// What colleagues do meanwhile comes into sight without moving a button, whether a
// refusal is being written or not, and so it goes.
func TestNewsMovesNothing(t *testing.T) {
	p := logIn(machine.Start(t).Page(), demo.SecondEmail)
	waiting(t, p.Base(), "one", "two", "three", "four")
	for name, page := range map[string]struct {
		width    int
		refusing bool
	}{"one": {1366, false}, "two": {1366, true}, "three": {360, false}, "four": {360, true}} {
		open(p.Viewport(page.width), "Business "+name).NotSee("decided meanwhile")
		if page.refusing {
			p.Click("Refuse this payment")
		}
		browsertest.Eval[bool](p, `document.querySelector('[data-key=a]').scrollIntoView({block: 'center', behavior: 'instant'}), true`)
		before := buttons(p)
		approve(t, p.Base(), "JC-"+name)
		p.See("This payment was decided meanwhile", demo.StaffEmail)
		same(p, t, name+", when the news comes", before)
		if !browsertest.Eval[bool](p, newsInSight) {
			t.Errorf("%s: the news is out of sight, or over the approval", name)
		}
		p.Axe()
		browsertest.Eval[bool](p, `scrollTo({top: document.documentElement.scrollHeight, behavior: 'instant'}), true`)
		before = buttons(p)
		browsertest.Eval[bool](p, `document.getElementById('news').replaceChildren(), true`)
		same(p, t, name+", when the news goes", before)
	}
}

const newsInSight = `(() => {
	const news = document.querySelector('#news .callout').getBoundingClientRect()
	return news.top >= document.querySelector('[data-key=a]').getBoundingClientRect().bottom && news.bottom <= innerHeight
})()`

// buttons is where the buttons of the page are in the window, and how far it is
// scrolled.
func buttons(p *browsertest.Page) string {
	return browsertest.Eval[string](p, `[...document.querySelectorAll('main button, main summary')].map(e => {
		const r = e.getBoundingClientRect()
		return e.innerText + ' ' + r.left + ' ' + r.top
	}).join('; ') + '; scrolled ' + scrollY`)
}

func same(p *browsertest.Page, t *testing.T, when, before string) {
	t.Helper()
	if after := buttons(p); after != before {
		t.Errorf("%s: the buttons moved from %s to %s", when, before, after)
	}
}

func TestLessThanDue(t *testing.T) {
	p := logIn(machine.Start(t).Page(), demo.StaffEmail)
	n := three(t, p.Base())[0]
	open(p, "Business one").Fill("Amount received", "10,000").Click("Approve").NotSee("Everything is active").See("The rest stays open")
	customer := machine.Page(t, p.Base())
	customer.Go("/login").Fill("E-mail address", n.email).Fill("Password", demo.Password).Click("form.form button[type=submit]")
	customer.Go(n.home+"/billing").See("open").Click("main tbody tr:nth-child(1) td:nth-child(1) a").See("Rs "+starter, "Rs 14,742").Axe()
	customer.Go(n.pay).See("Rs 14,742").Axe()
}

// Twenty at once, one of which a colleague approves meanwhile: nineteen are done and
// one is explained.
func TestApprovingTwentyTogether(t *testing.T) {
	p := machine.Start(t).Page()
	var names []string
	for i := range 20 {
		names = append(names, fmt.Sprintf("no%02d", i))
	}
	waiting(t, p.Base(), names...)
	logIn(p, demo.StaffEmail).Reload()
	for _, name := range names {
		p.Click(`[aria-label="Select payment of Business ` + name + `"]`)
	}
	p.Click("Review selected").See("Business no00", "Business no19", "Totals", "Rs 494,840").Axe()
	approve(t, p.Base(), "JC-no07") // by a colleague, meanwhile
	p.Click("Approve 20 payments").See("What became of each").Axe()
	rows := browsertest.Eval[[]string](p, `[...document.querySelectorAll('main tbody tr')].map(r => r.innerText.replace(/\s+/g, ' '))`)
	if len(rows) != 20 {
		t.Fatalf("the result has %d rows, want 20", len(rows))
	}
	for i, name := range names {
		done := strings.Contains(rows[i], "approved") && !strings.Contains(rows[i], "already")
		if done != (name != "no07") || !strings.Contains(rows[i], "JC-"+name) {
			t.Errorf("the row of %s says %q", name, rows[i])
		}
	}
	p.Go("/staff").NotSee("Business no")
}

// The same without JavaScript, with three.
func TestApprovingTogether(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		three(t, p.Base())
		logIn(p, demo.StaffEmail).Reload()
		for _, name := range []string{"one", "two", "three"} {
			p.Click(`[aria-label="Select payment of Business ` + name + `"]`)
		}
		p.Click("Review selected").See("Business one", "Business two", "Business three", "Totals", "Rs 74,226").Axe()
		approve(t, p.Base(), "JC-two") // by a colleague, meanwhile
		p.Click("Approve 3 payments").See("What became of each").Axe()
		rows := browsertest.Eval[[]string](p, `[...document.querySelectorAll('main tbody tr')].map(r => r.innerText.replace(/\s+/g, ' '))`)
		if len(rows) != 3 {
			t.Fatalf("the result has the rows %q, want three", rows)
		}
		for i, name := range []string{"JC-one", "JC-two", "JC-three"} {
			done := strings.Contains(rows[i], "approved") && !strings.Contains(rows[i], "already")
			if done != (name != "JC-two") || !strings.Contains(rows[i], name) {
				t.Errorf("the row of %s says %q", name, rows[i])
			}
		}
	})
}
