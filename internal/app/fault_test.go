package app

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
)

var errInjected = errors.New("injected fault")

// failAt makes the named story fail before its statement after n of them; the
// last n is COMMIT itself. It returns whether that point was reached.
func (w *world) failAt(story string, n int) *atomic.Bool {
	return w.fail(func(s string, done int, committed bool) bool { return s == story && done == n && !committed })
}

// loseCommit makes the answer to the story's COMMIT get lost: it is done, and
// the caller does not hear of it.
func (w *world) loseCommit(story string) *atomic.Bool {
	return w.fail(func(s string, _ int, committed bool) bool { return s == story && committed })
}

func (w *world) fail(here func(story string, done int, committed bool) bool) *atomic.Bool {
	var hit atomic.Bool
	f := func(story string, done int, committed bool) error {
		if !here(story, done, committed) {
			return nil
		}
		hit.Store(true)
		return errInjected
	}
	w.hook.Store(&f)
	return &hit
}

func (w *world) heal() { w.hook.Store(nil) }

// story is one thing that must be done wholly or not at all. prepare makes what
// it needs; the function it returns makes the request, always the same one.
type story struct {
	name    string
	title   string
	status  int
	prepare func(w *world) func(key string) answer
}

func post(w *world, path, token, body string) func(string) answer {
	return func(key string) answer { return w.ask("POST", path, token, body, "Idempotency-Key: "+key) }
}

var stories = []story{
	{"signup.register", "paid signup", 201, func(w *world) func(string) answer {
		return post(w, "/auth/register", "", form(newEmail(), starter))
	}},
	{"signup.register", "trial signup", 201, func(w *world) func(string) answer {
		return post(w, "/auth/register", "", form(newEmail(), ""))
	}},
	{"billing.submit", "submission", 201, func(w *world) func(string) answer {
		u := w.signUp(starter)
		return post(w, "/billing/invoices/"+u.invoice+"/payments", u.token, submission(""))
	}},
	{"billing.withdraw", "withdrawal", 200, func(w *world) func(string) answer {
		u := w.paying()
		return post(w, "/billing/payments/"+u.paid+"/withdraw", u.token, "")
	}},
	{"billing.reject", "rejection", 200, func(w *world) func(string) answer {
		return post(w, "/admin/payments/"+w.paying().paid+"/reject", w.staff, `{"reason_code":"other","reason":"No such transfer"}`)
	}},
	{"billing.approve", "approval", 200, func(w *world) func(string) answer {
		return post(w, "/admin/payments/"+w.paying().paid+"/approve", w.staff, `{"evidence":"statement"}`)
	}},
	{"billing.approve", "approval with a surplus", 200, func(w *world) func(string) answer {
		return post(w, "/admin/payments/"+w.paying().paid+"/approve", w.staff, `{"received_minor":2500000}`)
	}},
	{"credits.spend", "spending", 201, func(w *world) func(string) answer {
		return post(w, "/credits/spend", w.signUp("").token, `{"credits":10}`)
	}},
	{"site.create", "site", 201, func(w *world) func(string) answer {
		return post(w, "/sites", w.signUp("").token, `{"name":"Shop","domain":"example.com","industry":"fitness-and-sport"}`)
	}},
}

func TestAFaultAfterEachStatementLeavesNothing(t *testing.T) {
	onBoth(t, quiet, func(t *testing.T, w *world) {
		for _, s := range stories {
			t.Run(s.title, func(t *testing.T) {
				ask := s.prepare(w)
				n := w.failEverywhere(t, s, ask)
				t.Logf("%s: nothing is left after a fault before any of %d statements, nor before COMMIT", s.title, n)
				if n < 5 {
					t.Errorf("the story %q has %d statements; is its name right?", s.name, n)
				}
			})
		}
	})
}

// failEverywhere lets the request fail before each statement until it passes, and
// returns the number of statements. All requests carry the same key.
func (w *world) failEverywhere(t *testing.T, s story, ask func(string) answer) int {
	before, key := w.dump(), fmt.Sprint("fault-", made.Add(1))
	for n := range 200 {
		hit := w.failAt(s.name, n)
		a := ask(key)
		w.heal()
		if hit.Load() {
			if a.status != 500 {
				t.Errorf("fault before statement %d: want 500, got %s", n, a)
			}
			if diff := difference(before, w.dump()); diff != "" {
				t.Fatalf("fault before statement %d left:\n%s", n, diff)
			}
			continue
		}
		if a.status != s.status {
			t.Errorf("without a fault: want %d, got %s", s.status, a)
		}
		w.replays(t, ask, key, a)
		return n - 1
	}
	t.Fatal("the story does not end")
	return 0
}

// replays asks again with the same key and expects the same answer and no effect.
func (w *world) replays(t *testing.T, ask func(string) answer, key string, first answer) {
	t.Helper()
	before := w.dump()
	again := ask(key)
	if again.header.Get("Idempotent-Replayed") != "true" || again.status != first.status || first.raw != "" && again.raw != first.raw {
		t.Errorf("the same key must give the same answer again:\n%s\n%s", first, again)
	}
	if diff := difference(before, w.dump()); diff != "" {
		t.Errorf("asking again with the same key changed:\n%s", diff)
	}
}

func TestALostCommitIsUnknownAndTheSameKeyTells(t *testing.T) {
	onBoth(t, quiet, func(t *testing.T, w *world) {
		for _, s := range stories {
			t.Run(s.title, func(t *testing.T) {
				ask, key := s.prepare(w), fmt.Sprint("lost-", made.Add(1))
				before, hit := w.dump(), w.loseCommit(s.name)
				a := ask(key)
				w.heal()
				if !hit.Load() || a.status != 503 || a.text("code") != "outcome_unknown" || a.header.Get("Retry-After") == "" {
					t.Fatalf("a lost COMMIT: want 503 outcome_unknown with Retry-After, got %s", a)
				}
				if w.dump() == before {
					t.Error("the COMMIT was done, but nothing is there")
				}
				w.replays(t, ask, key, answer{status: s.status})
			})
		}
	})
}
