package audit_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

func record(t *testing.T, d *db.DB, id igny8.AccountID, action string) {
	t.Helper()
	err := d.System(t.Context(), "test", id, func(ctx context.Context, tx *db.Tx) error {
		return audit.Record(ctx, tx, igny8.Actor{Email: "a@example.com"}, audit.Entry{Action: action, ObjectType: "x", ObjectID: "1",
			Details: map[string]any{"n": 1}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func verify(t *testing.T, d *db.DB) (breaks []string) {
	t.Helper()
	err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		breaks, err = audit.Verify(ctx, tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return breaks
}

func TestChainsHoldUnderParallelWriters(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		one := igny8.NewID[igny8.AccountID](d.Now())
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				for range 10 {
					record(t, d, one, "site.create")
					record(t, d, igny8.AccountID{}, "staff.create") // the platform's own chain
				}
			})
		}
		wg.Wait()
		if breaks := verify(t, d); len(breaks) > 0 {
			t.Error(breaks)
		}
		var list igny8.List[audit.Event]
		if err := d.Read(t.Context(), one, func(ctx context.Context, tx *db.Tx) (err error) {
			list, err = audit.List(ctx, tx, igny8.Page{Limit: 100})
			return err
		}); err != nil || len(list.Items) != 80 || list.Items[0].Seq != 80 {
			t.Errorf("%d rows, %v", len(list.Items), err)
		}
	})
}

// letChange takes away what keeps rows as they are, as whoever owns the database can.
func letChange(t *testing.T, d *db.DB) {
	t.Helper()
	guards := []string{"DROP TRIGGER audit_event_no_update", "DROP TRIGGER audit_event_no_delete"}
	if d.Postgres() {
		guards = []string{"DROP TRIGGER audit_event_append_only ON audit_event"}
	}
	for _, q := range guards {
		if _, err := d.Writer().ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
}

// events are the rows of an account, newest first.
func events(t *testing.T, d *db.DB, id igny8.AccountID) []audit.Event {
	t.Helper()
	var list igny8.List[audit.Event]
	if err := d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) (err error) {
		list, err = audit.List(ctx, tx, igny8.Page{Limit: 100})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestATamperedRowIsSeen(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id := igny8.NewID[igny8.AccountID](d.Now())
		for range 3 {
			record(t, d, id, "payment.approve")
		}
		tamper := func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE audit_event SET action = 'payment.reject' WHERE account_id = $1 AND seq = 2", id)
			return err
		}
		if err := d.System(t.Context(), "tamper", id, tamper); err == nil {
			t.Fatal("an audit row could be changed")
		}
		letChange(t, d)
		if err := d.System(t.Context(), "tamper", id, tamper); err != nil {
			t.Fatal(err)
		}
		if breaks := verify(t, d); len(breaks) != 1 || !strings.Contains(breaks[0], "row 2") {
			t.Errorf("breaks: %v", breaks)
		}
	})
}

// three makes the chain of another account, of three rows.
func three(t *testing.T, d *db.DB) igny8.AccountID {
	t.Helper()
	id := igny8.NewID[igny8.AccountID](d.Now())
	for range 3 {
		record(t, d, id, "payment.approve")
	}
	return id
}

// breaks tells that the chain of the account, and no other, is seen to be broken now.
func breaks(t *testing.T, d *db.DB, id igny8.AccountID, want string) {
	t.Helper()
	if found := verify(t, d); len(found) != 1 || !strings.HasPrefix(found[0], id.String()) || !strings.Contains(found[0], want) {
		t.Errorf("%v, want %s: %q", found, id, want)
	}
	dbtest.Exec(t, d, "DELETE FROM audit_event WHERE account_id = $1", id) // the next case is seen alone
	dbtest.Exec(t, d, "DELETE FROM audit_head WHERE account_id = $1", id)
}

// A row that somebody edits and gives the hash of its new content is seen at the next
// row, whose hash is of the one before; the newest row is seen at the head.
func TestARowHashedAgainByItselfIsSeen(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		letChange(t, d)
		for seq, want := range map[int64]string{1: "row 2", 2: "row 3", 3: "ends at row 3"} {
			id := three(t, d)
			row := events(t, d, id)[3-seq] // newest first
			row.Action = "payment.reject"
			dbtest.Exec(t, d, "UPDATE audit_event SET action = $1, hash = $2 WHERE account_id = $3 AND seq = $4", row.Action, audit.HashOf(row), id, seq)
			breaks(t, d, id, want)
		}
	})
}

// Taking the newest rows away is seen at the head, and a chain that begins later at its
// first row.
func TestRowsThatWereTakenAwayAreSeen(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		letChange(t, d)
		for where, want := range map[string]string{"seq = 3": "ends at row 2", "seq = 1": "row 1", "seq = 2": "row 2", "seq > 0": "ends at row 0"} {
			id := three(t, d)
			dbtest.Exec(t, d, "DELETE FROM audit_event WHERE account_id = $1 AND "+where, id)
			breaks(t, d, id, want)
		}
	})
}

// A gap in the numbers is seen, also when all hashes fit, and so is a head that tells
// another length.
func TestNumbersOfAChainAreSeen(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		letChange(t, d)
		id := three(t, d)
		row := events(t, d, id)[0]
		row.Seq = 4
		dbtest.Exec(t, d, "UPDATE audit_event SET seq = 4, hash = $1 WHERE account_id = $2 AND seq = 3", audit.HashOf(row), id)
		dbtest.Exec(t, d, "UPDATE audit_head SET hash = $1 WHERE account_id = $2", audit.HashOf(row), id)
		breaks(t, d, id, "row 3")
		id = three(t, d)
		dbtest.Exec(t, d, "UPDATE audit_head SET seq = 9 WHERE account_id = $1", id)
		breaks(t, d, id, "its head says 9")
	})
}

// A row says what was done and by whom; staff who look in are staff still.
func TestARowSaysWhoAndWhat(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		id, user := igny8.NewID[igny8.AccountID](d.Now()), igny8.NewID[igny8.UserID](d.Now())
		owner := igny8.Actor{User: user, Email: "a@example.com", Role: igny8.RoleOwner, Network: "203.0.113.9"}
		looking := owner
		looking.Impersonator = user
		for _, a := range []igny8.Actor{owner, looking} {
			if err := d.Tenant(t.Context(), "test", id, func(ctx context.Context, tx *db.Tx) error {
				return audit.Record(ctx, tx, a, audit.Entry{Action: "site.create", ObjectType: "site", ObjectID: "1"})
			}); err != nil {
				t.Fatal(err)
			}
		}
		record(t, d, id, "site.delete")
		list := events(t, d, id)
		if len(list) != 3 || list[0].Details != `{"n":1}` || list[1].Details != "{}" {
			t.Fatalf("details: %+v", list)
		}
		if list[2].ActorRole != string(igny8.RoleOwner) || list[1].ActorRole != string(igny8.RoleDeveloper) || list[1].ActorID != user.String() || list[1].Network != "203.0.113.9" {
			t.Errorf("who: %+v", list[1:])
		}
		if err := d.Read(t.Context(), id, func(ctx context.Context, tx *db.Tx) error {
			page, err := audit.List(ctx, tx, igny8.Page{Limit: 1, Before: "3"})
			if len(page.Items) != 1 || page.Items[0].Seq != 2 {
				t.Errorf("the page after the newest: %+v", page.Items)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}
