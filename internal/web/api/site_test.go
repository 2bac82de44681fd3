package api

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/idem"
	"igny8/internal/site"
)

// newTenants is a world on a real database in which tim and una own an account on
// the free trial each.
func newTenants(t *testing.T, d *db.DB) *world {
	w := newWorld(t, func(c *Config) {
		c.Idempotency, c.Now = StoredIn(idem.New(d, []byte("secret"))), d.Now
	})
	billingtest.Seed(t, d)
	w.tim, w.una = billingtest.Trial(t, d), billingtest.Trial(t, d)
	RegisterSites(w.api, site.New(d))
	RegisterCredits(w.api, billing.New(d, nil, nil, ""))
	return w
}

func TestSites(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		w := newTenants(t, d)
		const body = `{"name":"Shop","domain":"https://www.Example.com/x","industry":"fitness-and-sport"}`
		made := w.do("POST", Prefix+"/sites", body, "as tim", "Idempotency-Key: k")
		w.wants(made, 201, "")
		path, _ := made.m["id"].(string)
		path = Prefix + "/sites/" + path
		if made.m["domain"] != "example.com" || made.m["active"] != true || made.Header().Get("Location") != path || made.Header().Get("ETag") == "" {
			t.Errorf("%s %v", made.Body, made.Header())
		}
		if again := w.do("POST", Prefix+"/sites", body, "as tim", "Idempotency-Key: k"); again.Body.String() != made.Body.String() ||
			again.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%d %s", again.Code, again.Body)
		}
		refused := w.do("POST", Prefix+"/sites", `{"name":"Two","domain":"two.com","industry":"insurance"}`, "as tim")
		w.wants(refused, 403, "limit_reached")
		if refused.m["limit"] != "sites" || refused.m["allowed"] != 1.0 || refused.m["used"] != 1.0 || refused.m["plan"] != "free-trial" {
			t.Errorf("%s", refused.Body)
		}
		got := w.do("GET", path, "", "as tim")
		w.wants(got, 200, "")
		if got.Body.String() != made.Body.String() || got.Header().Get("ETag") != made.Header().Get("ETag") {
			t.Errorf("%s", got.Body)
		}
		w.changeSite(path, got.Header().Get("ETag"))
		w.setSectors(path)
		for _, r := range []reply{
			w.do("GET", path, "", "as una"), w.do("DELETE", path, "", "as una"), w.do("GET", path+"/sectors", "", "as una"),
			w.do("PATCH", path, `{"name":"Mine"}`, "as una"), w.do("PUT", path+"/sectors", `{"industry":"insurance","sectors":[]}`, "as una"),
			w.do("GET", Prefix+"/sites/"+igny8.NewID[igny8.SiteID](d.Now()).String(), "", "as una"), w.do("GET", Prefix+"/sites/x", "", "as una"),
		} {
			w.wants(r, 404, "not_found")
		}
		if l := w.do("GET", Prefix+"/sites", "", "as una"); l.Code != 200 || len(l.m["data"].([]any)) != 0 {
			t.Errorf("%s", l.Body)
		}
		w.una.Account, w.una.Role = w.tim.Account, igny8.RoleViewer
		w.wants(w.do("GET", path, "", "as una"), 200, "")
		for _, r := range []reply{w.do("POST", Prefix+"/sites", body, "as una"), w.do("DELETE", path, "", "as una"), w.do("PATCH", path, `{"name":"Mine"}`, "as una")} {
			w.wants(r, 403, "forbidden")
		}
		w.wants(w.do("DELETE", path, "", "as tim"), 204, "")
		w.wants(w.do("GET", path, "", "as tim"), 404, "not_found")
	})
}

func (w *world) changeSite(path, etag string) {
	w.Helper()
	ok := w.do("PATCH", path, `{"name":"New","active":false}`, "as tim", "If-Match: "+etag)
	w.wants(ok, 200, "")
	if ok.m["name"] != "New" || ok.m["active"] != false || ok.Header().Get("ETag") == etag {
		w.Errorf("%s", ok.Body)
	}
	w.wants(w.do("PATCH", path, `{"name":"Late"}`, "as tim", "If-Match: "+etag), 412, "stale")
	w.wants(w.do("PATCH", path, `{"domain":"127.0.0.1"}`, "as tim"), 422, "")
	w.wants(w.do("PATCH", path, `{"industry":"nothing"}`, "as tim"), 422, "unknown_industry")
	w.wants(w.do("PATCH", path, `{"nome":"x"}`, "as tim"), 422, "unknown_field")
}

func (w *world) setSectors(path string) {
	w.Helper()
	set := func(body string) reply { return w.do("PUT", path+"/sectors", body, "as tim") }
	w.wants(set(`{"industry":"fitness-and-sport","sectors":["running","cycling"]}`), 200, "")
	r := set(`{"industry":"fitness-and-sport","sectors":["cycling"]}`)
	w.wants(r, 200, "")
	sectors, _ := r.m["sectors"].([]any)
	if len(sectors) != 2 || sectors[0].(map[string]any)["active"] != false || sectors[1].(map[string]any)["slug"] != "cycling" {
		w.Errorf("%s", r.Body)
	}
	l := w.do("GET", path+"/sectors", "", "as tim")
	if l.Code != 200 || len(l.m["data"].([]any)) != 2 {
		w.Errorf("%s", l.Body)
	}
	r = set(`{"industry":"fitness-and-sport","sectors":["running","pet-insurance"]}`)
	w.wants(r, 422, "unknown_sector")
	w.field(r, "#/sectors/1", "unknown_sector")
	r = set(`{"industry":"fitness-and-sport","sectors":["running","cycling","martial-arts","sports-nutrition","gyms-and-studios","personal-training"]}`)
	w.wants(r, 403, "limit_reached")
	w.wants(set(`{"sectors":["running"]}`), 422, "validation_failed")
}

func TestCredits(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		w := newTenants(t, d)
		spend := func(body, key string) reply {
			return w.do("POST", Prefix+"/credits/spend", body, "as tim", "Idempotency-Key: "+key)
		}
		w.wants(w.do("POST", Prefix+"/credits/spend", `{"credits":1}`, "as tim"), 400, "idempotency_key_required")
		for range 2 { // the same key takes them once
			r := spend(`{"operation":"keyword_clustering","quantity":2,"reference":"r1"}`, "a")
			w.wants(r, 201, "")
			if r.m["amount"] != -20.0 || r.m["balance_after"] != 480.0 || r.m["type"] != "deduction" || r.m["operation"] != "keyword_clustering" ||
				r.m["reference"] != "r1" || r.m["member"] != w.tim.User.String() || r.m["site"] != nil {
				t.Errorf("%s", r.Body)
			}
		}
		r := spend(`{"credits":481}`, "b")
		w.wants(r, 402, "insufficient_credits")
		if r.m["needed"] != 481.0 || r.m["available"] != 480.0 {
			t.Errorf("%s", r.Body)
		}
		for i, body := range []string{`{}`, `{"credits":0}`, `{"credits":-1}`, `{"credits":1,"operation":"image_basic","quantity":1}`, `{"credits":1.5}`,
			`{"operation":"dancing","quantity":1}`, `{"operation":"image_basic"}`, `{"credits":1,"site":"x"}`} {
			w.wants(spend(body, "c"+string(rune('0'+i))), 422, "")
		}
		w.wants(spend(`{"credits":1,"site":"`+igny8.NewID[igny8.SiteID](d.Now()).String()+`"}`, "d"), 404, "not_found")
		b := w.do("GET", Prefix+"/credits/balance", "", "as tim")
		w.wants(b, 200, "")
		lot := b.m["lots"].([]any)[0].(map[string]any)
		if b.m["balance"] != 480.0 || b.m["held"] != 0.0 || b.m["available"] != 480.0 || b.m["plan"] != 480.0 || b.m["bonus"] != 0.0 ||
			lot["amount"] != 500.0 || lot["remaining"] != 480.0 || lot["source"] != "trial" || lot["expires_at"] == nil {
			t.Errorf("%s", b.Body)
		}
		w.wants(w.do("GET", Prefix+"/credits/balance?at=x", "", "as tim"), 422, "unknown_parameter")
		all, some := w.do("GET", Prefix+"/credits/transactions?limit=1", "", "as tim"), w.do("GET", Prefix+"/credits/transactions?type=subscription", "", "as tim")
		if all.m["has_more"] != true || all.m["data"].([]any)[0].(map[string]any)["amount"] != -20.0 || len(some.m["data"].([]any)) != 1 {
			t.Errorf("%s %s", all.Body, some.Body)
		}
		w.wants(w.do("GET", Prefix+"/credits/transactions?type=gift", "", "as tim"), 422, "")
		if una := w.do("GET", Prefix+"/credits/balance", "", "as una"); una.m["balance"] != 500.0 {
			t.Errorf("%s", una.Body)
		}
	})
}

// A spending on a site shows it.
func TestSpendOnSite(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		w := newTenants(t, d)
		s, err := site.New(d).Create(context.Background(), w.tim, site.NewSite{Name: "S", Domain: "example.com", Industry: "insurance"})
		if err != nil {
			t.Fatal(err)
		}
		body := `{"credits":5,"site":"` + s.ID.String() + `"}`
		r := w.do("POST", Prefix+"/credits/spend", body, "as tim", "Idempotency-Key: k")
		w.wants(r, 201, "")
		if r.m["site"] != s.ID.String() {
			t.Errorf("%s", r.Body)
		}
		w.wants(w.do("POST", Prefix+"/credits/spend", body, "as una", "Idempotency-Key: k"), 404, "not_found")
	})
}

func TestLedgerFilters(t *testing.T) {
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		w := newTenants(t, d)
		made := w.do("POST", Prefix+"/sites", `{"name":"S","domain":"s.example.com","industry":"fitness-and-sport"}`, "as tim", "Idempotency-Key: s")
		w.wants(made, 201, "")
		site := fmt.Sprint(made.m["id"])
		w.wants(w.do("POST", Prefix+"/credits/spend", `{"credits":5,"site":"`+site+`"}`, "as tim", "Idempotency-Key: a"), 201, "")
		clock.Advance(48 * time.Hour)
		w.wants(w.do("POST", Prefix+"/credits/spend", `{"credits":7}`, "as tim", "Idempotency-Key: b"), 201, "")
		at := func(after time.Duration) string { return clock.Now().UTC().Add(after).Format(time.RFC3339) }
		for query, amounts := range map[string]string{
			"":                                        "-7 -5 500",
			"?site=" + site:                           "-5",
			"?from=" + at(-time.Hour):                 "-7",
			"?to=" + at(-time.Hour):                   "-5 500",
			"?type=deduction&to=" + at(-time.Hour):    "-5",
			"?from=" + at(0) + "&to=" + at(0):         "",
			"?from=" + at(0) + "&to=" + at(time.Hour): "-7",
		} {
			r := w.do("GET", Prefix+"/credits/transactions"+query, "", "as tim")
			w.wants(r, 200, "")
			var got []string
			list, _ := r.m["data"].([]any)
			for _, row := range list {
				got = append(got, fmt.Sprint(row.(map[string]any)["amount"]))
			}
			if strings.Join(got, " ") != amounts {
				t.Errorf("%s: %v, want %s", query, got, amounts)
			}
		}
		w.wants(w.do("GET", Prefix+"/credits/transactions?site=acc_1", "", "as tim"), 422, "validation_failed")
		w.wants(w.do("GET", Prefix+"/credits/transactions?from=yesterday", "", "as tim"), 422, "validation_failed")
	}, dbtest.WithClock(clock))
}
