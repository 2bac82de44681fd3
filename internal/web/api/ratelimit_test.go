package api

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/rate"
)

func TestRateLimits(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.RateLimits = true })
	path := Prefix + "/things/" + known.String()
	r := w.do("GET", path, "", "as tim")
	if r.Header().Get("RateLimit-Policy") != `"read";q=600;w=60` || r.Header().Get("RateLimit") != `"read";r=599;t=60` {
		t.Errorf("%v", r.Header())
	}
	for range 599 {
		r = w.do("GET", path, "", "as tim")
	}
	w.wants(r, 200, "")
	w.clock.add(20 * time.Second)
	r = w.do("GET", path, "", "as tim")
	w.wants(r, 429, "rate_limited")
	if r.Header().Get("Retry-After") != "40" || r.Header().Get("RateLimit") != `"read";r=0;t=40` {
		t.Errorf("%v", r.Header())
	}
	w.wants(w.do("GET", path, "", "as una"), 200, "")
	if r := w.do("PATCH", path, `{"name":"stool"}`, "as tim"); r.Header().Get("RateLimit") != `"write";r=299;t=40` {
		t.Errorf("reading used up the allowance of writing: %v", r.Header())
	}
	if r := w.do("GET", Prefix+"/catalogue", ""); r.Header().Get("RateLimit-Policy") != `"public";q=3000;w=60` {
		t.Errorf("%v", r.Header())
	}
	for range 600 { // guessing tokens is limited by address
		r = w.do("GET", path, "", "as guess")
	}
	w.wants(r, 401, "")
	w.wants(w.do("GET", path, "", "as guess"), 429, "rate_limited")
	w.clock.add(40 * time.Second)
	w.wants(w.do("GET", path, "", "as guess"), 401, "")
	w.wants(w.do("GET", path, "", "as tim"), 200, "")
	if n := len(w.api.limits.spent); n != 2 {
		t.Errorf("%d counts are kept, want those of this minute", n)
	}
	off := newWorld(t)
	if r := off.do("GET", path, "", "as tim"); r.Header().Get("RateLimit") != "" {
		t.Error("switched off, but counts")
	}
}

// Two nodes of one database together never give out more than the allowance, and
// lose at most what one of them took and did not use.
func TestTwoNodesShareAnAllowance(t *testing.T) {
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 10, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		nodes := []*limiter{newLimiter(clock.Now, rate.New(d)), newLimiter(clock.Now, rate.New(d))}
		given := make([]int64, 8)
		var all sync.WaitGroup
		for i := range given {
			all.Go(func() {
				for range 150 {
					if nodes[i%2].take(context.Background(), http.Header{}, policyRead, "tim") == nil {
						given[i]++
					}
				}
			})
		}
		all.Wait()
		var sum int64
		for _, n := range given {
			sum += n
		}
		if least := policyRead.quota - policyRead.quota/chunks; sum > policyRead.quota || sum < least {
			t.Errorf("two nodes gave out %d of %d, want at least %d", sum, policyRead.quota, least)
		}
		alone := newLimiter(clock.Now, rate.New(d))
		for n := range policyRead.quota + 1 {
			if err := alone.take(t.Context(), http.Header{}, policyRead, "una"); (err == nil) != (n < policyRead.quota) {
				t.Fatalf("request %d to one node: %v", n+1, err)
			}
		}
	}, dbtest.WithClock(clock))
}
