package auth

import (
	"context"
	"errors"
	"time"

	"igny8"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
)

// What is over is kept for a while: tries as long as the suspicions of staff look back,
// sessions as long as a network counts as known.
const (
	keepTries    = 30 * 24 * time.Hour
	keepLinks    = 7 * 24 * time.Hour
	keepSessions = knownFor
)

// Clean deletes tries, links and sessions that nobody asks for any more.
func (s *Service) Clean(ctx context.Context) error {
	return s.db.System(ctx, "auth.clean", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q, ended := authdb.New(tx), tx.Now.Add(-keepSessions)
		return errors.Join(
			q.CleanThrottle(ctx, tx.Now.Add(-keepTries)),
			q.CleanEmailTokens(ctx, tx.Now.Add(-keepLinks)),
			q.CleanRefreshTokens(ctx, ended),
			q.CleanConsoleTokens(ctx, ended),
			q.CleanSessions(ctx, ended),
		)
	})
}
