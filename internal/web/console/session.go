package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"igny8"
	"igny8/internal/auth"
	"igny8/internal/web"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// cookieName is the session's cookie of an area. Staff have their own, so that one
// browser can hold both. The prefix __Host- (RFC 6265bis) needs https: browsers
// differ in whether they take it on a plain loopback address, so plain http never
// has it.
func (c *Console) cookieName(staff bool) string {
	name := "igny8"
	if staff {
		name = "igny8-staff"
	}
	if c.secure {
		return "__Host-" + name
	}
	return name
}

func (c *Console) setCookie(w http.ResponseWriter, s auth.Console) {
	k := &http.Cookie{Name: c.cookieName(s.Actor.Staff()), Value: s.Token, Path: "/", HttpOnly: true, Secure: c.secure,
		SameSite: http.SameSiteLaxMode}
	if !s.Actor.Staff() {
		k.MaxAge = int(s.Until.Sub(c.cfg.Now()) / time.Second)
	}
	http.SetCookie(w, k)
}

func (c *Console) dropCookie(w http.ResponseWriter, staff bool) {
	http.SetCookie(w, &http.Cookie{Name: c.cookieName(staff), Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
}

// identify finds out who sends the request. Pages of customers and staff refuse
// strangers; public pages go on without. A customer who is logged in reads the
// language of their profile, in every browser and at once after changing it,
// unless the address asks for another one (?lang=), for this one page. Staff have
// no profile page and read what their browser speaks.
func (c *Console) identify(ctx context.Context, w http.ResponseWriter, r *Request) error {
	staff := r.area == view.Staff
	k, err := r.HTTP.Cookie(c.cookieName(staff))
	if err != nil {
		return r.stranger()
	}
	s, err := c.cfg.Auth.AuthenticateConsole(ctx, k.Value, r.Path("account"))
	if igny8.KindOf(err) == igny8.Unauthenticated || err == nil && s.Actor.Staff() != staff {
		c.dropCookie(w, staff)
		return r.stranger()
	}
	if err != nil {
		return err
	}
	if staff || c.cfg.Now().Add(auth.ConsoleIdle/2).Before(s.Until) {
		c.setCookie(w, s) // the idle limit moves on
	}
	s.Actor.Network = web.Network(web.ClientIP(ctx))
	r.Actor, r.User, r.Account, r.Member, r.token = s.Actor, s.User, s.Account, s.Member, s.Token
	web.SetActor(ctx, r.Actor)
	if _, asked := text.Known(r.HTTP.URL.Query().Get("lang")); !staff && !asked {
		r.lang, _ = text.Known(s.User.Language)
	}
	return nil
}

// stranger refuses who is not logged in, except on public pages.
func (r *Request) stranger() error {
	if r.area == view.Public {
		return nil
	}
	return errLogin
}

var errLogin = igny8.E(igny8.Unauthenticated, "login_required", "Log in to see this page.")

// LogIn checks the form's e-mail and password for the area, staff or customer, and
// returns the redirect to where the person wanted to go; of who has a second factor,
// to the page that asks for it, which opens nothing yet.
func (r *Request) LogIn(ctx context.Context, email, password string, staff, remember bool) (Response, error) {
	s, pending, err := r.c.cfg.Auth.LoginConsole(ctx, auth.Credentials{Email: email, Password: password, Device: r.Device(ctx, remember)}, staff)
	if err != nil {
		return Response{}, err
	}
	if pending == "" {
		return r.entered(s), nil
	}
	path := loginPath(staff) + "/second"
	if next := r.Value("next"); ours(next, staff) {
		path += "?next=" + url.QueryEscape(next)
	}
	res := SeeOther(path)
	res.pending = &pending
	return res, nil
}

// Pending is the token of a login whose second factor is missing, "" for none.
func (r *Request) Pending() string {
	k, err := r.HTTP.Cookie(r.c.pendingCookie())
	if err != nil {
		return ""
	}
	return k.Value
}

func (c *Console) pendingCookie() string {
	if c.secure {
		return "__Host-igny8-login"
	}
	return "igny8-login"
}

// SecondFactor finishes the login with a code, and leads to where the person wanted
// to go.
func (r *Request) SecondFactor(ctx context.Context, code string, staff bool) (Response, error) {
	s, err := r.c.cfg.Auth.FinishConsole(ctx, r.Pending(), code, staff, r.Device(ctx, false))
	if err != nil {
		return Response{}, err
	}
	return r.entered(s), nil
}

// Passkey logs in with the answer of a passkey: alone, or as the second factor of the
// login that has begun.
func (r *Request) Passkey(ctx context.Context, token string, credential []byte, staff, second bool) (Response, error) {
	pending := ""
	if second {
		pending = r.Pending()
	}
	s, err := r.c.cfg.Auth.LoginPasskeyConsole(ctx, token, credential, pending, staff, r.Device(ctx, false))
	if err != nil {
		return Response{}, err
	}
	return r.entered(s), nil
}

// Enter opens the console for the session of an access token that was just
// issued, at signup, and goes to a path, "" for the first page.
func (r *Request) Enter(ctx context.Context, access, path string) (Response, error) {
	s, err := r.c.cfg.Auth.OpenConsole(ctx, access)
	if err != nil {
		return Response{}, err
	}
	res := r.entered(s)
	if path != "" {
		res.Location = path
	}
	return res, nil
}

func (r *Request) entered(s auth.Console) Response {
	res := SeeOther(home(s.Actor.Staff(), s.Account.Slug))
	if next := r.Value("next"); ours(next, s.Actor.Staff()) {
		res.Location = next
	}
	over := ""
	res.session, res.pending = &s, &over
	return res
}

// LogOut ends the session and returns the redirect to the login.
func (r *Request) LogOut(ctx context.Context, staff bool) (Response, error) {
	k, err := r.HTTP.Cookie(r.c.cookieName(staff))
	if err == nil {
		if err := r.c.cfg.Auth.EndConsole(ctx, k.Value); err != nil {
			return Response{}, err
		}
	}
	res := SeeOther(loginPath(staff)).Saying("logged_out")
	res.leave = &staff
	return res, nil
}

// Device says where the request comes from, for sessions and throttling.
func (r *Request) Device(ctx context.Context, remember bool) auth.Device {
	return auth.Device{Network: web.Network(web.ClientIP(ctx)), UserAgent: r.HTTP.UserAgent(), Remember: remember}
}

func home(staff bool, slug string) string {
	if staff {
		return "/staff"
	}
	return "/app/" + slug
}

func loginPath(staff bool) string {
	if staff {
		return "/staff/login"
	}
	return "/login"
}

// ours reports whether a path leads into the area, and not to another site.
func ours(path string, staff bool) bool {
	prefix := "/app/"
	if staff {
		prefix = "/staff"
	}
	return (strings.HasPrefix(path, prefix) || strings.HasPrefix(path, "/verify/") || strings.HasPrefix(path, "/invite/")) && !strings.ContainsAny(path, "\\\r\n")
}

// loginFirst leads to the login and back to the page that was asked for.
func (r *Request) loginFirst() Response {
	staff := r.area == view.Staff
	path := loginPath(staff)
	if next := r.HTTP.URL.RequestURI(); r.HTTP.Method == http.MethodGet && next != home(true, "") && ours(next, staff) {
		path += "?next=" + url.QueryEscape(next)
	}
	return SeeOther(path)
}
