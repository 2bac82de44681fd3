package auth_test

import (
	"context"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/db"
)

// looksIn begins a look of staff into Ayesha's account and returns who they are in it.
func (p *people) looksIn(staff igny8.Actor, write bool) igny8.Actor {
	p.Helper()
	var t auth.Tokens
	err := p.d.System(p.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) (err error) {
		t, _, err = p.s.StartActing(ctx, tx, staff, auth.Acting{Account: p.home, Reason: "they asked for help", Write: write})
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	a, err := p.s.Authenticate(p.Context(), t.Access, "")
	if err != nil || a.Impersonator != staff.User || a.Account != p.home {
		p.Fatalf("%+v, %v", a, err)
	}
	return a
}

// look reads afresh who the actor is, whatever their token says.
func (p *people) look(a igny8.Actor) (out igny8.Actor, err error) {
	err = p.d.ReadSystem(p.Context(), func(ctx context.Context, tx *db.Tx) error {
		out, err = account.Look(ctx, tx, a)
		return err
	})
	return out, err
}

// A look of staff ends after thirty minutes, to the second.
func TestALookEndsByItself(t *testing.T) {
	onConsole(t, func(p *people) {
		for _, write := range []bool{false, true} {
			a := p.looksIn(p.actor("staff@example.com"), write)
			p.clock.Advance(auth.ActingLifetime - time.Second)
			if got, err := p.look(a); err != nil || got.Impersonator != a.User || got.Can(igny8.PermSiteWrite) != write || got.Can(igny8.PermSelf) {
				p.Errorf("a second before its end: %+v, %v", got, err)
			}
			p.clock.Advance(time.Second)
			_, err := p.look(a)
			p.code(err, "invalid_token", "a look at its end")
			p.clock.Advance(-auth.ActingLifetime)
		}
	})
}

// A look ends with what allows it: the permission, the staff flag, the login, the session.
func TestALookEndsWithTheRightToLook(t *testing.T) {
	onConsole(t, func(p *people) {
		staff := p.actor("staff@example.com")
		a := p.looksIn(staff, false)
		for _, c := range []struct{ what, change, back string }{
			{"platform.accounts", "UPDATE app_user SET staff_permissions = 'platform platform.payments' WHERE id = $1", "UPDATE app_user SET staff_permissions = 'platform.accounts' WHERE id = $1"},
			{"every permission", "UPDATE app_user SET staff_permissions = 'none' WHERE id = $1", "UPDATE app_user SET staff_permissions = 'platform.accounts' WHERE id = $1"},
			{"staff", "UPDATE app_user SET staff = FALSE WHERE id = $1", "UPDATE app_user SET staff = TRUE WHERE id = $1"},
			{"the login", "UPDATE app_user SET status = 'disabled' WHERE id = $1", "UPDATE app_user SET status = 'active' WHERE id = $1"},
			{"the session", "UPDATE session SET revoked_at = created_at WHERE user_id = $1 AND acting IS NOT NULL", "UPDATE session SET revoked_at = NULL WHERE user_id = $1"},
		} {
			p.exec(c.change, staff.User)
			_, err := p.look(a)
			p.code(err, "invalid_token", "a look without "+c.what)
			p.exec(c.back, staff.User)
			if _, err := p.look(a); err != nil {
				p.Errorf("given back %s: %v", c.what, err)
			}
		}
		stranger := a
		stranger.Account = igny8.NewID[igny8.AccountID](p.clock.Now())
		_, err := p.look(stranger)
		p.code(err, "invalid_token", "a look into one account, used for another")
	})
}

// A link is for the address that it went to: it is nothing once the person has another.
func TestALinkIsForTheAddressItWentTo(t *testing.T) {
	onConsole(t, func(p *people) {
		reset, verify := p.letter("reset", "reset", ayesha), p.letter("verify", "verify", ayesha)
		p.exec("UPDATE app_user SET email = 'new@example.com', email_norm = 'new@example.com' WHERE id = $1", p.customer)
		p.code(p.s.Reset(p.Context(), "", reset, newPassword), "link_invalid", "a reset by a letter to the address before")
		p.code(p.s.Verify(p.Context(), igny8.Actor{}, verify), "link_invalid", "a proof by a letter to the address before")
		if p.user("new@example.com").EmailVerifiedAt != nil {
			p.Error("a letter to another address proved this one")
		}
		if err := p.loginWith("new@example.com", consolePassword); err != nil {
			p.Errorf("the password was changed: %v", err)
		}
	})
}

// No refresh extends a session beyond its absolute end, and no token is stored that
// would be good for longer.
func TestNoTokenOutlivesItsSession(t *testing.T) {
	const day = 24 * time.Hour
	onConsole(t, func(p *people) {
		for _, c := range []struct {
			remember bool
			idle     time.Duration // between two refreshes
			lives    time.Duration
		}{{false, 6 * day, 30 * day}, {true, 29 * day, 90 * day}} {
			_, in, err := p.s.Login(p.Context(), auth.Credentials{Email: ayesha, Password: consolePassword, Device: auth.Device{Remember: c.remember}})
			if err != nil {
				p.Fatal(err)
			}
			var passed time.Duration
			advance := func(by time.Duration) { passed += by; p.clock.Advance(by) }
			for passed+c.idle < c.lives {
				advance(c.idle)
				if in, err = p.s.Refresh(p.Context(), in.Refresh); err != nil {
					p.Fatalf("after %s: %v", passed, err)
				}
			}
			for _, end := range p.ends("SELECT refresh_token.expires_at, session.expires_at FROM refresh_token JOIN session ON session.id = refresh_token.session_id") {
				if end[0].After(end[1]) {
					p.Errorf("a token is good until %s, its session until %s", end[0], end[1])
				}
			}
			advance(c.lives - passed - time.Second)
			if in, err = p.s.Refresh(p.Context(), in.Refresh); err != nil {
				p.Errorf("a second before the end: %v", err)
			}
			advance(time.Second)
			_, err = p.s.Refresh(p.Context(), in.Refresh)
			p.code(err, "invalid_token", "at the end of the session")
			p.clock.Advance(-passed)
		}
	})
}

// ends are the pairs of instants that a query answers.
func (p *people) ends(query string) (out [][2]time.Time) {
	p.Helper()
	err := p.d.ReadSystem(p.Context(), func(ctx context.Context, tx *db.Tx) error {
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var e [2]time.Time
			if err := rows.Scan(&e[0], &e[1]); err != nil {
				return err
			}
			out = append(out, e)
		}
		return rows.Err()
	})
	if err != nil || len(out) == 0 {
		p.Fatalf("%d pairs, %v", len(out), err)
	}
	return out
}
