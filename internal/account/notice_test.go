package account_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/event"
)

// person makes a user, and a member of the account with the role.
func person(t *testing.T, d *db.DB, of igny8.AccountID, email string, role igny8.Role) (actor igny8.Actor) {
	t.Helper()
	err := d.System(t.Context(), "test", of, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.CreateUser(ctx, tx, account.NewUser{Email: email, EmailNorm: email, FirstName: "A", LastName: "K", Language: "en"})
		if err != nil {
			return err
		}
		actor = igny8.Actor{User: u.ID, Account: of, Role: role, Status: igny8.AccountActive, Email: email}
		return account.AddMember(ctx, tx, u.ID, role)
	})
	if err != nil {
		t.Fatal(err)
	}
	return actor
}

func open(t *testing.T, d *db.DB) igny8.AccountID {
	t.Helper()
	id := igny8.NewID[igny8.AccountID](d.Now())
	err := d.System(t.Context(), "test", id, func(ctx context.Context, tx *db.Tx) error {
		_, err := account.Create(ctx, tx, account.New{ID: id, Name: "Khan", Status: igny8.AccountActive, Country: "PK", Currency: "PKR", TimeZone: "Asia/Karachi"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func happen(t *testing.T, d *db.DB, of igny8.AccountID, types ...string) {
	t.Helper()
	err := d.Tenant(t.Context(), "test", of, func(ctx context.Context, tx *db.Tx) error {
		for _, typ := range types {
			if err := event.Emit(ctx, tx, typ, "object", map[string]any{"amount_minor": 560000, "currency": "PKR"}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func types(list []account.Notice) (out []string) {
	for _, n := range list {
		out = append(out, n.Type)
	}
	return out
}

func TestNotices(t *testing.T) {
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s, of, other := account.NewService(d), open(t, d), open(t, d)
		owner, viewer := person(t, d, of, "owner@example.com", igny8.RoleOwner), person(t, d, of, "viewer@example.com", igny8.RoleViewer)
		stranger := person(t, d, other, "stranger@example.com", igny8.RoleOwner)
		clock.Advance(time.Second)
		happen(t, d, of, "account.created", "invoice.issued", "payment.submitted", "credits.spent", "invoice.paid", "site.created")
		unread := func(a igny8.Actor, want ...string) []account.Notice {
			t.Helper()
			list, err := s.Unread(t.Context(), a)
			if err != nil || !slices.Equal(types(list), want) {
				t.Errorf("%s: unread %v, want %v; %v", a.Email, types(list), want, err)
			}
			return list
		}
		all := unread(owner, "site.created", "payment.submitted", "invoice.issued", "account.created")
		unread(viewer, "site.created", "account.created")
		unread(stranger)
		if f := all[1].Facts; f.AmountMinor != 560000 || f.Currency != "PKR" {
			t.Errorf("facts %+v", f)
		}
		suspended := owner
		suspended.Status, suspended.Reason = igny8.AccountSuspended, account.SuspendedForPolicy
		unread(suspended, "account.created")

		see := func(a igny8.Actor, upTo igny8.EventID) {
			t.Helper()
			if err := s.SeeNotices(t.Context(), a, upTo); err != nil {
				t.Error(err)
			}
		}
		see(owner, all[1].ID)
		unread(owner, "site.created")
		see(owner, all[3].ID) // an older mark, from another window
		unread(owner, "site.created")
		unread(viewer, "site.created", "account.created")
		see(owner, igny8.NewID[igny8.EventID](d.Now().Add(1000*time.Hour))) // nobody has seen what is still to come
		unread(owner)
		clock.Advance(time.Second)
		happen(t, d, of, "payment.rejected")
		unread(owner, "payment.rejected")

		first, err := s.Notices(t.Context(), owner, igny8.Page{Limit: 2})
		if err != nil || !first.More || !slices.Equal(types(first.Items), []string{"payment.rejected", "site.created"}) || !first.Items[0].Unread || first.Items[1].Unread {
			t.Errorf("%+v %v", first, err)
		}
		rest, err := s.Notices(t.Context(), owner, igny8.Page{Before: first.Next})
		if err != nil || rest.More || !slices.Equal(types(rest.Items), []string{"payment.submitted", "invoice.issued", "account.created"}) {
			t.Errorf("%+v %v", rest, err)
		}
		clock.Advance(time.Second)
		late := person(t, d, of, "late@example.com", igny8.RoleAdmin)
		unread(late) // what happened before they came is no news
	}, dbtest.WithClock(clock))
}

func TestUserPatch(t *testing.T) {
	name := func(s string) *string { return &s }
	for _, c := range []struct {
		patch account.UserPatch
		wrong []string
	}{
		{account.UserPatch{}, nil},
		{account.UserPatch{FirstName: name("Ayesha"), LastName: name("خان"), Language: name("ur"), NumberStyle: name("indian")}, nil},
		{account.UserPatch{FirstName: name("  "), LastName: name(string(make([]byte, 101)))}, []string{"#/first_name", "#/last_name"}},
		{account.UserPatch{Language: name("fr"), NumberStyle: name("roman")}, []string{"#/language", "#/number_style"}},
	} {
		err := c.patch.Validate()
		var got []string
		if e, ok := err.(*igny8.Error); ok {
			for _, f := range e.Fields {
				got = append(got, f.Pointer)
			}
		}
		if !slices.Equal(got, c.wrong) {
			t.Errorf("%+v: %v, want %v", c.patch, err, c.wrong)
		}
	}
}
