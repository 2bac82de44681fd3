package console

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/web"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// failed makes the page of an error: what happened, what became of the data, what
// to do, and the request's id. Who must log in goes to the login instead.
func (c *Console) failed(ctx context.Context, r *Request, err error) (Response, error) {
	if igny8.CodeOf(err) == errLogin.Code || igny8.KindOf(err) == igny8.Unauthenticated && r.area != view.Public {
		return r.loginFirst(), nil
	}
	if igny8.CodeOf(err) == account.ErrSecondFactor.Code && !r.Fragment() {
		return SeeOther("/staff/security"), nil
	}
	p := web.ProblemFor(ctx, err) // logs what is our own fault
	res := c.errorPage(ctx, r, p)
	var e *igny8.Error
	if errors.As(err, &e) && e.RetryAfter > 0 {
		res.retry = int(e.RetryAfter.Seconds() + 0.999)
	}
	if r.Fragment() { // the page stays; the message is announced above it
		message := text.From(ctx).Error(p.Code, p.Detail)
		res.Body, res.bare = view.Toast(message, nil), true
		res.Header = http.Header{"Hx-Retarget": {"#toasts"}, "Hx-Reswap": {"beforeend"},
			"Hx-Trigger": {trigger("announceError", message)}}
	}
	return res, nil
}

func (c *Console) errorPage(ctx context.Context, r *Request, p *web.Problem) Response {
	key := "error." + strconv.Itoa(p.Status)
	if !text.Has(text.English, key+".title") {
		key = "error.other"
		if p.Status >= 500 {
			key = "error.500"
		}
	}
	what := text.T(ctx, key+".what")
	if p.Status != http.StatusNotFound && p.Status < 500 {
		what = text.From(ctx).Error(p.Code, p.Detail)
	}
	if wait, err := strconv.Atoi(p.GetHeaders().Get("Retry-After")); err == nil && p.Status == http.StatusTooManyRequests {
		what += " " + again(text.From(ctx), int64(wait))
	}
	body := view.ErrorPage(text.T(ctx, key+".title"), what, text.T(ctx, key+".data"), text.T(ctx, key+".todo"), p.RequestID, c.wayOut(ctx, r, p.Status))
	res := Page(text.T(ctx, key+".title"), "", body)
	res.Status = p.Status
	return res
}

// wayOut is the one button on the page of an error.
func (c *Console) wayOut(ctx context.Context, r *Request, status int) templ.Component {
	switch {
	case status >= 500 || status == http.StatusTooManyRequests:
		if r.HTTP.Method == http.MethodGet {
			return view.Link(r.HTTP.URL.RequestURI(), text.T(ctx, "error.again"), true)
		}
	case status == http.StatusPaymentRequired && r.area == view.Customer:
		return view.Link(r.Here("billing"), text.T(ctx, "error.billing"), true)
	}
	where := "/"
	if r.LoggedIn() {
		where = home(r.Actor.Staff(), r.Account.Slug)
	}
	return view.Link(where, text.T(ctx, "error.home"), true)
}

// ErrorPage answers errors from outside the console's own routes (no such page, a
// panic, a body too large) as a page, for browsers; false for everybody else, who
// get a problem document. It serves web.Config.ErrorPage.
func (c *Console) ErrorPage(w http.ResponseWriter, hr *http.Request, p *web.Problem) bool {
	if strings.HasPrefix(hr.URL.Path, "/api/") || !strings.Contains(hr.Header.Get("Accept"), "text/html") {
		return false
	}
	r := &Request{HTTP: hr, c: c, area: view.Public}
	r.lang = c.language(w, hr)
	ctx := text.With(hr.Context(), r.lang)
	return c.write(ctx, w, r, c.errorPage(ctx, r, p)) == nil
}
