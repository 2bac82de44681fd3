package idem_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/idem"
)

func render(v any) (idem.Answer, error) {
	b, err := json.Marshal(v)
	return idem.Answer{Status: 201, Body: b}, err
}

func claim(key, body string) idem.Claim {
	c := idem.Claim{Principal: "usr_1", Route: "POST /x", Key: key}
	copy(c.Fingerprint[:], body)
	return c
}

func TestSameKeyGivesTheStoredAnswer(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		s := idem.New(d, []byte("secret"))
		_, work, err := s.Begin(ctx, claim("k", "a"), render)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.Begin(ctx, claim("k", "a"), render); igny8.CodeOf(err) != "idempotency_in_progress" {
			t.Errorf("while it runs: %v", err)
		}
		err = d.System(work, "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			return idem.StoreAnswer(ctx, tx, map[string]int{"n": 7})
		})
		if err != nil {
			t.Fatal(err)
		}
		// What comes after the commit no longer changes the answer.
		if err := idem.Finish(work, idem.Answer{Status: 500}); err != nil {
			t.Error(err)
		}
		if err := idem.Abandon(work); err != nil {
			t.Error(err)
		}
		again, _, err := s.Begin(ctx, claim("k", "a"), render)
		if err != nil || again == nil || again.Status != 201 || string(again.Body) != `{"n":7}` {
			t.Errorf("replay %+v, %v", again, err)
		}
		if _, _, err := s.Begin(ctx, claim("k", "other body"), render); igny8.CodeOf(err) != "idempotency_mismatch" {
			t.Errorf("other body: %v", err)
		}
	})
}

func TestRolledBackWorkLeavesNoAnswer(t *testing.T) {
	clock := dbtest.NewClock(time.Now())
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		s := idem.New(d, []byte("secret"))
		_, work, err := s.Begin(ctx, claim("k", "a"), render)
		if err != nil {
			t.Fatal(err)
		}
		d.System(work, "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			if err := idem.StoreAnswer(ctx, tx, 1); err != nil {
				t.Error(err)
			}
			return igny8.ErrNotFound
		})
		// The process died here: after a minute another try takes over, and the
		// first, should it wake up, can no longer commit.
		clock.Advance(2 * time.Minute)
		done, second, err := s.Begin(ctx, claim("k", "a"), render)
		if err != nil || done != nil {
			t.Fatalf("take over: %v %v", done, err)
		}
		err = d.System(work, "late", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			return idem.StoreAnswer(ctx, tx, 1)
		})
		if igny8.CodeOf(err) != "idempotency_in_progress" {
			t.Errorf("the late one committed: %v", err)
		}
		if err := idem.Finish(second, idem.Answer{Status: 409, Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		if done, _, err := s.Begin(ctx, claim("k", "a"), render); err != nil || done == nil || done.Status != 409 {
			t.Errorf("stored failure: %+v %v", done, err)
		}
		clock.Advance(25 * time.Hour)
		if done, _, err := s.Begin(ctx, claim("k", "b"), render); err != nil || done != nil {
			t.Errorf("after a day the key is free: %+v %v", done, err)
		}
	}, dbtest.WithClock(clock))
}

func TestStoredAnswersAreSealed(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		s := idem.New(d, []byte("secret"))
		_, work, err := s.Begin(t.Context(), claim("visible-key", "a"), render)
		if err != nil {
			t.Fatal(err)
		}
		if err := idem.Finish(work, idem.Answer{Status: 200, Body: []byte("refresh token inside")}); err != nil {
			t.Fatal(err)
		}
		err = d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
			var hash string
			var answer []byte
			err := tx.QueryRowContext(ctx, "SELECT key_hash, answer FROM idempotency_record").Scan(&hash, &answer)
			if strings.Contains(hash+string(answer), "visible-key") || strings.Contains(string(answer), "refresh") {
				t.Error("key or answer can be read in the table")
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}
