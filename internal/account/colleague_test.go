package account_test

import (
	"context"
	"slices"
	"testing"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// In the scope of an account PostgreSQL shows the account's own people and nobody else,
// whatever a query forgets; in the scope of the system it shows everybody.
func TestATenantSeesItsColleaguesAlone(t *testing.T) {
	d := dbtest.Open(t, dbtest.MigratedURL(t)) // SQLite has no policies
	ours, theirs, empty := open(t, d), open(t, d), open(t, d)
	person(t, d, ours, "owner@ours.example", igny8.RoleOwner)
	person(t, d, theirs, "owner@theirs.example", igny8.RoleOwner)
	both := person(t, d, ours, "both@example.com", igny8.RoleViewer)
	if err := d.System(t.Context(), "test", theirs, func(ctx context.Context, tx *db.Tx) error {
		if _, err := account.CreateUser(ctx, tx, account.NewUser{Email: "staff@example.com", EmailNorm: "staff@example.com", Language: "en", Staff: true}); err != nil {
			return err
		}
		return account.AddMember(ctx, tx, both.User, igny8.RoleViewer)
	}); err != nil {
		t.Fatal(err)
	}
	read := func(ctx context.Context, tx *db.Tx, out *[]string) error {
		*out = nil
		rows, err := tx.QueryContext(ctx, "SELECT email FROM app_user ORDER BY email")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var email string
			if err := rows.Scan(&email); err != nil {
				return err
			}
			*out = append(*out, email)
		}
		return rows.Err()
	}
	for id, want := range map[igny8.AccountID][]string{
		ours:                                  {"both@example.com", "owner@ours.example"},
		theirs:                                {"both@example.com", "owner@theirs.example"},
		empty:                                 nil,
		igny8.NewID[igny8.AccountID](d.Now()): nil,
	} {
		var writing, reading []string
		if err := d.Tenant(t.Context(), "test", id, func(ctx context.Context, tx *db.Tx) error { return read(ctx, tx, &writing) }); err != nil {
			t.Fatal(err)
		}
		if err := d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) error { return read(ctx, tx, &reading) }); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(writing, want) || !slices.Equal(reading, want) {
			t.Errorf("one account sees %v and %v of all people, want %v", writing, reading, want)
		}
	}
	var all []string
	if err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error { return read(ctx, tx, &all) }); err != nil || len(all) != 4 {
		t.Errorf("the system sees %v, %v", all, err)
	}
}
