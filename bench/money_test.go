//go:build bench

package bench

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// callers is how many speak at once where throughput is measured.
const callers = 8

// sites measures the list of 20 sites against a bare handler that answers the
// same bytes to the same client.
func (b *run) sites(kind string, s *server) {
	const path = "/sites?limit=20"
	status, answer, err := s.api(s.paid.token, "GET", path, nil)
	if err != nil || status != 200 {
		b.Fatal(status, err)
	}
	bare := startBare(b.T, answer)
	goal := map[string]float64{"SQLite": 0.33, "PostgreSQL": 0.25}[kind]
	b.compare(result{database: kind, unit: "/s", work: "list 20 sites", base: "bare handler, the same bytes", goal: goal, atLeast: true,
		note: fmt.Sprintf("P5; %d callers, access token, JSON", callers)},
		func() float64 {
			return b.rate(callers, func(int, int) error { return s.wants(200, s.paid.token, "GET", path, nil) })
		},
		func() float64 {
			return b.rate(callers, func(int, int) error { return bare.wants(200, s.paid.token, "GET", path, nil) })
		})
}

// money measures spending and approving over HTTP against what the database
// itself does in a bare loop.
func (b *run) money(kind string, s *server) {
	base, name := b.base(kind)
	if base == nil {
		b.note(result{database: kind, work: "spend credits, approve", value: "not measured", note: name})
		return
	}
	goals := map[string][2]float64{"PostgreSQL": {1, 0.25}}[kind]
	accounts := min(1000, b.accounts-b.waiting)
	list := tokens(b.T, s.paid, accounts)
	spend := func() float64 {
		return b.rate(callers, func(c, i int) error {
			return s.wants(201, list[(i*callers+c)%accounts], "POST", "/credits/spend", map[string]any{"credits": 1, "reference": "bench"})
		})
	}
	b.compare(result{database: kind, unit: "/s", work: "spend credits over HTTP", base: name, goal: goals[0], atLeast: true,
		note: fmt.Sprintf("P2; %d callers, %d accounts, each with idempotency key", callers, accounts)}, spend, base)

	// Each spell has its share of the queue; the first few are for the measure
	// after this.
	share := (b.waiting - b.pairs) / b.pairs
	next := make(chan int, b.waiting)
	var kept []int
	for n := range b.waiting {
		if n < b.pairs {
			kept = append(kept, n+1)
		} else {
			next <- n + 1
		}
	}
	s.loginStaff(b.T)
	approve := func() float64 {
		var begun atomic.Int64
		return b.rate(callers, func(int, int) error {
			if begun.Add(1) > int64(share) {
				return errEnough
			}
			return s.wants(200, s.staff, "POST", "/admin/payments/"+s.waits.copy(<-next).payment.String()+"/approve", map[string]string{})
		})
	}
	b.compare(result{database: kind, unit: "/s", work: "approve a payment over HTTP", base: name, goal: goals[1], atLeast: true,
		note: fmt.Sprintf("P6; %d callers, the whole cascade", callers)}, approve, base)
	b.rush(kind, s, kept)
}

// rush approves one payment fifty times at once.
func (b *run) rush(kind string, s *server, payments []int) {
	r := result{database: kind, unit: "ms", work: "approve one payment 50 times at once: the last answer", base: "the first answer", goal: 5,
		note: "P6; one succeeds, 49 are told who decided"}
	for _, n := range payments {
		path := "/admin/payments/" + s.waits.copy(n).payment.String() + "/approve"
		var all sync.WaitGroup
		var lock sync.Mutex
		count, took := map[int]int{}, []time.Duration{}
		begin := time.Now()
		for range 50 {
			all.Go(func() {
				status, _, _ := s.api(s.staff, "POST", path, map[string]string{})
				lock.Lock()
				defer lock.Unlock()
				count[status]++
				took = append(took, time.Since(begin))
			})
		}
		all.Wait()
		if count[200] != 1 || count[409] != 49 {
			b.Errorf("50 approvals at once were answered %v, want 200 once and 409 for the others", count)
		}
		first, last := float64(took[0])/1e6, float64(took[len(took)-1])/1e6
		r.add(last, first)
	}
	b.note(r)
}

// base is what the database does by itself, and its name: pgbench, or a loop of
// small commits. nil and the reason when it cannot be measured.
func (b *run) base(kind string) (measure func() float64, name string) {
	if kind == "PostgreSQL" {
		return b.pgbench()
	}
	d, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "base.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_txlock=immediate")
	if err != nil {
		b.Fatal(err)
	}
	d.SetMaxOpenConns(1)
	b.Cleanup(func() { d.Close() })
	for _, q := range []string{"CREATE TABLE balance (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL)",
		"CREATE TABLE line (id INTEGER PRIMARY KEY, balance_id INTEGER NOT NULL, amount INTEGER NOT NULL)",
		"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 1000) INSERT INTO balance SELECT n, 0 FROM s"} {
		if _, err := d.Exec(q); err != nil {
			b.Fatal(err)
		}
	}
	return func() float64 {
		return b.rate(1, func(_, i int) error {
			tx, err := d.Begin()
			if err != nil {
				return err
			}
			defer tx.Rollback()
			if _, err := tx.Exec("UPDATE balance SET amount = amount - 1 WHERE id = $1", 1+i%1000); err != nil {
				return err
			}
			if _, err := tx.Exec("INSERT INTO line (balance_id, amount) VALUES ($1, -1)", 1+i%1000); err != nil {
				return err
			}
			return tx.Commit()
		})
	}, "bare loop: update, insert, commit"
}
