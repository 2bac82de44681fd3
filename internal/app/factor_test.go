package app

import (
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"igny8/internal/auth"
	"igny8/internal/config"
)

func TestWhereStaffMustHaveASecondFactor(t *testing.T) {
	for _, c := range []struct {
		setting, addr, public string
		demo, want            bool
	}{
		{"auto", "127.0.0.1:8080", "", false, false},
		{"auto", "localhost:8080", "http://localhost:8080", false, false},
		{"auto", "127.0.0.1:8080", "http://127.0.0.1:8080", false, false},
		{"auto", "127.0.0.1:8080", "https://app.example.com", false, true}, // behind a proxy
		{"auto", "0.0.0.0:8080", "", false, true},
		{"auto", ":8080", "http://localhost:8080", false, true},
		{"auto", "127.0.0.1:8080", "https://demo.example.com", true, false},
		{"required", "127.0.0.1:8080", "", true, true},
		{"optional", "0.0.0.0:8080", "https://app.example.com", false, false},
	} {
		cfg := config.Config{StaffFactor: c.setting, Addr: c.addr, PublicURL: c.public, Demo: c.demo}
		if got := mustHaveSecondFactor(cfg); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// Threat A19: staff who must have a second factor and have none reach nothing but
// their own login.
func TestA19StaffWithoutASecondFactorReachNothing(t *testing.T) {
	both(t, func(t *testing.T, url string) {
		w := startTest(t, url, loud, func(c *config.Config) { c.StaffFactor = "required" })
		tried := 0
		for _, rt := range w.app.api.Routes() {
			if !rt.Perm.Platform() {
				continue
			}
			tried++
			a := w.ask(rt.Method, somewhere(rt.Path), w.staff, "")
			if a.status != 403 || a.text("code") != "second_factor_required" {
				t.Errorf("%s: want 403 second_factor_required, got %s", rt.Pattern(), a)
			}
		}
		if tried < 10 {
			t.Errorf("only %d routes were tried", tried)
		}
		w.must(200, "GET", "/me/second-factor", w.staff, "")
	})
}

func somewhere(path string) string {
	return strings.NewReplacer("{id}", "x", "{user}", "x", "{n}", "1").Replace(path)
}

// Threat A19: what the console holds after the right password, before the code, opens
// no route at all.
func TestA19TheTokenOfABegunLoginOpensNoRoute(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		u := w.signUp("")
		code := w.secure(u.token)
		login := `{"email":"` + u.email + `","password":"` + password + `"`
		if a := w.must(401, "POST", "/auth/login", "", login+"}"); a.text("code") != "totp_required" {
			t.Errorf("the password alone: %s", a)
		}
		if a := w.must(401, "POST", "/auth/login", "", login+`,"totp":"`+code+`"}`); a.text("code") != "invalid_totp" {
			t.Errorf("a code twice: %s", a)
		}
		_, pending, err := w.app.auth.LoginConsole(t.Context(), auth.Credentials{Email: u.email, Password: password}, false)
		if err != nil || pending == "" {
			t.Fatal(pending, err)
		}
		for _, rt := range w.app.api.Routes() {
			if !rt.Public {
				w.must(401, rt.Method, somewhere(rt.Path), pending, "")
			}
		}
		w.must(401, "POST", "/auth/refresh", "", `{"refresh":"`+pending+`"}`)
	})
}

// secure sets an authenticator app up and returns the code that confirmed it.
func (w *world) secure(token string) (code string) {
	w.Helper()
	secret := w.must(201, "POST", "/me/totp", token, `{"password":"`+password+`"}`).text("secret")
	code, err := totp.GenerateCode(secret, time.Now())
	if err != nil {
		w.Fatal(err)
	}
	w.must(200, "POST", "/me/totp/confirm", token, `{"code":"`+code+`"}`)
	return code
}

const lostPhone = `{"note":"lost the phone, called back"}`

// Who lost the second factor and the codes gets in again by staff, and by the API
// alone: it tells who has one, and takes it away once.
func TestStaffLetInWhoLostTheSecondFactor(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		o, other := secured(w), w.signUp("")
		login, at := `{"email":"`+o.email+`","password":"`+password+`"}`, "/admin/accounts/"+o.account
		has := func(want string) {
			t.Helper()
			if a := w.must(200, "GET", at, w.staff, ""); !strings.Contains(a.raw, `"id":"`+o.user+`"`) || !strings.Contains(a.raw, `"second_factor":`+want) {
				t.Errorf("want a user with second_factor %s: %s", want, a)
			}
		}
		refused := func(status int, code, path, body string) {
			t.Helper()
			if a := w.must(status, "POST", path+"/reset-second-factor", w.staff, body); a.text("code") != code {
				t.Errorf("want %s, got %s", code, a)
			}
		}
		has("true")
		refused(404, "not_found", "/admin/accounts/"+other.account+"/users/"+o.user, lostPhone)
		refused(404, "not_found", at+"/users/"+other.signup.text("user/id"), lostPhone)
		refused(404, "not_found", at+"/users/nobody", lostPhone)
		refused(422, "validation_failed", at+"/users/"+o.user, `{"note":"x"}`)
		refused(422, "validation_failed", at+"/users/"+o.user, `{"note":"    "}`)
		w.must(401, "POST", "/auth/login", "", login)

		path, key := at+"/users/"+o.user+"/reset-second-factor", "Idempotency-Key: lost-phone-1"
		first := w.must(200, "POST", path, w.staff, lostPhone, key)
		if again := w.must(200, "POST", path, w.staff, lostPhone, key); again.raw != first.raw || first.text("id") != o.account {
			t.Errorf("the same key: %s, then %s", first, again)
		}
		refused(409, "no_second_factor", at+"/users/"+o.user, lostPhone)
		has("false")
		w.must(401, "GET", "/account", o.token, "")
		token := w.must(200, "POST", "/auth/login", "", login).text("tokens/access")
		rows := w.must(200, "GET", "/account/audit-events?limit=5", token, "").raw
		if !strings.Contains(rows, `"action":"user.reset_second_factor"`) || !strings.Contains(rows, `"details":{"email":"`+o.email+`"}`) ||
			strings.Contains(rows, staffEmail) || strings.Contains(rows, "called back") {
			t.Errorf("the account's own log: %s", rows)
		}
		if all := w.must(200, "GET", at+"/timeline?limit=5", w.staff, "").raw; !strings.Contains(all, "called back") {
			t.Errorf("staff see the note: %s", all)
		}
	})
}
