package blob

import (
	"context"
	"sync"
	"time"

	"igny8"
)

const (
	maxWaiting = 64 // of all callers
	maxEach    = 10 // of one caller
)

var errCrowd = igny8.E(igny8.Unavailable, "too_many_uploads", "Too many files are being looked at; send it again in a few seconds.").
	Retry(5 * time.Second)

// queue lets so many callers at once through as it has slots, each with one file at
// a time, and takes the callers who wait in turn: who sends a thousand files waits
// for the own ones.
type queue struct {
	lock    sync.Mutex
	slots   int
	busy    map[string]bool
	waiting map[string][]chan struct{}
	turn    []string // callers who wait, the next one first
	n       int      // who wait
}

func newQueue(slots int) *queue {
	return &queue{slots: slots, busy: map[string]bool{}, waiting: map[string][]chan struct{}{}}
}

// enter waits for a slot. Too many who wait get errCrowd at once; a context that
// ends is an error as well. leave gives the slot back.
func (q *queue) enter(ctx context.Context, caller string) (leave func(), err error) {
	q.lock.Lock()
	if q.slots > 0 && !q.busy[caller] {
		q.slots--
		q.busy[caller] = true
		q.lock.Unlock()
		return func() { q.leave(caller) }, nil
	}
	if q.n >= maxWaiting || len(q.waiting[caller]) >= maxEach {
		q.lock.Unlock()
		return nil, errCrowd
	}
	place := make(chan struct{})
	if len(q.waiting[caller]) == 0 {
		q.turn = append(q.turn, caller)
	}
	q.waiting[caller] = append(q.waiting[caller], place)
	q.n++
	q.lock.Unlock()
	select {
	case <-place:
		return func() { q.leave(caller) }, nil
	case <-ctx.Done():
		q.giveUp(caller, place)
		return nil, ctx.Err()
	}
}

func (q *queue) leave(caller string) {
	q.lock.Lock()
	defer q.lock.Unlock()
	delete(q.busy, caller)
	q.slots++
	q.next()
}

// next gives free slots to those who wait.
func (q *queue) next() {
	for i := 0; i < len(q.turn) && q.slots > 0; {
		caller := q.turn[i]
		if q.busy[caller] {
			i++
			continue
		}
		first := q.waiting[caller][0]
		q.turn = append(q.turn[:i], q.turn[i+1:]...)
		if q.waiting[caller] = q.waiting[caller][1:]; len(q.waiting[caller]) == 0 {
			delete(q.waiting, caller)
		} else {
			q.turn = append(q.turn, caller)
		}
		q.n--
		q.slots--
		q.busy[caller] = true
		close(first)
	}
}

// giveUp takes back a place, or the slot that was given meanwhile.
func (q *queue) giveUp(caller string, place chan struct{}) {
	q.lock.Lock()
	defer q.lock.Unlock()
	select {
	case <-place:
		delete(q.busy, caller)
		q.slots++
		q.next()
		return
	default:
	}
	list := q.waiting[caller]
	for i, one := range list {
		if one == place {
			q.waiting[caller] = append(list[:i:i], list[i+1:]...)
			q.n--
		}
	}
	if len(q.waiting[caller]) == 0 {
		delete(q.waiting, caller)
		for i, one := range q.turn {
			if one == caller {
				q.turn = append(q.turn[:i], q.turn[i+1:]...)
				break
			}
		}
	}
}
