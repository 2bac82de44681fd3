package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/blob"
	"igny8/internal/web"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// Request is one request of a browser, with who sends it.
type Request struct {
	HTTP    *http.Request
	Actor   igny8.Actor     // zero for strangers, who see public pages only
	User    account.User    // who is logged in
	Account account.Account // the customer's account, zero for staff

	Member []account.Membership // every account of the customer's

	c     *Console
	area  view.Area
	lang  text.Lang
	token string
	until time.Time // when the session ends unless it is used

	lookOver bool // the request came by a look of staff that is over

	values  url.Values
	before  func(context.Context, *Request) error // of a page that takes files, before it reads them
	spool   *web.Spool
	uploads map[string][]blob.Upload
	tooBig  map[string]bool // fields whose file was larger than we take
	kept    map[string]view.Kept
}

// LoggedIn reports whether a customer is logged in.
func (r *Request) LoggedIn() bool { return !r.Actor.User.IsZero() }

// Lang is the language of the page.
func (r *Request) Lang() text.Lang { return r.lang }

// speaking is the context of the page: its language, and the number style of who
// reads it.
func (r *Request) speaking(ctx context.Context) context.Context {
	return view.WithNumbers(text.With(ctx, r.lang), view.NumberStyle(r.User.NumberStyle))
}

// Remembered is the value that an earlier answer made this browser keep
// (Response.Remembering), "" for none.
func (r *Request) Remembered(name string) string {
	k, err := r.HTTP.Cookie(name)
	if err != nil {
		return ""
	}
	return k.Value
}

// Belongs reports whether somebody is logged in who may do this in the account: a
// member, or staff who look into it.
func (r *Request) Belongs(to igny8.AccountID, may igny8.Permission) bool {
	if !r.LoggedIn() || to.IsZero() {
		return false
	}
	if r.Account.ID == to {
		return r.Actor.Can(may)
	}
	return slices.ContainsFunc(r.Member, func(m account.Membership) bool { return m.Account.ID == to && m.Membership.Role.Can(may) })
}

// Path is a part of the address: {token} of the pattern.
func (r *Request) Path(name string) string { return r.HTTP.PathValue(name) }

// Query is a parameter of the address.
func (r *Request) Query(name string) string {
	return strings.TrimSpace(r.HTTP.URL.Query().Get(name))
}

// Value is what the form holds in a field, without the spaces around it; the
// page's own parameter when there is no form.
func (r *Request) Value(name string) string { return strings.TrimSpace(r.Raw(name)) }

// Raw is Value with its spaces, for passwords.
func (r *Request) Raw(name string) string {
	if r.values != nil {
		return r.values.Get(name)
	}
	return r.HTTP.URL.Query().Get(name)
}

// Values is all that the form holds.
func (r *Request) Values() url.Values { return r.values }

// Form is a form that shows again what was sent, without errors.
func (r *Request) Form() view.Form {
	v := r.values
	if v == nil {
		v = r.HTTP.URL.Query()
	}
	return view.Form{Values: v, Kept: r.kept}
}

// Fragment reports whether htmx asks for a part of a page and not for a whole one
// (which it does when it replaces the body or selects from the answer).
func (r *Request) Fragment() bool {
	return r.streamed() || r.HTTP.Header.Get("HX-Request") == "true" && r.HTTP.Header.Get("HX-Request-Type") != "full"
}

// ListPage reads the position of a list from the query: ?before=.
func (r *Request) ListPage() igny8.Page {
	n, _ := strconv.Atoi(r.Query("limit"))
	return igny8.Page{Limit: n, Before: r.Query("before")}
}

// With is this page's address with one parameter of the query changed; "" takes
// it away.
func (r *Request) With(name, value string) string {
	q := r.HTTP.URL.Query()
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	if len(q) == 0 {
		return r.HTTP.URL.Path
	}
	return r.HTTP.URL.Path + "?" + q.Encode()
}

// Here is an address within the customer's account: Here("sites") is
// /app/{account}/sites.
func (r *Request) Here(parts ...string) string {
	return strings.Join(append([]string{home(false, r.Account.Slug)}, parts...), "/")
}

// Refused turns an error of a service into the form with what is wrong, values and
// files kept, to be shown again. It reports false for what a form cannot mend: no
// such object, no right, not logged in, our own faults. Those are returned as they
// are.
func (r *Request) Refused(ctx context.Context, err error) (view.Form, bool) {
	switch igny8.KindOf(err) {
	case igny8.Internal, igny8.NotFound, igny8.MethodNotAllowed, igny8.Forbidden:
		return view.Form{}, false
	}
	return r.RefusedAnyway(ctx, err), true
}
