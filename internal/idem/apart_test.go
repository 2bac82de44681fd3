package idem_test

import (
	"context"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/idem"
	"igny8/internal/idem/idemdb"
)

// bench is a store over one database and a clock that is set.
type bench struct {
	*testing.T
	d     *db.DB
	s     *idem.Store
	clock *dbtest.Clock
}

func onBench(t *testing.T, f func(b bench)) {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) { f(bench{t, d, idem.New(d, []byte("secret")), clock}) }, dbtest.WithClock(clock))
}

// begins claims the key, which must be free, and returns the context of the work.
func (b bench) begins(s *idem.Store, c idem.Claim, when string) context.Context {
	b.Helper()
	done, work, err := s.Begin(b.Context(), c, render)
	if err != nil || done != nil {
		b.Fatalf("%s: %+v, %v; want a free key", when, done, err)
	}
	return work
}

func (b bench) answers(c idem.Claim, want, when string) {
	b.Helper()
	done, _, err := b.s.Begin(b.Context(), c, render)
	if err != nil || done == nil || string(done.Body) != want {
		b.Errorf("%s: %+v, %v; want %s", when, done, err, want)
	}
}

func (b bench) busy(s *idem.Store, c idem.Claim, when string) {
	b.Helper()
	if done, _, err := s.Begin(b.Context(), c, render); igny8.CodeOf(err) != "idempotency_in_progress" || done != nil {
		b.Errorf("%s: %+v, %v; want a key at work", when, done, err)
	}
}

func (b bench) finish(work context.Context, body string) {
	b.Helper()
	if err := idem.Finish(work, idem.Answer{Status: 200, Body: []byte(body)}); err != nil {
		b.Fatal(err)
	}
}

// The same key of another person, on another route, or another key is another claim:
// each has its own answer, and giving one back leaves the others.
func TestClaimsAreApart(t *testing.T) {
	onBench(t, func(b bench) {
		claims := map[string]idem.Claim{}
		for _, name := range []string{"person", "route", "key", "same"} {
			c := claim("k", "a")
			switch name {
			case "person":
				c.Principal = "usr_2"
			case "route":
				c.Route = "POST /y"
			case "key":
				c.Key = "l"
			}
			claims[name] = c
		}
		work := map[string]context.Context{}
		for name, c := range claims {
			work[name] = b.begins(b.s, c, name)
		}
		if err := idem.Abandon(work["same"]); err != nil {
			t.Fatal(err)
		}
		for name, c := range claims {
			if name != "same" {
				b.busy(b.s, c, name+" after another was given back")
				b.finish(work[name], `"`+name+`"`)
			}
		}
		b.finish(b.begins(b.s, claims["same"], "one that was given back"), `"same"`)
		for name, c := range claims {
			b.answers(c, `"`+name+`"`, name)
		}
	})
}

// A claim is believed for a minute, an answer is kept for a day, each to the instant.
func TestHowLongAClaimStands(t *testing.T) {
	onBench(t, func(b bench) {
		c := claim("k", "a")
		late := b.begins(b.s, c, "first")
		b.clock.Advance(time.Minute - time.Millisecond)
		b.busy(b.s, c, "before a minute is over")
		b.clock.Advance(time.Millisecond)
		work := b.begins(b.s, c, "after a minute")
		if err := idem.Abandon(late); err != nil {
			t.Errorf("the late one gives up: %v", err)
		}
		b.busy(b.s, c, "the late one gave up what is not its own any more")
		if err := idem.Finish(late, idem.Answer{Status: 200}); igny8.CodeOf(err) != "idempotency_in_progress" {
			t.Errorf("the late one finished: %v", err)
		}
		b.finish(work, `"mine"`)
		b.clock.Advance(idem.Keep - time.Millisecond)
		b.answers(c, `"mine"`, "before a day is over")
		b.clock.Advance(time.Millisecond)
		b.begins(b.s, c, "after a day")
	})
}

// Whoever shares the run of a server knows that nobody works on a claim which is not
// theirs; of a claim without a run nothing is known.
func TestAClaimOfNobodyIsFreeAtOnce(t *testing.T) {
	onBench(t, func(b bench) {
		other := idem.New(b.d, []byte("secret"))
		c := claim("k", "a")
		b.begins(other, c, "first")
		b.busy(other, c, "where it is worked on")
		b.begins(b.s, c, "where nobody works on it")
		c = claim("l", "a")
		b.begins(other, c, "first")
		dbtest.Exec(b, b.d, "UPDATE idempotency_record SET boot = '' WHERE state = 'running'")
		b.busy(b.s, c, "of a server that did not say which run it was")
	})
}

// The statements name the claim that they are about: of two who take one over the second
// gets nothing, and an answer is stored once.
func TestOneTakesAClaimOver(t *testing.T) {
	onBench(t, func(b bench) {
		c := claim("k", "a")
		work := b.begins(b.s, c, "first")
		hash := dbtest.Value[string](b, b.d, "SELECT key_hash FROM idempotency_record")
		var got error
		b.d.System(b.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			_, got = idemdb.New(tx).TakeOver(ctx, idemdb.TakeOverParams{Principal: c.Principal, Route: c.Route, KeyHash: hash,
				OldClaim: "another", NewClaim: "mine", LockedAt: tx.Now})
			return got
		})
		if !db.Absent(got) {
			t.Errorf("a claim that somebody else took over: %v", got)
		}
		b.finish(work, `"one"`)
		if err := idem.Finish(work, idem.Answer{Status: 200, Body: []byte(`"two"`)}); igny8.CodeOf(err) != "idempotency_in_progress" {
			t.Errorf("a second answer: %v", err)
		}
		b.answers(c, `"one"`, "after a second answer")
	})
}

// Cleaning takes what is older than a day, and counts it.
func TestCleaningKeepsWhatIsAskedForStill(t *testing.T) {
	onBench(t, func(b bench) {
		b.finish(b.begins(b.s, claim("old", "a"), "old"), `"old"`)
		b.clock.Advance(time.Hour)
		b.finish(b.begins(b.s, claim("new", "a"), "new"), `"new"`)
		b.clock.Advance(idem.Keep - time.Minute)
		if n, err := b.s.Clean(b.Context()); n != 1 || err != nil {
			t.Errorf("cleaned %d, %v; want one", n, err)
		}
		b.answers(claim("new", "a"), `"new"`, "after cleaning")
		if n := dbtest.Value[int](b, b.d, "SELECT count(*) FROM idempotency_record"); n != 1 {
			t.Errorf("%d are left", n)
		}
	})
}

// Without a claim in the context, as in jobs and on the command line, nothing is stored;
// a part of a larger story stores nothing either.
func TestWorkWithoutAClaim(t *testing.T) {
	onBench(t, func(b bench) {
		c := claim("k", "a")
		whole := b.begins(b.s, c, "whole")
		for _, ctx := range []context.Context{b.Context(), idem.Detach(whole)} {
			if err := idem.Finish(ctx, idem.Answer{Status: 200, Body: []byte("1")}); err != nil {
				t.Error(err)
			}
			if err := idem.Abandon(ctx); err != nil {
				t.Error(err)
			}
			if err := b.d.System(ctx, "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error { return idem.StoreAnswer(ctx, tx, 1) }); err != nil {
				t.Error(err)
			}
			b.busy(b.s, c, "the whole goes on")
		}
	})
}
