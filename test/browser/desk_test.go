package browser

import (
	"strings"
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// anAccount opens the account of one who signs up for a trial, as staff.
func anAccount(t *testing.T, p *browsertest.Page) string {
	t.Helper()
	logIn(p, demo.StaffEmail).Go("/staff/accounts?status=trial").Click("main tbody tr:nth-child(1) a[data-row]").See("Actions")
	return p.URL()
}

func TestDeskPages(t *testing.T) {
	p := machine.Start(t).Page()
	at := anAccount(t, p)
	one := p.Go("/staff/users").Click("main tbody tr:nth-child(1) a[data-row]").See("Save permissions").URL()
	p.Sweep("/staff/users", one, "/staff/suspicious", at)
}

func TestSuspendingAndReinstating(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		at := anAccount(t, p)
		p.Click("Suspend the account").See("Status: trial → suspended").Click("Suspend").See("Say why, in 3 to 1000 characters").Axe()
		p.Fill("suspend_note", "It sends spam").Click("#act-suspend .button-danger").See("Done, and written into", "suspended", "account.suspend").Axe()
		other := machine.Page(t, p.Base())
		logIn(other, demo.SecondEmail).Go(at).Click("Reinstate the account").Fill("reinstate_note", "A mistake")
		p.Click("Reinstate the account").See("Status: suspended → trial").Fill("reinstate_note", "It was a mistake").Axe().Click("#act-reinstate .button-primary").
			See("Done, and written into", "account.reinstate")
		other.Tolerate("answer 409", "status of 409").Click("#act-reinstate .button-primary").See("somebody changed it meanwhile").NotSee("Reinstate the account")
	})
}

func TestAdjustingCredits(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		anAccount(t, p)
		p.Click("Adjust credits").Fill("adjust-credits_credits", "1,000,000,0").Fill("adjust-credits_credits", "-40")
		if !p.Runs() {
			p.Click("#act-adjust-credits [name=preview]")
		}
		p.See("→").Axe()
		p.Fill("adjust-credits_credits", "-100000")
		if !p.Runs() {
			p.Click("#act-adjust-credits [name=preview]")
		}
		p.See("That is more than there is").Fill("adjust-credits_note", "Too many").Tolerate("answer 409", "status of 409").
			Click("#act-adjust-credits .button-primary").See("fewer credits available").Axe()
		p.Fill("adjust-credits_credits", "250").Fill("adjust-credits_note", "For the outage").Click("#act-adjust-credits .button-primary").
			See("Done, and written into", "account.adjust_credits")
		p.Click("Extend the trial").See("The trial's end").Click("Give a plan by hand").See("Credits of the plan").Axe()
	})
}

// What is above one person's measure waits on the account's page for a second one.
func TestALargeGiftNeedsTwoPeople(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		at := anAccount(t, p)
		p.Click("Adjust credits").Fill("adjust-credits_credits", "20,000").Fill("adjust-credits_note", "For the outage").
			Click("#act-adjust-credits .button-primary").See("Nothing was given yet", "wants to give 20,000 credits", "You asked for it").
			NotSee("Confirm and give").Axe()
		other := machine.Page(t, p.Base())
		logIn(other, demo.SecondEmail).Go(at).See("wants to give 20,000 credits", "For the outage").Axe().Viewport(360).Axe().
			Click("Confirm and give").See("Done, and written into", "account.adjust_credits").NotSee("wants to give")
	})
}

func TestViewingAsACustomer(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		at := anAccount(t, p)
		p.Click("View as this customer").See("as an owner sees them").Fill("look_note", "They asked for help").Axe().
			Click("#act-look .button-primary").See("read only, until").Axe()
		home := p.URL()
		for _, path := range []string{"/sites", "/credits", "/billing", "/notices", "/audit"} {
			p.Go(home + path).See("read only, until").Axe()
		}
		if p.See("impersonation.start", "They asked for help"); strings.Contains(p.Text("main"), demo.StaffEmail) {
			t.Error("the account's audit log tells who of staff it was")
		}
		p.Tolerate("answer 403", "status of 403")
		browsertest.Eval[bool](p, `(f => { f.method = 'post'; f.action = '`+home+`/sites'; document.body.append(f); f.submit(); return true })(document.createElement('form'))`)
		p.See("You look into this account as staff", "read only, until").Axe()
		p.Click("End").See("You no longer look in", "impersonation.end")
		if p.URL() != at {
			t.Errorf("after the end at %s, want %s", p.URL(), at)
		}
		p.Go(home).See("Log in")
	})
}

func TestStaffWithoutPayments(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		logIn(p, demo.StaffEmail).Go("/staff/users").Fill("E-mail address", "clerk@demo.example").Fill("First password", demo.Password)
		p.Click("Add a staff user").See("Give at least one permission").Axe()
		p.Fill("First password", demo.Password).Click("#f-platform-accounts").Click("main form .button-primary").See("clerk@demo.example", "can log in")
		clerk := machine.Page(t, p.Base()).JavaScript(p.Runs())
		clerk.Go("/staff/login").Fill("E-mail address", "clerk@demo.example").Fill("Password", demo.Password).Click("form.form button[type=submit]")
		if clerk.See("Accounts"); clerk.URL() != "/staff/accounts" {
			t.Errorf("who approves nothing begins at %s", clerk.URL())
		}
		clerk.Tolerate("answer 403", "status of 403").Go("/staff/users").See("You may not do this")
		p.Click("clerk@demo.example").Click("Disable").See("Changed.", "disabled")
		clerk.Go("/staff/accounts").See("Log in")
	})
}
