package db_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

func TestAWayOfAskingThatDoesNotWorkIsRefused(t *testing.T) {
	for _, mode := range []string{"exec", "simple_protocol"} {
		_, err := db.Open(t.Context(), db.Options{URL: "postgres://u:s3cret@127.0.0.1:1/d?default_query_exec_mode=" + mode})
		if err == nil || !strings.Contains(err.Error(), "leave it out") || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", mode, err)
		}
	}
}

// However a broken connection shows itself, nothing of ours is at fault.
func TestAConnectionThatBreaksIsUnavailable(t *testing.T) {
	d := dbtest.Open(t, dbtest.MigratedURL(t))
	for n := range 30 {
		err := d.System(t.Context(), "t", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			var pid int
			if err := tx.QueryRowContext(ctx, "SELECT pg_backend_pid()").Scan(&pid); err != nil {
				return err
			}
			go dbtest.End(d, pid, time.Duration(n)*100*time.Microsecond)
			for { // until it is gone
				var one int
				if err := tx.QueryRowContext(ctx, "SELECT 1").Scan(&one); err != nil {
					return err
				}
			}
		})
		if igny8.KindOf(err) != igny8.Unavailable {
			t.Fatalf("try %d: %v", n, err)
		}
	}
}

func TestAlone(t *testing.T) {
	url := dbtest.PostgresURL(t)
	a, b := dbtest.Open(t, url), dbtest.Open(t, url)
	var inside, most atomic.Int32
	var all sync.WaitGroup
	for _, d := range []*db.DB{a, b, a, b} {
		all.Go(func() {
			err := d.Alone(t.Context(), func(context.Context) error {
				most.Store(max(most.Load(), inside.Add(1)))
				time.Sleep(20 * time.Millisecond)
				inside.Add(-1)
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d at once", most.Load())
	}
}

func TestAServerIsSeenUntilItIsGone(t *testing.T) {
	d := dbtest.Open(t, dbtest.MigratedURL(t))
	gone := func(boot string) (is bool) {
		err := d.System(t.Context(), "t", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) (err error) {
			is, err = d.Gone(ctx, tx, boot)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return is
	}
	other, err := db.Open(t.Context(), db.Options{URL: d.Pool().Config().ConnString()})
	if err != nil {
		t.Fatal(err)
	}
	boot := other.Boot(t.Context())
	if boot == "" || boot != other.Boot(t.Context()) || gone(boot) {
		t.Errorf("boot %q: is it gone? %v", boot, gone(boot))
	}
	if gone("") || gone("nobody") {
		t.Error("who did not show itself is taken to be gone")
	}
	other.Close()
	for range 100 {
		if gone(boot) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("it is still seen")
}
