package public

import (
	"context"

	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/signup"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
)

// Deps are the services whose pages these are.
type Deps struct {
	Auth    *auth.Service
	Catalog *catalog.Service
	Signup  *signup.Service
	Billing *billing.Service
}

type handler struct{ Deps }

// Register adds the pages.
func Register(c *console.Console, d Deps) {
	h := handler{d}
	c.Public("GET /login", h.login(false))
	c.Public("POST /login", h.enter(false))
	c.Public("POST /logout", h.leave(false))
	c.Public("GET /staff/login", h.login(true))
	c.Public("POST /staff/login", h.enter(true))
	c.Public("POST /staff/logout", h.leave(true))
}

func (h handler) login(staff bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) {
		if r.LoggedIn() && !staff {
			return console.SeeOther(r.Here()), nil
		}
		return console.Page(text.T(ctx, "login.title"), "login", loginPage(r.Form(), staff)).Plain(), nil
	}
}

func (h handler) enter(staff bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) {
		res, err := r.LogIn(ctx, r.Value("email"), r.Raw("password"), staff, r.Value("remember") == "on")
		if err != nil {
			if _, ok := r.Refused(ctx, err); !ok {
				return res, err
			}
			f := r.RefusedAnyway(ctx, err)
			return console.Page(text.T(ctx, "login.title"), "login", loginPage(f, staff)).Showing(f).Plain(), nil
		}
		return res, nil
	}
}

func (h handler) leave(staff bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) { return r.LogOut(ctx, staff) }
}
