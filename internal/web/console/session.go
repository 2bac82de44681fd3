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

// door is one of the ways into the console. Each has a cookie of its own, so that
// one browser can hold a customer's login, a staff user's, and a look of staff into
// an account, which never replaces a login of the same browser.
type door string

const (
	customerDoor door = "igny8"
	staffDoor    door = "igny8-staff"
	lookDoor     door = "igny8-look"
)

// doorOf is the way that somebody came in.
func doorOf(actor igny8.Actor) door {
	switch {
	case actor.Staff():
		return staffDoor
	case !actor.Impersonator.IsZero():
		return lookDoor
	}
	return customerDoor
}

// cookieName is the session's cookie of a door. The prefix __Host- (RFC 6265bis)
// needs https: browsers differ in whether they take it on a plain loopback address,
// so plain http never has it.
func (c *Console) cookieName(d door) string {
	if c.secure {
		return "__Host-" + string(d)
	}
	return string(d)
}

func (c *Console) setCookie(w http.ResponseWriter, s auth.Console) {
	k := &http.Cookie{Name: c.cookieName(doorOf(s.Actor)), Value: s.Token, Path: "/", HttpOnly: true, Secure: c.secure,
		SameSite: http.SameSiteLaxMode}
	if !s.Actor.Staff() {
		k.MaxAge = int(s.Until.Sub(c.cfg.Now()) / time.Second)
	}
	http.SetCookie(w, k)
}

func (c *Console) dropCookie(w http.ResponseWriter, d door) {
	http.SetCookie(w, &http.Cookie{Name: c.cookieName(d), Path: "/", MaxAge: -1, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
}

// identify finds out who sends the request. Pages of customers and staff refuse
// strangers; public pages go on without. On the pages of the account that staff
// look into, their look goes before a login. A customer who is logged in reads the
// language of their profile, in every browser and at once after changing it,
// unless the address asks for another one (?lang=), for this one page. Staff have
// no profile page and read what their browser speaks.
func (c *Console) identify(ctx context.Context, w http.ResponseWriter, r *Request) error {
	if r.area == view.Customer && r.Path("account") != "" {
		s, err := c.cookieSession(ctx, w, r, lookDoor)
		if err != nil {
			return err
		}
		if s != nil && s.Account.Slug == r.Path("account") {
			r.enterAs(ctx, *s)
			return nil
		}
	}
	d := customerDoor
	if r.area == view.Staff {
		d = staffDoor
	}
	s, err := c.cookieSession(ctx, w, r, d)
	if err != nil {
		return err
	}
	if s == nil {
		return r.stranger()
	}
	if d == staffDoor || c.cfg.Now().Add(auth.ConsoleIdle/2).Before(s.Until) {
		c.setCookie(w, *s) // the idle limit moves on
	}
	r.enterAs(ctx, *s)
	if _, asked := text.Known(r.HTTP.URL.Query().Get("lang")); d == customerDoor && !asked {
		r.lang, _ = text.Known(s.User.Language)
	}
	return nil
}

// cookieSession is the session of a door's cookie; nil when there is none, or none
// any more, which drops the cookie.
func (c *Console) cookieSession(ctx context.Context, w http.ResponseWriter, r *Request, d door) (*auth.Console, error) {
	k, err := r.HTTP.Cookie(c.cookieName(d))
	if err != nil {
		return nil, nil
	}
	s, err := c.cfg.Auth.AuthenticateConsole(ctx, k.Value, r.Path("account"))
	if igny8.KindOf(err) == igny8.Unauthenticated || err == nil && doorOf(s.Actor) != d {
		c.dropCookie(w, d)
		r.lookOver = r.lookOver || d == lookDoor
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &s, nil
}

func (r *Request) enterAs(ctx context.Context, s auth.Console) {
	s.Actor.Network = web.Network(web.ClientIP(ctx))
	r.Actor, r.User, r.Account, r.Member, r.token, r.until = s.Actor, s.User, s.Account, s.Member, s.Token, s.Until
	web.SetActor(ctx, r.Actor)
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
	d := customerDoor
	if staff {
		d = staffDoor
	}
	return r.leave(ctx, d, SeeOther(loginPath(staff)).Saying("logged_out"))
}

// EndLook ends the look of staff that the request comes by, and leads back to the
// account's page for staff. Who does not look in is at the wrong address.
func (r *Request) EndLook(ctx context.Context) (Response, error) {
	if r.Actor.Impersonator.IsZero() {
		return Response{}, igny8.ErrNotFound
	}
	return r.leave(ctx, lookDoor, SeeOther("/staff/accounts/"+r.Account.ID.String()).Saying("look_ended"))
}

func (r *Request) leave(ctx context.Context, d door, res Response) (Response, error) {
	k, err := r.HTTP.Cookie(r.c.cookieName(d))
	if err == nil {
		if err := r.c.cfg.Auth.EndConsole(ctx, k.Value); err != nil {
			return Response{}, err
		}
	}
	res.leave = &d
	return res, nil
}

// Device says where the request comes from, for sessions and throttling.
func (r *Request) Device(ctx context.Context, remember bool) auth.Device {
	dev := auth.Device{Network: web.Network(web.ClientIP(ctx)), UserAgent: r.HTTP.UserAgent(), Remember: remember}
	if k, err := r.HTTP.Cookie(r.c.deviceCookie()); err == nil {
		dev.Known = k.Value
	}
	return dev
}

func (c *Console) deviceCookie() string {
	if c.secure {
		return "__Host-igny8-device"
	}
	return "igny8-device"
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
	if r.lookOver {
		return SeeOther("/staff/accounts").Saying("look_over")
	}
	path := loginPath(staff)
	if next := r.HTTP.URL.RequestURI(); r.HTTP.Method == http.MethodGet && next != home(true, "") && ours(next, staff) {
		path += "?next=" + url.QueryEscape(next)
	}
	return SeeOther(path)
}
