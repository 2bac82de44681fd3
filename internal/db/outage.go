package db

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	// usual is how long one statement may take; a whole transaction may take
	// hangsAfter longer, after which the server is taken to be dead.
	usual      = 5 * time.Second
	hangsAfter = time.Second
	// rollbackWithin bounds a ROLLBACK; a connection that is later is given up.
	rollbackWithin = time.Second
	// idleBeyond is how much longer than a statement a transaction may be idle before
	// the server ends it: ours has given up by then, or is paused.
	idleBeyond = 9 * time.Second
	// pingWithin bounds what a probe waits for an answer.
	pingWithin = 1500 * time.Millisecond
	probeEvery = 500 * time.Millisecond
)

type patienceKey struct{}

// Patient returns a context in which a statement may take this long, for work that
// nobody waits for in a browser: checks, exports, jobs, the command line. The usual
// bound is five seconds.
func Patient(ctx context.Context, limit time.Duration) context.Context {
	return context.WithValue(ctx, patienceKey{}, limit)
}

func patience(ctx context.Context) time.Duration {
	if limit, ok := ctx.Value(patienceKey{}).(time.Duration); ok {
		return limit
	}
	return usual
}

// outage remembers that PostgreSQL does not answer, so that requests are refused at
// once instead of each waiting for its own deadline, and the pool does not fill up
// with dead connections. It asks by itself until there is an answer again.
type outage struct {
	pool   *pgxpool.Pool
	now    atomic.Bool
	asking atomic.Bool
	life   context.Context
	end    context.CancelFunc
	done   sync.WaitGroup
}

func newOutage(pool *pgxpool.Pool) *outage {
	o := &outage{pool: pool}
	o.life, o.end = context.WithCancel(context.Background())
	return o
}

// suspect asks the server on a connection of its own, in the background. It takes
// the server to be dead from now on when sure, or else when it does not answer.
func (o *outage) suspect(sure bool) {
	if sure {
		o.now.Store(true)
	}
	if o.life.Err() != nil || !o.asking.CompareAndSwap(false, true) {
		return
	}
	o.done.Go(func() {
		defer o.asking.Store(false)
		for !o.answers() {
			o.now.Store(true)
			select {
			case <-o.life.Done():
				return
			case <-time.After(probeEvery):
			}
		}
		o.pool.Reset() // what was open may be half-dead
		o.now.Store(false)
	})
}

// watch ends long work by giveUp when the server stops answering in the middle of it.
// The caller ends the watching.
func (o *outage) watch(ctx context.Context, giveUp func()) {
	var look func()
	look = func() {
		switch {
		case ctx.Err() != nil:
		case o.answers():
			time.AfterFunc(usual, look)
		case ctx.Err() == nil:
			o.suspect(true)
			giveUp()
		}
	}
	time.AfterFunc(usual, look)
}

// answers reports whether a new connection gets an answer. A refusal is one, unless
// the server says that it is starting or stopping.
func (o *outage) answers() bool {
	ctx, cancel := context.WithTimeout(o.life, pingWithin)
	defer cancel()
	c, err := pgx.ConnectConfig(ctx, o.pool.Config().ConnConfig)
	if err == nil {
		defer c.Close(ctx)
		err = c.Ping(ctx)
	}
	var said *pgconn.PgError
	if errors.As(err, &said) {
		return !strings.HasPrefix(said.Code, "57P") && !strings.HasPrefix(said.Code, "08")
	}
	return err == nil
}

func (o *outage) close() {
	o.end()
	o.done.Wait()
}
