package public

import (
	"context"
	"net/url"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/signup"
	"igny8/internal/team"
	"igny8/internal/web"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
)

// Deps are the services whose pages these are.
type Deps struct {
	Auth    *auth.Service
	Catalog *catalog.Service
	Signup  *signup.Service
	Billing *billing.Service
	Team    *team.Service
	Logins  []Login // of the demonstration, whose passwords are public; else none
}

// Login is what somebody logs in with at the demonstration.
type Login struct {
	Email, Password string
	Staff           bool
}

type handler struct {
	Deps
	absolute func(path string) string
	now      func() time.Time
}

// Register adds the pages.
func Register(c *console.Console, d Deps) {
	h := handler{d, c.Absolute, c.Now}
	c.Public("GET /{$}", h.landing)
	c.Public("GET /pricing", h.pricing)
	c.Public("GET /signup", h.signupStart)
	c.Public("POST /signup", h.signupStep)
	c.Public("GET /pay/{token}", h.pay)
	c.PublicFiles("POST /pay/{token}", h.mayTell, h.tell)
	c.Public("GET /pay/{token}/reference", h.reference)
	c.Public("GET /verify/{token}", h.verifyAsk)
	c.Public("POST /verify/{token}", h.verify)
	c.Public("GET /forgot", h.forgot)
	c.Public("POST /forgot", h.forgotSent)
	c.Public("GET /reset/{token}", h.resetAsk)
	c.Public("POST /reset/{token}", h.reset)
	c.Public("GET /email/{token}", h.changeAsk)
	c.Public("POST /email/{token}", h.change)
	c.Public("GET /email/undo/{token}", h.undoAsk)
	c.Public("POST /email/undo/{token}", h.undo)
	c.Public("GET /invite/{token}", h.invite)
	c.Public("POST /invite/{token}", h.acceptInvite)
	c.Public("POST /language", h.language)
	h.doors(c)
}

// doors adds the pages of logging in, of customers and of staff.
func (h handler) doors(c *console.Console) {
	for prefix, staff := range map[string]bool{"": false, "/staff": true} {
		c.Public("GET "+prefix+"/login", h.login(staff))
		c.Public("POST "+prefix+"/login", h.enter(staff))
		c.Public("POST "+prefix+"/logout", h.leave(staff))
		c.Public("GET "+prefix+"/login/second", h.second(staff))
		c.Public("POST "+prefix+"/login/second", h.finish(staff))
		c.Public("POST "+prefix+"/login/passkey", h.passkey(staff, false))
		c.Public("POST "+prefix+"/login/passkey/options", h.passkeyOptions(false))
		c.Public("POST "+prefix+"/login/second/passkey", h.passkey(staff, true))
		c.Public("POST "+prefix+"/login/second/passkey/options", h.passkeyOptions(true))
	}
}

func (h handler) login(staff bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) {
		if r.LoggedIn() && !staff {
			return console.SeeOther(r.Here()), nil
		}
		return console.Page(text.T(ctx, "login.title"), "login", loginPage(r.Form(), staff, h.logins(staff), h.Auth.HasPasskeys())).Plain(), nil
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
			return console.Page(text.T(ctx, "login.title"), "login", loginPage(f, staff, h.logins(staff), h.Auth.HasPasskeys())).Showing(f).Plain(), nil
		}
		return res, nil
	}
}

// language keeps the language that was chosen under a page, and leads back to it.
func (h handler) language(ctx context.Context, r *console.Request) (console.Response, error) {
	back, err := url.Parse(r.Value("back"))
	if err != nil || !strings.HasPrefix(back.Path, "/") || strings.HasPrefix(back.Path, "//") || back.Host != "" || back.Scheme != "" {
		back = &url.URL{Path: "/"}
	}
	q, chosen := back.Query(), r.Value("language")
	q.Del("lang")
	if r.LoggedIn() {
		keep := func(auth.Person) error { return nil }
		if _, err := h.Auth.UpdateMe(ctx, r.Actor, keep, account.UserPatch{Language: &chosen}); err != nil {
			return console.Response{}, err
		}
	} else {
		q.Set("lang", chosen)
	}
	back.RawQuery = q.Encode()
	return console.SeeOther(back.String()), nil
}

func (h handler) leave(staff bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) { return r.LogOut(ctx, staff) }
}

// verifyAsk asks for a press before the link is used: programs that look at the
// links of letters must not use them up.
func (h handler) verifyAsk(ctx context.Context, r *console.Request) (console.Response, error) {
	return console.Page(text.T(ctx, "verify.title"), "", verifyPage(r.Path("token"), r.LoggedIn())).Plain(), nil
}

func (h handler) verify(ctx context.Context, r *console.Request) (console.Response, error) {
	home := ""
	if r.LoggedIn() {
		home = r.Here()
	}
	err := h.Auth.Verify(ctx, r.Actor, r.Path("token"))
	if igny8.CodeOf(err) == "link_invalid" {
		res := console.Page(text.T(ctx, "verify.failed"), "", verifiedPage(false, home)).Plain()
		res.Status = web.Status(igny8.Invalid)
		return res, nil
	}
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "verify.done"), "", verifiedPage(true, home)).Plain(), nil
}
