package person

import (
	"context"
	"errors"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// Deps are the services whose pages these are.
type Deps struct{ Auth *auth.Service }

type handler struct {
	Deps
	c *console.Console
}

// Register adds the pages to both areas.
func Register(c *console.Console, d Deps) {
	h := handler{d, c}
	both := func(method, path string, f console.Handler) {
		c.Customer(method+" /app/{account}/security"+path, igny8.PermSelf, account.NeedNone, f)
		c.Staff(method+" /staff/security"+path, igny8.PermSelf, f)
	}
	both("GET", "", h.security)
	both("POST", "/password", h.password)
	both("POST", "/email", h.email)
	both("POST", "/verification", h.resend)
	both("POST", "/sessions/others", h.endOthers)
	both("POST", "/sessions/{id}/end", h.end)
	both("GET", "/totp", h.totp)
	both("POST", "/totp", h.startTOTP)
	both("POST", "/totp/confirm", h.confirmTOTP)
	both("POST", "/totp/off", h.disableTOTP)
	both("POST", "/recovery-codes", h.newCodes)
	both("GET", "/passkeys/new", h.newPasskey)
	both("POST", "/passkeys/options", h.passkeyOptions)
	both("POST", "/passkeys", h.addPasskey)
	both("GET", "/passkeys/{id}", h.removePasskey)
	both("POST", "/passkeys/{id}/remove", h.passkeyRemoved)
}

// at is an address among these pages, in the reader's area.
func at(r *console.Request, parts ...string) string {
	if r.Actor.Staff() {
		return strings.Join(append([]string{"/staff/security"}, parts...), "/")
	}
	return r.Here(append([]string{"security"}, parts...)...)
}

// safety is what the page shows: two forms, what protects the login besides, and
// where the person is logged in.
type safety struct {
	password, email view.Form
	factors         auth.Factors
	passkeys        []auth.Passkey
	canPasskey      bool
	sessions        []auth.Session
}

func (h handler) security(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.show(ctx, r, safety{})
}

func (h handler) show(ctx context.Context, r *console.Request, s safety) (res console.Response, err error) {
	if s.sessions, err = h.Auth.Sessions(ctx, r.Actor); err != nil {
		return res, err
	}
	if s.factors, err = h.Auth.Factors(ctx, r.Actor); err != nil {
		return res, err
	}
	if s.passkeys, err = h.Auth.Passkeys(ctx, r.Actor); err != nil {
		return res, err
	}
	s.canPasskey = h.Auth.HasPasskeys()
	res = console.Page(text.T(ctx, "security.title"), "security", securityPage(r, s))
	for _, f := range []view.Form{s.password, s.email} {
		if f.Failed() {
			res = res.Showing(f)
		}
	}
	return res, nil
}

// without is a refused form whose passwords are not sent back.
func without(f view.Form, secrets ...string) view.Form {
	for _, name := range secrets {
		f.Values.Del(name)
	}
	return f
}

func (h handler) password(ctx context.Context, r *console.Request) (console.Response, error) {
	tokens, err := h.Auth.ChangePassword(ctx, r.Actor, r.Raw("password"), r.Raw("new_password"), r.Device(ctx, false))
	if err == nil {
		res, err := r.Enter(ctx, tokens.Access, at(r))
		return res.Saying("password_changed"), err
	}
	f, ok := r.Refused(ctx, err)
	if !ok {
		return console.Response{}, err
	}
	if igny8.CodeOf(err) == "validation_failed" && f.Error("password") != "" && !wrongPassword(err) {
		f = f.Rename("password", "new_password") // the rules are about the new one
	}
	return h.show(ctx, r, safety{password: without(f, "password", "new_password")})
}

// wrongPassword reports whether the password that was asked for again was wrong,
// and not the new one too weak.
func wrongPassword(err error) bool {
	return strings.Contains(fieldCodes(err), " wrong_password ")
}

func (h handler) email(ctx context.Context, r *console.Request) (console.Response, error) {
	err := h.Auth.ChangeEmail(ctx, r.Actor, r.Value("email"), r.Raw("current"))
	if err == nil {
		return console.SeeOther(at(r)).Saying("email_asked"), nil
	}
	f, ok := r.Refused(ctx, err)
	if !ok {
		return console.Response{}, err
	}
	return h.show(ctx, r, safety{email: without(f.Rename("password", "current"), "current")})
}

// resend asks for another letter that proves the address.
func (h handler) resend(ctx context.Context, r *console.Request) (console.Response, error) {
	if err := h.Auth.ResendVerification(ctx, r.User.Email, r.Device(ctx, false).Network); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(at(r)).Saying("verification_sent"), nil
}

func (h handler) end(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := igny8.ParseID[igny8.SessionID](r.Path("id"))
	if err != nil {
		return console.Response{}, igny8.ErrNotFound
	}
	if err := h.Auth.EndSession(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(at(r)).Saying("session_ended"), nil
}

func (h handler) endOthers(ctx context.Context, r *console.Request) (console.Response, error) {
	if _, err := h.Auth.EndOtherSessions(ctx, r.Actor); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(at(r)).Saying("sessions_ended"), nil
}

// device names browser and system in a User-Agent as people do, "" for what it
// does not know.
func device(agent string) string {
	find := func(known ...string) string {
		for _, k := range known {
			token, name, _ := strings.Cut(k, "=")
			if strings.Contains(agent, token) {
				return name
			}
		}
		return ""
	}
	browser := find("Edg/=Edge", "OPR/=Opera", "SamsungBrowser=Samsung Internet", "Firefox/=Firefox", "FxiOS=Firefox", "Chrome/=Chrome", "CriOS=Chrome", "Safari/=Safari", "curl/=curl", "Go-http-client=Go")
	system := find("Android=Android", "iPhone=iPhone", "iPad=iPad", "Windows=Windows", "Mac OS X=macOS", "Linux=Linux")
	return strings.Trim(browser+" · "+system, " ·")
}

// fieldCodes lists the codes of what is wrong, with a space around each.
func fieldCodes(err error) string {
	var e *igny8.Error
	all := " "
	if errors.As(err, &e) {
		for _, f := range e.Fields {
			all += f.Code + " "
		}
	}
	return all
}
