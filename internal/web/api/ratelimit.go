package api

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"sync"
	"time"

	"igny8"
)

// policy is an allowance: quota requests per window.
type policy struct {
	name  string
	quota int64
}

// window is how long an allowance is for; windows begin at full minutes.
const window = time.Minute

// The allowances, each per principal. What browsers of people read who are not
// signed up, many of them behind one address, has a generous one; what changes
// something has one of its own, so that reading much never stops a payment.
var (
	policyRead   = policy{"read", 600}
	policyWrite  = policy{"write", 300}
	policyPublic = policy{"public", 3000}
)

// chunks is into how many parts an allowance is leased to a node: few, so that the
// database is asked seldom; many, so that little is lost to other nodes.
const chunks = 20

// Shared gives the nodes of one database their parts of an allowance; see
// rate.Store.
type Shared interface {
	Lease(ctx context.Context, key string, window time.Time, chunk, quota int64) (int64, error)
}

// limiter counts requests per principal and window. A node that is alone has each
// allowance to itself; nodes that share take parts of it and spend those.
type limiter struct {
	now    func() time.Time
	shared Shared // nil: alone

	mu      sync.Mutex
	started time.Time // of the windows below
	spent   map[string]int64
	granted map[string]int64
	empty   map[string]bool // nothing is left to lease
}

func newLimiter(now func() time.Time, shared Shared) *limiter {
	return &limiter{now: now, shared: shared}
}

// take uses one request up and writes the fields RateLimit-Policy and RateLimit
// (IETF draft "RateLimit header fields for HTTP"): r is what is left as far as this
// node knows, t the seconds until the next window.
func (l *limiter) take(ctx context.Context, h http.Header, p policy, who string) error {
	now := l.now()
	left, ok := l.spend(ctx, p, p.name+" "+who, now)
	rest := now.Truncate(window).Add(window).Sub(now)
	h.Set("RateLimit-Policy", quoted(p.name)+";q="+strconv.FormatInt(p.quota, 10)+";w="+whole(window.Seconds()))
	h.Set("RateLimit", quoted(p.name)+";r="+strconv.FormatInt(left, 10)+";t="+whole(math.Ceil(rest.Seconds())))
	if ok {
		return nil
	}
	return igny8.E(igny8.TooMany, "rate_limited", "Too many requests; wait as Retry-After says.").Retry(rest)
}

func (l *limiter) spend(ctx context.Context, p policy, key string, now time.Time) (left int64, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if start := now.Truncate(window); !start.Equal(l.started) {
		l.started, l.spent, l.granted, l.empty = start, map[string]int64{}, map[string]int64{}, map[string]bool{}
	}
	if l.shared == nil {
		l.granted[key] = p.quota
	}
	if l.shared != nil && l.spent[key] >= l.granted[key] && !l.empty[key] && !l.lease(ctx, p, key) {
		return 0, true // the window ended meanwhile, and with it what was counted
	}
	if l.spent[key] >= l.granted[key] {
		return 0, false
	}
	l.spent[key]++
	left = l.granted[key] - l.spent[key]
	if l.shared != nil && !l.empty[key] {
		left = max(left, p.quota-l.spent[key])
	}
	return left, true
}

// lease asks for another part, with the lock let go meanwhile. When the database
// cannot answer, the node goes on with a part of its own: what it protects fails by
// itself then. It reports whether the window is still the same.
func (l *limiter) lease(ctx context.Context, p policy, key string) bool {
	start := l.started
	l.mu.Unlock()
	n, err := l.shared.Lease(ctx, key, start, p.quota/chunks, p.quota)
	if err != nil {
		n = p.quota / chunks
	}
	l.mu.Lock()
	if !start.Equal(l.started) {
		return false
	}
	l.granted[key] += n
	l.empty[key] = n == 0
	return true
}

func quoted(s string) string { return `"` + s + `"` }

func whole(f float64) string { return strconv.FormatFloat(f, 'f', 0, 64) }
