package rate_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/rate"
)

// However many take at once, the window is given out once and wholly.
func TestAWindowIsGivenOutOnce(t *testing.T) {
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := rate.New(d)
		var sum atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 4 {
					n, err := s.Lease(t.Context(), "read tim", clock.Now(), 7, 100)
					if err != nil {
						t.Error(err)
					}
					sum.Add(n)
				}
			})
		}
		all.Wait()
		if sum.Load() != 100 {
			t.Errorf("%d were given out, want 100", sum.Load())
		}
		if n, err := s.Lease(t.Context(), "read tim", clock.Now().Add(time.Minute), 7, 100); n != 7 || err != nil {
			t.Errorf("the next window: %d, %v", n, err)
		}
		clock.Advance(2 * time.Hour)
		if n, err := s.Clean(t.Context()); n != 2 || err != nil {
			t.Errorf("cleaned %d, %v", n, err)
		}
		clock.Advance(-2 * time.Hour)
	}, dbtest.WithClock(clock))
}
