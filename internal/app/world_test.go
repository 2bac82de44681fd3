package app

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/config"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/doctor"
	"igny8/internal/web/api"
	"igny8/internal/web/api/apitest"
)

const (
	password   = "correct-horse-battery-9"
	staffEmail = "staff@example.com"
	starter    = `,"plan":"starter","payment_method":"raast"` // more of a form, for a paid signup
)

// client speaks to a server as an outside program does. Its methods may be used
// by many goroutines.
type client struct {
	testing.TB
	base string
	http *http.Client
}

var made atomic.Int64 // so that no two keys, addresses or references are alike

func newClient(t testing.TB, base string) *client {
	transport := &http.Transport{MaxIdleConnsPerHost: 128}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t, base, &http.Client{Transport: transport, Timeout: time.Minute}}
}

// answer is what came back; lost says that nothing did.
type answer struct {
	status int
	header http.Header
	raw    string
	body   map[string]any
	lost   error
}

// text returns the string at a path such as "tokens/access".
func (a answer) text(path string) string {
	var v any = a.body
	for name := range strings.SplitSeq(path, "/") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	s, _ := v.(string)
	return s
}

func (a answer) String() string { return fmt.Sprintf("%d %s", a.status, a.raw) }

// send makes a request; the answer may be lost. A POST gets a fresh
// Idempotency-Key, unless a header names one.
func (c *client) send(method, path, token, body string, headers ...string) (a answer) {
	r, err := http.NewRequestWithContext(c.Context(), method, c.base+api.Prefix+path, strings.NewReader(body))
	if err != nil {
		return answer{lost: err}
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", fmt.Sprint("key-", made.Add(1)))
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
		if name == "Host" {
			r.Host = value
		}
	}
	res, err := c.http.Do(r)
	if err != nil {
		return answer{lost: err}
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	a = answer{status: res.StatusCode, header: res.Header, raw: string(raw), lost: err}
	if err == nil && strings.Contains(res.Header.Get("Content-Type"), "json") && a.raw[:min(1, len(raw))] != "[" {
		a.lost = json.Unmarshal(raw, &a.body)
	}
	if a.lost == nil {
		contract, err := apitest.CheckedIn()
		if err == nil {
			err = contract.Check(method, r.URL.EscapedPath(), a.status, a.header, raw)
		}
		if err != nil {
			c.Error(err)
		}
	}
	return a
}

// ask is send for when an answer must come.
func (c *client) ask(method, path, token, body string, headers ...string) answer {
	a := c.send(method, path, token, body, headers...)
	if a.lost != nil {
		c.Errorf("%s %s: no answer: %v", method, path, a.lost)
	}
	return a
}

// must is ask with the status that must come.
func (c *client) must(status int, method, path, token, body string, headers ...string) answer {
	a := c.ask(method, path, token, body, headers...)
	if a.status != status {
		c.Errorf("%s %s: want %d, got %s", method, path, status, a)
	}
	return a
}

// customer is somebody who signed up.
type customer struct {
	signup                               answer
	token, account, email, invoice, paid string // ids; paid is the payment they told of
}

func form(email, more string) string {
	return `{"email":"` + email + `","password":"` + password + `","first_name":"Ayesha","last_name":"Khan","country":"PK"` + more + `}`
}

func newEmail() string { return fmt.Sprintf("person%d@example.com", made.Add(1)) }

// signUp makes a customer; more is starter, or empty for a trial.
func (c *client) signUp(more string) customer {
	u := customer{email: newEmail()}
	u.signup = c.must(201, "POST", "/auth/register", "", form(u.email, more))
	u.token, u.account, u.invoice = u.signup.text("tokens/access"), u.signup.text("account/id"), u.signup.text("invoice/id")
	return u
}

// submission tells of a payment; more may state the amount.
func submission(more string) string {
	return fmt.Sprintf(`{"method":"raast","reference":"TID %06d","payer_name":"Ayesha Khan","paid_on":"%s"%s}`,
		made.Add(1), time.Now().UTC().Format(time.DateOnly), more)
}

// paying makes a customer who told of a payment.
func (c *client) paying() customer {
	u := c.signUp(starter)
	u.paid = c.must(201, "POST", "/billing/invoices/"+u.invoice+"/payments", u.token, submission("")).text("id")
	return u
}

func (c *client) login(email string) string {
	return c.must(200, "POST", "/auth/login", "", `{"email":"`+email+`","password":"`+password+`"}`).text("tokens/access")
}

// world is the whole program over one database, wired as serve wires it, except
// that nobody works the queue: what a story leaves there stays to be looked at.
type world struct {
	*client
	app   *App
	staff string // access token
	hook  atomic.Pointer[func(story string, done int, committed bool) error]
	rows  *sql.Stmt // see dump; of SQLite
}

// quiet keeps out of the log what a test provokes.
func quiet(*testing.T) slog.Handler { return slog.DiscardHandler }

func loud(t *testing.T) slog.Handler {
	return slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError})
}

// startTest builds the program over the database at url and serves it.
func startTest(t *testing.T, url string, log func(*testing.T) slog.Handler, settings ...func(*config.Config)) *world {
	t.Helper()
	return startNode(t, url, t.TempDir(), log, settings...)
}

// startNode is startTest with a data folder that other nodes may share.
func startNode(t *testing.T, url, data string, log func(*testing.T) slog.Handler, settings ...func(*config.Config)) *world {
	t.Helper()
	w := &world{}
	d := dbtest.Open(t, url, dbtest.WithHook(func(story string, done int, committed bool) error {
		if f := w.hook.Load(); f != nil {
			return (*f)(story, done, committed)
		}
		return nil
	}))
	if err := migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	cfg := config.Config{CheapHashes: true, Data: data, Secret: strings.Repeat("s", 32), RateLimits: "off", StaffEmail: staffEmail, StaffPass: password}
	for _, set := range settings {
		set(&cfg)
	}
	var err error
	if w.app, err = build(t.Context(), cfg, "http://localhost", slog.New(log(t)), d); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(w.app.api.Handler())
	t.Cleanup(server.Close)
	w.client = newClient(t, server.URL)
	w.staff = w.login(staffEmail)
	return w
}

// onBoth runs f on SQLite and on PostgreSQL, and asks the doctor at the end.
func onBoth(t *testing.T, log func(*testing.T) slog.Handler, f func(t *testing.T, w *world)) {
	t.Helper()
	each(t, dbtest.MigratedURL, func(t *testing.T, url string) {
		w := startTest(t, url, log)
		f(t, w)
		healthy(t, w.app.db)
	})
}

// both runs f with the URL of an empty database of each kind.
func both(t *testing.T, f func(t *testing.T, url string)) {
	t.Helper()
	each(t, dbtest.PostgresURL, f)
}

func each(t *testing.T, postgres func(testing.TB) string, f func(t *testing.T, url string)) {
	t.Helper()
	for name, url := range map[string]func(testing.TB) string{"sqlite": dbtest.SQLiteURL, "postgres": postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, url(t))
		})
	}
}

// healthy fails the test for everything the doctor finds.
func healthy(t testing.TB, d *db.DB) {
	t.Helper()
	report, err := doctor.Run(context.Background(), d)
	if err != nil {
		t.Errorf("the doctor could not look: %v", err)
	}
	for _, check := range report.Checks {
		for _, finding := range check.Findings {
			t.Errorf("%s: %s %s", check.Name, finding.Account, finding.Detail)
		}
	}
}

// member gives a new person a role in the account and returns an access token.
func (w *world) member(accountID string, role igny8.Role) (token string) {
	w.Helper()
	id, err := igny8.ParseID[igny8.AccountID](accountID)
	if err != nil {
		w.Fatal(err)
	}
	hash, err := w.app.auth.HashPassword(w.Context(), password, "")
	if err != nil {
		w.Fatal(err)
	}
	err = w.app.db.System(w.Context(), "test.member", id, func(ctx context.Context, tx *db.Tx) error {
		email := newEmail()
		u, err := account.CreateUser(ctx, tx, account.NewUser{Email: email, EmailNorm: email, PasswordHash: hash, FirstName: "M", LastName: "N", Language: "en"})
		if err != nil {
			return err
		}
		if err := account.AddMember(ctx, tx, u.ID, role); err != nil {
			return err
		}
		t, err := w.app.auth.StartSession(ctx, tx, u.ID, id, role, auth.Device{})
		token = t.Access
		return err
	})
	if err != nil {
		w.Fatal(err)
	}
	return token
}

// count runs a query for one number, in system scope.
func (w *world) count(query string, args ...any) (n int64) {
	return countIn(w, w.app.db, query, args...)
}

func countIn(t testing.TB, d *db.DB, query string, args ...any) (n int64) {
	t.Helper()
	err := d.ReadSystem(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRowContext(ctx, query, args...).Scan(&n)
	})
	if err != nil {
		t.Errorf("%s: %v", query, err)
	}
	return n
}

// atOnce calls f n times at the same moment and returns what each returned.
func atOnce(n int, f func(i int) answer) []answer {
	out := make([]answer, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-start
			out[i] = f(i)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return out
}

// tally counts answers by status and code.
func tally(list []answer) map[string]int {
	out := map[string]int{}
	for _, a := range list {
		out[strings.TrimSpace(fmt.Sprint(a.status, " ", a.text("code")))]++
	}
	return out
}
