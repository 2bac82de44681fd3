package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/web"
	"igny8/internal/web/api/apitest"
)

// The world of these tests: two tenants with one token each, and things.

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.t }

func (c *clock) add(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.t = c.t.Add(d) }

type world struct {
	*testing.T
	api   *API
	h     http.Handler
	clock *clock
	idem  *memory
	logs  bytes.Buffer
	tim   igny8.Actor
	una   igny8.Actor
	calls int
	words []string // of the catalogue
}

func start() time.Time { return time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC) }

func newActor(role igny8.Role) igny8.Actor {
	return igny8.Actor{User: igny8.NewID[igny8.UserID](start()), Account: igny8.NewID[igny8.AccountID](start()), Role: role}
}

func newWorld(t *testing.T, change ...func(*Config)) *world {
	t.Helper()
	w := &world{T: t, clock: &clock{t: start()}, idem: newMemory(), tim: newActor(igny8.RoleOwner), una: newActor(igny8.RoleViewer)}
	cfg := Config{
		Config:  web.Config{PublicURL: "https://igny8.example", Log: slog.New(slog.NewTextHandler(&w.logs, nil)), Now: w.clock.now},
		Version: "1.2.3", Tags: []Tag{{"Things", "What things there are."}},
		Authenticate: w.authenticate, Admit: admit, Idempotency: w.idem,
		CursorKey: []byte("0123456789abcdef0123456789abcdef"),
	}
	for _, f := range change {
		f(&cfg)
	}
	w.api = New(cfg)
	w.routes()
	w.h = w.api.Handler()
	return w
}

func (w *world) authenticate(_ context.Context, token string) (igny8.Actor, error) {
	switch token {
	case "tim":
		return w.tim, nil
	case "una":
		return w.una, nil
	case "broken":
		return igny8.Actor{}, errors.New("the database is away")
	}
	return igny8.Actor{}, igny8.E(igny8.Unauthenticated, "invalid_token", "Log in again.")
}

func admit(_ context.Context, a igny8.Actor, p igny8.Permission, need account.Need) error {
	if !a.Role.Can(p) {
		return igny8.E(igny8.Forbidden, "forbidden", "Your role does not allow this.")
	}
	return account.Gate(igny8.AccountActive, "", need)
}

type thing struct {
	ID   igny8.SiteID `json:"id"`
	Name string       `json:"name" minLength:"1" maxLength:"20" example:"chair"`
	Tags []string     `json:"tags"`
	Paid *time.Time   `json:"paid_at,omitempty"`
}

type thingIn struct {
	Name   string           `json:"name" minLength:"1" maxLength:"20" doc:"What it is called." example:"chair"`
	Role   string           `json:"role,omitempty" enum:"leg,seat"`
	Count  int64            `json:"count,omitempty" minimum:"1" maximum:"9"`
	Live   bool             `json:"live,omitempty"`
	Mail   string           `json:"mail,omitempty" format:"email"`
	Owner  *igny8.AccountID `json:"owner,omitempty"`
	Parts  []part           `json:"parts,omitempty" maxItems:"3"`
	Amount *igny8.Money     `json:"price,omitempty"`
}

type part struct {
	Size int `json:"size" minimum:"1"`
}

type listThings struct {
	ListInput
	Kind string `query:"kind" enum:"old,new"`
}

var known = igny8.SiteID(exampleID)

func (w *world) routes() {
	a := w.api
	rt := func(method, path, id string) Route {
		return Route{Method: method, Path: path, ID: id, Summary: "Do " + id, Doc: "It does so.", Tag: "Things", Perm: igny8.PermRead, Need: account.NeedRead}
	}
	Register(a, rt("GET", "/things", "listThings"), w.list)
	Register(a, rt("GET", "/things/{id}", "getThing"), w.get)
	Register(a, Route{Method: "POST", Path: "/things", ID: "createThing", Summary: "Make a thing", Doc: "It does so.", Tag: "Things", Perm: igny8.PermSiteWrite,
		Need: account.NeedWork, Status: 201}, w.create)
	Register(a, Route{Method: "POST", Path: "/things/{id}/pay", ID: "payThing", Summary: "Pay a thing", Doc: "It does so.", Tag: "Things", Perm: igny8.PermBillingManage,
		Need: account.NeedBilling, Money: true, Files: "proof", Status: 201}, w.pay)
	Register(a, Route{Method: "PATCH", Path: "/things/{id}", ID: "renameThing", Summary: "Rename", Doc: "It does so.", Tag: "Things", Perm: igny8.PermSiteWrite}, w.rename)
	Register(a, rt("POST", "/things/{id}/poke", "pokeThing"), w.poke)
	Register(a, Route{Method: "GET", Path: "/catalogue", ID: "catalogue", Summary: "See", Doc: "It does so.", Tag: "Public", Public: true}, w.catalogue)
	Register(a, Route{Method: "POST", Path: "/hook", ID: "hook", Summary: "Hook", Doc: "It does so.", Tag: "Public", Public: true, Raw: true, Status: 204}, w.hook)
	file := rt("GET", "/things/{id}/pdf", "pdf")
	file.Produces = "application/pdf"
	Register(a, file, func(context.Context, *ByID[igny8.SiteID]) (*FileOut, error) {
		return &FileOut{ContentType: "application/pdf", Body: []byte("%PDF")}, nil
	})
}

func (w *world) list(ctx context.Context, in *listThings) (*ListOutput[thing], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	var rows []string
	for i := range p.Fetch() {
		rows = append(rows, p.Before+string(rune('a'+i)))
	}
	if len(p.Before) > 2 {
		rows = nil
	}
	l := igny8.NewList(p, rows, func(s string) string { return s })
	return List(ctx, l, func(s string) thing { return thing{ID: known, Name: s} }), nil
}

func (w *world) get(ctx context.Context, in *ByID[igny8.SiteID]) (*Out[thing], error) {
	if in.ID != known {
		return nil, igny8.ErrNotFound
	}
	return OK(thing{ID: known, Name: "chair <&>"}), nil
}

func (w *world) create(ctx context.Context, in *In[thingIn]) (*Created[thing], error) {
	w.calls++
	switch in.Body.Name {
	case "taken":
		return nil, igny8.E(igny8.Conflict, "already_exists", "Choose another.").With("current", "you")
	case "bug":
		return nil, errors.New("nil map at 0xdead")
	case "panic":
		panic("0xbeef")
	case "busy":
		return nil, igny8.E(igny8.TooMany, "busy", "Wait.")
	}
	return &Created[thing]{Location: Prefix + "/things/" + known.String(), Body: thing{ID: known, Name: in.Body.Name}}, nil
}

type paid struct {
	Reference string   `json:"reference"`
	Minor     int64    `json:"amount_minor"`
	Files     []string `json:"files"`
	Bytes     int      `json:"bytes"`
	By        string   `json:"by"`
}

type payIn struct {
	Reference string   `json:"reference" maxLength:"50"`
	Minor     int64    `json:"amount_minor" minimum:"1"`
	Note      string   `json:"note,omitempty"`
	Urgent    bool     `json:"urgent,omitempty"`
	Words     []string `json:"words,omitempty"`
}

func (w *world) pay(ctx context.Context, in *ByIDIn[igny8.SiteID, payIn]) (*Out[paid], error) {
	w.calls++
	if in.ID != known {
		return nil, igny8.ErrNotFound
	}
	out := paid{Reference: in.Body.Reference, Minor: in.Body.Minor, By: ActorFrom(ctx).User.String()}
	for _, f := range FilesFrom(ctx) {
		out.Files = append(out.Files, f.Name)
		out.Bytes += int(f.Size)
	}
	return OK(out), nil
}

type renameIn struct {
	IfMatch
	ID   igny8.SiteID `path:"id"`
	Body struct {
		Name string `json:"name"`
	}
}

func (w *world) rename(ctx context.Context, in *renameIn) (*Out[thing], error) {
	if err := in.Check(ctx, thing{ID: known, Name: "chair <&>"}); err != nil {
		return nil, err
	}
	return OK(thing{ID: known, Name: in.Body.Name}), nil
}

func (w *world) poke(context.Context, *ByID[igny8.SiteID]) (*struct{}, error) {
	w.calls++
	return nil, nil
}

func (w *world) catalogue(ctx context.Context, in *ListInput) (*ListOutput[string], error) {
	if a := ActorFrom(ctx); !a.User.IsZero() || a.Network == "" {
		return nil, errors.New("a public route knows nobody but the address")
	}
	same := func(s string) string { return s }
	return Cut(ctx, *in, w.words, same, same)
}

func (w *world) hook(_ context.Context, in *struct {
	Signature string `header:"X-Signature"`
	RawBody   []byte `contentType:"application/json"`
}) (*struct{}, error) {
	if string(in.RawBody) != `{"a":1,"a":2} x` || in.Signature != "s" {
		return nil, errors.New("the raw body was changed")
	}
	return nil, nil
}

// reply is an answer, with the means to look at it.
type reply struct {
	*httptest.ResponseRecorder
	m map[string]any
}

// do sends a request; words are "Name: value" headers, and "as tim".
func (w *world) do(method, path, body string, words ...string) reply {
	w.Helper()
	r := httptest.NewRequest(method, "/", strings.NewReader(body))
	path, query, _ := strings.Cut(path, "?")
	r.URL.Path, r.URL.RawQuery = path, query
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, word := range words {
		if who, ok := strings.CutPrefix(word, "as "); ok {
			r.Header.Set("Authorization", "Bearer "+who)
			continue
		}
		name, value, _ := strings.Cut(word, ": ")
		r.Header.Set(name, value)
	}
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	out := reply{ResponseRecorder: rec}
	json.Unmarshal(rec.Body.Bytes(), &out.m)
	w.documented(r, rec)
	return out
}

// documented fails the test whose answer the document does not have.
func (w *world) documented(r *http.Request, rec *httptest.ResponseRecorder) {
	w.Helper()
	raw, err := w.api.OpenAPI()
	if err == nil {
		var c *apitest.Contract
		if c, err = apitest.Of(raw); err == nil {
			err = c.Check(r.Method, r.URL.EscapedPath(), rec.Code, rec.Header(), rec.Body.Bytes())
		}
	}
	if err != nil && strings.HasPrefix(r.URL.Path, Prefix) {
		w.Error(err)
	}
}

// wants fails unless the answer has this status and, if given, this code.
func (w *world) wants(r reply, status int, code string) {
	w.Helper()
	if r.Code != status || code != "" && r.m["code"] != code {
		w.Errorf("want %d %s, got %d %s", status, code, r.Code, r.Body)
	}
	if ct := r.Header().Get("Content-Type"); status >= 400 && ct != web.ContentTypeProblem {
		w.Errorf("an error as %q", ct)
	}
}

func (w *world) field(r reply, pointer, code string) {
	w.Helper()
	list, _ := r.m["errors"].([]any)
	for _, e := range list {
		m := e.(map[string]any)
		if m["pointer"] == pointer && m["code"] == code && m["detail"] != "" {
			return
		}
	}
	w.Errorf("no %s at %s in %s", code, pointer, r.Body)
}

// memory is an Idempotency for these tests.
type memory struct {
	mu   sync.Mutex
	rows map[Claim]*row // with a zero fingerprint
}

type row struct {
	print [32]byte
	done  bool
	a     IdemAnswer
}

type memoryKey struct{}

type rendererKey struct{}

func newMemory() *memory { return &memory{rows: map[Claim]*row{}} }

func (m *memory) Begin(ctx context.Context, c Claim, render Renderer) (IdemAnswer, context.Context, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := c
	key.Fingerprint = [32]byte{}
	r, ok := m.rows[key]
	switch {
	case !ok:
		m.rows[key] = &row{print: c.Fingerprint}
		ctx = context.WithValue(ctx, rendererKey{}, render)
		return IdemAnswer{}, context.WithValue(ctx, memoryKey{}, key), nil
	case r.print != c.Fingerprint:
		return IdemAnswer{}, nil, igny8.E(igny8.Invalid, "idempotency_mismatch", "This key was used for another request.")
	case !r.done:
		return IdemAnswer{}, nil, igny8.E(igny8.Conflict, "idempotency_in_progress", "Wait.").Retry(time.Second)
	}
	return r.a, nil, nil
}

func (m *memory) Finish(ctx context.Context, status int, header map[string]string, body []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := m.rows[ctx.Value(memoryKey{}).(Claim)]
	r.done, r.a = true, IdemAnswer{Stored: true, Status: status, Header: header, Body: bytes.Clone(body)}
	return ctx.Err()
}

func (m *memory) Abandon(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.rows, ctx.Value(memoryKey{}).(Claim))
	return ctx.Err()
}
