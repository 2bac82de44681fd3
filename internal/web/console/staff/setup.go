package staff

import (
	"context"

	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// setup is the page of the link that the server prints while there is no staff.
func (h handler) setup(ctx context.Context, r *console.Request) (console.Response, error) {
	if err := h.Auth.CheckSetup(ctx, r.Path("token")); err != nil {
		return console.Response{}, err
	}
	return h.showSetup(ctx, r, view.Form{}), nil
}

func (h handler) showSetup(ctx context.Context, r *console.Request, f view.Form) console.Response {
	return console.Page(text.T(ctx, "setup.title"), "", setupPage(r.Path("token"), f)).Showing(f).Plain()
}

func (h handler) setUp(ctx context.Context, r *console.Request) (console.Response, error) {
	_, err := h.Auth.Setup(ctx, r.Path("token"), r.Value("email"), r.Raw("password"))
	if err == nil {
		return console.SeeOther("/staff/login").Saying("staff_ready"), nil
	}
	if f, ok := r.Refused(ctx, err); ok {
		return h.showSetup(ctx, r, f), nil
	}
	return console.Response{}, err
}
