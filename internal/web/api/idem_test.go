package api

import (
	"context"
	"testing"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/idem"
)

// The real store: a story keeps its answer in its own transaction, and a second
// call gets it without a second effect.
func TestStoredIn(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, func(c *Config) { c.Idempotency = StoredIn(idem.New(d, []byte("secret"))); c.Now = d.Now })
		calls := 0
		out := func(n int) *Out[int] { return OK(n) }
		Register(w.api, Route{Method: "POST", Path: "/count", ID: "count", Summary: "Count", Doc: "It does so.", Tag: "Things", Perm: igny8.PermRead, Money: true},
			func(ctx context.Context, _ *struct{}) (*Out[int], error) {
				calls++
				err := d.System(RenderWith(ctx, out), "count", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
					return idem.StoreAnswer(ctx, tx, calls)
				})
				return out(calls), err
			})
		for i := range 3 {
			r := w.do("POST", Prefix+"/count", "", "as tim", "Idempotency-Key: k")
			w.wants(r, 200, "")
			if r.Body.String() != "1\n" || (r.Header().Get("Idempotent-Replayed") == "true") != (i > 0) || r.Header().Get("ETag") == "" {
				t.Errorf("try %d: %s %v", i, r.Body, r.Header())
			}
		}
		w.wants(w.do("POST", Prefix+"/count", "{}", "as tim", "Idempotency-Key: k"), 422, "idempotency_mismatch")
		for range 2 { // without a story that stores: Finish does
			w.wants(w.do("POST", Prefix+"/things", `{"name":"x"}`, "as tim", "Idempotency-Key: k"), 201, "")
			w.wants(w.do("POST", Prefix+"/things", `{"name":"bug"}`, "as tim", "Idempotency-Key: b"), 500, "internal")
		}
		if calls != 1 || w.calls != 3 {
			t.Errorf("%d and %d calls", calls, w.calls)
		}
	})
}
