package billing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"igny8/internal/billing/billingdb"
	"igny8/internal/db"
)

const (
	waitsOf     = 30 * 24 * time.Hour // how far back waits count
	enoughWaits = 3                   // fewer say nothing
)

// UsualWait is the median time from sending to approval of the payments approved
// in the last 30 days, of the newest 200 at most; false while there are too few
// to tell.
func (s *Service) UsualWait(ctx context.Context) (time.Duration, bool, error) {
	var waits []time.Duration
	err := s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := billingdb.New(tx).RecentWaits(ctx)
		for _, r := range rows {
			if r.DecidedAt != nil && tx.Now.Sub(*r.DecidedAt) < waitsOf {
				waits = append(waits, r.DecidedAt.Sub(r.CreatedAt))
			}
		}
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("read waits: %w", err)
	}
	if len(waits) < enoughWaits {
		return 0, false, nil
	}
	slices.Sort(waits)
	return waits[len(waits)/2], true, nil
}
