package api

import (
	"context"
	"net/http"

	"igny8"
	"igny8/internal/web"
)

// Idempotency keeps the answers of POST requests for replay (IETF draft
// "Idempotency-Key header"; 24 hours). A database-backed one stores the answer of
// a success inside the transaction of the story itself, with the renderer that it
// finds in the context (see Config.WithRenderer), so that effect and answer are
// kept or lost together; Finish then finds it stored.
type Idempotency interface {
	// Begin looks the claim up. It returns the stored answer; or a context in which
	// the call must run and which Finish or Abandon end; or an error: Invalid
	// "idempotency_mismatch" when the fingerprint is another one, Conflict
	// "idempotency_in_progress" with a retry while the first call still runs.
	Begin(ctx context.Context, c Claim) (IdemAnswer, context.Context, error)
	// Finish stores the answer of the call, unless that was done already.
	Finish(ctx context.Context, status int, header map[string]string, body []byte) error
	// Abandon frees the key: the call had no effect, and may be tried again.
	Abandon(ctx context.Context) error
}

// Claim is what a key is claimed for. Key is unique per Principal, Account and
// Route.
type Claim struct {
	Principal   string          // the user's id, or "anon:" and the network address
	Account     igny8.AccountID // the account the credential is for; zero for staff and anonymous callers
	Route       string          // method and path template
	Key         string
	Fingerprint [32]byte // SHA-256 of method, concrete path, query and body
}

// IdemAnswer is a stored answer, if Stored.
type IdemAnswer struct {
	Stored bool
	Status int
	Header map[string]string
	Body   []byte
}

// Renderer makes the answer of the running call from the handler's Out.Body.
type Renderer func(out any) (status int, body []byte, err error)

type rendererKey struct{}

// RendererFrom returns the renderer of the running call, nil when its answer is
// not to be stored.
func RendererFrom(ctx context.Context) Renderer {
	r, _ := ctx.Value(rendererKey{}).(Renderer)
	return r
}

// maxKey is the longest idempotency key.
const maxKey = 255

var (
	errKeyInvalid  = igny8.E(igny8.Malformed, "idempotency_key_invalid", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
	errKeyRequired = igny8.E(igny8.Malformed, "idempotency_key_required", "This moves money: send an Idempotency-Key, and the same one when you try again.")
)

// checkKey refuses a POST whose key is malformed, or missing where money moves.
func (c *call) checkKey(r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	values := r.Header.Values("Idempotency-Key")
	if len(values) == 0 {
		if c.route.Money {
			return errKeyRequired
		}
		return nil
	}
	if len(values) > 1 || values[0] == "" || len(values[0]) > maxKey {
		return errKeyInvalid
	}
	for _, b := range []byte(values[0]) {
		if b <= ' ' || b > '~' {
			return errKeyInvalid
		}
	}
	return nil
}

// runOnce calls the handler once per key, or replays its answer.
func (c *call) runOnce(w http.ResponseWriter, r *http.Request, key string, inner http.HandlerFunc) {
	store := c.api.cfg.Idempotency
	answer, ctx, err := store.Begin(r.Context(), Claim{Principal: c.principal(), Account: c.actor.Account,
		Route: c.pattern, Key: key, Fingerprint: c.print})
	if err != nil {
		web.WriteError(w, r, err)
		return
	}
	if answer.Stored {
		replay(w, answer)
		return
	}
	kept := false
	defer func() { // also after a panic
		if !kept {
			c.note(r, store.Abandon(detach(ctx)))
		}
	}()
	rec := &recorder{ResponseWriter: w}
	inner(rec, r.WithContext(c.withRenderer(ctx)))
	c.tag(rec, r)
	if c.keeps(rec) {
		kept = true
		c.note(r, store.Finish(detach(ctx), rec.status, keptHeader(rec.Header()), rec.body.Bytes()))
	}
	rec.send()
}

// keeps reports whether an answer is stored. What a retry can cure is not: server
// errors, 429, 401, and requests that never reached the handler.
func (c *call) keeps(rec *recorder) bool {
	return c.reached && !rec.passes && rec.status < 500 &&
		rec.status != http.StatusTooManyRequests && rec.status != http.StatusUnauthorized
}

func (c *call) withRenderer(ctx context.Context) context.Context {
	f := Renderer(func(out any) (int, []byte, error) {
		body, err := render(out)
		return c.status, body, err
	})
	ctx = context.WithValue(ctx, rendererKey{}, f)
	if c.api.cfg.WithRenderer != nil {
		ctx = c.api.cfg.WithRenderer(ctx, f)
	}
	return ctx
}

// note logs that an answer could not be kept. The caller still gets it: its
// effects are there.
func (c *call) note(r *http.Request, err error) {
	if err != nil {
		web.ProblemFor(r.Context(), err)
	}
}

// keptNames are the headers that belong to a stored answer.
var keptNames = []string{"Content-Type", "ETag", "Link", "Location", "Retry-After"}

func keptHeader(h http.Header) map[string]string {
	kept := map[string]string{}
	for _, name := range keptNames {
		if v := h.Get(name); v != "" {
			kept[name] = v
		}
	}
	return kept
}

func replay(w http.ResponseWriter, a IdemAnswer) {
	rec := &recorder{ResponseWriter: w, status: a.Status}
	rec.body.Write(a.Body)
	for name, value := range a.Header {
		w.Header().Set(name, value)
	}
	if len(a.Body) > 0 && w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Idempotent-Replayed", "true")
	rec.send()
}
