package auth_test

import (
	"context"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/desk"
	"igny8/internal/job"
)

const consolePassword = "correct-horse-battery-9"

// people is a customer and a member of staff who can log in.
type people struct {
	*testing.T
	d        *db.DB
	s        *auth.Service
	config   auth.Config
	clock    *dbtest.Clock
	home     igny8.AccountID
	customer igny8.UserID
}

func onConsole(t *testing.T, f func(*people)) {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) { f(newPeople(t, d, clock)) }, dbtest.WithClock(clock))
}

func newPeople(t *testing.T, d *db.DB, clock *dbtest.Clock) *people {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(job.Migrate(t.Context(), d))
	seed := make([]byte, 32)
	key, err := auth.NewKey(seed)
	must(err)
	signer, err := auth.NewSigner("http://127.0.0.1", "http://127.0.0.1/api", key)
	must(err)
	p := &people{T: t, d: d, clock: clock, home: igny8.NewID[igny8.AccountID](clock.Now())}
	p.config = auth.Config{DB: d, Signer: signer, Hasher: auth.NewCheapHasher(), Secret: seed, PublicURL: "http://localhost", Unlimited: true}
	p.s = auth.New(p.config)
	_, err = p.s.CreateStaff(t.Context(), "staff@example.com", consolePassword)
	must(err)
	hash, err := p.s.HashPassword(t.Context(), consolePassword, "ayesha@example.com")
	must(err)
	must(d.System(t.Context(), "test", p.home, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.CreateUser(ctx, tx, account.NewUser{Email: "ayesha@example.com", EmailNorm: "ayesha@example.com", PasswordHash: hash,
			FirstName: "Ayesha", LastName: "Khan", Language: "en"})
		if err != nil {
			return err
		}
		p.customer = u.ID
		if _, err := account.Create(ctx, tx, account.New{ID: p.home, Name: "Café Karachi", Status: igny8.AccountActive, Country: "PK", Currency: "PKR", TimeZone: "Asia/Karachi"}); err != nil {
			return err
		}
		return account.AddMember(ctx, tx, u.ID, igny8.RoleOwner)
	}))
	return p
}

func (p *people) login(email string, staff, remember bool) auth.Console {
	p.Helper()
	c, _, err := p.s.LoginConsole(p.Context(), auth.Credentials{Email: email, Password: consolePassword, Device: auth.Device{Remember: remember}}, staff)
	if err != nil {
		p.Fatal(err)
	}
	return c
}

// gone tells that the token opens nothing any more.
func (p *people) gone(token, why string) {
	p.Helper()
	if _, err := p.s.AuthenticateConsole(p.Context(), token, ""); igny8.KindOf(err) != igny8.Unauthenticated {
		p.Errorf("%s: want 401, got %v", why, err)
	}
}

func TestConsoleKnowsWhoComes(t *testing.T) {
	onConsole(t, func(p *people) {
		in := p.login("ayesha@example.com", false, false)
		c, err := p.s.AuthenticateConsole(p.Context(), in.Token, "")
		if err != nil || c.Actor.Account != p.home || c.Actor.Role != igny8.RoleOwner || c.Account.Slug != "caf-karachi" || c.User.FirstName != "Ayesha" {
			p.Fatalf("got %+v, %v", c, err)
		}
		staff := p.login("staff@example.com", true, false)
		if s, err := p.s.AuthenticateConsole(p.Context(), staff.Token, ""); err != nil || !s.Actor.Staff() || s.Account.Slug != "" {
			p.Errorf("staff: got %+v, %v", s.Actor, err)
		}
		for _, bad := range []string{"", "x", in.Token + "x", "igny8_rt_" + in.Token[len("igny8_web_"):]} {
			p.gone(bad, "a token that is none")
		}
	})
}

// One login serves all of a person's accounts: the slug in the address decides, and a
// slug that is not theirs, or none, is the account they logged in for.
func TestConsoleTakesTheAccountOfTheAddress(t *testing.T) {
	onConsole(t, func(p *people) {
		other := igny8.NewID[igny8.AccountID](p.clock.Now())
		in := p.login("ayesha@example.com", false, false)
		err := p.d.System(p.Context(), "test", other, func(ctx context.Context, tx *db.Tx) error {
			if _, err := account.Create(ctx, tx, account.New{ID: other, Name: "Other", Status: igny8.AccountActive, Country: "PK", Currency: "PKR", TimeZone: "Asia/Karachi"}); err != nil {
				return err
			}
			return account.AddMember(ctx, tx, p.customer, igny8.RoleViewer)
		})
		if err != nil {
			p.Fatal(err)
		}
		opens := func(slug string, want igny8.AccountID, role igny8.Role) {
			p.Helper()
			c, err := p.s.AuthenticateConsole(p.Context(), in.Token, slug)
			if err != nil || c.Actor.Account != want || c.Account.ID != want || c.Actor.Role != role {
				p.Errorf("%q opens %s as %s, %v", slug, c.Account.Slug, c.Actor.Role, err)
			}
		}
		opens("other", other, igny8.RoleViewer)
		opens("caf-karachi", p.home, igny8.RoleOwner)
		opens("", p.home, igny8.RoleOwner)
		opens("somebody-elses", p.home, igny8.RoleOwner)
		leave := func(of igny8.AccountID) {
			p.Helper()
			err := p.d.System(p.Context(), "test", of, func(ctx context.Context, tx *db.Tx) error {
				_, err := tx.ExecContext(ctx, "DELETE FROM membership WHERE account_id = $1", of)
				return err
			})
			if err != nil {
				p.Fatal(err)
			}
		}
		leave(p.home)
		opens("caf-karachi", other, igny8.RoleViewer)
		leave(other)
		p.gone(in.Token, "who belongs nowhere")
	})
}

func TestConsoleDoors(t *testing.T) {
	onConsole(t, func(p *people) {
		for _, c := range []struct {
			email, password string
			staff           bool
			want            string
		}{
			{"ayesha@example.com", consolePassword, true, "other_door"},
			{"staff@example.com", consolePassword, false, "other_door"},
			{"ayesha@example.com", "wrong-horse-battery-9", true, "invalid_credentials"},
			{"nobody@example.com", consolePassword, false, "invalid_credentials"},
		} {
			_, _, err := p.s.LoginConsole(p.Context(), auth.Credentials{Email: c.email, Password: c.password}, c.staff)
			if igny8.CodeOf(err) != c.want {
				p.Errorf("%s staff=%v: want %s, got %v", c.email, c.staff, c.want, err)
			}
		}
	})
}

func TestConsoleEndsWithItsSession(t *testing.T) {
	onConsole(t, func(p *people) {
		in := p.login("ayesha@example.com", false, false)
		if err := p.s.EndConsole(p.Context(), in.Token); err != nil {
			p.Fatal(err)
		}
		p.gone(in.Token, "after logout")
		if err := p.s.EndConsole(p.Context(), in.Token); err != nil {
			p.Errorf("a second logout: %v", err)
		}

		// The console opened for an API login dies with that login.
		_, tokens, err := p.s.Login(p.Context(), auth.Credentials{Email: "ayesha@example.com", Password: consolePassword})
		if err != nil {
			p.Fatal(err)
		}
		opened, err := p.s.OpenConsole(p.Context(), tokens.Access)
		if err != nil || opened.Account.ID != p.home {
			p.Fatal(opened, err)
		}
		if err := p.s.Logout(p.Context(), tokens.Refresh); err != nil {
			p.Fatal(err)
		}
		p.gone(opened.Token, "after the session was ended elsewhere")

		staff := p.login("staff@example.com", true, false)
		if _, err := p.s.CreateStaff(p.Context(), "chief@example.com", consolePassword); err != nil {
			p.Fatal(err)
		}
		if err := desk.New(p.d, p.s, desk.Limits{}).DisableStaff(p.Context(), "staff@example.com"); err != nil {
			p.Fatal(err)
		}
		p.gone(staff.Token, "after the user was disabled")
	})
}

func TestConsoleIdleAndAbsoluteLimits(t *testing.T) {
	onConsole(t, func(p *people) {
		in := p.login("ayesha@example.com", false, false)
		kept := p.login("ayesha@example.com", false, true)
		staff := p.login("staff@example.com", true, false)
		start := p.clock.Now()
		at := func(after time.Duration) { p.clock.Advance(start.Add(after).Sub(p.clock.Now())) }

		at(auth.StaffConsoleIdle - time.Second)
		c, err := p.s.AuthenticateConsole(p.Context(), staff.Token, "")
		if err != nil || !c.Until.Equal(p.clock.Now().Add(auth.StaffConsoleIdle)) {
			p.Errorf("use just before the idle limit must move it on: %v, %v", c.Until, err)
		}
		at(2*auth.StaffConsoleIdle - time.Second)
		p.gone(staff.Token, "staff at the idle limit")

		at(auth.ConsoleIdle)
		p.gone(in.Token, "a customer at the idle limit")
		if _, err := p.s.AuthenticateConsole(p.Context(), kept.Token, ""); err != nil {
			p.Errorf("remembered: %v", err)
		}
		for day := 20; day < 90; day += 20 { // used all the time, but a session ends
			at(time.Duration(day) * 24 * time.Hour)
			if _, err := p.s.AuthenticateConsole(p.Context(), kept.Token, ""); err != nil {
				p.Fatalf("day %d: %v", day, err)
			}
		}
		at(90 * 24 * time.Hour)
		p.gone(kept.Token, "at the session's own end")
		p.clock.Advance(start.Sub(p.clock.Now())) // the other database starts at the same instant
	})
}
