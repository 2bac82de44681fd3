package app

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// holdsEvery is how often approvals are looked for whose hold is over.
const holdsEvery = 500 * time.Millisecond

// background feeds live pages and completes held approvals until stop is called,
// which waits for both. What fails is logged and tried again at the next tick.
func (a *App) background() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	both.Go(func() {
		a.feed.Run(ctx, func(err error) { a.log.Warn("live pages", slog.Any("error", err)) })
	})
	both.Go(func() { a.completeHolds(ctx) })
	return func() {
		cancel()
		both.Wait()
	}
}

func (a *App) completeHolds(ctx context.Context) {
	tick := time.NewTicker(holdsEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if _, err := a.billing.CompleteHolds(ctx, a.db.Now()); err != nil && ctx.Err() == nil {
				a.log.Warn("held approvals", slog.Any("error", err))
			}
		}
	}
}
