package public_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/blob"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/event"
	"igny8/internal/job"
	"igny8/internal/rate"
	"igny8/internal/signup"
	"igny8/internal/web"
	"igny8/internal/web/console"
	"igny8/internal/web/console/public"
	"igny8/internal/web/console/view"
)

const password = "correct-horse-battery-9"

// world is the public pages over a database, in a browser without JavaScript.
type world struct {
	*testing.T
	server  *httptest.Server
	client  *http.Client
	d       *db.DB
	billing *billing.Service
	auth    *auth.Service
	console *console.Console
	header  http.Header
	folder  string // of the files
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	d := dbtest.Open(t, dbtest.SQLiteURL(t), dbtest.WithClock(clock))
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(job.Migrate(t.Context(), d))
	must(catalog.New(d).Seed(t.Context()))
	w := &world{T: t, d: d, header: http.Header{}, folder: t.TempDir()}
	files, err := blob.OpenFolder(w.folder)
	must(err)
	uploads, err := web.NewUploads(t.TempDir(), rate.New(d).Lease, d.Now)
	must(err)
	t.Cleanup(func() { files.Close() })
	seed := make([]byte, 32)
	key, err := auth.NewKey(seed)
	must(err)
	signer, err := auth.NewSigner("igny8", "igny8/api", key)
	must(err)
	mux := http.NewServeMux()
	cfg := web.Config{Now: d.Now, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))}
	server := httptest.NewUnstartedServer(nil)
	cfg.PublicURL = "http://" + server.Listener.Addr().String()
	w.server = server
	w.auth = auth.New(auth.Config{DB: d, Signer: signer, Hasher: auth.NewCheapHasher(), Secret: seed, PublicURL: cfg.PublicURL, Unlimited: true})
	feed := event.NewFeed(d)
	go feed.Run(t.Context(), func(err error) { t.Log(err) })
	w.billing = billing.New(d, files, seed, cfg.PublicURL)
	c, err := console.New(console.Config{PublicURL: cfg.PublicURL, Auth: w.auth, Intake: blob.NewIntake(files, nil), Uploads: uploads, Key: seed, Feed: feed, Now: d.Now, Dev: true}, mux)
	must(err)
	w.console = c
	t.Cleanup(c.Close)
	public.Register(c, public.Deps{Auth: w.auth, Catalog: catalog.New(d), Signup: signup.New(d, w.auth), Billing: w.billing})
	c.Customer("GET /app/{account}", igny8.PermSelf, account.NeedNone, func(_ context.Context, r *console.Request) (console.Response, error) {
		return console.Page("Home", "home", view.PageHeader("Home of "+r.Account.Name, "")), nil
	})
	c.Customer("GET /app/{account}/work", igny8.PermRead, account.NeedWork, func(context.Context, *console.Request) (console.Response, error) {
		return console.Page("Work", "", view.PageHeader("Work", "")), nil
	})
	c.Staff("GET /staff", igny8.PermPayments, func(context.Context, *console.Request) (console.Response, error) {
		return console.Page("Queue", "", view.PageHeader("Queue", "")), nil
	})
	cfg.ErrorPage = c.ErrorPage
	server.Config.Handler = web.Wrap(cfg, mux)
	server.Start()
	t.Cleanup(server.Close)
	w.fresh()
	return w
}

// fresh is a browser that knows nothing.
func (w *world) fresh() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		w.Fatal(err)
	}
	w.client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// page is an answer.
type page struct {
	status int
	body   string
	header http.Header
}

func (p page) to() string { return p.header.Get("Location") }

var (
	tags       = regexp.MustCompile(`<[^>]*>`)
	inline     = regexp.MustCompile(`<script(?:\s[^>]*)?>[^<]|<[^>]+\s(?:style|on[a-z]+)="|javascript:|<style`)
	whitespace = regexp.MustCompile(`\s+`)
)

func (p page) text() string {
	return whitespace.ReplaceAllString(tags.ReplaceAllString(p.body, " "), " ")
}

func (w *world) do(method, path, kind string, body io.Reader) page {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), method, w.server.URL+strings.TrimPrefix(path, w.server.URL), body)
	if err != nil {
		w.Fatal(err)
	}
	r.Header = w.header.Clone()
	r.Header.Set("Accept", "text/html,*/*")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	res, err := w.client.Do(r)
	if err != nil {
		w.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		w.Fatal(err)
	}
	p := page{res.StatusCode, string(data), res.Header}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		if m := inline.FindString(p.body); m != "" {
			w.Errorf("%s %s: %q is against the content security policy", method, path, m)
		}
		if strings.Contains(p.body, password) {
			w.Errorf("%s %s: the page echoes the password", method, path)
		}
	}
	return p
}

func (w *world) get(path string) page { w.Helper(); return w.do("GET", path, "", nil) }

func (w *world) post(path string, pairs ...string) page {
	w.Helper()
	return w.do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(values(pairs).Encode()))
}

func values(pairs []string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

// upload posts a form with a file, nil for an empty file field.
func (w *world) upload(path string, file []byte, pairs ...string) page {
	w.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for name, list := range values(pairs) {
		m.WriteField(name, list[0])
	}
	name := ""
	if file != nil {
		name = "receipt.png"
	}
	f, err := m.CreateFormFile("proof", name)
	if err != nil {
		w.Fatal(err)
	}
	f.Write(file)
	m.Close()
	return w.do("POST", path, m.FormDataContentType(), &b)
}

// hidden is the value of a hidden field on a page.
func (p page) hidden(name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(p.body)
	if m == nil {
		return ""
	}
	return m[1]
}

func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewRGBA(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// signUp fills in all four pages as a browser would and returns the last answer.
func (w *world) signUp(email, country, plan string) page {
	w.Helper()
	answers := []string{"country", country, "plan", plan, "cycle", "monthly"}
	for _, step := range [][]string{{"at", "plan"}, {"at", "you", "first_name", "Ayesha", "last_name", "Khan", "email", email},
		{"at", "business", "account_name", "Café Karachi", "city", "Karachi"}} {
		answers = append(answers, step[2:]...)
		p := w.post("/signup", append([]string{"go", "next", "at", step[1]}, answers...)...)
		if p.status != 200 {
			w.Fatalf("page %s: %d %s", step[1], p.status, p.text())
		}
		for i := 0; i+1 < len(answers); i += 2 {
			if got := p.hidden(answers[i]); got != "" && got != answers[i+1] {
				w.Errorf("page after %s carries %s as %q", step[1], answers[i], got)
			}
		}
	}
	return w.post("/signup", append([]string{"go", "create", "at", "check", "password", password}, answers...)...)
}
