package public

import (
	"context"

	"igny8"
	"igny8/internal/auth"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// second is what the login's second page shows. It is all that the password alone
// opens of who has a second factor.
type second struct {
	form     view.Form
	staff    bool
	factors  auth.Factors
	recovery bool // asks for a recovery code
	passkeys bool // can be used
}

func (h handler) second(staff bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) {
		return h.showSecond(ctx, r, second{form: r.Form(), staff: staff, recovery: r.Query("recovery") != ""})
	}
}

func (h handler) showSecond(ctx context.Context, r *console.Request, s second) (res console.Response, err error) {
	s.factors, err = h.Auth.Pending(ctx, r.Pending(), s.staff)
	if loginOver(err) {
		return console.SeeOther(loginAction(s.staff)).Saying("login_over"), nil
	}
	if err != nil {
		return res, err
	}
	s.recovery = s.recovery || !s.factors.TOTP
	s.passkeys = s.factors.Passkeys > 0 && h.Auth.HasPasskeys()
	return console.Page(text.T(ctx, "second.title"), "", secondPage(s)).Showing(s.form).Plain(), nil
}

func loginOver(err error) bool { return igny8.CodeOf(err) == "login_expired" }

func (h handler) finish(staff bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) {
		res, err := r.SecondFactor(ctx, r.Value("code"), staff)
		if err == nil {
			return res, nil
		}
		if loginOver(err) {
			return console.SeeOther(loginAction(staff)).Saying("login_over"), nil
		}
		if _, ok := r.Refused(ctx, err); !ok {
			return res, err
		}
		f := r.RefusedAnyway(ctx, err).Blame("code")
		f.Values.Del("code")
		return h.showSecond(ctx, r, second{form: f, staff: staff, recovery: r.Value("recovery") != ""})
	}
}

// passkeyOptions tells a script what to ask a passkey's device: any, or one of the
// person whose login has begun.
func (h handler) passkeyOptions(begun bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) {
		pending := ""
		if begun {
			pending = r.Pending()
		}
		c, err := h.Auth.StartPasskeyLogin(ctx, pending, r.Device(ctx, false).Network)
		if err == nil {
			return console.Data(0, map[string]any{"token": c.Token, "options": c.Options})
		}
		f, ok := r.Refused(ctx, err)
		if !ok {
			return console.Response{}, err
		}
		return console.Data(f.Status, map[string]string{"error": f.Detail})
	}
}

func (h handler) passkey(staff, begun bool) console.Handler {
	return func(ctx context.Context, r *console.Request) (console.Response, error) {
		res, err := r.Passkey(ctx, r.Value("token"), []byte(r.Value("credential")), staff, begun)
		if err == nil {
			return res, nil
		}
		if loginOver(err) {
			return console.SeeOther(loginAction(staff)).Saying("login_over"), nil
		}
		if _, ok := r.Refused(ctx, err); !ok && igny8.CodeOf(err) != "other_door" {
			return res, err
		}
		f := r.RefusedAnyway(ctx, err)
		if begun {
			return h.showSecond(ctx, r, second{form: f, staff: staff})
		}
		return console.Page(text.T(ctx, "login.title"), "login", loginPage(f, staff, h.logins(staff), h.Auth.HasPasskeys())).Showing(f).Plain(), nil
	}
}
