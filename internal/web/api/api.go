package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/web"
)

// Prefix is in front of the path of every Route.
const Prefix = "/api/v1"

// Config is what the API is made of. Authenticate, Admit and Now are required.
type Config struct {
	web.Config

	Version string // of the program, for the OpenAPI document
	Tags    []Tag  // chapters of the reference, in order; nil: those of the program

	// Authenticate tells whose a bearer token is. Refusals are *igny8.Error of kind
	// Unauthenticated; other kinds pass as they are, foreign errors are internal.
	Authenticate func(ctx context.Context, token string) (igny8.Actor, error)
	// Admit decides whether the actor has the permission and the account's state
	// allows what is needed, at this moment.
	Admit func(ctx context.Context, a igny8.Actor, p igny8.Permission, need account.Need) error

	Idempotency Idempotency // nil: keys are checked but nothing is replayed

	CursorKey  []byte // secret of at least 32 bytes that signs cursors
	RateLimits bool
	Shared     Shared                          // nil: this node has the allowances to itself
	Ready      func(ctx context.Context) error // nil: always ready
	Mux        *http.ServeMux                  // nil: a new one
	Uploads    *web.Uploads                    // takes forms with files; nil: to the folder for temporary files, without limits on who sends them
}

// Tag is a chapter of the reference.
type Tag struct{ Name, Description string }

// chapters are those of the program's own routes.
func chapters() []Tag {
	return []Tag{
		{"Catalogue", "What is sold, where and for how much. Anybody may read it, from pages of any origin too."},
		{"Identity", "Signing up, logging in, and one's own login: password, sessions, second factors."},
		{"Account", "The account that the token is for."},
		{"Team", "Who belongs to the account, invitations, and handing the ownership over."},
		{"API keys", "Keys by which programs use the API."},
		{"Billing", "Subscription, invoices, and payments made outside."},
		{"Pay page", "What whoever has the link of an invoice may see and do."},
		{"Credits", "What the account has in credits, and spending them."},
		{"Sites", "Sites and the parts of their industry that they cover."},
		{"Staff: payments", "The queue of payments and the decisions upon them. For platform staff."},
		{"Staff: API keys", "Keys by which programs of staff use the API."},
		{"Staff: accounts", "All accounts, and what staff do to them by hand. For platform staff."},
		{"Staff: staff", "Platform staff and what each of them may do. For platform staff."},
		{"Staff: jobs", "Work that happens later. For platform staff."},
	}
}

// API holds the routes. Register all of them before Handler serves.
type API struct {
	cfg     Config
	mux     *http.ServeMux
	huma    huma.API
	cursors Cursors
	limits  *limiter
	routes  []Route

	once     sync.Once // renders the document and the reference, after all routes are known
	openJSON []byte
	openYAML []byte
	page     []byte
	pageErr  error
}

// New makes an API with its common pages and no routes of the domain.
func New(cfg Config) *API {
	setLibrary()
	if cfg.Mux == nil {
		cfg.Mux = http.NewServeMux()
	}
	if cfg.Uploads == nil {
		cfg.Uploads, _ = web.NewUploads("", nil, cfg.Now) // which makes no folder and so does not fail
	}
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	if cfg.Tags == nil {
		cfg.Tags = chapters()
	}
	a := &API{cfg: cfg, mux: cfg.Mux, cursors: NewCursors(cfg.CursorKey), limits: newLimiter(cfg.Now, cfg.Shared)}
	a.huma = humago.New(cfg.Mux, libraryConfig(cfg))
	a.pages()
	return a
}

// Handler returns everything that is registered, within the common part of web.
func (a *API) Handler() http.Handler { return web.Wrap(a.cfg.Config, a.mux) }

// Mux returns the router, for what is no route of the API: the console, the
// documentation, keys.
func (a *API) Mux() *http.ServeMux { return a.mux }

// Routes returns a copy of the table of all routes, in the order of their
// registration.
func (a *API) Routes() []Route { return slices.Clone(a.routes) }

func libraryConfig(cfg Config) huma.Config {
	registry := newRegistry()
	tags := make([]*huma.Tag, 0, len(cfg.Tags))
	for _, t := range cfg.Tags {
		tags = append(tags, &huma.Tag{Name: t.Name, Description: t.Description})
	}
	version := cfg.Version
	if version == "" {
		version = "dev"
	}
	parts := &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{bearer: {Type: "http",
		Scheme: "bearer", Description: "An access token from /api/v1/auth/login, or an API key."}}}
	components(parts)
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{Title: "igny8 API", Version: version, Description: "Sign-up, billing, credits, sites and content " +
				"of one account. Errors are problem documents (RFC 9457) with a stable code; times are RFC 3339 in UTC; " +
				"amounts are integers in minor units of an ISO 4217 currency.",
				License: &huma.License{Name: "Proprietary"},
			},
			Servers:    []*huma.Server{{URL: "/", Description: "This server."}},
			Tags:       tags,
			Components: parts,
		},
		Formats:                      map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
	}
}

const bearer = "bearer"

// setLibrary sets what the API library knows only as package variables: exact
// names of members, arrays that are never null, and our problem document.
var setLibrary = sync.OnceFunc(func() {
	huma.ValidateStrictCasing = true
	huma.DefaultArrayNullable = false
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		return web.ProblemFor(context.Background(), fromLibrary(context.Background(), status, msg, errs))
	}
	huma.NewErrorWithContext = func(hc huma.Context, status int, msg string, errs ...error) huma.StatusError {
		return web.ProblemFor(hc.Context(), fromLibrary(hc.Context(), status, msg, errs))
	}
})

// now is the only clock of the API.
func (a *API) now() time.Time { return a.cfg.Now() }
