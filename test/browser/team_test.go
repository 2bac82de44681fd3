package browser

import (
	"net/url"
	"strings"
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// priya has an account with seats for three.
const priya = "priya@demo.example"

// letterTo opens the newest letter to an address and returns its first link, as a path.
func letterTo(p *browsertest.Page, email string) string {
	p.Go("/dev/mail").Go(browsertest.Eval[string](p, `[...document.querySelectorAll('main li')].find(li => li.textContent.includes(' to `+email+`,')).querySelector('a').getAttribute('href')`))
	link := browsertest.Eval[string](p, `document.querySelector('main p a[href^="http"]').href`)
	u, err := url.Parse(link)
	if err != nil {
		return link
	}
	return u.Path
}

// invite invites by the form of the team's page.
func invite(p *browsertest.Page, home, email, role string) *browsertest.Page {
	return p.Go(home+"/team").Fill("E-mail address", email).Click("[name=role][value=" + role + "]").Click("Send the invitation")
}

// join opens the letter's link and fills in who one is.
func join(p *browsertest.Page, email string) *browsertest.Page {
	p.Go(letterTo(p, email)).See("Join", email).Fill("First name", "Bilal").Fill("Last name", "Ahmed").Fill("Password", demo.Password)
	return p.Click("form.form button[type=submit]").See("Welcome: you belong to this account now.")
}

// From the invitation to the removal, with what each role sees; changes act on the
// other's next click.
func TestTeam(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		p.Viewport(360)
		home := logIn(p, priya).URL()
		p.Go(home+"/team").See("1 of 3 seats taken", "priya@demo.example").Click("Leave this account").See("You are the only owner").Axe()
		invite(p, home, "bilal@new.example", "viewer").See("The invitation is on its way.", "bilal@new.example", "2 of 3 seats taken").Axe()
		p.Tolerate("answer 403", "status of 403", "answer 409", "status of 409")
		invite(p, home, "bilal@new.example", "viewer").See("This person has an open invitation").Axe()
		invite(p, home, "second@new.example", "editor").See("3 of 3 seats taken")
		invite(p, home, "third@new.example", "editor").See("No more seats: the plan growth allows 3").Axe().FocusKept()
		if got := p.Value("E-mail address"); got != "third@new.example" {
			t.Errorf("the refused form kept %q", got)
		}
		p.Click("[aria-label='Revoke: second@new.example']").See("The invitation is revoked.").NotSee("second@new.example")

		guest := machine.Page(t, p.Base()).JavaScript(p.Runs()).Viewport(360)
		old := letterTo(guest, "bilal@new.example")
		p.Click("[aria-label='Send again: bilal@new.example']").See("The invitation is on its way.")
		guest.Tolerate("answer 422", "status of 422", "answer 403", "status of 403").Go(old).See("This invitation does not work any more").Axe()
		link := letterTo(guest, "bilal@new.example")
		guest.Go(link).See("Join", "priya@demo.example", "bilal@new.example", "viewer").Axe()
		guest.Fill("First name", "Bilal").Fill("Last name", " ").Fill("Password", "short").Click("form.form button[type=submit]").See("Give your last name.").Axe()
		join(guest, "bilal@new.example")
		if !strings.HasPrefix(guest.URL(), home) {
			t.Errorf("joined at %s, want %s", guest.URL(), home)
		}
		guest.Go(home+"/sites").NotSee("Add a site", "Save sectors")
		guest.Go(home + "/billing").See("Your role does not allow this")
		guest.Go(home+"/team").See("Owners and admins manage the team.", "Who can do what").NotSee("priya@demo.example").Axe()

		// What one does shows at the other's next click.
		p.Go(home + "/team").Click("[aria-label='Change Bilal Ahmed']").See("Member since").Axe()
		p.Click("[name=role][value=editor]").Click("Only certain sites").Click("monsoon-yoga.example.com").Click("Save").See("Saved.", "monsoon-yoga.example.com")
		guest.Go(home + "/sites").Click("main tbody a[data-row]").See("Save sectors")
		guest.Go(home + "/sites").NotSee("Add a site")
		p.Click("[aria-label='Change Bilal Ahmed']").Click("[name=role][value=admin]").Click("[name=reach][value=all]").Click("Save").See("Saved.")
		guest.Go(home+"/team").See("priya@demo.example", "Invite somebody")
		if n := guest.Count("[aria-label='Change Priya Nair']"); n != 0 {
			t.Error("an admin is offered to change the owner")
		}
		p.Click("[aria-label='Change Bilal Ahmed']").Click("Remove from the account").Click("Remove now").See("Removed from the account.").NotSee("Bilal")
		guest.Go(home + "/sites").See("Log in").NotSee("monsoon-yoga.example.com")
		if !strings.HasPrefix(guest.URL(), "/login") {
			t.Errorf("who was removed is at %s", guest.URL())
		}
	})
}

// Somebody with a login is invited to another account: the menu says so, one press
// accepts, and two tabs hold two accounts. Then the ownership moves.
func TestTwoAccounts(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		karachi := logIn(p, demo.CustomerEmail).URL()
		invite(p, karachi, "bilal@new.example", "editor").See("The invitation is on its way.")
		bilal := machine.Page(t, p.Base()).JavaScript(p.Runs())
		join(bilal, "bilal@new.example")

		owner := machine.Page(t, p.Base()).JavaScript(p.Runs())
		mumbai := logIn(owner, priya).URL()
		invite(owner, mumbai, "bilal@new.example", "admin").See("The invitation is on its way.")
		bilal.Reload().Click(".side-wide .accounts summary").See("You are invited").Axe()
		other := machine.Page(t, p.Base()).JavaScript(p.Runs())
		link := letterTo(other, "bilal@new.example")
		other.Go(link).See("Log in with this address to accept").Axe()
		p.Go(link).See("This invitation is for another address", demo.CustomerEmail).Axe()

		// Who follows the letter logs in first, and comes back to it.
		other.Click("Log in").Fill("E-mail address", "bilal@new.example").Fill("Password", demo.Password).Click("form.form button[type=submit]")
		other.See("Join the account").Axe().Click("Join the account").See("Welcome: you belong to this account now.")
		if !strings.HasPrefix(other.URL(), mumbai) {
			t.Errorf("accepted at %s, want %s", other.URL(), mumbai)
		}
		// One login, two tabs, two accounts.
		second := bilal.Go(karachi + "/sites").See("karachi-bakes.example.com").Tab(t)
		second.Go(mumbai + "/sites").See("monsoon-yoga.example.com")
		bilal.Reload().See("karachi-bakes.example.com").NotSee("Team")
		second.Reload().See("monsoon-yoga.example.com", "Team")
		second.Click(".side-wide .accounts summary").Click(".side-wide .accounts a").See("Home")
		if !strings.HasPrefix(second.URL(), karachi) {
			t.Errorf("the menu led to %s, want %s", second.URL(), karachi)
		}
		bilal.Tolerate("answer 404", "status of 404").Go("/app/thames-cycles/sites").See("There is nothing here")

		// The ownership moves when it is accepted.
		owner.Go(mumbai+"/team").Click("Hand the ownership over").Fill("New owner", "Bilal Ahmed · bilal@new.example").Fill("Your password now", "not the password")
		owner.Tolerate("answer 422", "status of 422").Click("Offer the ownership").See("This is not your password now.").Axe()
		owner.Fill("Your password now", demo.Password).Click("Offer the ownership").See("Offered to bilal@new.example").Axe()
		offer := letterTo(machine.Page(t, p.Base()), "bilal@new.example")
		second.Go(offer).See("Take the ownership over").Axe().Click("Accept the ownership").See("You are the owner now.")
		owner.Go(mumbai + "/team").See("admin").NotSee("Hand the ownership over")
		owner.Click("Leave this account").Click("Leave now").See("You have left the account.")
		if !strings.HasPrefix(owner.URL(), "/login") {
			t.Errorf("who left their only account is at %s", owner.URL())
		}
	})
}

// The pages in all shapes.
func TestTeamPages(t *testing.T) {
	s := machine.Start(t)
	p := logIn(s.Page(), priya)
	home := p.URL()
	invite(p, home, "bilal@new.example", "editor").See("The invitation is on its way.")
	guest := s.Page()
	join(guest, "bilal@new.example")
	invite(p, home, "sana@new.example", "admin").See("The invitation is on its way.")
	link := letterTo(s.Page(), "sana@new.example")
	member := p.Go(home + "/team").Click("[aria-label='Change Bilal Ahmed']").URL()
	shoot(p, home+"/team", "team")
	shoot(p, member, "member")
	shoot(s.Page(), link, "invite")
	s.Page().Language("ur").Viewport(360).Go(link).Screenshot("invite")
	p.Viewport(360).Go(home + "/team?lang=ur").Screenshot("team-ur")
	p.Viewport(1366).Tolerate("answer 422", "status of 422").Sweep(home+"/team", member, link, link+"x", home+"/ownership/none")
	guest.Sweep(home+"/team", home+"/settings")
}
