package browser

import (
	"strings"
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// logIn logs a customer in, or staff, by the form.
func logIn(p *browsertest.Page, email string) *browsertest.Page {
	path, home := "/login", "/app/"
	if email == demo.StaffEmail || email == demo.SecondEmail {
		path, home = "/staff/login", "/staff"
	}
	p.Go(path).Fill("E-mail address", email).Fill("Password", demo.Password).Click("form.form button[type=submit]")
	return p.Wait("be logged in", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), home) && p.URL() != path })
}

// bothWays runs a test with the page's JavaScript and without.
func bothWays(t *testing.T, f func(*testing.T, *browsertest.Page)) {
	for name, on := range map[string]bool{"JavaScript": true, "no JavaScript": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, machine.Start(t).Page().JavaScript(on))
		})
	}
}

func TestLoggingIn(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		p.Viewport(360).Go("/login").Fill("E-mail address", demo.CustomerEmail).Fill("Password", "not the password").Click("form.form button[type=submit]")
		p.See("E-mail address or password is not right.").Axe()
		if got := p.Value("E-mail address"); got != demo.CustomerEmail {
			t.Errorf("the refused form kept %q as the address", got)
		}
		logIn(p, demo.CustomerEmail).Reload()
		if !strings.HasPrefix(p.URL(), "/app/") {
			t.Errorf("after a reload at %s, want still in /app/", p.URL())
		}
	})
}

// Public pages and the frame of the others, in all shapes; the pay page as its
// customer sees it and as whoever has the link.
func TestPublicPages(t *testing.T) {
	s := machine.Start(t)
	pay := create(signUp(s.Page(), "Choose Starter", "zara@example.com")).See("Send the money").URL()
	s.Page().Sweep("/", "/pricing", "/signup", "/login", "/forgot", "/reset/x", "/email/x", "/email/undo/x", "/verify/x", "/staff/login", "/dev/components", "/app/nothing", pay)
}

func TestFirstPagesAreLight(t *testing.T) {
	p := machine.Start(t).Page().Viewport(360)
	for _, path := range []string{"/", "/pricing", "/signup", "/login"} {
		if w := p.Weight(path); w.Total > 100<<10 || w.Script > 30<<10 || w.Total == 0 {
			t.Errorf("%s weighs %d bytes with %d of JavaScript, more than 100 KB or 30 KB", path, w.Total, w.Script)
		}
	}
}
