package auth_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"igny8"
	"igny8/internal/auth"
	"igny8/internal/db/dbtest"
)

// actor is the person with a session of their own.
func (p *people) actor(email string) igny8.Actor {
	p.Helper()
	_, t, err := p.s.Login(p.Context(), auth.Credentials{Email: email, Password: consolePassword})
	if err != nil {
		p.Fatal(err)
	}
	a, err := p.s.Authenticate(p.Context(), t.Access, "")
	if err != nil {
		p.Fatal(err)
	}
	return a
}

// code is what an app shows at this moment.
func (p *people) codeOf(secret string) string {
	p.Helper()
	c, err := totp.GenerateCode(secret, p.clock.Now())
	if err != nil {
		p.Fatal(err)
	}
	return c
}

// enrol sets an authenticator app up and goes on to the next time step.
func (p *people) enrol(a igny8.Actor) (secret string, codes []string) {
	p.Helper()
	e, err := p.s.StartTOTP(p.Context(), a, consolePassword)
	if err == nil {
		codes, err = p.s.ConfirmTOTP(p.Context(), a, p.codeOf(e.Secret))
	}
	if err != nil {
		p.Fatal(err)
	}
	p.clock.Advance(time.Minute)
	return e.Secret, codes
}

func (p *people) loginCode(email, code string) error {
	_, _, err := p.s.Login(p.Context(), auth.Credentials{Email: email, Password: consolePassword, Code: code})
	return err
}

func (p *people) factors(a igny8.Actor) auth.Factors {
	p.Helper()
	f, err := p.s.Factors(p.Context(), a)
	if err != nil {
		p.Fatal(err)
	}
	return f
}

func fieldCode(err error) string {
	var e *igny8.Error
	if errors.As(err, &e) && len(e.Fields) > 0 {
		return e.Fields[0].Code
	}
	return ""
}

func TestSettingUpAnAuthenticatorApp(t *testing.T) {
	onConsole(t, func(p *people) {
		a := p.actor(ayesha)
		if _, err := p.s.StartTOTP(p.Context(), a, "not-the-password"); fieldCode(err) != "wrong_password" {
			t.Errorf("with a wrong password: %v", err)
		}
		if _, err := p.s.PendingTOTP(p.Context(), a); igny8.KindOf(err) != igny8.NotFound {
			t.Errorf("nothing has begun: %v", err)
		}
		older, err := p.s.StartTOTP(p.Context(), a, consolePassword)
		if err != nil {
			t.Fatal(err)
		}
		e, err := p.s.StartTOTP(p.Context(), a, consolePassword)
		if err != nil || !strings.HasPrefix(e.URI, "otpauth://totp/igny8:ayesha@example.com?") || !strings.Contains(e.URI, "secret="+e.Secret) || len(e.Secret) != 32 {
			t.Fatalf("%+v, %v", e, err)
		}
		if again, err := p.s.PendingTOTP(p.Context(), a); err != nil || again != e {
			t.Errorf("what has begun: %+v, %v", again, err)
		}
		if err := p.loginWith(ayesha, consolePassword); err != nil {
			t.Errorf("what is not confirmed must ask for nothing: %v", err)
		}
		for _, bad := range []string{"", "000000", "12345", p.codeOf(older.Secret)} {
			if _, err := p.s.ConfirmTOTP(p.Context(), a, bad); fieldCode(err) != "invalid_code" {
				t.Errorf("confirmed with %q: %v", bad, err)
			}
		}
		code := p.codeOf(e.Secret)
		codes, err := p.s.ConfirmTOTP(p.Context(), a, code[:3]+" "+code[3:])
		slices.Sort(codes)
		if err != nil || len(slices.Compact(codes)) != 10 || len(codes[0]) != 19 {
			t.Fatalf("%q, %v", codes, err)
		}
		p.code(p.loginCode(ayesha, code), "invalid_totp", "the code that confirmed is used")
		if _, err := p.s.StartTOTP(p.Context(), a, consolePassword); igny8.CodeOf(err) != "already_exists" {
			t.Errorf("a second app: %v", err)
		}
		if _, err := p.s.PendingTOTP(p.Context(), a); igny8.KindOf(err) != igny8.NotFound {
			t.Errorf("the secret can be read after it was confirmed: %v", err)
		}
		if f := p.factors(a); !f.TOTP || f.Codes != 10 {
			t.Errorf("%+v", f)
		}
		if len(p.tokens("second_factor_changed", ayesha)) != 0 { // its link has no token
			t.Error("a token in the letter")
		}
	})
}

// Threat A19: the step of the second factor cannot be skipped, and a code is good
// once.
func TestA19TheSecondFactorCannotBeSkippedAndACodeIsGoodOnce(t *testing.T) {
	onConsole(t, func(p *people) {
		a := p.actor(ayesha)
		before := p.login(ayesha, false, false)
		secret, _ := p.enrol(a)
		p.code(p.loginWith(ayesha, "not-the-password"), "invalid_credentials", "a wrong password must not tell of the second factor")
		p.code(p.loginWith(ayesha, consolePassword), "totp_required", "the password alone")
		p.code(p.loginCode(ayesha, "000000"), "invalid_totp", "a wrong code")
		code := p.codeOf(secret)
		if err := p.loginCode(ayesha, code); err != nil {
			t.Fatal(err)
		}
		p.code(p.loginCode(ayesha, code), "invalid_totp", "a code twice")
		p.clock.Advance(30 * time.Second)
		p.code(p.loginCode(ayesha, code), "invalid_totp", "a code twice, one step later")
		newer := p.codeOf(secret)
		if err := p.loginCode(ayesha, newer); err != nil {
			t.Errorf("the next code: %v", err)
		}
		p.clock.Advance(-30 * time.Second)
		p.code(p.loginCode(ayesha, code), "invalid_totp", "a step before the newest that was used")
		p.clock.Advance(90 * time.Second)
		skewed, _ := totp.GenerateCode(secret, p.clock.Now().Add(30*time.Second))
		late, _ := totp.GenerateCode(secret, p.clock.Now().Add(-time.Minute))
		p.code(p.loginCode(ayesha, late), "invalid_totp", "two steps late")
		if err := p.loginCode(ayesha, skewed); err != nil {
			t.Errorf("one step early: %v", err)
		}
		if _, err := p.s.AuthenticateConsole(p.Context(), before.Token, ""); err != nil {
			t.Errorf("a session from before: %v", err)
		}
	})
}

func TestA19TheConsolesFirstPageOpensNothing(t *testing.T) {
	onConsole(t, func(p *people) {
		secret, codes := p.enrol(p.actor(ayesha))
		begin := func() string {
			c, pending, err := p.s.LoginConsole(p.Context(), auth.Credentials{Email: ayesha, Password: consolePassword, Device: auth.Device{Remember: true}}, false)
			if err != nil || c.Token != "" || pending == "" {
				t.Fatalf("%+v, %q, %v", c, pending, err)
			}
			return pending
		}
		finish := func(pending, code string, staff bool) error {
			_, err := p.s.FinishConsole(p.Context(), pending, code, staff, auth.Device{})
			return err
		}
		pending := begin()
		p.gone(pending, "the console")
		if _, err := p.s.Authenticate(p.Context(), pending, ""); igny8.KindOf(err) != igny8.Unauthenticated {
			t.Errorf("the API: %v", err)
		}
		if _, err := p.s.Refresh(p.Context(), pending); igny8.KindOf(err) != igny8.Unauthenticated {
			t.Errorf("a refresh: %v", err)
		}
		if f, err := p.s.Pending(p.Context(), pending, false); err != nil || !f.TOTP {
			t.Errorf("%+v, %v", f, err)
		}
		p.code(finish(pending, p.codeOf(secret), true), "login_expired", "at the other door")
		p.code(finish(pending, "", false), "invalid_totp", "no code")
		for range 4 {
			p.code(finish(pending, "000000", false), "invalid_totp", "a wrong code")
		}
		p.code(finish(pending, p.codeOf(secret), false), "login_expired", "a sixth try")
		pending = begin()
		c, err := p.s.FinishConsole(p.Context(), pending, p.codeOf(secret), false, auth.Device{})
		if err != nil || c.Until.Sub(p.clock.Now()) != auth.ConsoleRemember {
			t.Fatalf("%+v, %v", c, err)
		}
		p.code(finish(pending, codes[0], false), "login_expired", "a login that was finished")
		pending = begin()
		p.clock.Advance(5 * time.Minute)
		p.code(finish(pending, codes[0], false), "login_expired", "after five minutes")
		pending = begin()
		token := p.letter("reset", "reset", ayesha)
		if err := p.s.Reset(p.Context(), "", token, newPassword); err != nil {
			t.Fatal(err)
		}
		p.code(finish(pending, codes[0], false), "login_expired", "after the password was reset")
	})
}

// Threat A19: codes cannot be guessed at.
func TestA19WrongCodesAreThrottledPerPerson(t *testing.T) {
	onConsole(t, func(p *people) {
		_, codes := p.enrol(p.actor(ayesha))
		free := p.s
		p.config.Unlimited = false
		p.s = auth.New(p.config)
		try := func(code string) error { // each in a login of its own, from another network
			_, pending, err := free.LoginConsole(p.Context(), auth.Credentials{Email: ayesha, Password: consolePassword}, false)
			if err != nil {
				t.Fatal(err)
			}
			_, err = p.s.FinishConsole(p.Context(), pending, code, false, auth.Device{Network: pending})
			return err
		}
		for range 5 {
			p.code(try("000000"), "invalid_totp", "a wrong code")
		}
		var last time.Duration
		for range 3 {
			var e *igny8.Error
			if err := try(codes[0]); !errors.As(err, &e) || e.Code != "too_many_attempts" || e.RetryAfter <= last {
				t.Fatalf("after wrong codes: %v, to wait more than %v", err, last)
			}
			last = e.RetryAfter
			p.clock.Advance(e.RetryAfter)
			p.code(try("000000"), "invalid_totp", "after waiting")
		}
		p.clock.Advance(time.Hour)
		if err := try(codes[0]); err != nil {
			t.Errorf("after the waits: %v", err)
		}
	})
}

// Threat A19: two logins with one code at once, and with one recovery code: one wins.
func TestA19OneCodeTwiceHasOneWinner(t *testing.T) {
	onConsole(t, func(p *people) {
		secret, codes := p.enrol(p.actor(ayesha))
		for name, code := range map[string]string{"app": p.codeOf(secret), "recovery": codes[3]} {
			var all sync.WaitGroup
			errs := make([]error, 8)
			for i := range errs {
				all.Go(func() { errs[i] = p.loginCode(ayesha, code) })
			}
			all.Wait()
			won := 0
			for _, err := range errs {
				if err == nil {
					won++
				} else if igny8.CodeOf(err) != "invalid_totp" {
					t.Errorf("%s: %v", name, err)
				}
			}
			if won != 1 {
				t.Errorf("%s: %d of %d logins won with one code", name, won, len(errs))
			}
		}
	})
}

func TestRecoveryCodesAreGoodOnceAndForTheirPerson(t *testing.T) {
	onConsole(t, func(p *people) {
		a := p.actor(ayesha)
		_, codes := p.enrol(a)
		_, theirs := p.enrol(p.actor("staff@example.com"))
		p.code(p.loginCode(ayesha, theirs[0]), "invalid_totp", "somebody else's")
		if err := p.loginCode(ayesha, strings.ToUpper(strings.ReplaceAll(codes[0], "-", " "))); err != nil {
			t.Errorf("as people type it: %v", err)
		}
		p.code(p.loginCode(ayesha, codes[0]), "invalid_totp", "a second time")
		if f := p.factors(a); f.Codes != 9 {
			t.Errorf("%d are left", f.Codes)
		}
		fresh, err := p.s.NewRecoveryCodes(p.Context(), a, consolePassword)
		if err != nil || len(fresh) != 10 {
			t.Fatal(fresh, err)
		}
		p.code(p.loginCode(ayesha, codes[1]), "invalid_totp", "one of the codes before")
		if stored := dbtest.Value[string](p, p.d, "SELECT hash FROM recovery_code LIMIT 1"); len(stored) != 64 {
			t.Errorf("stored as %q", stored)
		}
	})
}

func TestSwitchingTheSecondFactorOff(t *testing.T) {
	onConsole(t, func(p *people) {
		a := p.actor(ayesha)
		if err := p.s.DisableTOTP(p.Context(), a, consolePassword, "000000"); igny8.CodeOf(err) != "no_second_factor" {
			t.Errorf("there is none: %v", err)
		}
		if _, err := p.s.NewRecoveryCodes(p.Context(), a, consolePassword); igny8.CodeOf(err) != "no_second_factor" {
			t.Errorf("codes for none: %v", err)
		}
		secret, codes := p.enrol(a)
		if err := p.s.DisableTOTP(p.Context(), a, "not-the-password", p.codeOf(secret)); fieldCode(err) != "wrong_password" {
			t.Errorf("without the password: %v", err)
		}
		if err := p.s.DisableTOTP(p.Context(), a, consolePassword, "000000"); fieldCode(err) != "invalid_code" {
			t.Errorf("without a code: %v", err)
		}
		if err := p.s.DisableTOTP(p.Context(), a, consolePassword, codes[0]); err != nil {
			t.Fatal(err)
		}
		if f := p.factors(a); f.Any() || f.Codes != 0 {
			t.Errorf("%+v", f)
		}
		if err := p.loginWith(ayesha, consolePassword); err != nil {
			t.Errorf("the password alone: %v", err)
		}
		p.enrol(a) // and on again
	})
}

func TestAResetAsksForTheSecondFactorStill(t *testing.T) {
	onConsole(t, func(p *people) {
		p.verified()
		secret, _ := p.enrol(p.actor(ayesha))
		for _, email := range []string{ayesha, "staff@example.com"} {
			if email != ayesha {
				secret, _ = p.enrol(p.actor(email))
			}
			if err := p.s.Reset(p.Context(), "", p.letter("reset", "reset", email), newPassword); err != nil {
				t.Fatal(err)
			}
			p.code(p.loginWith(email, newPassword), "totp_required", email+" after a reset")
			_, _, err := p.s.Login(p.Context(), auth.Credentials{Email: email, Password: newPassword, Code: p.codeOf(secret)})
			if err != nil {
				t.Errorf("%s with a code: %v", email, err)
			}
		}
	})
}

// Whoever signs up with somebody else's address cannot keep its owner out with a
// second factor, nor stay in with a passkey.
func TestPreHijackEndsSecondFactorsWithTheFirstProof(t *testing.T) {
	for _, how := range []string{"reset", "verify"} {
		t.Run(how, func(t *testing.T) {
			onConsole(t, func(p *people) {
				a := p.actor(ayesha)
				p.enrol(a)
				var err error
				if how == "reset" {
					err = p.s.Reset(p.Context(), "", p.letter("reset", "reset", ayesha), newPassword)
				} else {
					err = p.s.Verify(p.Context(), igny8.Actor{Network: "elsewhere"}, p.letter("verify", "verify", ayesha))
				}
				if err != nil {
					t.Fatal(err)
				}
				if f := p.factors(a); f.Any() || f.Codes > 0 {
					t.Errorf("%+v", f)
				}
			})
		})
	}
}

func TestStaffNeedASecondFactorWhereItIsRequired(t *testing.T) {
	onConsole(t, func(p *people) {
		p.config.StaffSecondFactor = true
		p.s = auth.New(p.config)
		console := p.login("staff@example.com", true, false)
		unsecured := func(want bool) {
			t.Helper()
			c, err := p.s.AuthenticateConsole(p.Context(), console.Token, "")
			if err != nil || c.Actor.Unsecured != want {
				t.Errorf("console: %v, %v, want %v", c.Actor.Unsecured, err, want)
			}
			if !want {
				return
			}
			if who := p.actor("staff@example.com"); !who.Unsecured {
				t.Error("the API lets staff in without a second factor")
			}
		}
		unsecured(true)
		if p.actor(ayesha).Unsecured {
			t.Error("a customer needs none")
		}
		p.enrol(p.actor("staff@example.com"))
		unsecured(false)
		if err := p.s.ResetStaffFactors(p.Context(), ayesha); igny8.KindOf(err) != igny8.NotFound {
			t.Errorf("of a customer: %v", err)
		}
		if err := p.s.ResetStaffFactors(p.Context(), "staff@example.com"); err != nil {
			t.Fatal(err)
		}
		p.gone(console.Token, "after the reset of the second factor")
		console = p.login("staff@example.com", true, false)
		unsecured(true)
	})
}

func TestASecretCanBeReplacedUnderSecondFactors(t *testing.T) {
	onConsole(t, func(p *people) {
		secret, _ := p.enrol(p.actor(ayesha))
		next := p.config
		next.Secret, next.OldSecret = []byte("another secret of thirty-two bytes"), p.config.Secret
		p.s = auth.New(next)
		if err := p.loginCode(ayesha, p.codeOf(secret)); err != nil {
			t.Fatalf("with the secret before known: %v", err)
		}
		if err := p.s.Reseal(p.Context()); err != nil {
			t.Fatal(err)
		}
		next.OldSecret = nil
		p.s = auth.New(next)
		p.clock.Advance(time.Minute)
		if err := p.loginCode(ayesha, p.codeOf(secret)); err != nil {
			t.Errorf("sealed again: %v", err)
		}
		p.s = auth.New(p.config)
		if err := p.loginCode(ayesha, "000000"); igny8.KindOf(err) != igny8.Internal {
			t.Errorf("the secret before still opens it: %v", err)
		}
	})
}
