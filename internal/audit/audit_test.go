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
		for _, q := range []string{"DROP TRIGGER audit_event_append_only ON audit_event", "DROP TRIGGER audit_event_no_update"} {
			if d.Postgres() == strings.Contains(q, " ON ") {
				if _, err := d.Writer().ExecContext(t.Context(), q); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := d.System(t.Context(), "tamper", id, tamper); err != nil {
			t.Fatal(err)
		}
		if breaks := verify(t, d); len(breaks) != 1 || !strings.Contains(breaks[0], "row 2") {
			t.Errorf("breaks: %v", breaks)
		}
	})
}
