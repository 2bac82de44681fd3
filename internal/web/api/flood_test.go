package api_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// Logins beyond those that wait are refused at once, and leave nothing in the
// database although each has a key of its own.
func TestAFloodOfLoginsCostsTheDatabaseNothing(t *testing.T) {
	var statements atomic.Int64 // that write
	hook := func(string, int, bool) error {
		statements.Add(1)
		return nil
	}
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		c := newCore(t, d, clock)
		const body = `{"email":"nobody@example.com","password":"wrong-horse-battery-9"}`
		c.hold = make(chan struct{})
		var waiting sync.WaitGroup
		for i := range 21 { // one is at work, twenty wait
			waiting.Go(func() { c.do("POST", "/api/v1/auth/login", "", body, fmt.Sprint("Idempotency-Key: waits-", i)) })
		}
		for end := time.Now().Add(10 * time.Second); c.auth.Ready() == nil; time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				c.Fatal("the queue does not fill")
			}
		}
		before := statements.Load()
		for i := range 10 {
			if a := c.v1("POST", "/auth/login", "", body, 503, "busy", fmt.Sprint("Idempotency-Key: refused-", i)); a.Header().Get("Retry-After") == "" {
				c.Error("without Retry-After")
			}
		}
		register := `{"email":"a@example.com","password":"` + password + `","first_name":"A","last_name":"K","country":"PK"}`
		c.v1("POST", "/auth/register", "", register, 503, "busy")
		if after := statements.Load(); after != before {
			c.Errorf("%d statements were run for what is refused", after-before)
		}
		close(c.hold)
		waiting.Wait()
		before = statements.Load()
		c.v1("POST", "/auth/register", "", register, 201, "")
		if statements.Load() == before {
			c.Error("the statements of a signup were not counted")
		}
	}, dbtest.WithClock(clock), dbtest.WithHook(hook))
}
