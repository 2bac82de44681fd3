package public

import (
	"context"

	"github.com/a-h/templ"

	"igny8"
	"igny8/internal/web"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// forgot asks for the address that a new password's letter goes to.
func (h handler) forgot(ctx context.Context, r *console.Request) (console.Response, error) {
	return plainPage(ctx, "forgot.title", forgotPage(r.Form())), nil
}

func (h handler) forgotSent(ctx context.Context, r *console.Request) (console.Response, error) {
	err := h.Auth.Forgot(ctx, r.Value("email"), r.Device(ctx, false).Network)
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		return plainPage(ctx, "forgot.title", forgotPage(f)).Showing(f), nil
	}
	if err != nil {
		return console.Response{}, err
	}
	return plainPage(ctx, "forgot.sent", sentPage(r.Value("email"))), nil
}

func (h handler) resetAsk(ctx context.Context, r *console.Request) (console.Response, error) {
	return plainPage(ctx, "reset.title", resetPage(view.Form{}, r.Path("token"))), nil
}

// reset sets the new password, and leads to the login: the letter alone logs
// nobody in.
func (h handler) reset(ctx context.Context, r *console.Request) (console.Response, error) {
	err := h.Auth.Reset(ctx, r.Device(ctx, false).Network, r.Path("token"), r.Raw("password"))
	if err == nil {
		return console.SeeOther("/login").Saying("password_reset"), nil
	}
	if igny8.CodeOf(err) == "link_invalid" {
		return deadLink(ctx), nil
	}
	f, ok := r.Refused(ctx, err)
	if !ok {
		return console.Response{}, err
	}
	f.Values.Del("password")
	return plainPage(ctx, "reset.title", resetPage(f, r.Path("token"))).Showing(f), nil
}

// A link of a letter is used by pressing a button: programs that look at the links
// of letters must not use them up.

func (h handler) changeAsk(ctx context.Context, r *console.Request) (console.Response, error) {
	return plainPage(ctx, "change.title", pressPage("change", "/email/"+r.Path("token"), false)), nil
}

func (h handler) change(ctx context.Context, r *console.Request) (console.Response, error) {
	done, err := h.Auth.ConfirmEmailChange(ctx, r.Path("token"))
	if code := igny8.CodeOf(err); code == "link_invalid" || code == "email_unavailable" {
		return deadLink(ctx), nil
	}
	if err != nil {
		return console.Response{}, err
	}
	if !done {
		return plainPage(ctx, "change.half", donePage("change.half")), nil
	}
	return plainPage(ctx, "change.done", donePage("change.done")), nil
}

func (h handler) undoAsk(ctx context.Context, r *console.Request) (console.Response, error) {
	return plainPage(ctx, "undo.title", pressPage("undo", "/email/undo/"+r.Path("token"), true)), nil
}

func (h handler) undo(ctx context.Context, r *console.Request) (console.Response, error) {
	err := h.Auth.UndoEmailChange(ctx, r.Path("token"))
	if code := igny8.CodeOf(err); code == "link_invalid" || code == "email_unavailable" {
		return deadLink(ctx), nil
	}
	if err != nil {
		return console.Response{}, err
	}
	return plainPage(ctx, "undo.done", donePage("undo.done")), nil
}

func plainPage(ctx context.Context, title string, body templ.Component) console.Response {
	return console.Page(text.T(ctx, title), "", body).Plain()
}

// deadLink is the page of a link that was used, is too old or not ours.
func deadLink(ctx context.Context) console.Response {
	res := plainPage(ctx, "link.dead", deadLinkPage())
	res.Status = web.Status(igny8.Invalid)
	return res
}
