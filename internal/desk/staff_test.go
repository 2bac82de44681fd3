package desk_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/desk"
	"igny8/internal/doctor/doctortest"
)

const password = "quiet-harbour-lamp-7"

// bureau is the services over one database, with a staff user who may everything.
type bureau struct {
	*testing.T
	d     *db.DB
	clock *dbtest.Clock
	auth  *auth.Service
	bill  *billing.Service
	desk  *desk.Service
	chief igny8.Actor
}

func on(t *testing.T, f func(*bureau)) {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		b := &bureau{T: t, d: d, clock: clock, bill: billing.New(d, nil, nil, "")}
		key, err := auth.NewKey(make([]byte, 32))
		b.must(err)
		signer, err := auth.NewSigner("igny8", "igny8/api", key)
		b.must(err)
		b.auth = auth.New(auth.Config{DB: d, Signer: signer, Hasher: auth.NewCheapHasher(), Secret: make([]byte, 32), Unlimited: true})
		b.desk = desk.New(d, b.auth, desk.Limits{Credits: 10_000, Months: 3})
		b.chief = b.colleague("chief@example.com")
		f(b)
		doctortest.Assert(t, d)
	}, dbtest.WithClock(clock))
}

func (b *bureau) must(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *bureau) refused(code string, err error) {
	b.Helper()
	if code == "" && err != nil || code != "" && igny8.CodeOf(err) != code {
		b.Errorf("want %s, got %v", code, err)
	}
}

// login returns the actor of a staff user who logs in.
func (b *bureau) login(email string) igny8.Actor {
	b.Helper()
	_, tokens, err := b.auth.Login(b.Context(), auth.Credentials{Email: email, Password: password})
	b.must(err)
	actor, err := b.auth.Authenticate(b.Context(), tokens.Access, "")
	b.must(err)
	return actor
}

func (b *bureau) hire(email string, permissions ...igny8.Permission) account.User {
	b.Helper()
	u, err := b.desk.AddStaff(b.Context(), b.chief, desk.NewStaff{Email: email, Password: password, Permissions: permissions})
	b.must(err)
	return u
}

func TestStaffMayWhatTheyWereGiven(t *testing.T) {
	on(t, func(b *bureau) {
		clerk := b.hire("clerk@example.com", igny8.PermAccounts, igny8.PermPayments)
		actor := b.login("clerk@example.com")
		for p, want := range map[igny8.Permission]bool{igny8.PermPayments: true, igny8.PermAccounts: true, igny8.PermSelf: true,
			igny8.PermCatalogue: false, igny8.PermPlatform: false} {
			if actor.Can(p) != want || (account.Admit(actor, p, account.NeedNone) == nil) != want {
				t.Errorf("%s: want %v", p, want)
			}
		}
		if b.chief.Scopes != nil {
			t.Errorf("who may everything is narrowed to %v", b.chief.Scopes)
		}
		only := []igny8.Permission{igny8.PermCatalogue}
		_, err := b.desk.ChangeStaff(t.Context(), b.chief, clerk.ID, desk.StaffPatch{Permissions: &only})
		b.must(err)
		if again, err := b.auth.Authenticate(t.Context(), b.token("clerk@example.com"), ""); err != nil || !again.Can(igny8.PermCatalogue) || again.Can(igny8.PermPayments) {
			t.Errorf("after the change: %v %v", again.Scopes, err)
		}
		_, err = b.desk.ChangeStaff(t.Context(), b.chief, igny8.NewID[igny8.UserID](b.d.Now()), desk.StaffPatch{Permissions: &only})
		b.refused("not_found", err)
	})
}

func (b *bureau) token(email string) string {
	_, tokens, err := b.auth.Login(b.Context(), auth.Credentials{Email: email, Password: password})
	b.must(err)
	return tokens.Access
}

func TestNobodyGivesWhatTheyLack(t *testing.T) {
	on(t, func(b *bureau) {
		b.hire("keeper@example.com", igny8.PermPlatform)
		clerk, keeper := b.hire("clerk@example.com", igny8.PermPayments), b.login("keeper@example.com")
		all, status, enabled := igny8.StaffPermissions(), desk.Disabled, desk.Active
		for _, c := range []struct {
			code string
			p    desk.StaffPatch
		}{
			{"forbidden", desk.StaffPatch{Permissions: &all}},
			{"forbidden", desk.StaffPatch{Permissions: &[]igny8.Permission{igny8.PermAccounts}}},
			{"validation_failed", desk.StaffPatch{Permissions: &[]igny8.Permission{}}},
			{"validation_failed", desk.StaffPatch{Permissions: &[]igny8.Permission{"platform.unknown"}}},
			{"validation_failed", desk.StaffPatch{Permissions: &[]igny8.Permission{igny8.PermAccountClose}}},
			{"forbidden", desk.StaffPatch{Status: &status}}, // it would take payments
			{"", desk.StaffPatch{Status: &enabled}},         // as it is
			{"", desk.StaffPatch{Permissions: &[]igny8.Permission{igny8.PermPayments, igny8.PermPlatform}}},
			{"forbidden", desk.StaffPatch{Permissions: &[]igny8.Permission{igny8.PermPlatform}}},
		} {
			_, err := b.desk.ChangeStaff(t.Context(), keeper, clerk.ID, c.p)
			b.refused(c.code, err)
		}
		for _, p := range [][]igny8.Permission{{igny8.PermPayments}, {igny8.PermPlatform, igny8.PermAccounts}, {"owner"}, nil} {
			if _, err := b.desk.AddStaff(t.Context(), keeper, desk.NewStaff{Email: "more@example.com", Password: password, Permissions: p}); err == nil {
				t.Errorf("a keeper gave %v", p)
			}
		}
	})
}

// Who manages staff and nothing else takes nobody's rights and access away: it would leave
// them alone with the money. The person is told by letter.
func TestNobodyTakesWhatTheyLack(t *testing.T) {
	on(t, func(b *bureau) {
		b.hire("keeper@example.com", igny8.PermPlatform)
		other, keeper := b.hire("other@example.com", igny8.PermPlatform), b.login("keeper@example.com")
		status, enabled, little := desk.Disabled, desk.Active, []igny8.Permission{igny8.PermPlatform}
		for name, p := range map[string]desk.StaffPatch{"permissions": {Permissions: &little}, "access": {Status: &status}} {
			_, err := b.desk.ChangeStaff(t.Context(), keeper, b.chief.User, p)
			if b.refused("forbidden", err); t.Failed() {
				t.Error(name)
			}
		}
		_, err := b.desk.ChangeStaff(t.Context(), keeper, other.ID, desk.StaffPatch{Status: &status})
		b.must(err)
		_, err = b.desk.ChangeStaff(t.Context(), b.chief, other.ID, desk.StaffPatch{Status: &enabled})
		b.must(err)
		if n := dbtest.Value[int](t, b.d, "SELECT count(*) FROM mail_message WHERE template = 'staff_changed' AND recipient = 'other@example.com'"); n != 2 {
			t.Errorf("%d letters, want 2", n)
		}
	})
}

// Five who may manage staff disable and narrow each other at once: one stays.
func TestOneWhoMayManageStaffAlwaysStays(t *testing.T) {
	on(t, func(b *bureau) {
		ids := []igny8.UserID{b.chief.User}
		for _, email := range []string{"a@example.com", "b@example.com", "c@example.com", "d@example.com"} {
			ids = append(ids, b.hire(email, igny8.StaffPermissions()...).ID)
		}
		status, less := desk.Disabled, []igny8.Permission{igny8.PermPayments}
		errs := make([]error, len(ids))
		var wg sync.WaitGroup
		for i, id := range ids {
			wg.Go(func() {
				p := desk.StaffPatch{Status: &status}
				if i%2 == 1 {
					p = desk.StaffPatch{Permissions: &less}
				}
				for {
					if _, errs[i] = b.desk.ChangeStaff(t.Context(), b.chief, id, p); igny8.KindOf(errs[i]) != igny8.Unavailable {
						return
					}
				}
			})
		}
		wg.Wait()
		kept := slices.DeleteFunc(errs, func(err error) bool { return err == nil })
		if len(kept) != 1 || igny8.CodeOf(kept[0]) != "last_admin" {
			t.Errorf("want one 409 last_admin, got %v", kept)
		}
	})
}

func TestTheLastStaffUserIsNotDisabledFromTheCommandLine(t *testing.T) {
	on(t, func(b *bureau) {
		b.refused("last_admin", b.desk.DisableStaff(t.Context(), "Chief@example.com"))
		b.refused("not_found", b.desk.DisableStaff(t.Context(), "nobody@example.com"))
		b.hire("clerk@example.com", igny8.PermPayments)
		token := b.token("clerk@example.com")
		b.must(b.desk.DisableStaff(t.Context(), "clerk@example.com"))
		_, err := b.auth.Authenticate(t.Context(), token, "")
		b.refused("invalid_token", err)
	})
}
