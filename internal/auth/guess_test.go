package auth_test

import (
	"testing"

	"igny8"
	"igny8/internal/auth"
)

// guess is a token of a kind that looks right and that we never made.
func guess(kind auth.OpaqueKind) string {
	token, _ := auth.NewOpaque(kind)
	return token
}

// A token that was not made opens nothing, also while others of its kind are open; and
// using one up leaves the others.
func TestATokenThatWasNeverMadeOpensNothing(t *testing.T) {
	onConsole(t, func(p *people) {
		staff := p.actor("staff@example.com")
		in := p.login(ayesha, false, false)
		_, api, err := p.s.Login(p.Context(), auth.Credentials{Email: ayesha, Password: consolePassword})
		if err != nil {
			t.Fatal(err)
		}
		key := p.key(auth.NewAPIKey{Name: "Plugin"})
		staffKey, err := p.s.CreateStaffKey(p.Context(), staff, consolePassword, auth.NewAPIKey{Name: "bank", Scopes: []igny8.Permission{igny8.PermPayments}})
		if err != nil {
			t.Fatal(err)
		}
		p.letter("reset", "reset", ayesha)
		p.letter("verify", "verify", ayesha)
		p.code(p.s.Reset(p.Context(), "", guess(auth.ResetToken), newPassword), "link_invalid", "a reset")
		p.code(p.s.Verify(p.Context(), igny8.Actor{}, guess(auth.VerifyToken)), "link_invalid", "a proof")
		p.gone(guess(auth.ConsoleToken), "a cookie")
		_, err = p.s.Refresh(p.Context(), guess(auth.RefreshToken))
		p.code(err, "invalid_token", "a refresh")
		for _, kind := range []auth.OpaqueKind{auth.APIKey, auth.StaffKey} {
			if a, err := p.s.Authenticate(p.Context(), guess(kind), ""); igny8.KindOf(err) != igny8.Unauthenticated {
				t.Errorf("a key that begins with %s is %+v, %v", kind, a, err)
			}
		}
		for _, token := range []string{guess(auth.RefreshToken), guess(auth.ConsoleToken)} {
			if err := p.s.Logout(p.Context(), token); err != nil {
				t.Errorf("logging out of nothing: %v", err)
			}
		}
		if _, err := p.s.AuthenticateConsole(p.Context(), in.Token, ""); err != nil {
			t.Errorf("the cookie: %v", err)
		}
		for _, token := range []string{api.Access, key.Secret, staffKey.Secret} {
			if _, err := p.s.Authenticate(p.Context(), token, ""); err != nil {
				t.Errorf("what was made before: %v", err)
			}
		}
		if err := p.loginWith(ayesha, consolePassword); err != nil {
			t.Errorf("the password: %v", err)
		}
	})
}

// Each of two staff keys is its own person's, and ends by itself.
func TestStaffKeysAreApart(t *testing.T) {
	onConsole(t, func(p *people) {
		staff := p.actor("staff@example.com")
		made := func(name string, may igny8.Permission) auth.NewStaffSecret {
			out, err := p.s.CreateStaffKey(p.Context(), staff, consolePassword, auth.NewAPIKey{Name: name, Scopes: []igny8.Permission{may}})
			if err != nil {
				p.Fatal(err)
			}
			return out
		}
		pays, looks := made("bank", igny8.PermPayments), made("desk", igny8.PermAccounts)
		for _, c := range []struct {
			key      auth.NewStaffSecret
			may, not igny8.Permission
		}{{pays, igny8.PermPayments, igny8.PermAccounts}, {looks, igny8.PermAccounts, igny8.PermPayments}} {
			a, err := p.s.Authenticate(p.Context(), c.key.Secret, "")
			if err != nil || a.Key != c.key.Key.ID || !a.Can(c.may) || a.Can(c.not) {
				p.Errorf("%+v, %v", a, err)
			}
		}
		if err := p.s.RevokeStaffKey(p.Context(), staff, pays.Key.ID); err != nil {
			p.Fatal(err)
		}
		if _, err := p.s.Authenticate(p.Context(), pays.Secret, ""); igny8.KindOf(err) != igny8.Unauthenticated {
			p.Errorf("the revoked one: %v", err)
		}
		if _, err := p.s.Authenticate(p.Context(), looks.Secret, ""); err != nil {
			p.Errorf("the other: %v", err)
		}
	})
}

// Whoever sits at somebody's open session cannot try passwords there without end.
func TestConfirmingAPasswordIsThrottled(t *testing.T) {
	onConsole(t, func(p *people) {
		a := p.actor(ayesha)
		p.limited()
		var err error
		for range 30 {
			if err = p.s.ChangeEmail(p.Context(), a, "new@example.com", "wrong-horse-battery-9"); igny8.KindOf(err) == igny8.TooMany {
				break
			}
			p.code(err, "validation_failed", "a wrong password")
		}
		if igny8.KindOf(err) != igny8.TooMany {
			p.Errorf("thirty wrong passwords: %v", err)
		}
		if err := p.s.ChangeEmail(p.Context(), a, "new@example.com", consolePassword); igny8.KindOf(err) != igny8.TooMany {
			p.Errorf("the right one after them: %v", err)
		}
	})
}
