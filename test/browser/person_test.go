package browser

import (
	"net/url"
	"strconv"
	"strings"
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

const another = "quiet-otter-paints-31"

// link is the path of the newest letter's link that holds a word, once there are n
// letters with a subject to an address.
func link(t *testing.T, base, subject, to, word string, n int) string {
	t.Helper()
	p := machine.Page(t, base)
	find := func() string {
		p.Go("/dev/mail")
		letter := browsertest.Eval[string](p, `(all => all.length < `+strconv.Itoa(n)+` ? '' : all[0].querySelector('a').getAttribute('href'))([...document.querySelectorAll('main li')].filter(li => li.textContent.includes('`+subject+`') && li.textContent.includes('`+to+`')))`)
		if letter == "" {
			return ""
		}
		p.Go(letter)
		return browsertest.Eval[string](p, `[...document.querySelectorAll('main a')].map(a => a.getAttribute('href')).find(h => h.includes('`+word+`')) ?? ''`)
	}
	found := ""
	p.Wait("get the letter "+subject, browsertest.Soon, func() bool { found = find(); return found != "" })
	u, err := url.Parse(found)
	if err != nil {
		t.Fatal(err)
	}
	return u.Path
}

// A forgotten password: a letter, a new password, and only that one opens.
func TestForgottenPassword(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		old := logIn(machine.Page(t, p.Base()), demo.CustomerEmail)
		p.Viewport(360).Go("/login").Click("Forgot your password?").Fill("E-mail address", "nonsense").Click("Send the link").See("Please check your answers").Axe()
		p.Fill("E-mail address", demo.CustomerEmail).Click("Send the link").See("Look into your mailbox", demo.CustomerEmail).Axe()
		at := link(t, p.Base(), "Set a new password", demo.CustomerEmail, "/reset/", 1)
		p.Go(at).Fill("New password", "short").Click("Set the password").See("Please check your answers").Axe().FocusKept()
		p.Fill("New password", another).Click("Set the password").See("Your password is set")
		old.Reload().Wait("be logged out", browsertest.Soon, func() bool { return strings.HasPrefix(old.URL(), "/login") })
		p.Tolerate("answer 422", "status of 422").Go(at).Fill("New password", another+"x").Click("Set the password").See("This link does not work any more").Axe()
		p.Tolerate("answer 401", "status of 401").Go("/login").Fill("E-mail address", demo.CustomerEmail).Fill("Password", demo.Password).Click("form.form button[type=submit]").See("E-mail address or password is not right")
		p.Fill("Password", another).Click("form.form button[type=submit]").Wait("be logged in", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), "/app/") })
	})
}

// Who changes the password stays logged in here, and nowhere else.
func TestChangingThePassword(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		other := logIn(machine.Page(t, p.Base()), demo.CustomerEmail)
		logIn(p.Viewport(360), demo.CustomerEmail).Go(p.URL()+"/security").See("this one", "Log out everywhere else").Axe()
		p.Fill("password", "not-the-password-1").Fill("new_password", another).Click("Change the password").See("This is not your password now.").FocusKept()
		p.Fill("password", demo.Password).Fill("new_password", another).Click("Change the password").See("Your password is changed", "this one")
		p.Reload().See("this one")
		other.Reload().Wait("be logged out", browsertest.Soon, func() bool { return strings.HasPrefix(other.URL(), "/login") })
	})
}

func TestEndingSessions(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		other := logIn(machine.Page(t, p.Base()), demo.CustomerEmail)
		logIn(p, demo.CustomerEmail).Go(p.URL() + "/security").Click("Log out everywhere else").See("Logged out everywhere else.").NotSee("Log out everywhere else ")
		other.Reload().Wait("be logged out", browsertest.Soon, func() bool { return strings.HasPrefix(other.URL(), "/login") })
		p.Reload().See("this one")
	})
}

// A new address needs both letters; the old one can take it back.
func TestChangingTheAddress(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		logIn(p, demo.CustomerEmail)
		home := p.URL()
		p.Go(home + "/security").Click("Send the letter again").See("A new letter is on its way.")
		at := link(t, p.Base(), "Confirm your e-mail address", demo.CustomerEmail, "/verify/", 2)
		p.Go(at).Click("Confirm").See("Your address is confirmed")
		p.Go(home+"/security").See("confirmed").Fill("email", "new@demo.example").Fill("current", demo.Password).Click("Change the address").See("each address gets a link")
		p.Go(link(t, p.Base(), "Confirm your new e-mail address", "new@demo.example", "/email/", 1)).Axe().Click("Confirm").See("One of two is confirmed").Axe()
		p.Go(link(t, p.Base(), "Your e-mail address is about to change", demo.CustomerEmail, "/email/igny8", 1)).Click("Confirm").See("Your address is changed")
		p.Go(home + "/security").See("new@demo.example")
		p.Go(link(t, p.Base(), "Your e-mail address is about to change", demo.CustomerEmail, "/email/undo/", 1)).Axe().Click("Stop the change").See("The address stays as it was").Axe()
		p.Go(home+"/security").Wait("be logged out", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), "/login") })
		logIn(p, demo.CustomerEmail)
	})
}

// The link of the first letter asks a stranger to log in, and comes back.
func TestVerifyingOnAnotherDevice(t *testing.T) {
	p := machine.Start(t).Page().Viewport(360)
	laptop := logIn(machine.Page(t, p.Base()), demo.CustomerEmail)
	laptop.Go(laptop.URL() + "/security").Click("Send the letter again").See("A new letter is on its way.")
	at := link(t, p.Base(), "Confirm your e-mail address", demo.CustomerEmail, "/verify/", 2)
	p.Go(at).See("If it was you, log in").Axe().Click("Log in to confirm")
	p.Fill("E-mail address", demo.CustomerEmail).Fill("Password", demo.Password).Click("form.form button[type=submit]").See("One press, and you are done.").Click("Confirm").See("Your address is confirmed")
	laptop.Reload().NotSee("Log in to see this page")
	if !strings.HasPrefix(laptop.URL(), "/app/") {
		t.Errorf("the other device is at %s, want still logged in", laptop.URL())
	}
}
