package api_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
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
	"igny8/internal/doctor/doctortest"
	"igny8/internal/idem"
	"igny8/internal/job"
	"igny8/internal/kdf"
	"igny8/internal/ops"
	"igny8/internal/search"
	"igny8/internal/signup"
	"igny8/internal/web"
	"igny8/internal/web/api"
	"igny8/internal/web/api/apitest"
)

const password = "correct-horse-battery-9"

// core is the whole API over one database, with a clock that stands.
type core struct {
	*testing.T
	d        *db.DB
	h        http.Handler
	clock    *dbtest.Clock
	auth     *auth.Service
	billing  *billing.Service
	keys     atomic.Int64
	contract *apitest.Contract
	hold     chan struct{} // while it is there, passwords wait until it is closed
}

// onCore runs f on both databases.
func onCore(t *testing.T, f func(*core)) {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) { f(newCore(t, d, clock)) }, dbtest.WithClock(clock))
}

func newCore(t *testing.T, d *db.DB, clock *dbtest.Clock) *core {
	t.Helper()
	t.Cleanup(func() { doctortest.Assert(t, d) }) // whatever a test did, the invariants hold
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(job.Migrate(t.Context(), d))
	must(catalog.New(d).Seed(t.Context()))
	files, err := blob.OpenFolder(t.TempDir())
	must(err)
	t.Cleanup(func() { files.Close() })
	seed := make([]byte, 32)
	rand.Read(seed)
	key, err := auth.NewKey(seed)
	must(err)
	signer, err := auth.NewSigner("http://127.0.0.1", "http://127.0.0.1/api", key)
	must(err)
	c := &core{T: t, d: d, clock: clock}
	c.auth = auth.New(auth.Config{DB: d, Signer: signer, Hasher: auth.NewHasher(1, c.derive), Secret: seed, PublicURL: "http://127.0.0.1", Unlimited: true})
	c.billing = billing.New(d, files, seed, "http://127.0.0.1")
	a := api.New(api.Config{
		Config: web.Config{PublicURL: "http://127.0.0.1", Now: d.Now, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))},
		Authenticate: func(ctx context.Context, token string) (igny8.Actor, error) {
			return c.auth.Authenticate(ctx, token, "")
		},
		Admit: func(_ context.Context, a igny8.Actor, p igny8.Permission, n account.Need) error {
			return account.Admit(a, p, n)
		},
		Idempotency: api.StoredIn(idem.New(d, seed)), CursorKey: seed})
	api.RegisterAuth(a, c.auth, signup.New(d, c.auth), c.billing)
	api.RegisterPerson(a, c.auth)
	api.RegisterFactors(a, c.auth)
	api.RegisterAccount(a, account.NewService(d))
	api.RegisterCatalog(a, catalog.New(d))
	api.RegisterBilling(a, c.billing)
	api.RegisterAdmin(a, c.billing)
	api.RegisterSearch(a, search.New(d))
	api.RegisterJobs(a, ops.New(d, ops.Installation{Version: "1.2.3"}))
	web.RegisterMailbox(a.Mux(), d)
	c.h = a.Handler()
	raw, err := a.OpenAPI()
	must(err)
	c.contract, err = apitest.Of(raw)
	must(err)
	return c
}

// derive is as cheap as passwords in tests may be.
func (c *core) derive(j kdf.Job) []byte {
	if c.hold != nil {
		<-c.hold
	}
	j.Time, j.Memory = 1, 8
	return kdf.Derive(j)
}

// answer is what came back.
type answer struct {
	*httptest.ResponseRecorder
	m map[string]any
}

// at returns the member at a path such as "invoice/lines/0/n".
func (a answer) at(path string) any {
	var v any = a.m
	for name := range strings.SplitSeq(path, "/") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(in) {
				return nil
			}
			v = in[i]
		default:
			return nil
		}
	}
	return v
}

func (a answer) text(path string) string {
	s, _ := a.at(path).(string)
	return s
}

// do sends a request. token may be empty. A POST gets a fresh Idempotency-Key,
// unless a header names one.
func (c *core) do(method, path, token, body string, headers ...string) answer {
	c.Helper()
	r := httptest.NewRequestWithContext(c.Context(), method, "http://127.0.0.1"+path, strings.NewReader(body))
	r.RemoteAddr = "127.0.0.1:4711"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if method == http.MethodPost {
		r.Header.Set("Idempotency-Key", fmt.Sprint("key-", c.keys.Add(1)))
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	a := answer{ResponseRecorder: httptest.NewRecorder()}
	c.h.ServeHTTP(a.ResponseRecorder, r)
	if err := c.contract.Check(method, r.URL.EscapedPath(), a.Code, a.Header(), a.Body.Bytes()); err != nil && strings.HasPrefix(path, api.Prefix) {
		c.Error(err)
	}
	if strings.Contains(a.Header().Get("Content-Type"), "json") {
		if err := json.Unmarshal(a.Body.Bytes(), &a.m); err != nil {
			c.Fatalf("%s %s: %v in %s", method, path, err, a.Body)
		}
	}
	return a
}

// v1 is do below /api/v1 with the status and code that must come; code may be
// empty.
func (c *core) v1(method, path, token, body string, status int, code string, headers ...string) answer {
	c.Helper()
	a := c.do(method, api.Prefix+path, token, body, headers...)
	if a.Code != status || code != "" && a.text("code") != code {
		c.Fatalf("%s %s: %d %q, want %d %q\n%s", method, path, a.Code, a.text("code"), status, code, a.Body)
	}
	return a
}

// is compares members of an answer with what they must be, given as JSON.
func (c *core) is(a answer, want map[string]string) {
	c.Helper()
	for path, text := range want {
		got, err := json.Marshal(a.at(path))
		if err != nil || string(got) != text {
			c.Errorf("%s is %s, want %s\n%s", path, got, text, a.Body)
		}
	}
}

// customer is somebody who signed up.
type customer struct {
	answer
	access, refresh, invoice string
}

func (c *core) signUp(email, more string) customer {
	c.Helper()
	a := c.v1("POST", "/auth/register", "", `{"email":"`+email+`","password":"`+password+`","first_name":"Ayesha","last_name":"Khan","country":"PK"`+more+`}`, 201, "")
	return customer{a, a.text("tokens/access"), a.text("tokens/refresh"), a.text("invoice/id")}
}

func (c *core) paying(email string) customer {
	c.Helper()
	return c.signUp(email, `,"plan":"starter","payment_method":"jazzcash"`)
}

// staff makes a member of staff and returns an access token.
func (c *core) staff(email string) string {
	c.Helper()
	c.hire(email)
	return c.enter(email)
}

func (c *core) hire(email string) {
	c.Helper()
	if _, err := c.auth.CreateStaff(c.Context(), email, password); err != nil {
		c.Fatal(err)
	}
}

// enter logs somebody in and returns an access token.
func (c *core) enter(email string) string {
	c.Helper()
	return c.v1("POST", "/auth/login", "", `{"email":"`+email+`","password":"`+password+`"}`, 200, "").text("tokens/access")
}

// member gives somebody a role in the customer's account and returns an access
// token.
func (c *core) member(of customer, email string, role igny8.Role) (access string) {
	c.Helper()
	id, err := igny8.ParseID[igny8.AccountID](of.text("account/id"))
	if err != nil {
		c.Fatal(err)
	}
	err = c.d.System(c.Context(), "test.member", id, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.CreateUser(ctx, tx, account.NewUser{Email: email, EmailNorm: email, PasswordHash: "x", FirstName: "V", LastName: "W", Language: "en"})
		if err != nil {
			return err
		}
		if err := account.AddMember(ctx, tx, u.ID, role); err != nil {
			return err
		}
		t, err := c.auth.StartSession(ctx, tx, u.ID, id, role, auth.Device{})
		access = t.Access
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
	return access
}

// raast takes a payment without a file, jazzcash asks for one.
const proofOfPayment = `{"method":"raast","reference":"TID %s","payer_name":"Ayesha Khan","paid_on":"2026-11-22"}`

// submit tells of a payment of the customer's invoice and returns its id.
func (c *core) submit(of customer, reference string) string {
	c.Helper()
	return c.v1("POST", "/billing/invoices/"+of.invoice+"/payments", of.access, fmt.Sprintf(proofOfPayment, reference), 201, "").text("id")
}

// receipt is a form with a picture.
func receipt(t *testing.T, reference string) (body, header string) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 8, 8))
	img.Set(1, 1, color.RGBA{200, 10, byte(len(reference)), 255})
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	for name, value := range map[string]string{"method": "jazzcash", "reference": reference, "payer_name": "Ayesha Khan",
		"paid_on": "2026-11-22", "amount_minor": "2474200", "currency": "PKR", "notes": ""} {
		if err := mw.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	f, err := mw.CreateFormFile("proof", "receipt.png")
	if err == nil {
		err = png.Encode(f, img)
	}
	if err == nil {
		_, err = io.WriteString(f, "<script>behind the picture</script>")
	}
	if err != nil || mw.Close() != nil {
		t.Fatal(err)
	}
	return b.String(), "Content-Type: " + mw.FormDataContentType()
}

// anonymous takes out what may differ between two answers to the same question.
func anonymous(a answer, id string) string {
	return strings.NewReplacer(a.text("request_id"), "", id, "").Replace(a.Body.String())
}

func payPath(a answer, path string) string {
	u, err := url.Parse(a.text(path))
	if err != nil {
		return ""
	}
	return u.Path
}
