package auth_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/desk"
)

// reset is what the staff user does upon Ayesha's account.
func (p *people) reset(staff igny8.Actor, user igny8.UserID, note string) error {
	_, err := desk.New(p.d, p.s, desk.Limits{}).ResetSecondFactor(p.Context(), staff, p.home, user, note)
	return err
}

// joins makes the user a member of an account; the zero id makes a new one.
func (p *people) joins(user igny8.UserID, of igny8.AccountID) igny8.AccountID {
	p.Helper()
	fresh := of.IsZero()
	if fresh {
		of = igny8.NewID[igny8.AccountID](p.clock.Now())
	}
	err := p.d.System(p.Context(), "test", of, func(ctx context.Context, tx *db.Tx) error {
		if fresh {
			n := account.New{ID: of, Name: "Other", Status: igny8.AccountActive, Country: "PK", Currency: "PKR", TimeZone: "Asia/Karachi"}
			if _, err := account.Create(ctx, tx, n); err != nil {
				return err
			}
		}
		return account.AddMember(ctx, tx, user, igny8.RoleViewer)
	})
	if err != nil {
		p.Fatal(err)
	}
	return of
}

// Threat A19: staff let in who lost the second factor and the codes. The password is
// still asked for, and nothing goes on that had begun before.
func TestStaffTakeALostSecondFactorAway(t *testing.T) {
	onConsole(t, func(p *people) {
		p.verified()
		p.joins(p.customer, igny8.AccountID{})
		staff, a, device := p.actor("staff@example.com"), p.actor(ayesha), newAuthenticator(t)
		in := p.login(ayesha, false, true)
		_, codes := p.enrol(a)
		p.register(a, device)
		if err := p.s.ChangeEmail(p.Context(), a, "new@example.com", consolePassword); err != nil {
			t.Fatal(err)
		}
		change, link := p.tokens("email_change_new", "new@example.com")[0], p.letter("reset", "reset", ayesha)
		_, pending, err := p.s.LoginConsole(p.Context(), auth.Credentials{Email: ayesha, Password: consolePassword}, false)
		if err != nil {
			t.Fatal(err)
		}
		for _, note := range []string{"", "  x ", strings.Repeat("x", 1001)} {
			p.code(p.reset(staff, p.customer, note), "validation_failed", "a note that says nothing")
		}
		if f := p.factors(a); !f.TOTP || f.Passkeys != 1 {
			t.Errorf("refused, and yet %+v", f)
		}
		if err := p.reset(staff, p.customer, " Lost phone, called back "); err != nil {
			t.Fatal(err)
		}
		if f := p.factors(a); f.Any() || f.Codes != 0 {
			t.Errorf("%+v", f)
		}
		p.gone(in.Token, "a session from before")
		_, err = p.s.FinishConsole(p.Context(), pending, codes[0], false, auth.Device{})
		p.code(err, "login_expired", "a login that had begun")
		p.code(p.s.Reset(p.Context(), "", link, newPassword), "link_invalid", "a link that resets the password")
		_, err = p.s.ConfirmEmailChange(p.Context(), change)
		p.code(err, "link_invalid", "a change of address that had begun")
		c := p.ceremony("")
		_, _, err = p.s.LoginPasskey(p.Context(), c.Token, device.get(c), auth.Device{})
		p.code(err, "invalid_passkey", "the passkey")
		p.code(p.loginWith(ayesha, "not-the-password"), "invalid_credentials", "without the password")
		if err := p.loginWith(ayesha, consolePassword); err != nil {
			t.Errorf("the password alone: %v", err)
		}
		p.told(" Lost phone, called back ")
		p.code(p.reset(staff, p.customer, "once more"), "no_second_factor", "a second time")
		p.enrol(p.actor(ayesha)) // and on again
	})
}

// told checks that both of Ayesha's accounts and she herself were told.
func (p *people) told(note string) {
	p.Helper()
	rows := dbtest.Value[int](p, p.d, `SELECT count(DISTINCT account_id) FROM audit_event WHERE action = 'user.reset_second_factor' AND object_id = $1
		AND actor_role = 'developer' AND actor_email = 'staff@example.com' AND details LIKE $2`, p.customer.String(), `%"note":"`+strings.TrimSpace(note)+`"%`)
	if rows != 2 {
		p.Errorf("the logs of %d accounts tell of it, want 2", rows)
	}
	letter := dbtest.Value[string](p, p.d, `SELECT body_text FROM mail_message WHERE template = 'second_factor_changed' AND recipient = $1 AND account_id = $2
		ORDER BY id DESC LIMIT 1`, ayesha, igny8.Platform)
	for _, want := range []string{"our support took the second factor", "If you did not ask for it", "http://localhost/forgot"} {
		if !strings.Contains(letter, want) {
			p.Errorf("the letter does not say %q: %s", want, letter)
		}
	}
}

func TestWhoseSecondFactorStaffMayNotTakeAway(t *testing.T) {
	onConsole(t, func(p *people) {
		staff := p.actor("staff@example.com")
		p.code(p.reset(staff, p.customer, "there is none"), "no_second_factor", "who has none")
		if _, err := p.s.StartTOTP(p.Context(), p.actor(ayesha), consolePassword); err != nil {
			t.Fatal(err)
		}
		p.code(p.reset(staff, p.customer, "not confirmed"), "no_second_factor", "who has only begun to set one up")

		clerk, err := p.s.CreateStaff(p.Context(), "clerk@example.com", consolePassword)
		if err != nil {
			t.Fatal(err)
		}
		secret, _ := p.enrol(p.actor("clerk@example.com"))
		p.code(p.reset(staff, clerk.ID, "a stranger"), "not_found", "who does not belong to the account")
		p.code(p.reset(staff, igny8.NewID[igny8.UserID](p.clock.Now()), "nobody"), "not_found", "who is not there")
		p.joins(clerk.ID, p.home)
		p.code(p.reset(staff, clerk.ID, "a colleague"), "operator_only", "a colleague who belongs to the account")
		if err := p.loginCode("clerk@example.com", p.codeOf(secret)); err != nil {
			t.Errorf("the colleague's second factor: %v", err)
		}

		p.enrol(p.actor(ayesha))
		_, err = desk.New(p.d, p.s, desk.Limits{}).ResetSecondFactor(p.Context(), staff, igny8.NewID[igny8.AccountID](p.clock.Now()), p.customer, "no such account")
		p.code(err, "not_found", "of an account that is not there")
		p.joins(staff.User, p.home)
		p.code(p.reset(staff, p.customer, "my own account"), "self_approval", "of staff's own account")
		p.code(p.loginWith(ayesha, consolePassword), "totp_required", "after all refusals")
	})
}

// Staff who reset at once, in different accounts of the person: one does it.
func TestOneOfManyTakesTheSecondFactorAway(t *testing.T) {
	onConsole(t, func(p *people) {
		staff, accounts := p.actor("staff@example.com"), []igny8.AccountID{p.home, p.joins(p.customer, igny8.AccountID{})}
		p.enrol(p.actor(ayesha))
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				for {
					_, errs[i] = desk.New(p.d, p.s, desk.Limits{}).ResetSecondFactor(p.Context(), staff, accounts[i%2], p.customer, "all at once")
					if igny8.KindOf(errs[i]) != igny8.Unavailable {
						return
					}
				}
			})
		}
		all.Wait()
		done := 0
		for _, err := range errs {
			if err == nil {
				done++
			} else if igny8.CodeOf(err) != "no_second_factor" {
				t.Error(err)
			}
		}
		letters := dbtest.Value[int](t, p.d, "SELECT count(*) FROM mail_message WHERE template = 'second_factor_changed'")
		if done != 1 || letters != 2 {
			t.Errorf("%d did it, with %d letters, want 1, and 2 with that of the set-up", done, letters)
		}
	})
}
