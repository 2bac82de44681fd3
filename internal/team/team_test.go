package team_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/doctor/doctortest"
	"igny8/internal/team"
)

const password = "correct-horse-battery-9"

// world is one database with an account whose owner invites people.
type world struct {
	*testing.T
	ctx     context.Context
	d       *db.DB
	clock   *dbtest.Clock
	auth    *auth.Service
	s       *team.Service
	members *account.Service
	owner   igny8.Actor
}

// run runs f on both databases, with seats for so many.
func run(t *testing.T, seats int, f func(w *world)) {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		seed := make([]byte, 32)
		key, err := auth.NewKey(seed)
		if err != nil {
			t.Fatal(err)
		}
		signer, err := auth.NewSigner("http://127.0.0.1", "http://127.0.0.1/api", key)
		if err != nil {
			t.Fatal(err)
		}
		w := &world{T: t, ctx: t.Context(), d: d, clock: clock, members: account.NewService(d)}
		w.auth = auth.New(auth.Config{DB: d, Signer: signer, Hasher: auth.NewCheapHasher(), Secret: seed, PublicURL: "http://127.0.0.1", Unlimited: true})
		w.s = team.New(d, w.auth, seed, "http://127.0.0.1")
		w.owner = billingtest.Trial(t, d)
		w.seats(seats)
		f(w)
		doctortest.Assert(t, d)
	}, dbtest.WithClock(clock))
}

func (w *world) seats(n int) { w.exec("UPDATE plan_version SET max_users = $1", n) }

// exec changes the database behind the stories' back.
func (w *world) exec(q string, args ...any) {
	w.Helper()
	dbtest.Exec(w, w.d, q, args...)
}

func (w *world) count(q string, args ...any) int {
	w.Helper()
	return dbtest.Value[int](w, w.d, q, args...)
}

// code tells that the error has the code; "" is none.
func (w *world) code(err error, want, what string) {
	w.Helper()
	got := ""
	if err != nil {
		got = igny8.CodeOf(err)
		var e *igny8.Error
		if errors.As(err, &e) && got == "validation_failed" && len(e.Fields) > 0 {
			got = e.Fields[0].Code
		}
	}
	if got != want {
		w.Errorf("%s: want %q, got %v", what, want, err)
	}
}

// person makes a member of the account, with a login and a proved address; with no
// role, somebody of an account of their own.
func (w *world) person(email string, role igny8.Role) igny8.Actor {
	w.Helper()
	actor := w.owner
	if role == "" {
		actor, role = billingtest.Trial(w.T, w.d), igny8.RoleOwner
		w.exec("UPDATE app_user SET email = $1, email_norm = $1, email_verified_at = $2 WHERE id = $3", email, w.clock.Now(), actor.User)
		actor.Email = email
		return actor
	}
	hash, err := w.auth.HashPassword(w.ctx, password, "")
	if err != nil {
		w.Fatal(err)
	}
	err = w.d.System(w.ctx, "test", w.owner.Account, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.CreateUser(ctx, tx, account.NewUser{Email: email, EmailNorm: email, PasswordHash: hash, FirstName: "Bilal", LastName: "Ahmed", Language: "ur"})
		if err != nil {
			return err
		}
		actor.User, actor.Email, actor.Role = u.ID, email, role
		return account.AddMember(ctx, tx, u.ID, role)
	})
	if err != nil {
		w.Fatal(err)
	}
	return actor
}

func (w *world) member(a igny8.Actor) (m account.Member) {
	w.Helper()
	err := w.d.Read(w.ctx, w.owner.Account, func(ctx context.Context, tx *db.Tx) (err error) {
		m, err = account.MemberOf(ctx, tx, a.User)
		return err
	})
	if err != nil && !db.Absent(err) {
		w.Fatal(err)
	}
	return m
}

// letter is the token in the newest letter of a kind to an address.
func (w *world) letter(template, to string) string {
	w.Helper()
	var body string
	err := w.d.ReadSystem(w.ctx, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRowContext(ctx, "SELECT body_text FROM mail_message WHERE template = $1 AND recipient = $2 ORDER BY id DESC LIMIT 1", template, to).Scan(&body)
	})
	if err != nil {
		w.Fatalf("no letter %s to %s: %v", template, to, err)
	}
	_, link, _ := strings.Cut(body, "http://127.0.0.1/")
	link, _, _ = strings.Cut(link, "\n")
	return tail(link)
}

// tail is the token at the end of a link.
func tail(link string) string { return link[strings.LastIndexByte(link, '/')+1:] }

func (w *world) invite(email string, role igny8.Role, sites ...igny8.SiteID) team.Invitation {
	w.Helper()
	i, err := w.s.Invite(w.ctx, w.owner, team.Invitee{Email: email, Role: role, Sites: sites})
	if err != nil {
		w.Fatal(err)
	}
	return i
}

var newcomer = team.NewPerson{FirstName: "Sana", LastName: "Malik", Password: password}

func TestSomebodyNewJoinsByTheLetter(t *testing.T) {
	run(t, 2, func(w *world) {
		i := w.invite("Sana@example.com", igny8.RoleEditor)
		token := w.letter("invitation", "Sana@example.com")
		seen, err := w.s.Look(w.ctx, token)
		if err != nil || seen.Email != "Sana@example.com" || seen.Role != igny8.RoleEditor || seen.Inviter != w.owner.Email || seen.LoginFirst() {
			w.Fatalf("%+v, %v", seen, err)
		}
		// The link that the inviter sees does not make them Sana.
		if copied, err := w.s.Look(w.ctx, tail(i.URL)); err != nil || !copied.LoginFirst() || copied.Known {
			w.Errorf("%+v, %v", copied, err)
		}
		_, err = w.s.Join(w.ctx, tail(i.URL), newcomer)
		w.code(err, "login_required", "somebody new by the link to copy")
		_, err = w.s.Join(w.ctx, token, team.NewPerson{FirstName: "Sana", LastName: " ", Password: password})
		w.code(err, "required", "without a last name")
		_, err = w.s.Join(w.ctx, token, team.NewPerson{FirstName: "Sana", LastName: "Malik", Password: "short"})
		w.code(err, "password_too_short", "a weak password")
		j, err := w.s.Join(w.ctx, token, newcomer)
		if err != nil || j.Tokens == nil || j.User.EmailVerifiedAt == nil || j.Role != igny8.RoleEditor {
			w.Fatalf("%+v, %v", j, err)
		}
		actor, err := w.auth.Authenticate(w.ctx, j.Tokens.Access, "")
		if err != nil || actor.Account != w.owner.Account || actor.Role != igny8.RoleEditor || actor.Sites != nil {
			w.Errorf("%+v, %v", actor, err)
		}
		_, err = w.s.Join(w.ctx, token, newcomer)
		w.code(err, "link_invalid", "a second time")
		if m := w.member(actor); m.LastSeenAt == nil || m.Name != "Sana Malik" {
			w.Errorf("%+v", m)
		}
		for typ, n := range map[string]int{"member.invited": 1, "member.joined": 1} {
			if got := w.count("SELECT count(*) FROM outbox_event WHERE type = $1 AND account_id = $2", typ, w.owner.Account); got != n {
				w.Errorf("%d events %s, want %d", got, typ, n)
			}
		}
	})
}

func TestDeadLinksAreAlike(t *testing.T) {
	run(t, 9, func(w *world) {
		used := w.invite("one@example.com", igny8.RoleViewer)
		usedToken := w.letter("invitation", "one@example.com")
		if _, err := w.s.Join(w.ctx, usedToken, newcomer); err != nil {
			w.Fatal(err)
		}
		revoked := w.invite("two@example.com", igny8.RoleViewer)
		revokedToken := w.letter("invitation", "two@example.com")
		if err := w.s.Revoke(w.ctx, w.owner, revoked.ID); err != nil {
			w.Fatal(err)
		}
		renewed := w.invite("three@example.com", igny8.RoleViewer)
		renewedToken := w.letter("invitation", "three@example.com")
		w.clock.Advance(time.Second)
		fresh, err := w.s.Resend(w.ctx, w.owner, renewed.ID)
		if err != nil || fresh.ID != renewed.ID || fresh.URL == renewed.URL {
			w.Fatalf("%+v, %v", fresh, err)
		}
		if _, err := w.s.Look(w.ctx, w.letter("invitation", "three@example.com")); err != nil {
			w.Errorf("the letter that was sent again: %v", err)
		}
		late := w.invite("four@example.com", igny8.RoleViewer)
		lateToken := w.letter("invitation", "four@example.com")
		w.clock.Advance(team.InviteWithin)
		var first error
		for what, token := range map[string]string{"used": usedToken, "used, copied": tail(used.URL), "revoked": revokedToken, "revoked, copied": tail(revoked.URL),
			"sent again": renewedToken, "sent again, copied": tail(renewed.URL), "expired by nothing": lateToken, "expired, copied": tail(late.URL),
			"forged": lateToken[:len(lateToken)-3] + "AAA", "none": "", "other kind": "igny8_reset_" + strings.TrimPrefix(lateToken, "igny8_invite_")} {
			_, err := w.s.Look(w.ctx, token)
			w.code(err, "link_invalid", what)
			if first == nil {
				first = err
			}
			if err == nil || err.Error() != first.Error() {
				w.Errorf("%s: %v, want as the others: %v", what, err, first)
			}
			_, err = w.s.Join(w.ctx, token, newcomer)
			w.code(err, "link_invalid", what)
			_, err = w.s.Accept(w.ctx, w.owner, token)
			w.code(err, "link_invalid", what)
		}
		// Who was invited too long ago can be invited again.
		w.invite("four@example.com", igny8.RoleEditor)
		w.code(w.s.Revoke(w.ctx, w.owner, late.ID), "not_found", "the invitation that was replaced")
	})
}

func TestOnlyWhoWasInvitedAccepts(t *testing.T) {
	run(t, 9, func(w *world) {
		sana, noor := w.person("sana@example.com", ""), w.person("noor@example.com", "")
		i := w.invite("SANA@example.com", igny8.RoleAdmin)
		token := w.letter("invitation", "SANA@example.com")
		_, err := w.s.Join(w.ctx, token, newcomer)
		w.code(err, "login_required", "an address that has a login")
		_, err = w.s.Accept(w.ctx, noor, token)
		w.code(err, "invite_email_mismatch", "another person")
		w.exec("UPDATE app_user SET email_verified_at = NULL WHERE id = $1", sana.User)
		if list, _ := w.s.PendingFor(w.ctx, account.User{EmailNorm: "sana@example.com"}); list != nil {
			w.Errorf("an address that is not proved reads of %v", list)
		}
		_, err = w.s.Accept(w.ctx, sana, token)
		w.code(err, "email_unverified", "an address that is not proved")
		now := w.clock.Now()
		w.exec("UPDATE app_user SET email_verified_at = $1 WHERE id = $2", now, sana.User)
		for what, actor := range map[string]igny8.Actor{"a key": {User: sana.User, Key: igny8.APIKeyID{1}}, "who looks in as her": {User: sana.User, Impersonator: noor.User}, "nobody": {}} {
			_, err = w.s.Accept(w.ctx, actor, token)
			w.code(err, "forbidden", what)
		}
		list, err := w.s.PendingFor(w.ctx, account.User{EmailNorm: "sana@example.com", EmailVerifiedAt: &now})
		if err != nil || len(list) != 1 || list[0].Path != "/invite/"+tail(i.URL) {
			w.Fatalf("%v, %v", list, err)
		}
		j, err := w.s.Accept(w.ctx, sana, tail(list[0].Path))
		if err != nil || j.Account.ID != w.owner.Account || j.Role != igny8.RoleAdmin || j.Tokens != nil {
			w.Fatalf("%+v, %v", j, err)
		}
		_, err = w.s.Invite(w.ctx, w.owner, team.Invitee{Email: "sana@example.com", Role: igny8.RoleViewer})
		w.code(err, "already_member", "who is there")
		w.invite("zara@example.com", igny8.RoleViewer)
		_, err = w.s.Invite(w.ctx, w.owner, team.Invitee{Email: "Zara@Example.com", Role: igny8.RoleEditor})
		w.code(err, "already_invited", "who was invited")
	})
}

// Who was removed has a login but no account to log in to: the letter and the
// password bring them back.
func TestAFormerMemberComesBack(t *testing.T) {
	run(t, 9, func(w *world) {
		bilal := w.person("bilal@example.com", igny8.RoleEditor)
		e, err := w.auth.StartTOTP(w.ctx, bilal, password)
		if err != nil {
			w.Fatal(err)
		}
		app, err := totp.GenerateCode(e.Secret, w.d.Now())
		if err != nil {
			w.Fatal(err)
		}
		codes, err := w.auth.ConfirmTOTP(w.ctx, bilal, app)
		if err != nil {
			w.Fatal(err)
		}
		if err := w.members.RemoveMember(w.ctx, w.owner, w.member(bilal).ID); err != nil {
			w.Fatal(err)
		}
		i := w.invite("bilal@example.com", igny8.RoleViewer)
		token := w.letter("invitation", "bilal@example.com")
		if seen, err := w.s.Look(w.ctx, token); err != nil || !seen.Returning || !seen.Second || seen.LoginFirst() {
			w.Errorf("%+v, %v", seen, err)
		}
		_, err = w.s.Join(w.ctx, tail(i.URL), newcomer)
		w.code(err, "login_required", "by the link to copy")
		_, err = w.s.Join(w.ctx, token, team.NewPerson{FirstName: "Not", LastName: "Bilal", Password: "another-password-31"})
		w.code(err, "invalid_credentials", "with another password")
		_, err = w.s.Join(w.ctx, token, team.NewPerson{Password: password})
		w.code(err, "totp_required", "without the second factor")
		_, err = w.s.Join(w.ctx, token, team.NewPerson{Password: password, Code: "000000"})
		w.code(err, "invalid_totp", "with a wrong code")
		j, err := w.s.Join(w.ctx, token, team.NewPerson{Password: password, Code: codes[0]})
		if err != nil || j.User.ID != bilal.User || j.User.FirstName != "Bilal" || j.Tokens == nil {
			w.Errorf("%+v, %v", j, err)
		}
	})
}

func TestInvitationsKeepToTheRoles(t *testing.T) {
	run(t, 9, func(w *world) {
		admin := w.person("admin@example.com", igny8.RoleAdmin)
		for role, want := range map[igny8.Role]string{igny8.RoleOwner: "role_not_grantable", igny8.RoleAdmin: "role_not_grantable", igny8.RoleDeveloper: "role_not_grantable",
			igny8.RoleBot: "role_not_grantable", "": "required", igny8.RoleEditor: "", igny8.RoleViewer: ""} {
			_, err := w.s.Invite(w.ctx, admin, team.Invitee{Email: "new-" + string(role) + "@example.com", Role: role})
			w.code(err, want, "an admin invites to "+string(role))
		}
		_, err := w.s.Invite(w.ctx, w.owner, team.Invitee{Email: "o@example.com", Role: igny8.RoleOwner})
		w.code(err, "role_not_grantable", "an owner invites to owner")
		boss := w.invite("boss@example.com", igny8.RoleAdmin)
		w.code(w.s.Revoke(w.ctx, admin, boss.ID), "role_not_grantable", "an admin revokes what is an owner's to give")
		_, err = w.s.Resend(w.ctx, admin, boss.ID)
		w.code(err, "role_not_grantable", "an admin sends it again")
		other := billingtest.Trial(w.T, w.d)
		w.code(w.s.Revoke(w.ctx, other, boss.ID), "not_found", "another account")
		// Who was lowered meanwhile invites nobody, and what they invited to ends.
		editor := igny8.RoleEditor
		keep := func(account.Member) error { return nil }
		if _, err := w.members.ChangeMember(w.ctx, w.owner, w.member(admin).ID, keep, account.MemberPatch{Role: &editor}); err != nil {
			w.Fatal(err)
		}
		_, err = w.s.Invite(w.ctx, admin, team.Invitee{Email: "late@example.com", Role: igny8.RoleViewer})
		w.code(err, "role_not_grantable", "who was lowered")
		if list, err := w.s.Invitations(w.ctx, w.owner, igny8.Page{}); err != nil || len(list.Items) != 1 || list.Items[0].ID != boss.ID {
			w.Errorf("%+v, %v", list, err)
		}
		_, err = w.s.Invite(w.ctx, w.owner, team.Invitee{Email: "s@example.com", Role: igny8.RoleViewer, Sites: []igny8.SiteID{igny8.NewID[igny8.SiteID](w.clock.Now())}})
		w.code(err, "unknown_site", "a site that is not there")
		_, err = w.s.Invite(w.ctx, w.owner, team.Invitee{Email: "s@example.com", Role: igny8.RoleAdmin, Sites: []igny8.SiteID{{1}}})
		w.code(err, "sites_not_for_role", "an admin of certain sites")
	})
}
