//go:build bench

// Package bench measures the program as its users meet it: the built binary,
// over HTTP on loopback, on SQLite and on PostgreSQL. `make bench` runs it and
// writes RESULTS.md; `make bench SHORT=1` is the same with few accounts, in less
// than a minute, and writes out/RESULTS.md.
//
// Nothing here passes or fails by speed. Every speed is a ratio of two things
// that are measured in turn in the same run, so that it holds on other machines.
package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// size is how much a run measures.
type size struct {
	accounts int           // of the full database
	waiting  int           // of them, with a payment in the queue
	pairs    int           // of a ratio, whose median counts
	requests int           // of one p95
	spell    time.Duration // of one throughput
	file     string        // where the results go
}

var (
	full  = size{accounts: 100_000, waiting: 2_000, pairs: 5, requests: 120, spell: 2 * time.Second, file: "RESULTS.md"}
	short = size{accounts: 1_000, waiting: 200, pairs: 1, requests: 20, spell: 300 * time.Millisecond, file: "out/RESULTS.md"}
)

func TestMain(m *testing.M) {
	if os.Getenv(bareBody) != "" {
		serveBare()
		return
	}
	os.Exit(m.Run())
}

func TestBench(t *testing.T) {
	s := full
	if os.Getenv("IGNY8_BENCH_SHORT") != "" {
		s = short
	}
	begin := time.Now()
	b := &run{T: t, size: s, binary: buildBinary(t)}
	for _, kind := range []string{"SQLite", "PostgreSQL"} {
		b.database(kind)
	}
	b.took = time.Since(begin)
	if err := os.MkdirAll(filepath.Dir(s.file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.file, []byte(b.report()), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("written: bench/%s", s.file)
}

// run is one run of everything.
type run struct {
	*testing.T
	size
	binary  string
	results []result
	filled  []string // how long filling took
	took    time.Duration
}

// database takes all measures on one kind of database: beside each other an
// installation with few accounts and one with all of them.
func (b *run) database(kind string) {
	b.step(kind, "fill")
	few := newInstallation(b.T, b.binary, kind)
	b.starting(kind, few)
	few.fill(b.T, 10, 100)
	many := newInstallation(b.T, b.binary, kind)
	begin := time.Now()
	many.fill(b.T, b.accounts-b.waiting, b.waiting)
	b.filled = append(b.filled, fmt.Sprintf("%s %.0f s", kind, time.Since(begin).Seconds()))
	small, big := few.start(b.T), many.start(b.T)
	b.step(kind, "pages")
	b.pages(kind, small, big)
	small.stop()
	b.step(kind, "list of sites")
	b.sites(kind, big)
	b.step(kind, "credits and approvals")
	b.money(kind, big)
	b.step(kind, "flood of logins")
	b.flood(kind, big)
	big.stop()
}

func (b *run) step(kind, what string) {
	fmt.Printf("%s  %s: %s\n", time.Now().Format(time.TimeOnly), kind, what)
}
