package console

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/blob"
	"igny8/internal/event"
	"igny8/internal/web"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// Config is what the frame needs.
type Config struct {
	PublicURL string // how people reach us; https:// makes cookies __Host- and Secure
	Auth      *auth.Service
	Intake    *blob.Intake     // lets the files of forms in
	Uploads   *web.Uploads     // takes forms with files; nil: to the folder for temporary files, without limits on who sends them
	Key       []byte           // signs what goes through the browser, 32 bytes
	Now       func() time.Time // the program's clock
	Feed      *event.Feed      // tells live pages that something changed
	Demo      bool             // says on every page that the data are invented
	Dev       bool             // shows /dev/components
}

// Console is the frame of all pages. Register every page before serving.
type Console struct {
	cfg    Config
	mux    *http.ServeMux
	assets assets
	cross  *http.CrossOriginProtection
	secure bool
	nav    map[view.Area]func(context.Context, *Request) []view.NavItem
	banner map[view.Area]func(context.Context, *Request) view.Banner
	places func(context.Context, *Request) []view.Place

	streams atomic.Int64    // that are open
	holders holders         // who holds them
	closed  context.Context // ends with Close
	closing context.CancelFunc
}

// New makes the frame with its static files, the choice of language and the
// catch-alls of its areas, on the program's router.
func New(cfg Config, mux *http.ServeMux) (*Console, error) {
	files, err := loadAssets()
	if err != nil {
		return nil, err
	}
	c := &Console{cfg: cfg, mux: mux, assets: files, holders: holders{open: map[string]int{}}, cross: http.NewCrossOriginProtection(),
		secure: strings.HasPrefix(cfg.PublicURL, "https://"),
		nav:    map[view.Area]func(context.Context, *Request) []view.NavItem{},
		banner: map[view.Area]func(context.Context, *Request) view.Banner{}}
	c.closed, c.closing = context.WithCancel(context.Background())
	if u, err := url.Parse(cfg.PublicURL); err == nil && u.Host != "" {
		if err := c.cross.AddTrustedOrigin(u.Scheme + "://" + u.Host); err != nil {
			return nil, err
		}
	}
	if c.cfg.Uploads == nil {
		if c.cfg.Uploads, err = web.NewUploads("", nil, cfg.Now); err != nil {
			return nil, err
		}
	}
	mux.HandleFunc("GET /static/{path...}", c.assets.serve)
	mux.HandleFunc("GET /robots.txt", robots)
	nothing := func(context.Context, *Request) (Response, error) { return Response{}, igny8.ErrNotFound }
	c.handle("/app/", view.Customer, nothing)
	c.handle("/staff/", view.Staff, nothing)
	if cfg.Dev {
		c.Public("GET /dev/components", components)
	}
	return c, nil
}

// Handler answers one page or one form. It decodes, makes one call of a service,
// and returns a page, a redirect or the error as it is.
type Handler func(ctx context.Context, r *Request) (Response, error)

// Public adds a page that needs no login. A customer who is logged in is known
// all the same (Request.LoggedIn).
func (c *Console) Public(pattern string, h Handler) { c.handle(pattern, view.Public, h) }

// PublicFiles adds a form that needs no login and takes files. before refuses
// strangers, by their link for one, while nothing is read of what they send; it
// returns whose allowance the form is taken from.
func (c *Console) PublicFiles(pattern string, before func(context.Context, *Request) (sender string, err error), h Handler) {
	c.handle(pattern, view.Public, h, func(ctx context.Context, r *Request) error {
		sender, err := before(ctx, r)
		if err != nil {
			return err
		}
		return c.cfg.Uploads.Allow(ctx, sender)
	})
}

// Customer adds a page under /app/{account}/. Who is not logged in goes to the
// login and comes back; an account that is not the actor's is 404; role and state
// of the account must allow perm and need, as for a route of the API.
func (c *Console) Customer(pattern string, perm igny8.Permission, need account.Need, h Handler) {
	c.handle(pattern, view.Customer, func(ctx context.Context, r *Request) (Response, error) {
		if r.Path("account") != r.Account.Slug {
			return Response{}, igny8.ErrNotFound
		}
		if err := account.Admit(r.Actor, perm, need); err != nil {
			return Response{}, err
		}
		return h(ctx, r)
	})
}

// Staff adds a page under /staff/ for platform staff with a permission.
func (c *Console) Staff(pattern string, perm igny8.Permission, h Handler) {
	security := strings.Contains(pattern, " /staff/security") // where a second factor is set up
	c.handle(pattern, view.Staff, func(ctx context.Context, r *Request) (Response, error) {
		if r.Actor.Unsecured && !security {
			return Response{}, account.ErrSecondFactor
		}
		if err := account.Admit(r.Actor, perm, account.NeedNone); err != nil {
			return Response{}, err
		}
		return h(ctx, r)
	})
}

// Nav sets what stands in the navigation of an area.
func (c *Console) Nav(a view.Area, items func(context.Context, *Request) []view.NavItem) {
	c.nav[a] = items
}

// Banner sets what stands above every page of an area: "your payment is being
// checked". It returns nil for nothing.
func (c *Console) Banner(a view.Area, banner func(context.Context, *Request) view.Banner) {
	c.banner[a] = banner
}

// Places sets which other accounts the pages of customers lead to.
func (c *Console) Places(places func(context.Context, *Request) []view.Place) { c.places = places }

// Absolute is the address of a path as others reach it.
func (c *Console) Absolute(path string) string { return c.cfg.PublicURL + path }

// Now is the program's clock.
func (c *Console) Now() time.Time { return c.cfg.Now() }

func (c *Console) handle(pattern string, area view.Area, h Handler, before ...func(context.Context, *Request) error) {
	hidden := area != view.Public || strings.Contains(pattern, "{token}")
	c.mux.Handle(pattern, http.HandlerFunc(func(w http.ResponseWriter, hr *http.Request) {
		r := &Request{HTTP: hr, c: c, area: area}
		if len(before) > 0 {
			r.before = before[0]
		}
		if hidden {
			web.Hide(w.Header(), hr)
		}
		r.lang = c.language(w, hr)
		header := w.Header()
		header.Set("Vary", "Cookie, Accept-Language")
		header.Set("Cache-Control", "no-store")
		res, err := c.answer(hr.Context(), w, r, h)
		ctx := r.speaking(hr.Context())
		if r.streamed() {
			c.stream(ctx, w, r, h, res.live, err)
			return
		}
		if err != nil {
			res, err = c.failed(ctx, r, err)
		}
		if err == nil {
			err = c.write(ctx, w, r, res)
		}
		if err != nil {
			c.broken(ctx, w, r, err)
		}
	}))
}

// answer checks where the request comes from and who sends it, reads its form and
// asks the handler.
func (c *Console) answer(ctx context.Context, w http.ResponseWriter, r *Request, h Handler) (Response, error) {
	if err := c.cross.Check(r.HTTP); err != nil {
		return Response{}, igny8.E(igny8.Forbidden, "cross_origin", "This form was sent from another site; open the page here and send it again.").Because(err)
	}
	if err := c.identify(ctx, w, r); err != nil {
		return Response{}, err
	}
	defer r.forget()
	if err := r.readForm(ctx); err != nil {
		return Response{}, err
	}
	return h(r.speaking(ctx), r)
}

const langCookie = "igny8-lang"

// language picks the page's language for a stranger, and for staff: what the
// address asks for (?lang=), which the browser then remembers, else what it
// remembers, else what it speaks. For a customer who is logged in see identify.
func (c *Console) language(w http.ResponseWriter, r *http.Request) text.Lang {
	asked, chosen := r.URL.Query().Get("lang"), ""
	if k, err := r.Cookie(langCookie); err == nil {
		chosen = k.Value
	}
	lang := text.Pick(asked, chosen, r.Header.Get("Accept-Language"))
	if asked != "" && string(lang) != chosen {
		http.SetCookie(w, &http.Cookie{Name: langCookie, Value: string(lang), Path: "/", MaxAge: 365 * 24 * 3600,
			HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
	}
	return lang
}

// robots is for search engines. Pages of customers and of links are not named here:
// each says itself that it is not to be found, which must be read to be known.
func robots(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	io.WriteString(w, "User-agent: *\nDisallow: /api/\nDisallow: /app/\nDisallow: /staff/\nDisallow: /dev/\n")
}
