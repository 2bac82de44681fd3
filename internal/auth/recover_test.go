package auth_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

const newPassword = "quiet-otter-paints-31"

var links = regexp.MustCompile(`https?://[^\s]+/(igny8_[a-z]+_[A-Za-z0-9_-]+)`)

// tokens are those of the newest letter of a template to an address; none when
// there is no such letter.
func (p *people) tokens(template, to string) (out []string) {
	p.Helper()
	var body string
	err := p.d.ReadSystem(p.Context(), func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT body_text FROM mail_message WHERE template = $1 AND recipient = $2 ORDER BY id DESC LIMIT 1", template, to).Scan(&body)
	})
	if err != nil && igny8.KindOf(err) != igny8.NotFound {
		p.Fatal(err)
	}
	for _, m := range links.FindAllStringSubmatch(body, -1) {
		out = append(out, m[1])
	}
	return out
}

// letter asks for a letter as the queue does, and returns the token in it.
func (p *people) letter(purpose, template, email string) string {
	p.Helper()
	p.clock.Advance(time.Second) // letters are told apart by their time
	if err := p.s.WriteLetter(p.Context(), purpose, email); err != nil {
		p.Fatal(err)
	}
	t := p.tokens(template, email)
	if len(t) != 1 {
		p.Fatalf("the letter %s to %s has the links %q, want one", template, email, t)
	}
	return t[0]
}

func (p *people) user(email string) account.User {
	p.Helper()
	var u account.User
	err := p.d.ReadSystem(p.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		u, err = account.UserByEmail(ctx, tx, email)
		return err
	})
	if err != nil {
		p.Fatal(err)
	}
	return u
}

func (p *people) loginWith(email, password string) error {
	_, _, err := p.s.Login(p.Context(), auth.Credentials{Email: email, Password: password})
	return err
}

func (p *people) code(err error, want, what string) {
	p.Helper()
	if igny8.CodeOf(err) != want {
		p.Errorf("%s: want %s, got %v", what, want, err)
	}
}

const ayesha = "ayesha@example.com"

func TestResettingAPassword(t *testing.T) {
	onConsole(t, func(p *people) {
		in := p.login(ayesha, false, true)
		_, api, err := p.s.Login(p.Context(), auth.Credentials{Email: ayesha, Password: consolePassword})
		if err != nil {
			p.Fatal(err)
		}
		old := p.letter("reset", "reset", ayesha)
		token := p.letter("reset", "reset", ayesha)
		p.code(p.s.Reset(p.Context(), "", old, newPassword), "link_invalid", "a link before the newest")
		p.code(p.s.Reset(p.Context(), "", token, "short"), "validation_failed", "a weak password")
		for _, bad := range []string{"", token + "a", token[:len(token)-1], strings.ToUpper(token), "igny8_verify_" + token[len("igny8_reset_"):]} {
			p.code(p.s.Reset(p.Context(), "", bad, newPassword), "link_invalid", "a token that was changed")
		}
		if err := p.s.Reset(p.Context(), "10.0.0.1", token, newPassword); err != nil {
			p.Fatal(err)
		}
		p.code(p.s.Reset(p.Context(), "", token, newPassword+"x"), "link_invalid", "a link used twice")
		p.gone(in.Token, "the console after a reset")
		if _, err := p.s.Refresh(p.Context(), api.Refresh); igny8.KindOf(err) != igny8.Unauthenticated {
			p.Errorf("a refresh token after a reset: %v", err)
		}
		if _, err := p.s.Authenticate(p.Context(), api.Access, ""); igny8.KindOf(err) != igny8.Unauthenticated {
			p.Errorf("an access token after a reset: %v", err)
		}
		p.code(p.loginWith(ayesha, consolePassword), "invalid_credentials", "the password before")
		if err := p.loginWith(ayesha, newPassword); err != nil {
			p.Errorf("the new password: %v", err)
		}
		if p.user(ayesha).EmailVerifiedAt == nil {
			p.Error("the letter's link did not prove the address")
		}
		if p.tokens("password_changed", ayesha); len(p.tokens("reset", "nobody@example.com")) > 0 {
			p.Error("a letter was written to nobody")
		}
	})
}

func TestAResetLinkIsGoodFor30MinutesAndOnce(t *testing.T) {
	onConsole(t, func(p *people) {
		token := p.letter("reset", "reset", ayesha)
		p.clock.Advance(30 * time.Minute)
		p.code(p.s.Reset(p.Context(), "", token, newPassword), "link_invalid", "at 30 minutes")
		token = p.letter("reset", "reset", ayesha)
		var won sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			won.Go(func() { errs[i] = p.s.Reset(p.Context(), "", token, newPassword) })
		}
		won.Wait()
		if n := len(slices.DeleteFunc(errs, func(err error) bool { return err != nil })); n != 1 {
			p.Errorf("%d of four uses of one link at once won, want one", n)
		}
		p.clock.Advance(-30 * time.Minute)
	})
}

// Unknown, known and disabled addresses get the same: a job, and nothing else
// before the answer.
func TestAskingTellsNothing(t *testing.T) {
	onConsole(t, func(p *people) {
		jobs := func() int {
			return dbtest.Value[int](p, p.d, "SELECT count(*) FROM river_job WHERE kind = 'auth.letter'")
		}
		for i, email := range []string{ayesha, "nobody@example.com"} {
			if err := p.s.Forgot(p.Context(), email, ""); err != nil {
				p.Errorf("%s: %v", email, err)
			}
			if err := p.s.ResendVerification(p.Context(), email, ""); err != nil {
				p.Errorf("%s: %v", email, err)
			}
			if n := jobs(); n != 2*(i+1) {
				p.Errorf("after %s there are %d jobs, want two for each address", email, n)
			}
			if len(p.tokens("reset", email)) > 0 {
				p.Errorf("the letter to %s was written before the answer", email)
			}
		}
		if err := p.s.WriteLetter(p.Context(), "reset", "nobody@example.com"); err != nil || len(p.tokens("reset", "nobody@example.com")) > 0 {
			p.Errorf("a letter to nobody: %v", err)
		}
	})
}

func TestChangingAPassword(t *testing.T) {
	onConsole(t, func(p *people) {
		other := p.login(ayesha, false, false)
		here := p.login(ayesha, false, false)
		_, err := p.s.ChangePassword(p.Context(), here.Actor, "not-the-password-1", newPassword, auth.Device{})
		p.code(err, "validation_failed", "without the password before")
		tokens, err := p.s.ChangePassword(p.Context(), here.Actor, consolePassword, newPassword, auth.Device{})
		if err != nil {
			p.Fatal(err)
		}
		p.gone(other.Token, "another device")
		p.gone(here.Token, "the session before")
		if a, err := p.s.Authenticate(p.Context(), tokens.Access, ""); err != nil || a.Account != p.home {
			p.Errorf("who changed the password is logged out: %+v %v", a, err)
		}
		p.code(p.loginWith(ayesha, consolePassword), "invalid_credentials", "the password before")
	})
}

// Threat A3: somebody signs up with an address that is not theirs, and waits for
// its owner. What the owner does first ends all that the other began.
func TestPreHijackEndsWithTheFirstProof(t *testing.T) {
	for name, prove := range map[string]func(*people) error{
		"by a reset": func(p *people) error {
			return p.s.Reset(p.Context(), "", p.letter("reset", "reset", ayesha), newPassword)
		},
		"by the link of the first letter": func(p *people) error {
			return p.s.Verify(p.Context(), igny8.Actor{Network: "203.0.113.0/24"}, p.letter("verify", "verify", ayesha))
		},
	} {
		t.Run(name, func(t *testing.T) {
			onConsole(t, func(p *people) {
				attacker := p.login(ayesha, false, true)
				if err := p.s.ChangeEmail(p.Context(), attacker.Actor, "attacker@example.com", consolePassword); err != nil {
					p.Fatal(err)
				}
				pending := p.tokens("email_change_new", "attacker@example.com")[0]
				if err := prove(p); err != nil {
					p.Fatal(err)
				}
				p.gone(attacker.Token, "the attacker's session")
				_, err := p.s.ConfirmEmailChange(p.Context(), pending)
				p.code(err, "link_invalid", "the attacker's change of address")
			})
		})
	}
}

// Who is logged in proves their own address without being logged out: on this
// device or another.
func TestVerifyingWhileLoggedInEndsNothing(t *testing.T) {
	onConsole(t, func(p *people) {
		laptop, phone := p.login(ayesha, false, false), p.login(ayesha, false, false)
		if err := p.s.Verify(p.Context(), phone.Actor, p.letter("verify", "verify", ayesha)); err != nil {
			p.Fatal(err)
		}
		for _, token := range []string{laptop.Token, phone.Token} {
			if _, err := p.s.AuthenticateConsole(p.Context(), token, ""); err != nil {
				p.Errorf("logged out by verifying: %v", err)
			}
		}
		if err := p.s.WriteLetter(p.Context(), "verify", ayesha); err != nil {
			p.Fatal(err)
		}
		used := p.tokens("verify", ayesha)[0]
		p.code(p.s.Verify(p.Context(), igny8.Actor{}, used), "link_invalid", "a link used twice, and no new letter for a proved address")
	})
}

// verified makes Ayesha's address a proved one.
func (p *people) verified() {
	p.Helper()
	if err := p.s.Verify(p.Context(), igny8.Actor{User: p.customer}, p.letter("verify", "verify", ayesha)); err != nil {
		p.Fatal(err)
	}
}

func TestChangingAnAddressNeedsBoth(t *testing.T) {
	onConsole(t, func(p *people) {
		p.verified()
		in := p.login(ayesha, false, false)
		p.code(p.s.ChangeEmail(p.Context(), in.Actor, "new@example.com", "wrong-password-123"), "validation_failed", "without the password")
		p.code(p.s.ChangeEmail(p.Context(), in.Actor, " Ayesha@Example.com", consolePassword), "validation_failed", "the same address")
		if err := p.s.ChangeEmail(p.Context(), in.Actor, "New@Example.com", consolePassword); err != nil {
			p.Fatal(err)
		}
		before, after := p.tokens("email_change_old", ayesha), p.tokens("email_change_new", "New@example.com")
		if len(before) != 2 || len(after) != 1 {
			p.Fatalf("the letters have the links %q and %q", before, after)
		}
		for _, step := range []struct {
			token string
			done  bool
		}{{after[0], false}, {before[0], true}} {
			done, err := p.s.ConfirmEmailChange(p.Context(), step.token)
			if err != nil || done != step.done {
				p.Fatalf("confirm: %v, %v; want %v", done, err, step.done)
			}
			_, err = p.s.ConfirmEmailChange(p.Context(), step.token)
			p.code(err, "link_invalid", "a link used twice")
		}
		if u := p.user("new@example.com"); u.ID != p.customer || u.Email != "New@example.com" || u.EmailVerifiedAt == nil {
			p.Errorf("after both: %+v", u)
		}
		p.code(p.loginWith(ayesha, consolePassword), "invalid_credentials", "the address before")

		p.clock.Advance(71 * time.Hour)
		if err := p.s.UndoEmailChange(p.Context(), before[1]); err != nil {
			p.Fatal(err)
		}
		if u := p.user(ayesha); u.ID != p.customer {
			p.Errorf("after the undo: %+v", u)
		}
		p.gone(in.Token, "a session after the undo")
		p.code(p.s.UndoEmailChange(p.Context(), before[1]), "link_invalid", "an undo twice")
		p.clock.Advance(-71 * time.Hour)
	})
}

func TestAChangeOfAddressCanBeStopped(t *testing.T) {
	onConsole(t, func(p *people) {
		p.verified()
		in := p.login(ayesha, false, false)
		ask := func(email string) (before, after []string) {
			p.Helper()
			p.clock.Advance(time.Second)
			if err := p.s.ChangeEmail(p.Context(), in.Actor, email, consolePassword); err != nil {
				p.Fatal(err)
			}
			return p.tokens("email_change_old", ayesha), p.tokens("email_change_new", email)
		}
		_, first := ask("one@example.com")
		before, second := ask("two@example.com")
		_, err := p.s.ConfirmEmailChange(p.Context(), first[0])
		p.code(err, "link_invalid", "a change that a newer one ended")
		if err := p.s.UndoEmailChange(p.Context(), before[1]); err != nil {
			p.Fatal(err)
		}
		_, err = p.s.ConfirmEmailChange(p.Context(), second[0])
		p.code(err, "link_invalid", "a change that was stopped")
		p.gone(in.Token, "the session that asked for a change that was stopped")

		in = p.login(ayesha, false, false)
		if _, after := ask("staff@example.com"); len(after) > 0 || len(p.tokens("email_change_taken", "staff@example.com")) > 0 {
			p.Error("the letter to an address that somebody has carries a link")
		}
		before, after := ask("three@example.com")
		p.clock.Advance(24 * time.Hour)
		_, err = p.s.ConfirmEmailChange(p.Context(), after[0])
		p.code(err, "link_invalid", "after 24 hours")
		p.clock.Advance(48 * time.Hour)
		p.code(p.s.UndoEmailChange(p.Context(), before[1]), "link_invalid", "an undo after 72 hours")
		p.clock.Advance(-72 * time.Hour)
	})
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	onConsole(t, func(p *people) {
		one, two, three := p.login(ayesha, false, false), p.login(ayesha, false, false), p.login(ayesha, false, false)
		staff := p.login("staff@example.com", true, false)
		list, err := p.s.Sessions(p.Context(), one.Actor)
		if err != nil || len(list) != 3 {
			p.Fatalf("%d sessions, %v; want 3", len(list), err)
		}
		p.code(p.s.EndSession(p.Context(), staff.Actor, two.Actor.Session), "not_found", "somebody else's session")
		if err := p.s.EndSession(p.Context(), one.Actor, two.Actor.Session); err != nil {
			p.Fatal(err)
		}
		p.gone(two.Token, "an ended session")
		p.code(p.s.EndSession(p.Context(), one.Actor, two.Actor.Session), "not_found", "a session that is ended already")
		if n, err := p.s.EndOtherSessions(p.Context(), one.Actor); err != nil || n != 1 {
			p.Errorf("ended %d others, %v; want 1", n, err)
		}
		p.gone(three.Token, "another session")
		if _, err := p.s.AuthenticateConsole(p.Context(), one.Token, ""); err != nil {
			p.Errorf("the session that ended the others: %v", err)
		}
		if _, err := p.s.AuthenticateConsole(p.Context(), staff.Token, ""); err != nil {
			p.Errorf("somebody else's session: %v", err)
		}
	})
}
