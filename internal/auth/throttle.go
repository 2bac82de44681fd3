package auth

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"igny8"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
)

// rule says how many tries a key has in a window before each further one waits,
// twice as long as the last, up to the window.
type rule struct {
	free   int64
	window time.Duration
	delay  time.Duration // after the first try too many
}

var (
	loginByAddress    = rule{free: 5, window: 15 * time.Minute, delay: 2 * time.Second}
	loginByNetwork    = rule{free: 50, window: 15 * time.Minute, delay: time.Second}
	secondByUser      = rule{free: 5, window: time.Hour, delay: 30 * time.Second}
	registerByAddress = rule{free: 5, window: time.Hour, delay: time.Hour}
	letterByAddress   = rule{free: 3, window: time.Hour, delay: 10 * time.Minute}
	inviteByAccount   = rule{free: 50, window: time.Hour, delay: time.Minute}
	letterByNetwork   = rule{free: 20, window: time.Hour, delay: time.Minute}
	registerByNetwork = rule{free: 60, window: time.Hour, delay: time.Minute}
	takenByNetwork    = rule{free: 5, window: time.Hour, delay: time.Hour}
)

var errThrottled = igny8.E(igny8.TooMany, "too_many_attempts", "Too many attempts; wait, then try again.")

// throttle counts one try for each key in the database, so that the limits hold
// on one node and on many, and refuses with 429 when a key has to wait.
func (s *Service) throttle(ctx context.Context, tries map[string]rule) error {
	if s.unlimited {
		return nil
	}
	return s.db.System(ctx, "auth.throttle", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		for _, key := range slices.Sorted(maps.Keys(tries)) { // in one order, or two calls lock each other out
			if err := hit(ctx, tx, key, tries[key]); err != nil {
				return err
			}
		}
		return nil
	})
}

func hit(ctx context.Context, tx *db.Tx, key string, r rule) error {
	q := authdb.New(tx)
	row, err := q.Hit(ctx, authdb.HitParams{Key: key, Now: tx.Now, WindowStart: tx.Now.Add(-r.window)})
	if db.Absent(err) {
		until, err := q.BlockedUntil(ctx, key)
		if err != nil {
			return fmt.Errorf("read throttle: %w", err)
		}
		return errThrottled.Retry(until.Sub(tx.Now))
	}
	if err != nil {
		return fmt.Errorf("count try: %w", err)
	}
	if row.Hits < r.free {
		return nil
	}
	wait := r.window
	if n := row.Hits - r.free; n < 12 {
		wait = min(r.delay<<n, r.window)
	}
	return q.Block(ctx, authdb.BlockParams{Key: key, BlockedUntil: tx.Now.Add(wait)})
}

// ThrottleTaken counts one signup with an address that has a login already: whoever asks
// learns that it has, so a network gets this answer 5 times an hour. Signups with new
// addresses go on meanwhile: behind a mobile network many people share one address.
func (s *Service) ThrottleTaken(ctx context.Context, network string) error {
	return s.throttle(ctx, map[string]rule{"taken:net:" + network: takenByNetwork})
}

// ThrottleRegister counts one signup: 60 an hour per network, and 5 per address.
func (s *Service) ThrottleRegister(ctx context.Context, network, emailNorm string) error {
	return s.throttle(ctx, map[string]rule{"register:net:" + network: registerByNetwork, "register:addr:" + s.blind(emailNorm): registerByAddress})
}
