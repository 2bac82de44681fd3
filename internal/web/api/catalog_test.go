package api_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/web"
	"igny8/internal/web/api"
)

func catalogServer(t *testing.T, d *db.DB) http.Handler {
	t.Helper()
	s := catalog.New(d)
	if err := s.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := api.New(api.Config{Config: web.Config{PublicURL: "http://127.0.0.1", Now: d.Now, Log: slog.New(slog.DiscardHandler)}, CursorKey: []byte(strings.Repeat("k", 32)),
		Authenticate: func(context.Context, string) (igny8.Actor, error) { return igny8.Actor{}, igny8.ErrNotFound },
		Admit:        func(context.Context, igny8.Actor, igny8.Permission, account.Need) error { return igny8.ErrNotFound }})
	api.RegisterCatalog(a, s)
	return a.Handler()
}

// ask sends a request and returns status and body.
func ask(t *testing.T, h http.Handler, method, path, body string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func TestCatalogRoutes(t *testing.T) {
	clock := dbtest.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		h := catalogServer(t, d)
		for _, c := range []struct {
			method, path, body string
			status             int
			has, hasNot        string
		}{
			{"GET", "/plans?country=PK", "", 200, `"amount_minor":2474200,"currency":"PKR","amount":"24742.00","usd":{"amount_minor":8900,"currency":"USD","amount":"89.00"},"rate":{"rate":"278"`, "enterprise"},
			{"GET", "/plans", "", 200, `"slug":"starter"`, "PKR"},
			{"GET", "/plans?country=FR", "", 200, `"amount":"89.00"`, "EUR"},
			{"GET", "/plans?country=zz", "", 422, `"code":"unknown_country"`, "zz"},
			{"GET", "/plans?land=PK", "", 422, `"status":422`, ""},
			{"GET", "/payment-methods?country=IN", "", 200, `"link_template":"upi://pay?`, "jazzcash"},
			{"GET", "/payment-methods", "", 200, `"slug":"swift"`, "jazzcash"},
			{"GET", "/countries", "", 200, `"time_zone":"Asia/Karachi"`, ""},
			{"GET", "/currencies", "", 200, `"code":"KWD","name":"Kuwaiti dinar","symbol":"KD","exponent":3`, ""},
			{"GET", "/industries", "", 200, `"slug":"fitness-and-sport"`, "01"},
			{"GET", "/industries/fitness-and-sport/sectors", "", 200, `"slug":"running"`, "roofing"},
			{"GET", "/industries/nothing/sectors", "", 404, `"code":"not_found"`, "nothing\""},
			{"GET", "/credit-packages?country=PK", "", 200, `"amount":"2502.00"`, ""},
			{"GET", "/credit-costs", "", 200, `"operation":"content_generation","name":"Content","unit":"word","unit_size":100,"credits":1,"minimum":1`, ""},
			{"POST", "/quotes", `{"plan":"starter","cycle":"monthly","country":"PK"}`, 201, `"total":"24742.00","total_amount":"24742.00"`, ""},
			{"POST", "/quotes", `{"plan":"starter","cycle":"monthly","country":"PK"}`, 201, `"expires_at":"2026-03-02T12:00:00Z"`, ""},
			{"POST", "/quotes", `{"plan":"enterprise","cycle":"monthly","country":"PK"}`, 422, `"code":"unknown_plan"`, "enterprise"},
			{"POST", "/quotes", `{"plan":"starter","cycle":"monthly","country":"PK","price":1}`, 422, `"pointer"`, ""},
			{"POST", "/quotes", `{"plan":"starter","cycle":"weekly","country":"PK"}`, 422, `"pointer":"#/cycle"`, "weekly"},
			{"POST", "/quotes", `{"plan":"free-trial","cycle":"annual","country":"PK"}`, 422, `"code":"unknown_cycle"`, ""},
		} {
			status, body := ask(t, h, c.method, "/api/v1"+c.path, c.body)
			instance := strings.Index(body, `"instance"`) // names the path that was asked for
			if instance >= 0 {
				end := strings.IndexAny(body[instance:], ",}")
				body = body[:instance] + body[instance+end:]
			}
			if status != c.status || !strings.Contains(body, c.has) || c.hasNot != "" && strings.Contains(body, c.hasNot) {
				t.Errorf("%s %s: %d, want %d with %s and without %s:\n%.900s", c.method, c.path, status, c.status, c.has, c.hasNot, body)
			}
		}
	}, dbtest.WithClock(clock))
}

// What is the same for everybody may be kept, and be read by a page of another origin.
func TestTheCatalogueIsOpen(t *testing.T) {
	onCore(t, func(c *core) {
		for _, path := range []string{"/plans?country=PK", "/payment-methods", "/countries", "/currencies", "/industries",
			"/industries/automotive/sectors", "/credit-packages", "/credit-costs"} {
			a := c.v1("GET", path, "", "", 200, "", "Origin: https://shop.example")
			h := a.Header()
			tag := h.Get("ETag")
			if h.Get("Cache-Control") != "public, max-age=300" || h.Get("Access-Control-Allow-Origin") != "*" || tag == "" ||
				h.Get("Cross-Origin-Resource-Policy") != "cross-origin" || h.Get("Access-Control-Allow-Credentials") != "" {
				c.Errorf("%s: %v", path, h)
			}
			c.clock.Advance(time.Second)
			a = c.v1("GET", path, "", "", 304, "", "If-None-Match: "+tag)
			if a.Header().Get("Cache-Control") != "public, max-age=300" || a.Header().Get("ETag") != tag {
				c.Errorf("%s: %v", path, a.Header())
			}
			a = c.v1("OPTIONS", path, "", "", 204, "", "Origin: https://shop.example", "Access-Control-Request-Method: GET")
			if a.Header().Get("Access-Control-Allow-Origin") != "*" || a.Header().Get("Access-Control-Allow-Methods") != "GET, HEAD" {
				c.Errorf("%s: %v", path, a.Header())
			}
			a = c.v1("GET", path+"?nothing=1", "", "", 422, "")
			if a.Header().Get("Cache-Control") != "no-store" || a.Header().Get("Access-Control-Allow-Origin") != "*" {
				c.Errorf("%s: a refusal is not kept, and can be read: %v", path, a.Header())
			}
		}
		c.v1("OPTIONS", "/me", "", "", 405, "")
		if a := c.v1("GET", "/me", "", "", 401, ""); a.Header().Get("Access-Control-Allow-Origin") != "" {
			c.Errorf("%v", a.Header())
		}
		small, big := c.v1("GET", "/plans?country=pk", "", "", 200, ""), c.v1("GET", "/plans?country=PK", "", "", 200, "")
		if small.Body.String() != big.Body.String() || !strings.Contains(big.Body.String(), "PKR") {
			c.Error("the case of a country's code matters")
		}
		c.v1("POST", "/quotes", "", `{"plan":"starter","cycle":"monthly","country":"pk"}`, 201, "")
	})
}

func TestCatalogListsHaveTheShapeOfLists(t *testing.T) {
	h := catalogServer(t, dbtest.Open(t, dbtest.SQLiteURL(t)))
	for _, path := range []string{"/plans", "/payment-methods", "/countries", "/currencies", "/industries",
		"/industries/running/sectors", "/industries/pets-and-veterinary/sectors", "/credit-packages", "/credit-costs"} {
		status, body := ask(t, h, "GET", "/api/v1"+path, "")
		if path == "/industries/running/sectors" {
			if status != 404 {
				t.Errorf("%s: %d", path, status)
			}
			continue
		}
		var list map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &list); err != nil || status != 200 {
			t.Fatalf("%s: %d %v", path, status, err)
		}
		if string(list["has_more"]) != strconv.FormatBool(path == "/industries") || len(list["data"]) < 3 || list["next_cursor"] == nil {
			t.Errorf("%s: %.200s", path, body)
		}
	}
}
