package event

import (
	"context"
	"fmt"
	"sync"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/event/eventdb"
)

// Feed tells live pages that something happened to an account. It reads the
// outbox, so it hears of what other servers did as well.
type Feed struct {
	db *db.DB

	mu      sync.Mutex
	waiting map[igny8.AccountID]map[chan struct{}]struct{}
	seen    map[igny8.EventID]time.Time
}

// NewFeed returns a feed that tells nothing until Run runs.
func NewFeed(d *db.DB) *Feed {
	return &Feed{db: d, waiting: map[igny8.AccountID]map[chan struct{}]struct{}{}, seen: map[igny8.EventID]time.Time{}}
}

const (
	// lookEvery is how often the outbox is read while a page waits.
	lookEvery = 250 * time.Millisecond
	// lookBack covers transactions that began before the last look and committed
	// after it: an event's id is of its transaction's beginning.
	lookBack = 10 * time.Second
)

// Watch returns a channel that gets a value after each change to the account, and
// what ends the watching. Changes that come together may be told once.
func (f *Feed) Watch(id igny8.AccountID) (changed <-chan struct{}, stop func()) {
	c := make(chan struct{}, 1)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.waiting[id] == nil {
		f.waiting[id] = map[chan struct{}]struct{}{}
	}
	f.waiting[id][c] = struct{}{}
	return c, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.waiting[id], c)
		if len(f.waiting[id]) == 0 {
			delete(f.waiting, id)
		}
	}
}

// Run reads the outbox until the context ends. failed hears of errors, after which
// reading goes on.
func (f *Feed) Run(ctx context.Context, failed func(error)) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := f.look(ctx); err != nil && ctx.Err() == nil {
				failed(err)
			}
		}
	}
}

// look reads what is new, and tells it. With nobody waiting it costs nothing; who
// begins to wait has just read the state of things, and hears of the last seconds
// once more.
func (f *Feed) look(ctx context.Context) error {
	f.mu.Lock()
	idle := len(f.waiting) == 0
	f.mu.Unlock()
	if idle {
		return nil
	}
	since := f.db.Now().Add(-lookBack)
	var rows []eventdb.NewestRow
	err := f.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) (err error) {
		rows, err = eventdb.New(tx).Newest(ctx, igny8.NewID[igny8.EventID](since))
		return err
	})
	if err != nil {
		return fmt.Errorf("read the outbox: %w", err)
	}
	f.tell(rows, since)
	return nil
}

func (f *Feed) tell(rows []eventdb.NewestRow, since time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range rows {
		if _, told := f.seen[r.ID]; told {
			continue
		}
		f.seen[r.ID] = since
		for c := range f.waiting[r.AccountID] {
			select {
			case c <- struct{}{}:
			default: // it has one to come already
			}
		}
	}
	for id, at := range f.seen {
		if since.Sub(at) > 2*lookBack {
			delete(f.seen, id)
		}
	}
}
