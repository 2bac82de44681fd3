package blob

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"
)

// enterLater enters in the background and tells when it is through.
func enterLater(ctx context.Context, q *queue, caller string, log chan<- string) {
	q.lock.Lock()
	n := q.n
	q.lock.Unlock()
	go func() {
		leave, err := q.enter(ctx, caller)
		if err != nil {
			log <- caller + " gave up"
			return
		}
		log <- caller
		leave()
	}()
	for { // until it waits
		q.lock.Lock()
		m := q.n
		q.lock.Unlock()
		if m > n {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

func TestCallersTakeTurns(t *testing.T) {
	q := newQueue(1)
	leave, err := q.enter(t.Context(), "greedy")
	if err != nil {
		t.Fatal(err)
	}
	log := make(chan string, 10)
	for range 3 {
		enterLater(t.Context(), q, "greedy", log)
	}
	enterLater(t.Context(), q, "honest", log)
	leave()
	got := ""
	for range 4 {
		got += (<-log)[:1]
	}
	if got != "ghgg" {
		t.Errorf("they came through as %s, want ghgg: one each in turn", got)
	}
}

func TestOneCallerTakesOneSlot(t *testing.T) {
	q := newQueue(2)
	if _, err := q.enter(t.Context(), "greedy"); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := q.enter(short, "greedy"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second slot for one: %v", err)
	}
	if _, err := q.enter(t.Context(), "honest"); err != nil {
		t.Errorf("the other slot: %v", err)
	}
	if q.n != 0 || len(q.turn) != 0 || len(q.waiting) != 0 {
		t.Errorf("who gave up still waits: %+v", q)
	}
}

func TestTheQueueHasAnEnd(t *testing.T) {
	q := newQueue(1)
	if _, err := q.enter(t.Context(), "first"); err != nil {
		t.Fatal(err)
	}
	log := make(chan string, 100)
	ctx, cancel := context.WithCancel(t.Context())
	for range maxEach {
		enterLater(ctx, q, "greedy", log)
	}
	if _, err := q.enter(t.Context(), "greedy"); !errors.Is(err, errCrowd) {
		t.Errorf("the eleventh of one caller: %v", err)
	}
	for i := range maxWaiting - maxEach {
		enterLater(ctx, q, fmt.Sprint("caller ", i), log)
	}
	if _, err := q.enter(t.Context(), "late"); !errors.Is(err, errCrowd) {
		t.Errorf("beyond all places: %v", err)
	}
	cancel()
	for range maxWaiting {
		<-log
	}
	if q.n != 0 || len(q.turn) != 0 || len(q.waiting) != 0 {
		t.Errorf("who gave up still waits: %d, %v", q.n, q.turn)
	}
}

func TestTheQueueLosesNoSlot(t *testing.T) {
	q := newQueue(3)
	var all sync.WaitGroup
	for i := range 60 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%7)*time.Millisecond)
			defer cancel()
			if leave, err := q.enter(ctx, fmt.Sprint(i%5)); err == nil {
				time.Sleep(time.Millisecond)
				leave()
			}
		})
	}
	all.Wait()
	if q.slots != 3 || len(q.busy) != 0 || q.n != 0 || len(q.waiting) != 0 || len(q.turn) != 0 {
		t.Errorf("at the end: %+v", q)
	}
}
