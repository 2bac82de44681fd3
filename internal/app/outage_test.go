package app

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8/internal/db/dbtest"
	"igny8/internal/web/api"
)

// A server of PostgreSQL that has stopped neither answers nor refuses. Every route
// must say so in time, and go on by itself afterwards.
func TestAStoppedPostgreSQLIsToldInTime(t *testing.T) {
	c := dbtest.NewCluster(t)
	w := startNode(t, c.Database("frozen"), t.TempDir(), quiet)
	u := w.signUp("")
	w.must(201, "POST", "/credits/spend", u.token, `{"credits":1}`)
	before := w.count("SELECT count(*) FROM credit_transaction")

	c.Freeze()
	const key = "Idempotency-Key: while-it-was-frozen"
	var all sync.WaitGroup
	all.Go(func() { // nobody has asked the database yet: this one must find out
		begin := time.Now()
		if res, err := http.Get(w.base + "/readyz"); err != nil || res.StatusCode != 503 || time.Since(begin) > 2*time.Second {
			t.Errorf("/readyz after %v: %v %v, want 503 within 2 s", time.Since(begin), res, err)
		}
	})
	all.Go(func() {
		inTime(t, "spend", func() answer { return w.ask("POST", "/credits/spend", u.token, `{"credits":5}`, key) })
	})
	refused := w.everyRoute(t, &all, u.token)
	all.Wait()
	if *refused < 40 {
		t.Errorf("only %d routes needed the database", *refused)
	}
	inTime(t, "spend once more", func() answer { return w.ask("POST", "/credits/spend", u.token, `{"credits":5}`, key) })

	c.Thaw()
	begin := time.Now()
	for w.readyz() != 200 && time.Since(begin) < 10*time.Second {
		time.Sleep(50 * time.Millisecond)
	}
	t.Logf("%d routes refused; ready again after %v", *refused, time.Since(begin).Round(time.Millisecond))
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("ready again only after %v", took)
	}
	a := w.must(201, "POST", "/credits/spend", u.token, `{"credits":5}`, key)
	b := w.must(201, "POST", "/credits/spend", u.token, `{"credits":5}`, key)
	if a.raw != b.raw {
		t.Errorf("the same key answers twice:\n%s\n%s", a, b)
	}
	if n := w.count("SELECT count(*) FROM credit_transaction"); n != before+1 {
		t.Errorf("%d ledger lines more, want 1", n-before)
	}
	healthy(t, w.app.db)
}

func (w *world) readyz() int {
	res, err := http.Get(w.base + "/readyz")
	if err != nil {
		return 0
	}
	res.Body.Close()
	return res.StatusCode
}

// inTime asks, and wants 503 with Retry-After within ten seconds.
func inTime(t *testing.T, what string, ask func() answer) bool {
	begin := time.Now()
	a := ask()
	took := time.Since(begin)
	if took > 10*time.Second {
		t.Errorf("%s: answered after %v", what, took)
	}
	if a.status >= 500 && (a.status != 503 || a.header.Get("Retry-After") == "") {
		t.Errorf("%s: %s (Retry-After %q)", what, a, a.header.Get("Retry-After"))
	}
	return a.status == 503
}

// everyRoute asks every route of the API, and pages, all at once, and counts
// those that answer 503. Some are refused before they need the database.
func (w *world) everyRoute(t *testing.T, all *sync.WaitGroup, token string) *int {
	var mu sync.Mutex
	n := new(int)
	ask := func(what string, f func() answer) {
		all.Go(func() {
			if inTime(t, what, f) {
				mu.Lock()
				*n++
				mu.Unlock()
			}
		})
	}
	for i, r := range w.app.api.Routes() {
		path, who, body := r.Path, token, "{}"
		for strings.Contains(path, "{") {
			a, b := strings.Index(path, "{"), strings.Index(path, "}")
			path = path[:a] + "x" + path[b+1:]
		}
		if strings.HasPrefix(path, "/admin") {
			who = w.staff
		}
		if r.Method == "GET" || r.Method == "DELETE" {
			body = ""
		}
		ask(r.ID, func() answer { return w.ask(r.Method, path, who, body, fmt.Sprint("Idempotency-Key: every-", i)) })
	}
	pages := &client{w.TB, strings.TrimSuffix(w.base, api.Prefix), w.http}
	for _, path := range []string{"/signup", "/pay/x", "/invite/x"} {
		ask(path, func() answer {
			res, err := pages.http.Get(pages.base + path)
			if err != nil {
				t.Errorf("%s: %v", path, err)
				return answer{}
			}
			res.Body.Close()
			return answer{status: res.StatusCode, header: res.Header}
		})
	}
	return n
}
