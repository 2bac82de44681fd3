package web

import (
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// What is text and long is compressed for whoever takes it, with an entity tag of its
// own; streams, files, short answers and pages with a cookie are not.
func TestCompression(t *testing.T) {
	long := strings.Repeat("The same words again. ", 200)
	mux := http.NewServeMux()
	send := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", kind)
			w.Header().Set("ETag", `"tag"`)
			io.WriteString(w, body)
		}
	}
	mux.HandleFunc("GET /long", send("application/json", `"`+long+`"`))
	mux.HandleFunc("GET /short", send("application/json", `"short"`))
	mux.HandleFunc("GET /file", send("application/zip", long))
	step := make(chan bool)
	mux.HandleFunc("GET /stream", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		io.WriteString(w, "data: 1\n\n")
		http.NewResponseController(w).Flush()
		<-step
	})
	server := httptest.NewServer(Wrap(Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)}, mux))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: 10 * time.Second}
	get := func(path string, headers ...string) *http.Response {
		t.Helper()
		r, _ := http.NewRequestWithContext(t.Context(), "GET", server.URL+path, nil)
		for _, h := range headers {
			name, value, _ := strings.Cut(h, ": ")
			r.Header.Set(name, value)
		}
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { res.Body.Close() })
		return res
	}
	res := get("/long", "Accept-Encoding: gzip, br")
	if res.Header.Get("Content-Encoding") != "gzip" || res.Header.Get("ETag") != `"tag-gzip"` || !strings.Contains(res.Header.Get("Vary"), "Accept-Encoding") {
		t.Fatalf("%v", res.Header)
	}
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(z); err != nil || string(body) != `"`+long+`"` {
		t.Errorf("%v, %d bytes", err, len(body))
	}
	for path, headers := range map[string][]string{"/long": nil, "/long?a": {"Accept-Encoding: gzip;q=0"}, "/long?b": {"Accept-Encoding: gzip", "Cookie: a=b"},
		"/short": {"Accept-Encoding: gzip"}, "/file": {"Accept-Encoding: gzip"}} {
		res := get(path, headers...)
		body, _ := io.ReadAll(res.Body)
		if res.Header.Get("Content-Encoding") != "" || res.Header.Get("ETag") != `"tag"` || len(body) < 5 {
			t.Errorf("%s %v: %v", path, headers, res.Header)
		}
	}
	res = get("/stream", "Accept-Encoding: gzip")
	first := make([]byte, 9)
	if _, err := io.ReadFull(res.Body, first); err != nil || string(first) != "data: 1\n\n" || res.Header.Get("Content-Encoding") != "" {
		t.Errorf("%q %v %v", first, err, res.Header) // it came although the handler goes on
	}
	close(step)
}

// A path with empty or dotted parts is a 404 for programs, and not a page that sends
// them on.
func TestCrookedPaths(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/sites", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) })
	mux.HandleFunc("GET /login", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(200) })
	h := Wrap(Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)}, mux)
	for _, tt := range []struct {
		path, accept string
		status       int
		kind         string
	}{
		{"/api/v1/sites", "", 200, ""},
		{"/api/v1//sites", "", 404, ContentTypeProblem},
		{"//api/v1/sites", "text/html", 404, ContentTypeProblem},
		{"/api/v1/x/../sites", "", 404, ContentTypeProblem},
		{"//sites", "", 404, ContentTypeProblem},
		{"/../", "", 404, ContentTypeProblem},
		{"//login", "text/html", 307, "text/html; charset=utf-8"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path = tt.path
		r.Header.Set("Accept", tt.accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != tt.status || w.Header().Get("Content-Type") != tt.kind {
			t.Errorf("%s: %d %q", tt.path, w.Code, w.Header().Get("Content-Type"))
		}
	}
}
