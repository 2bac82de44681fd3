package customer

import (
	"context"
	"errors"

	"igny8"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

func (h handler) closing(ctx context.Context, r *console.Request) (console.Response, error) {
	return console.Page(text.T(ctx, "close.title"), "settings", closePage(r, view.Form{})), nil
}

func (h handler) close(ctx context.Context, r *console.Request) (console.Response, error) {
	var err error
	if r.Value("sure") != "on" {
		err = igny8.InvalidField("sure", "not_confirmed", "Tick the box to say that you mean it.")
	} else {
		_, err = h.Offboard.Close(ctx, r.Actor, r.Raw("password"))
	}
	if err == nil {
		return console.SeeOther(r.Here("close")).Saying("account_closed"), nil
	}
	f, ok := r.Refused(ctx, err)
	if !ok {
		return console.Response{}, err
	}
	f.Values.Del("password")
	return console.Page(text.T(ctx, "close.title"), "settings", closePage(r, f)).Showing(f), nil
}

func (h handler) reopen(ctx context.Context, r *console.Request) (console.Response, error) {
	_, err := h.Offboard.Reopen(ctx, r.Actor)
	var known *igny8.Error
	if errors.As(err, &known) && known.Code == "account_open" {
		return console.SeeOther(r.Here("close")), nil
	}
	if err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(r.Here()).Saying("account_reopened"), nil
}

func (h handler) export(ctx context.Context, r *console.Request) (console.Response, error) {
	data, err := h.Offboard.Export(ctx, r.Actor)
	if err != nil {
		return console.Response{}, err
	}
	return console.Attached("igny8-export.zip", "application/zip", data), nil
}
