package auth

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/kdf"
)

// The same keys from many sides: no two calls wait for each other in a circle, which
// PostgreSQL would end after a second, by refusing one of them.
func TestTriesOnTheSameKeysDoNotLockEachOtherOut(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := New(Config{DB: d, Hasher: NewHasher(1, kdf.Derive)})
		keys := map[string]rule{}
		for n := range 4 {
			keys[fmt.Sprint("key", n)] = rule{free: 10_000, window: time.Hour, delay: time.Second}
		}
		var all sync.WaitGroup
		begin := time.Now()
		for range 8 {
			all.Go(func() {
				for range 50 {
					before := time.Now()
					if err := s.throttle(t.Context(), keys); err != nil {
						t.Error(err)
					}
					if took := time.Since(before); d.Postgres() && took > 900*time.Millisecond {
						t.Errorf("one try took %v: a deadlock was waited for", took)
					}
				}
			})
		}
		all.Wait()
		t.Logf("400 tries in %v", time.Since(begin).Round(time.Millisecond))
		if n := dbtest.Value[int](t, d, "SELECT min(hits) FROM throttle WHERE key LIKE 'key%'"); n != 400 {
			t.Errorf("%d tries counted, want 400", n)
		}
	})
}
