package api

import (
	"context"
	"net/http"

	"igny8"
	"igny8/internal/idem"
	"igny8/internal/web"
)

// Idempotency keeps the answers of POST requests for replay (IETF draft
// "Idempotency-Key header"; 24 hours). StoredIn is the one in the database: there
// the stories store the answer of a success inside their own transaction, so that
// effect and answer are kept or lost together; Finish then finds it stored.
type Idempotency interface {
	// Begin looks the claim up. It returns the stored answer; or a context in which
	// the call must run and which Finish or Abandon end; or an error: Invalid
	// "idempotency_mismatch" when the fingerprint is another one, Conflict
	// "idempotency_in_progress" with a retry while the first call still runs.
	Begin(ctx context.Context, c Claim, r Renderer) (IdemAnswer, context.Context, error)
	// Finish stores the answer of the call, unless that was done already.
	Finish(ctx context.Context, status int, header map[string]string, body []byte) error
	// Abandon frees the key: the call had no effect, and may be tried again.
	Abandon(ctx context.Context) error
}

// Claim is what a key is claimed for. Key is unique per Principal and Route.
type Claim struct {
	Principal   string // the user's id and, after a slash, the account's; or "anon:" and the network address
	Route       string // method and path template
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

// Renderer makes the answer of the running call from what its story returns, or
// from the handler's output or body; see RenderWith.
type Renderer func(result any) (IdemAnswer, error)

// RenderWith tells how the handler makes its output from what the story returns,
// so that the story can store the whole answer inside its transaction. Handlers of
// routes whose stories do so call it around the context they hand down, and use
// the same function for what they return:
//
//	p, err := h.billing.Submit(api.RenderWith(ctx, paymentCreated), …)
//	if err != nil {
//		return nil, err
//	}
//	return paymentCreated(p), nil
func RenderWith[R any, O any](ctx context.Context, output func(R) O) context.Context {
	if c := callFrom(ctx); c != nil {
		c.output = func(result any) (any, bool) {
			r, ok := result.(R)
			if !ok {
				return nil, false
			}
			return output(r), true
		}
	}
	return ctx
}

// render is the Renderer of this call.
func (c *call) render(result any) (IdemAnswer, error) {
	if c.output != nil {
		if out, ok := c.output(result); ok {
			result = out
		}
	}
	a := IdemAnswer{Stored: true, Status: c.status, Header: map[string]string{"Content-Type": "application/json"}}
	tag := ""
	if o, ok := result.(outputHead); ok {
		a.Status, tag = o.head()
	}
	if o, ok := result.(output); ok {
		location, body := o.parts()
		if location != "" {
			a.Header["Location"] = location
		}
		result = body
	}
	var err error
	if a.Body, err = render(result); err != nil {
		return IdemAnswer{}, err
	}
	if tag != "" {
		a.Header["ETag"] = tag
	} else if !c.route.Public {
		a.Header["ETag"] = etag(c.actor.Account, a.Body)
	}
	return a, nil
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
	answer, ctx, err := store.Begin(r.Context(), Claim{Principal: c.principal(), Route: c.pattern, Key: key, Fingerprint: c.print}, c.render)
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
	inner(rec, r.WithContext(ctx))
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

// StoredIn returns the Idempotency that keeps its answers in the database.
func StoredIn(s *idem.Store) Idempotency { return stored{s} }

type stored struct{ store *idem.Store }

func (s stored) Begin(ctx context.Context, c Claim, r Renderer) (IdemAnswer, context.Context, error) {
	done, ctx, err := s.store.Begin(ctx, idem.Claim(c), func(result any) (idem.Answer, error) {
		a, err := r(result)
		return idem.Answer{Status: a.Status, Header: a.Header, Body: a.Body}, err
	})
	if err != nil || done == nil {
		return IdemAnswer{}, ctx, err
	}
	return IdemAnswer{Stored: true, Status: done.Status, Header: done.Header, Body: done.Body}, ctx, nil
}

func (s stored) Finish(ctx context.Context, status int, header map[string]string, body []byte) error {
	return idem.Finish(ctx, idem.Answer{Status: status, Header: header, Body: body})
}

func (s stored) Abandon(ctx context.Context) error { return idem.Abandon(ctx) }
