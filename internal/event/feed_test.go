package event_test

import (
	"context"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/event"
)

func emit(t *testing.T, d *db.DB, account igny8.AccountID, then func()) {
	t.Helper()
	err := d.Tenant(t.Context(), "test", account, func(ctx context.Context, tx *db.Tx) error {
		then()
		return event.Emit(ctx, tx, "payment.approved", "pay_1", map[string]any{})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func hears(c <-chan struct{}, patience time.Duration) bool {
	select {
	case <-c:
		return true
	case <-time.After(patience):
		return false
	}
}

// The feed of one server tells what happened, whichever server did it: all it goes
// by is the database.
func TestFeedTellsTheAccountsPages(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		mine, other := igny8.NewID[igny8.AccountID](d.Now()), igny8.NewID[igny8.AccountID](d.Now())
		f := event.NewFeed(d)
		go f.Run(t.Context(), func(err error) { t.Error(err) })
		a, stopA := f.Watch(mine)
		b, _ := f.Watch(mine)
		c, _ := f.Watch(other)
		emit(t, d, mine, func() {})
		if !hears(a, 5*time.Second) || !hears(b, time.Second) {
			t.Error("a page did not hear of its account's event")
		}
		if hears(c, 600*time.Millisecond) || hears(a, 0) {
			t.Error("a page heard of another account, or twice of one event")
		}
		// Begun before the last look, committed after it.
		emit(t, d, mine, func() { time.Sleep(700 * time.Millisecond) })
		if !hears(b, 5*time.Second) {
			t.Error("an event of a slow transaction was lost")
		}
		stopA()
		emit(t, d, mine, func() {})
		if !hears(b, 5*time.Second) {
			t.Error("the second page stopped hearing when the first left")
		}
	})
}
