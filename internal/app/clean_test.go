package app

import (
	"context"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
)

// Tables that everybody can add rows to have an end: what is long over goes, and what is
// in use stays.
func TestTablesThatOnlyGrowHaveAnEnd(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		u := w.signUp("")
		w.must(201, "POST", "/quotes", "", `{"plan":"starter","cycle":"monthly","country":"PK"}`)
		old := w.signUp("")
		w.must(201, "POST", "/quotes", "", `{"plan":"starter","cycle":"annual","country":"PK"}`)
		long := w.app.db.Now().Add(-200 * 24 * time.Hour)
		err := w.app.db.System(t.Context(), "test.age", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			id, err := igny8.ParseID[igny8.UserID](old.signup.text("user/id"))
			if err != nil {
				return err
			}
			for q, args := range map[string][]any{
				"UPDATE session SET expires_at = $1 WHERE user_id = $2":                               {long, id},
				"UPDATE email_token SET expires_at = $1 WHERE user_id = $2":                           {long, id},
				"UPDATE quote SET expires_at = $1 WHERE cycle = 'annual'":                             {long},
				"INSERT INTO throttle (key, hits, first_at, blocked_until) VALUES ('old', 1, $1, $1)": {long},
				"INSERT INTO throttle (key, hits, first_at, blocked_until) VALUES ('new', 1, $1, $1)": {tx.Now},
			} {
				if _, err := tx.ExecContext(ctx, q, args...); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.app.auth.Clean(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := w.app.catalog.CleanQuotes(t.Context()); err != nil {
			t.Fatal(err)
		}
		for query, want := range map[string]int64{
			"SELECT count(*) FROM session": 2, // one of staff, one of the customer in use
			"SELECT count(*) FROM refresh_token WHERE session_id NOT IN (SELECT id FROM session)": 0,
			"SELECT count(*) FROM email_token": 1, "SELECT count(*) FROM quote": 1, "SELECT count(*) FROM throttle": 1} {
			if n := w.count(query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
		w.must(200, "GET", "/me", u.token, "")
	})
}
