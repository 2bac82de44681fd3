//go:build bench

package bench

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// flood sends wrong passwords at four times the rate that the program can check,
// with all limits on attempts off (as if each came from another network), and
// measures what becomes of others, and how soon the refused are told.
func (b *run) flood(kind string, s *server) {
	people := min(1000, b.accounts-b.waiting)
	list := tokens(b.T, s.paid, people)
	wrong := func(i int) (int, error) {
		status, _, err := s.api("", "POST", "/auth/login", map[string]string{"email": s.paid.copy(1 + i%people).email, "password": "wrong-" + label(i)})
		if err == nil && status != 401 && status != 429 && status != 503 {
			err = fmt.Errorf("a wrong password was answered %d", status)
		}
		return status, err
	}
	capacity := b.rate(4, func(c, i int) error { _, err := wrong(i*4 + c); return err })
	me := func() float64 {
		return b.p95(2*b.requests, func(i int) error { return s.wants(200, list[i%people], "GET", "/me", nil) })[0]
	}
	var refused, checked []time.Duration
	during := func() float64 {
		stop := b.pour(4*capacity, wrong, &refused, &checked)
		defer stop()
		time.Sleep(200 * time.Millisecond) // until the queue of logins is full
		return me()
	}
	b.compare(result{database: kind, unit: "ms", work: "`GET /me` while wrong logins come at 4 × capacity, p95", base: "without them, p95", goal: 2,
		note: fmt.Sprintf("P10; the program checks %.0f passwords a second", capacity)}, during, me)
	b.note(result{database: kind, work: "refusal of a login in that flood, p95", value: fmt.Sprintf("%.0f ms", float64(quantile(refused, 0.95))/1e6),
		note: fmt.Sprintf("P10, goal ≤ 100 ms; %d refused, %d checked (p95 %.0f ms)", len(refused), len(checked), float64(quantile(checked, 0.95))/1e6)})
}

// pour calls f at a rate, whether or not the calls before have been answered,
// until stop is called, which waits for the last of them.
func (b *run) pour(perSecond float64, f func(i int) (int, error), refused, checked *[]time.Duration) (stop func()) {
	var all sync.WaitGroup
	var lock sync.Mutex
	var ended atomic.Bool
	all.Go(func() {
		begin := time.Now()
		for i := 0; !ended.Load(); i++ {
			time.Sleep(time.Until(begin.Add(time.Duration(float64(i) / perSecond * float64(time.Second)))))
			all.Go(func() {
				sent := time.Now()
				status, err := f(i)
				lock.Lock()
				defer lock.Unlock()
				switch {
				case err != nil:
					b.Error(err)
				case status == 401:
					*checked = append(*checked, time.Since(sent))
				default:
					*refused = append(*refused, time.Since(sent))
				}
			})
		}
	})
	return func() { ended.Store(true); all.Wait() }
}
