//go:build bench

package bench

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

var lastKey atomic.Int64

// nextKey is an idempotency key that was not used before.
func nextKey() string {
	return fmt.Sprintf("bench-%d-%d", time.Now().UnixNano(), lastKey.Add(1))
}

// median of five pairs is what counts.
func median(list []float64) float64 {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// quantile sorts and picks, 0.95 for a p95.
func quantile(list []time.Duration, q float64) time.Duration {
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[min(len(list)-1, int(float64(len(list))*q))]
}

// p95 calls the functions by turns, n times each but no longer than ten seconds,
// and returns the p95 of each in milliseconds. What else the machine does then
// strikes all of them alike. The first failure ends the run.
func (b *run) p95(n int, fs ...func(i int) error) []float64 {
	b.Helper()
	took := make([][]time.Duration, len(fs))
	end := time.Now().Add(10 * time.Second)
	for i := 0; i < n && time.Now().Before(end); i++ {
		for k, f := range fs {
			begin := time.Now()
			if err := f(i); err != nil {
				b.Fatal(err)
			}
			took[k] = append(took[k], time.Since(begin))
		}
	}
	out := make([]float64, len(fs))
	for k := range fs {
		out[k] = float64(quantile(took[k], 0.95)) / float64(time.Millisecond)
	}
	return out
}

// errEnough ends a rate before its spell is over.
var errEnough = errors.New("no more to do")

// rate lets callers call f for the spell, or until it says errEnough, and returns
// the calls a second.
func (b *run) rate(callers int, f func(caller, i int) error) float64 {
	b.Helper()
	var n atomic.Int64
	var failed atomic.Value
	var all sync.WaitGroup
	begin := time.Now()
	for c := range callers {
		all.Go(func() {
			for i := 0; time.Since(begin) < b.spell && failed.Load() == nil; i++ {
				err := f(c, i)
				if errors.Is(err, errEnough) {
					return
				}
				if err != nil {
					failed.Store(err)
					return
				}
				n.Add(1)
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		b.Fatal(err)
	}
	return float64(n.Load()) / time.Since(begin).Seconds()
}

// result is one line of the report.
type result struct {
	database, work, base string
	unit                 string
	works, bases, ratios []float64
	goal                 float64 // 0: none is set
	atLeast              bool    // else at most
	value                string  // in place of a ratio, for what is no speed
	note                 string
}

// compare measures work and base in turn, as often as the run wants, and notes
// the ratios.
func (b *run) compare(r result, work, base func() float64) {
	b.Helper()
	for range b.pairs {
		r.add(work(), base())
	}
	b.note(r)
}

func (r *result) add(work, base float64) {
	r.works, r.bases, r.ratios = append(r.works, work), append(r.bases, base), append(r.ratios, work/base)
}

func (b *run) note(r result) {
	b.results = append(b.results, r)
	fmt.Printf("          %s | %s : %s | %s | %s\n", r.database, r.work, r.base, r.seen(), r.verdict())
}

// seen is the measured value with its spread.
func (r result) seen() string {
	if r.ratios == nil {
		return r.value
	}
	return fmt.Sprintf("%s × (%s–%s)", short3(median(r.ratios)), short3(slices.Min(r.ratios)), short3(slices.Max(r.ratios)))
}

// absolute says what the ratio was made of.
func (r result) absolute() string {
	if r.ratios == nil {
		return ""
	}
	return fmt.Sprintf("%s : %s %s", short3(median(r.works)), short3(median(r.bases)), r.unit)
}

func (r result) verdict() string {
	if r.goal == 0 || r.ratios == nil {
		return ""
	}
	sign, met := "≤", median(r.ratios) <= r.goal
	if r.atLeast {
		sign, met = "≥", median(r.ratios) >= r.goal
	}
	return fmt.Sprintf("%s %s ×: %s", sign, strconv.FormatFloat(r.goal, 'g', -1, 64), map[bool]string{true: "met", false: "missed"}[met])
}

// short3 writes a number with three digits that matter.
func short3(x float64) string {
	switch {
	case x >= 100:
		return strconv.FormatFloat(x, 'f', 0, 64)
	case x >= 10:
		return strconv.FormatFloat(x, 'f', 1, 64)
	}
	return strconv.FormatFloat(x, 'f', 2, 64)
}
