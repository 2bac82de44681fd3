package rate

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/rate/ratedb"
)

// Store keeps windows in the database.
type Store struct{ db *db.DB }

// New returns the store.
func New(d *db.DB) *Store { return &Store{d} }

// Lease takes up to chunk requests of the quota of a key's window for one node,
// and returns how many it got: 0 when the nodes together have had them all. What a
// node takes and does not use is lost, so that all nodes together never give out
// more than the quota.
func (s *Store) Lease(ctx context.Context, key string, window time.Time, chunk, quota int64) (n int64, err error) {
	err = s.db.System(ctx, "rate.lease", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		used, err := ratedb.New(tx).Take(ctx, ratedb.TakeParams{Key: key, StartedAt: window, Chunk: chunk, Quota: quota})
		if n = 0; db.Absent(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("take from window: %w", err)
		}
		n = chunk - max(0, used-quota)
		return nil
	})
	return n, err
}

// Clean forgets windows that began an hour ago or earlier.
func (s *Store) Clean(ctx context.Context) (n int64, err error) {
	err = s.db.System(ctx, "rate.clean", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		n, err = ratedb.New(tx).DeleteBefore(ctx, tx.Now.Add(-time.Hour))
		return err
	})
	return n, err
}
