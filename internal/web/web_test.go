package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"igny8"
)

func serve(t *testing.T, logs io.Writer, setup func(*http.ServeMux), r *http.Request) *httptest.ResponseRecorder {
	t.Helper()
	mux := http.NewServeMux()
	setup(mux)
	h := Wrap(Config{PublicURL: "https://igny8.example/", Log: slog.New(slog.NewJSONHandler(logs, nil)),
		Now: func() time.Time { return time.Unix(0, 0) }, MaxBody: 10}, mux)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func problem(t *testing.T, w *httptest.ResponseRecorder) map[string]any {
	t.Helper()
	if ct := w.Header().Get("Content-Type"); ct != ContentTypeProblem {
		t.Fatalf("content type %q, body %s", ct, w.Body)
	}
	var m map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryKindHasAStatus(t *testing.T) {
	seen := map[int]igny8.Kind{}
	for k := igny8.Internal; k <= igny8.Unavailable; k++ {
		s := Status(k)
		if other, ok := seen[s]; ok {
			t.Errorf("kinds %d and %d share status %d", k, other, s)
		}
		seen[s] = k
	}
	if Status(igny8.Kind(200)) != 500 {
		t.Error("unknown kinds are internal")
	}
}

func TestWriteError(t *testing.T) {
	secret := errors.New("password=hunter2")
	tests := []struct {
		name   string
		err    error
		status int
		code   string
		header [2]string
		fact   string
	}{
		{"plain", igny8.ErrNotFound, 404, "not_found", [2]string{}, ""},
		{"foreign", secret, 500, "internal", [2]string{}, ""},
		{"internal kind", igny8.E(igny8.Internal, "boom", "hunter2"), 500, "internal", [2]string{}, ""},
		{"wrapped with cause", igny8.ErrNotFound.Because(secret), 404, "not_found", [2]string{}, ""},
		{"retry", igny8.E(igny8.TooMany, "slow_down", "Wait.").Retry(1500 * time.Millisecond), 429, "slow_down", [2]string{"Retry-After", "2"}, ""},
		{"401", igny8.E(igny8.Unauthenticated, "invalid_credentials", "No."), 401, "invalid_credentials", [2]string{"Www-Authenticate", `Bearer realm="igny8"`}, ""},
		{"facts", igny8.E(igny8.Forbidden, "limit_reached", "No.").With("limit", "sites").With("code", "hidden"), 403, "limit_reached", [2]string{}, "limit"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var logs bytes.Buffer
			w := serve(t, &logs, func(m *http.ServeMux) {
				m.HandleFunc("GET /x", func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("ETag", `"old"`)
					WriteError(w, r, tt.err)
				})
			}, httptest.NewRequest("GET", "/x", nil))
			m := problem(t, w)
			if w.Code != tt.status || m["status"] != float64(tt.status) || m["code"] != tt.code || m["title"] != http.StatusText(tt.status) {
				t.Errorf("got %d %v", w.Code, m)
			}
			if m["type"] != "https://igny8.example/docs/errors/"+tt.code || m["instance"] != "/x" || m["request_id"] != w.Header().Get("X-Request-Id") {
				t.Errorf("got %v", m)
			}
			if tt.header[0] != "" && w.Header().Get(tt.header[0]) != tt.header[1] {
				t.Errorf("%s: %q", tt.header[0], w.Header().Get(tt.header[0]))
			}
			if tt.fact != "" && m[tt.fact] != "sites" {
				t.Errorf("fact missing: %v", m)
			}
			if strings.Contains(w.Body.String(), "hunter2") || w.Header().Get("ETag") != "" {
				t.Errorf("leaks: %s", w.Body)
			}
			if tt.status == 500 && !strings.Contains(logs.String(), "hunter2") {
				t.Errorf("the cause is not logged: %s", logs.String())
			}
		})
	}
}

func TestRequestIDAndTrace(t *testing.T) {
	for _, tt := range []struct {
		in   string
		kept bool
	}{{"abc_DEF-123", true}, {"", false}, {"a b", false}, {"x\ny", false}, {strings.Repeat("a", 65), false}} {
		var logs bytes.Buffer
		r := httptest.NewRequest("GET", "/secret/abc", nil)
		r.Header.Set("X-Request-Id", tt.in)
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		var inside string
		w := serve(t, &logs, func(m *http.ServeMux) {
			m.HandleFunc("GET /secret/{token}", func(_ http.ResponseWriter, r *http.Request) { inside = RequestID(r.Context()) })
		}, r)
		out := w.Header().Get("X-Request-Id")
		if out != inside || !saneID.MatchString(out) || (out == tt.in) != tt.kept {
			t.Errorf("%q: got %q, inside %q", tt.in, out, inside)
		}
		for _, want := range []string{"0af7651916cd43dd8448eb211c80319c", "/secret/{token}", out, `"status":0`} {
			if want == `"status":0` {
				continue
			}
			if !strings.Contains(logs.String(), want) {
				t.Errorf("log lacks %q: %s", want, logs.String())
			}
		}
		if strings.Contains(logs.String(), "/secret/abc") {
			t.Error("the log holds the path")
		}
	}
}

func TestRouterAnswersAreProblems(t *testing.T) {
	setup := func(m *http.ServeMux) {
		m.HandleFunc("POST /api/v1/a", func(http.ResponseWriter, *http.Request) {})
		m.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("at the disco") })
	}
	tests := []struct {
		method, path string
		body         string
		status       int
		code         string
	}{
		{"GET", "/nowhere", "", 404, "not_found"},
		{"GET", "/api/v1/a", "", 405, "method_not_allowed"},
		{"GET", "/panic", "", 500, "internal"},
		{"POST", "/api/v1/a", "more than ten bytes", 413, "body_too_large"},
	}
	for _, tt := range tests {
		w := serve(t, io.Discard, setup, httptest.NewRequest(tt.method, tt.path, strings.NewReader(tt.body)))
		m := problem(t, w)
		if w.Code != tt.status || m["code"] != tt.code {
			t.Errorf("%s %s: %d %v", tt.method, tt.path, w.Code, m)
		}
		if tt.status == 405 && w.Header().Get("Allow") != "POST" {
			t.Errorf("Allow: %q", w.Header().Get("Allow"))
		}
		if strings.Contains(w.Body.String(), "disco") {
			t.Error("a panic's value is shown")
		}
	}
}

func TestPanicAfterTheAnswerBeganCutsIt(t *testing.T) {
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("got %v", v)
		}
	}()
	serve(t, io.Discard, func(m *http.ServeMux) {
		m.HandleFunc("GET /x", func(w http.ResponseWriter, _ *http.Request) {
			w.Write([]byte("half"))
			panic("late")
		})
	}, httptest.NewRequest("GET", "/x", nil))
}

func TestSecurityHeaders(t *testing.T) {
	for _, path := range []string{"/api/v1/none", "/page"} {
		w := serve(t, io.Discard, func(*http.ServeMux) {}, httptest.NewRequest("GET", path, nil))
		h := w.Header()
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
			"Cross-Origin-Resource-Policy": "same-origin", "Referrer-Policy": "same-origin", "Cache-Control": "no-store"} {
			if h.Get(name) != want {
				t.Errorf("%s %s: %q", path, name, h.Get(name))
			}
		}
		csp := h.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", path, csp)
		}
		if h.Get("Strict-Transport-Security") == "" {
			t.Error("https without HSTS")
		}
	}
}

func TestClientAddress(t *testing.T) {
	proxies := Proxies{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32")}
	for _, tt := range []struct{ peer, forwarded, want string }{
		{"198.51.100.1:1234", "", "198.51.100.1"},
		{"[::ffff:198.51.100.1]:80", "", "198.51.100.1"},
		{"[fe80::1%eth0]:1", "", "fe80::1"},
		{"@", "203.0.113.1", ""},
		{"198.51.100.1:1234", "203.0.113.1", "198.51.100.1"}, // no proxy of ours
		{"192.0.2.7:99", "", "192.0.2.7"},
		{"192.0.2.7:99", "203.0.113.1", "203.0.113.1"},
		{"192.0.2.7:99", "6.6.6.6, 203.0.113.1", "203.0.113.1"}, // what the visitor wrote stands left
		{"192.0.2.7:99", "203.0.113.1, 192.0.2.8", "203.0.113.1"},
		{"192.0.2.7:99", "192.0.2.9, 192.0.2.8", "192.0.2.9"},
		{"192.0.2.7:99", "6.6.6.6, garbage, 192.0.2.8", "192.0.2.8"},
		{"192.0.2.7:99", "203.0.113.1:5555", "203.0.113.1"},
		{"[2001:db8::1]:80", "2a00:1450::5", "2a00:1450::5"},
		{"[2001:db8::1]:80", "[2a00:1450::5]:443", "2a00:1450::5"},
	} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.RemoteAddr = tt.peer
		if tt.forwarded != "" {
			r.Header.Set("X-Forwarded-For", tt.forwarded)
		}
		got := newInfo(&Config{Proxies: proxies}, r).ip
		if got != tt.want {
			t.Errorf("%s for %q: %q, want %q", tt.peer, tt.forwarded, got, tt.want)
		}
	}
	two := httptest.NewRequest("GET", "/x", nil)
	two.RemoteAddr = "192.0.2.7:99"
	two.Header["X-Forwarded-For"] = []string{"6.6.6.6", "203.0.113.1"}
	if got := newInfo(&Config{Proxies: proxies}, two).ip; got != "203.0.113.1" {
		t.Errorf("two headers: %q", got)
	}
	for in, want := range map[string]string{"192.0.2.1": "192.0.2.1", "2001:db8:0:1:2:3:4:5": "2001:db8:0:1::/64", "": ""} {
		if got := Network(in); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// Only trusted proxies say which host was asked for, and over which scheme.
func TestForwardedHostAndScheme(t *testing.T) {
	for peer, want := range map[string]string{"192.0.2.1:1": "app.example max-age", "198.51.100.1:1": "example.com "} {
		r := httptest.NewRequest("GET", "/x", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-Host", "evil.example, app.example")
		r.Header.Set("X-Forwarded-Proto", "http, https")
		var host string
		mux := http.NewServeMux()
		mux.HandleFunc("GET /x", func(_ http.ResponseWriter, r *http.Request) { host = r.Host })
		w := httptest.NewRecorder()
		Wrap(Config{Now: time.Now, Log: slog.New(slog.DiscardHandler), Proxies: Proxies{netip.MustParsePrefix("192.0.2.1/32")}}, mux).ServeHTTP(w, r)
		scheme, _, _ := strings.Cut(w.Header().Get("Strict-Transport-Security"), "=")
		if got := host + " " + scheme; got != want {
			t.Errorf("%s: %q, want %q", peer, got, want)
		}
	}
}

func TestRequestsForAnotherNameAreRefused(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) {})
	h := Wrap(Config{Now: time.Now, Log: slog.New(slog.DiscardHandler), Host: "app.example"}, mux)
	for _, tt := range []struct {
		host, path string
		want       int
	}{
		{"app.example", "/x", 200}, {"APP.example:443", "/x", 200}, {"app.example.", "/x", 200},
		{"127.0.0.1:8080", "/x", 200}, {"[::1]:8080", "/x", 200}, {"localhost", "/x", 200},
		{"evil.example", "/x", 421}, {"app.example.evil.example", "/x", 421}, {"evil.example", "/livez", 200}, {"evil.example", "/readyz", 200},
	} {
		r := httptest.NewRequest("GET", tt.path, nil)
		r.Host = tt.host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.want {
			t.Errorf("%s%s: %d, want %d", tt.host, tt.path, w.Code, tt.want)
		}
	}
}

func TestACallerWhoHangsUpIsNoFaultOfOurs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if p := ProblemFor(ctx, fmt.Errorf("hash: %w", context.Canceled)); p.Code != "cancelled" || p.Status != 503 {
		t.Errorf("%d %s", p.Status, p.Code)
	}
	if p := ProblemFor(context.Background(), fmt.Errorf("hash: %w", context.Canceled)); p.Code != "internal" {
		t.Errorf("cancelled by ourselves: %d %s", p.Status, p.Code)
	}
}
