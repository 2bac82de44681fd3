package search_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/search"
)

func TestSuspicions(t *testing.T) {
	clock := dbtest.NewClock(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		s := search.New(d)
		if list, err := s.Suspicions(t.Context()); err != nil || len(list) != 0 {
			t.Fatalf("at first: %+v %v", list, err)
		}
		all := map[string]igny8.Actor{}
		signUp := func(name, network string) {
			a := billingtest.Trial(t, d)
			all[name] = a
			dbtest.Exec(t, d, "UPDATE app_user SET first_name = $1, last_name = 'Khan' WHERE id = $2", strings.Fields(name)[0], a.User)
			a.Network = network
			if err := d.System(t.Context(), "test", a.Account, func(ctx context.Context, tx *db.Tx) error {
				return audit.Record(ctx, tx, a, audit.Entry{Action: "account.create", ObjectType: "account"})
			}); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 3 { // three within a day, the fourth later: nothing yet
			signUp(fmt.Sprintf("Few%d a", i), "198.51.100.1")
		}
		for i := range 4 {
			signUp(fmt.Sprintf("Many%d b", i), "198.51.100.2")
			clock.Advance(7 * time.Hour)
		}
		signUp("Late c", "198.51.100.1")
		signUp("Twin d", "198.51.100.3")
		signUp("Twin e", "198.51.100.3")
		signUp("Twin f", "198.51.100.4")

		bill := billing.New(d, nil, nil, "")
		one, first := billingtest.Unpaid(t, d, "starter", "PK")
		two, other := billingtest.Unpaid(t, d, "starter", "PK")
		p, q := billingtest.Submit(t, d, bill, one, first, 0), billingtest.Submit(t, d, bill, two, other, 0)
		dbtest.Exec(t, d, "UPDATE payment SET reference_norm = 'same', reference = 'SAME' WHERE id IN ($1, $2)", p.ID, q.ID)
		for _, x := range []billing.Payment{p, q} {
			dbtest.Exec(t, d, "INSERT INTO payment_proof (account_id, payment_id, n, sha256, original_sha256, content_type, size, created_at) VALUES ($1, $2, 1, 'a', 'abcdef0123456789', 'image/png', 1, $3)",
				x.AccountID, x.ID, clock.Now())
		}
		dbtest.Exec(t, d, "INSERT INTO throttle (key, hits, first_at, blocked_until) VALUES ('login:net:203.0.113.9', 31, $1, $1), ('login:net:203.0.113.8', 5, $1, $1), ('register:net:203.0.113.9', 31, $1, $1)", clock.Now())
		dbtest.Exec(t, d, "INSERT INTO session (id, user_id, home_account, remember, user_agent, network, created_at, last_seen_at, expires_at) VALUES ($1, $2, $3, FALSE, '', '203.0.113.9', $4, $4, $4)",
			igny8.NewID[igny8.SessionID](clock.Now()), one.User, one.Account, clock.Now())

		list, err := s.Suspicions(t.Context())
		got := map[string]search.Suspicion{}
		for _, x := range list {
			got[x.Kind+" "+x.What] = x
		}
		want := map[string]int{"many_signups 198.51.100.2": 4, "same_person 198.51.100.3": 2, "many_logins 203.0.113.9": 1, "shared_reference SAME": 2, "shared_proof abcdef012345": 2}
		if err != nil || len(got) != len(want) {
			t.Errorf("%+v, %v", list, err)
		}
		for key, n := range want {
			if len(got[key].Accounts) != n {
				t.Errorf("%s: %+v, want %d accounts", key, got[key], n)
			}
		}
		if one := got["many_logins 203.0.113.9"]; one.Count != 31 {
			t.Errorf("%+v", one)
		}
		clock.Advance(31 * 24 * time.Hour)
		if list, err := s.Suspicions(t.Context()); err != nil || len(list) != 0 {
			t.Errorf("a month later: %+v %v", list, err)
		}
	}, dbtest.WithClock(clock))
}
