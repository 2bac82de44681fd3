package db

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// presence shows to the other servers of a database that this one runs. On PostgreSQL
// it is a lock that ends with the connection which holds it, at the very moment at
// which the process is gone. It is the lock of a transaction that stays open, which
// also holds through PgBouncer in transaction mode.
type presence struct {
	mu   sync.Mutex
	boot string // "" while the lock is not held
	held *holder
	end  context.CancelFunc
	done chan struct{}
}

// presentEvery is how often the connection is asked whether it is there still.
const presentEvery = 2 * time.Second

// Boot names this run of the server for whoever must know later whether it goes on;
// "" when that could not be shown to others.
func (d *DB) Boot(ctx context.Context) string {
	p := &d.presence
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.boot != "" {
		return p.boot
	}
	b := make([]byte, 8)
	rand.Read(b)
	key := int64(binary.BigEndian.Uint64(b) >> 1)
	if d.Postgres() {
		if d.outage.now.Load() {
			return ""
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), pingWithin)
		defer cancel()
		held, err := d.hold(ctx, key)
		if err != nil {
			return ""
		}
		p.watch(held)
	}
	p.boot = strconv.FormatInt(key, 16)
	return p.boot
}

// watch notices when the lock is lost; the next Boot is another one.
func (p *presence) watch(held *holder) {
	ctx, end := context.WithCancel(context.Background())
	done := make(chan struct{})
	p.held, p.end, p.done = held, end, done
	go func() {
		defer close(done)
		defer held.release()
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(presentEvery):
			}
			short, cancel := context.WithTimeout(ctx, presentEvery)
			alive := held.alive(short)
			cancel()
			if !alive {
				p.lost(held)
				return
			}
		}
	}()
}

func (p *presence) lost(held *holder) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == held {
		p.boot, p.held = "", nil
	}
}

func (p *presence) close() {
	p.mu.Lock()
	end, done := p.end, p.done
	p.boot = ""
	p.mu.Unlock()
	if end != nil {
		end()
		<-done
	}
}

// Gone reports whether the run of a server that boot names is known to be over. It may
// take its lock until the transaction ends.
func (d *DB) Gone(ctx context.Context, tx *Tx, boot string) (gone bool, err error) {
	key, err := strconv.ParseInt(boot, 16, 64)
	if err != nil {
		return false, nil // it did not show itself
	}
	if !tx.Postgres() {
		// One server at a time has the lock file; without it nothing is known.
		return d.exclusive && boot != d.Boot(ctx), nil
	}
	if err := tx.QueryRowContext(ctx, "SELECT pg_try_advisory_xact_lock($1)", key).Scan(&gone); err != nil {
		return false, fmt.Errorf("ask for a server's lock: %w", err)
	}
	return gone, nil
}
