package browser

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// code is what an authenticator app shows, some steps of 30 s from now.
func code(t *testing.T, secret string, steps int) string {
	t.Helper()
	c, err := totp.GenerateCode(secret, time.Now().Add(time.Duration(steps)*30*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// setUpApp sets an authenticator app up on the security page at, and returns its
// secret and the recovery codes.
func setUpApp(t *testing.T, p *browsertest.Page, at string) (secret string, codes []string) {
	t.Helper()
	p.Go(at).Click("Set up an authenticator app").Fill("Your password now", "not-the-password-1").Click("Continue").See("This is not your password now.").Axe()
	p.Fill("Your password now", demo.Password).Click("Continue").See("Give the app the secret").Axe()
	secret = browsertest.Eval[string](p, `document.querySelector('copy-button').dataset.value`)
	p.Fill("Code", "000000").Click("Switch on").See("The code is not right").Axe()
	if again := browsertest.Eval[string](p, `document.querySelector('copy-button').dataset.value`); again != secret {
		t.Error("a wrong code changed the secret")
	}
	p.Fill("Code", code(t, secret, 0)).Click("Switch on").See("Keep these codes").Axe()
	codes = strings.Fields(p.Text(".codes"))
	if len(codes) != 10 {
		t.Fatalf("recovery codes: %q", codes)
	}
	p.Click("I have kept them").See("Authenticator app is on", "10 recovery codes are left.").Axe()
	return secret, codes
}

// password does the first page of the login.
func password(p *browsertest.Page, path, email string) *browsertest.Page {
	return p.Go(path).Fill("E-mail address", email).Fill("Password", demo.Password).Click("form.form button[type=submit]")
}

func inside(p *browsertest.Page, prefix string) *browsertest.Page {
	return p.Wait("be logged in", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), prefix) })
}

func TestLoggingInWithASecondFactor(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		p.Tolerate("answer 401", "status of 401", "answer 422", "status of 422")
		logIn(p.Viewport(360), demo.CustomerEmail)
		app := p.URL()
		secret, codes := setUpApp(t, p, app+"/security")
		p = machine.Page(t, p.Base()).Viewport(360).JavaScript(p.Runs()).Tolerate("answer 401", "status of 401")
		password(p, "/login?next="+app+"/credits", demo.CustomerEmail).See("One more step").Axe()
		p.Go(app).Wait("be kept out", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), "/login") })
		p.Go("/login/second?next="+app+"/credits").Fill("Code", "000000").Click("Log in").See("The code is not right").Axe().FocusKept()
		p.Fill("Code", code(t, secret, 1)).Click("Log in")
		inside(p, app+"/credits")

		p = machine.Page(t, p.Base()).Viewport(360).JavaScript(p.Runs()).Tolerate("answer 401", "status of 401")
		password(p, "/login", demo.CustomerEmail).Click("Use a recovery code instead").See("One of the codes that you kept").Axe()
		p.Fill("Recovery code", "aaaa-bbbb-cccc-dddd").Click("Log in").See("The code is not right", "Recovery code")
		p.Fill("Recovery code", codes[0]).Click("Log in")
		inside(p, "/app/").Go(app + "/security/totp").See("9 recovery codes are left.").Axe()
		p.Fill("codes_password", demo.Password).Click("Make new codes").See("Your new recovery codes").Axe()
		fresh := strings.Fields(p.Text(".codes"))
		p.Tolerate("answer 422", "status of 422").Go(app+"/security/totp").Fill("password", demo.Password).Fill("code", codes[1]).Click("Switch off").See("The code is not right").Axe()
		p.Fill("password", demo.Password).Fill("code", fresh[0]).Click("Switch off").See("The authenticator app is off.")
		logIn(machine.Page(t, p.Base()), demo.CustomerEmail)
	})
}

func TestPasskeys(t *testing.T) {
	s := machine.StartNamed(t)
	p := s.Page().Viewport(360).Authenticator().Tolerate("answer 422", "status of 422")
	logIn(p, demo.CustomerEmail)
	app := p.URL()
	p.Go(app + "/security").Click("Add a passkey").Axe()
	p.Fill("Name", "Ayesha's phone").Fill("Your password now", "not-the-password-1").Click("Go on to the device").See("This is not your password now.").Axe()
	p.Fill("Your password now", demo.Password).Click("Go on to the device").See("The passkey is added", "Keep these codes").Axe()
	p.Click("I have kept them").See("Ayesha's phone", "On, with a passkey").Axe()
	out := func() {
		p.Viewport(1366).Click(`.side-wide form[action="/logout"] button`).See("You are logged out").Viewport(360)
	}
	out()
	p.Go("/login").Click("Log in with a passkey")
	inside(p, "/app/")
	out()
	password(p, "/login", demo.CustomerEmail).See("One more step", "Recovery code").Axe().Click("Use a passkey")
	inside(p, "/app/").Go(app + "/security").Click("a[aria-label^=Remove]").See("It lets nobody in any more").Axe()
	p.Fill("Your password now", demo.Password).Click("Remove the passkey").See("The passkey is removed.")
	out()
	p.Tolerate("answer 401", "status of 401").Go("/login").Click("Log in with a passkey").See("This passkey is not known here")
	logIn(p, demo.CustomerEmail)
}

func TestStaffMustSetUpASecondFactor(t *testing.T) {
	s := machine.Start(t, "IGNY8_STAFF_SECOND_FACTOR=required")
	p := logIn(s.Page().Tolerate("answer 422", "status of 422"), demo.StaffEmail)
	for _, path := range []string{"/staff", "/staff/accounts", "/staff/settings"} {
		if p.Go(path); p.URL() != "/staff/security" {
			t.Errorf("%s opens %s without a second factor", path, p.URL())
		}
	}
	p.See("Set up a second factor to go on").NotSee("Catalogue")
	setUpApp(t, p, "/staff/security")
	p.Go("/staff/accounts").See("Accounts")
	p = password(s.Page(), "/staff/login", demo.StaffEmail).See("One more step")
	p.Go("/staff").Wait("be kept out", browsertest.Soon, func() bool { return strings.HasPrefix(p.URL(), "/staff/login") })
	s.Run("staff", "reset-second-factor", "--email", demo.StaffEmail)
	logIn(s.Page(), demo.StaffEmail).See("Set up a second factor to go on")
}

// Who lost the app and the codes gets in again: staff take the second factor away, and
// the password alone opens. A colleague who is late is told.
func TestStaffTakeALostSecondFactorAway(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		p.Tolerate("answer 422", "status of 422")
		logIn(p.Viewport(360), demo.CustomerEmail)
		app := p.URL()
		setUpApp(t, p, app+"/security")
		lost := machine.Page(t, p.Base()).Viewport(360).JavaScript(p.Runs())
		password(lost, "/login", demo.CustomerEmail).Click("Use a recovery code instead").See("Lost the codes too? Write to support").Axe()

		staff, late := machine.Page(t, p.Base()).JavaScript(p.Runs()), machine.Page(t, p.Base()).JavaScript(p.Runs())
		staff.Tolerate("answer 422", "status of 422")
		logIn(staff, demo.StaffEmail).Go("/staff/search?q="+demo.CustomerEmail).Click("main tbody td:nth-child(3) a").See("People", demo.CustomerEmail)
		at := staff.URL()
		person := browsertest.Eval[string](staff, `document.querySelector('#f-reset-second-factor-user option:nth-child(2)').value`)
		logIn(late, demo.SecondEmail).Go(at).Click("Take a lost second factor away").Fill("reset-second-factor_user", person).Fill("reset-second-factor_note", "They called")

		const press, preview = "#act-reset-second-factor .button-danger", "#act-reset-second-factor [name=preview]"
		staff.Click("Take a lost second factor away").See("Be sure who asks", "The person you choose gets in with the password alone").Axe()
		staff.Fill("reset-second-factor_note", "They called").Click(press).See("Choose a person.", "People").Axe().FocusKept()
		staff.Fill("reset-second-factor_user", person)
		if !p.Runs() {
			staff.Click(preview)
		}
		staff.See("A letter to " + demo.CustomerEmail).Viewport(360).Axe().Viewport(1366)
		staff.Fill("reset-second-factor_note", "").Click(press).See("Say why, in 3 to 1000 characters").Axe()
		staff.Fill("reset-second-factor_note", "Lost the phone; called back").Click(press).See("Done, and written into", "user.reset_second_factor").
			NotSee("Take a lost second factor away").Axe()
		late.Tolerate("answer 409", "status of 409").Click(press).See("This person has no second factor any more", "Nothing was done").Axe()

		p.Go(app).See("Log in")
		logIn(lost, demo.CustomerEmail).Go(app+"/security").See("Set up an authenticator app").Go(app+"/audit").See("user.reset_second_factor", demo.CustomerEmail, "igny8 staff").Axe()
	})
}

// The pages of second factors, in all shapes.
func TestSecondFactorPages(t *testing.T) {
	s := machine.StartNamed(t)
	p := logIn(s.Page(), demo.CustomerEmail)
	app := p.URL()
	p.Sweep(app+"/security", app+"/security/totp", app+"/security/passkeys/new")
	setUpApp(t, p.Tolerate("answer 422", "status of 422"), app+"/security")
	p.Sweep(app+"/security", app+"/security/totp")
	p = password(s.Page(), "/login", demo.CustomerEmail).See("One more step")
	p.Sweep("/login/second", "/login/second?recovery=on")
	s.Page().Sweep("/login", "/staff/login") // with the button for a passkey
	staff := logIn(s.Page(), demo.StaffEmail)
	staff.Sweep("/staff/security", "/staff/security/totp")
}
