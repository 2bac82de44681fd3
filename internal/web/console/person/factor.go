package person

import (
	"context"

	"igny8"
	"igny8/internal/auth"
	"igny8/internal/factor"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// totp is what the page of the authenticator app shows: the secret that has begun to
// be set up, the form that asks for one, or how to change what is on.
type totp struct {
	factors            auth.Factors
	enrolment          factor.Enrolment
	start, confirm     view.Form
	codes, switchedOff view.Form
}

func (h handler) totp(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showTOTP(ctx, r, totp{})
}

func (h handler) showTOTP(ctx context.Context, r *console.Request, t totp) (res console.Response, err error) {
	if t.factors, err = h.Auth.Factors(ctx, r.Actor); err != nil {
		return res, err
	}
	if !t.factors.TOTP && r.Query("again") == "" && !t.start.Failed() {
		t.enrolment, err = h.Auth.PendingTOTP(ctx, r.Actor)
		if err != nil && igny8.KindOf(err) != igny8.NotFound {
			return res, err
		}
	}
	res = console.Page(text.T(ctx, "totp.title"), "security", totpPage(r, t))
	for _, f := range []view.Form{t.start, t.confirm, t.codes, t.switchedOff} {
		if f.Failed() {
			res = res.Showing(f)
		}
	}
	return res, nil
}

func (h handler) startTOTP(ctx context.Context, r *console.Request) (console.Response, error) {
	_, err := h.Auth.StartTOTP(ctx, r.Actor, r.Raw("password"))
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		return h.showTOTP(ctx, r, totp{start: without(f, "password")})
	}
	return console.SeeOther(at(r, "totp")), err
}

func (h handler) confirmTOTP(ctx context.Context, r *console.Request) (console.Response, error) {
	codes, err := h.Auth.ConfirmTOTP(ctx, r.Actor, r.Value("code"))
	if igny8.KindOf(err) == igny8.NotFound || igny8.CodeOf(err) == "already_exists" {
		return console.SeeOther(at(r, "totp")), nil // sent twice
	}
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		return h.showTOTP(ctx, r, totp{confirm: without(f, "code")})
	}
	if err != nil {
		return console.Response{}, err
	}
	return shownOnce(ctx, r, "totp.on.done", codes), nil
}

// shownOnce is the page with new recovery codes: the answer to the form, since
// nobody can read them again.
func shownOnce(ctx context.Context, r *console.Request, title string, codes []string) console.Response {
	return console.Page(text.T(ctx, title), "security", codesPage(r, title, codes))
}

func (h handler) newCodes(ctx context.Context, r *console.Request) (console.Response, error) {
	codes, err := h.Auth.NewRecoveryCodes(ctx, r.Actor, r.Raw("codes_password"))
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		return h.showTOTP(ctx, r, totp{codes: without(f.Rename("password", "codes_password"), "codes_password")})
	}
	if err != nil {
		return console.Response{}, err
	}
	return shownOnce(ctx, r, "codes.done", codes), nil
}

func (h handler) disableTOTP(ctx context.Context, r *console.Request) (console.Response, error) {
	err := h.Auth.DisableTOTP(ctx, r.Actor, r.Raw("password"), r.Value("code"))
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		return h.showTOTP(ctx, r, totp{switchedOff: without(f, "password", "code")})
	}
	return console.SeeOther(at(r)).Saying("totp_off"), err
}

func (h handler) newPasskey(ctx context.Context, r *console.Request) (console.Response, error) {
	f := view.Filled("name", device(r.HTTP.UserAgent()))
	return console.Page(text.T(ctx, "passkey.add"), "security", addPasskeyPage(r, f, h.Auth.HasPasskeys())), nil
}

// passkeyOptions tells a script what to ask the device that will hold the passkey.
func (h handler) passkeyOptions(ctx context.Context, r *console.Request) (console.Response, error) {
	c, err := h.Auth.StartPasskey(ctx, r.Actor, r.Raw("password"))
	if err == nil {
		return console.Data(0, map[string]any{"token": c.Token, "options": c.Options})
	}
	f, ok := r.Refused(ctx, err)
	if !ok {
		return console.Response{}, err
	}
	wrong := f.Detail
	for _, e := range f.Errors {
		wrong = e.Text
	}
	return console.Data(f.Status, map[string]string{"error": wrong})
}

func (h handler) addPasskey(ctx context.Context, r *console.Request) (console.Response, error) {
	_, codes, err := h.Auth.AddPasskey(ctx, r.Actor, r.Value("token"), r.Value("name"), []byte(r.Value("credential")))
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		f = without(f.Rename("credential", ""), "password", "credential", "token")
		return console.Page(text.T(ctx, "passkey.add"), "security", addPasskeyPage(r, f, h.Auth.HasPasskeys())).Showing(f), nil
	}
	if err != nil {
		return console.Response{}, err
	}
	if codes != nil {
		return shownOnce(ctx, r, "passkey.added", codes), nil
	}
	return console.SeeOther(at(r)).Saying("passkey_added"), nil
}

// passkey finds one of the reader's by the id in the address.
func (h handler) passkey(ctx context.Context, r *console.Request) (auth.Passkey, error) {
	list, err := h.Auth.Passkeys(ctx, r.Actor)
	if err != nil {
		return auth.Passkey{}, err
	}
	for _, k := range list {
		if k.ID.String() == r.Path("id") {
			return k, nil
		}
	}
	return auth.Passkey{}, igny8.ErrNotFound
}

func (h handler) removePasskey(ctx context.Context, r *console.Request) (console.Response, error) {
	k, err := h.passkey(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "passkey.remove"), "security", removePasskeyPage(r, k, view.Form{})), nil
}

func (h handler) passkeyRemoved(ctx context.Context, r *console.Request) (console.Response, error) {
	k, err := h.passkey(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	err = h.Auth.RemovePasskey(ctx, r.Actor, k.ID, r.Raw("password"))
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		return console.Page(text.T(ctx, "passkey.remove"), "security", removePasskeyPage(r, k, without(f, "password"))).Showing(f), nil
	}
	return console.SeeOther(at(r)).Saying("passkey_removed"), err
}
