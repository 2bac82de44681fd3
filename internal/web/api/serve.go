package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"igny8"
	"igny8/internal/blob"
	"igny8/internal/web"
)

// bound is a registered route.
type bound struct {
	api     *API
	route   Route
	pattern string
	status  int          // of success
	body    *huma.Schema // of the JSON body, nil without one
	hasBody bool
}

// call is one request on its way through a route.
type call struct {
	*bound
	actor   igny8.Actor
	network string
	path    string
	query   url.Values
	files   []blob.Upload
	spool   *web.Spool                          // holds them
	print   [32]byte                            // fingerprint of the request
	sent    []byte                              // the body, as JSON
	reached bool                                // the handler ran
	output  func(result any) (out any, ok bool) // see RenderWith
}

type callKey struct{}

func callFrom(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// ActorFrom returns who asks; on public routes only Network is set.
func ActorFrom(ctx context.Context) igny8.Actor {
	if c := callFrom(ctx); c != nil {
		return c.actor
	}
	return igny8.Actor{}
}

// RouteFrom returns the route that is being asked, "" outside of one.
func RouteFrom(ctx context.Context) string {
	if c := callFrom(ctx); c != nil && c.bound != nil {
		return c.route.ID
	}
	return ""
}

// WithActor returns a context in which ActorFrom finds a, for tests of handlers.
func WithActor(ctx context.Context, a igny8.Actor) context.Context {
	return context.WithValue(ctx, callKey{}, &call{actor: a, network: a.Network})
}

// middleware is what happens around the library's own work for one route.
func (b *bound) middleware(hc huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(hc)
	c := &call{bound: b, path: r.URL.Path, network: web.ClientIP(r.Context())}
	r = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
	if b.route.Open {
		opened(w.Header())
	}
	r.Header.Del("Accept") // there is one format; errors are problems whatever was asked for
	inner := func(w http.ResponseWriter, r *http.Request) {
		next(humago.NewContext(hc.Operation(), r, w))
	}
	defer c.forget()
	if strings.Contains(c.route.Path, "{token}") {
		web.Hide(w.Header(), r)
	}
	if err := c.prepare(w, r); err != nil {
		web.WriteError(w, r, err)
		return
	}
	c.run(w, r, inner)
}

// prepare judges everything that needs no handler.
func (c *call) prepare(w http.ResponseWriter, r *http.Request) error {
	if c.route.Ready != nil {
		if err := c.route.Ready(); err != nil {
			return err
		}
	}
	if err := c.authenticate(w, r); err != nil {
		return err
	}
	if !c.route.Public {
		if err := c.api.cfg.Admit(r.Context(), c.actor, c.route.Perm, c.route.Need); err != nil {
			return err
		}
	}
	var err error
	if c.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		return igny8.E(igny8.Malformed, "malformed_query", "The query cannot be read; percent-encode the values.")
	}
	if err := c.checkKey(r); err != nil {
		return err
	}
	if c.route.Link != nil {
		if err := c.route.Link(r.PathValue("token")); err != nil {
			return err
		}
	}
	return c.readBody(r)
}

// authenticate finds out who asks, and holds them to their rate.
func (c *call) authenticate(w http.ResponseWriter, r *http.Request) error {
	c.actor.Network = c.network
	if c.route.Public {
		return c.limit(r.Context(), w)
	}
	a, err := c.credential(r)
	if err != nil {
		if lerr := c.limit(r.Context(), w); lerr != nil {
			return lerr
		}
		if igny8.KindOf(err) == igny8.Unauthenticated && !errors.Is(err, errNoToken) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="igny8", error="invalid_token"`)
		}
		return err
	}
	if a.Network == "" {
		a.Network = c.network
	}
	c.actor = a
	web.SetActor(r.Context(), a)
	return c.limit(r.Context(), w)
}

var errNoToken = igny8.E(igny8.Unauthenticated, "unauthenticated",
	"Send an access token or an API key as Authorization: Bearer.")

func (c *call) credential(r *http.Request) (igny8.Actor, error) {
	values := r.Header.Values("Authorization")
	if len(values) != 1 {
		return igny8.Actor{}, errNoToken
	}
	scheme, token, ok := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return igny8.Actor{}, errNoToken
	}
	return c.api.cfg.Authenticate(r.Context(), token)
}

// limit takes one request from the caller's allowance and says what is left.
func (c *call) limit(ctx context.Context, w http.ResponseWriter) error {
	if !c.api.cfg.RateLimits {
		return nil
	}
	p, who := policyWrite, "ip "+web.Network(c.network)
	switch {
	case c.route.Method != http.MethodGet:
	case c.route.Public:
		p = policyPublic
	default:
		p = policyRead
	}
	if !c.actor.User.IsZero() || !c.actor.Key.IsZero() {
		who = c.principal()
	}
	return c.api.limits.take(ctx, w.Header(), p, who)
}

// principal is who a stored answer belongs to: a person in one account.
func (c *call) principal() string {
	if !c.actor.Key.IsZero() {
		return c.actor.Key.String() + "/" + c.actor.Account.String()
	}
	if !c.actor.User.IsZero() {
		return strings.TrimSuffix(c.actor.User.String()+"/"+c.actor.Account.String(), "/")
	}
	return "anon:" + c.network
}

// run calls the handler, with the answer held back until its entity tag is known
// and, for a POST with a key, until it is stored.
func (c *call) run(w http.ResponseWriter, r *http.Request, inner http.HandlerFunc) {
	if key := r.Header.Get("Idempotency-Key"); key != "" && r.Method == http.MethodPost && c.api.cfg.Idempotency != nil {
		c.runOnce(w, r, key, inner)
		return
	}
	rec := &recorder{ResponseWriter: w}
	inner(rec, r)
	c.tag(rec, r)
	if c.route.Open && (rec.status == http.StatusOK || rec.status == http.StatusNotModified) {
		w.Header().Set("Cache-Control", openCache)
	}
	rec.send()
}

// tag gives an answer with an object its entity tag, and shortens it to 304 when
// the caller has it already (RFC 9110, 13.1.2).
func (c *call) tag(rec *recorder, r *http.Request) {
	if !rec.json() || rec.status < 200 || rec.status > 299 || c.route.Public && r.Method == http.MethodPost {
		return
	}
	h := rec.Header()
	if h.Get("ETag") == "" {
		h.Set("ETag", etag(c.actor.Account, rec.body.Bytes()))
	}
	if (r.Method == http.MethodGet || r.Method == http.MethodHead) && matches(r.Header.Get("If-None-Match"), h.Get("ETag"), true) {
		rec.status = http.StatusNotModified
		rec.body.Reset()
		h.Del("Content-Type")
	}
}

// detach keeps the values of a context but not its end, for what must be written
// although the caller has gone.
func detach(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// tooLarge reports whether reading ended at a limit.
func tooLarge(err error) bool {
	var m *http.MaxBytesError
	return errors.As(err, &m)
}
