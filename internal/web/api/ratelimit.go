package api

import (
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"igny8"
)

// policy is an allowance: quota requests per window, refilled evenly.
type policy struct {
	name   string
	quota  float64
	window time.Duration
}

// The allowances. Catalogue pages are read by browsers of people who are not
// signed up, many of them behind one address.
var (
	policyDefault = policy{"default", 600, time.Minute}
	policyPublic  = policy{"public", 3000, time.Minute}
)

// limiter is a token bucket per principal, in memory: each node counts for itself.
type limiter struct {
	now func() time.Time

	mu      sync.Mutex
	buckets map[bucketKey]bucket
	swept   time.Time
}

type bucketKey struct{ policy, who string }

type bucket struct {
	left float64
	at   time.Time
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, buckets: map[bucketKey]bucket{}}
}

// take uses one request up and writes the fields RateLimit-Policy and RateLimit
// (IETF draft "RateLimit header fields for HTTP"): r is what is left, t the
// seconds until the allowance is whole again.
func (l *limiter) take(h http.Header, p policy, who string) error {
	now := l.now()
	left, ok := l.spend(p, who, now)
	rate := p.quota / p.window.Seconds()
	h.Set("RateLimit-Policy", quoted(p.name)+";q="+whole(p.quota)+";w="+whole(p.window.Seconds()))
	h.Set("RateLimit", quoted(p.name)+";r="+whole(math.Floor(left))+";t="+whole(math.Ceil((p.quota-left)/rate)))
	if ok {
		return nil
	}
	wait := time.Duration((1 - left) / rate * float64(time.Second))
	return igny8.E(igny8.TooMany, "rate_limited", "Too many requests; wait as Retry-After says.").Retry(wait)
}

func (l *limiter) spend(p policy, who string, now time.Time) (left float64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep(now)
	key := bucketKey{p.name, who}
	b, known := l.buckets[key]
	if !known {
		b = bucket{p.quota, now}
	}
	if d := now.Sub(b.at); d > 0 {
		b.left = math.Min(p.quota, b.left+d.Seconds()*p.quota/p.window.Seconds())
	}
	b.at = now
	if ok = b.left >= 1; ok {
		b.left--
	}
	l.buckets[key] = b
	return b.left, ok
}

// sweep forgets, once a window, the buckets that are full again.
func (l *limiter) sweep(now time.Time) {
	d := now.Sub(l.swept)
	if d >= 0 && d < time.Minute {
		return
	}
	l.swept = now
	for key, b := range l.buckets {
		if age := now.Sub(b.at); age >= time.Minute || age < 0 {
			delete(l.buckets, key)
		}
	}
}

func quoted(s string) string { return `"` + s + `"` }

func whole(f float64) string { return strconv.FormatFloat(f, 'f', 0, 64) }
