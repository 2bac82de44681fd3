package console

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/a-h/templ"

	"igny8"
	"igny8/internal/auth"
	"igny8/internal/web"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// Response is what a handler answers: make it with Page, Fragment or SeeOther.
type Response struct {
	Title    string          // of the page
	Body     templ.Component // nil for a redirect
	Current  string          // the page's entry of the navigation
	Status   int             // 0 means 200, or 303 for a redirect
	Location string          // where a redirect leads
	Header   http.Header

	file     []byte // a file instead of a page
	bare     bool   // a part of a page
	polled   bool
	live     igny8.AccountID // whose events change the fragment
	plain    bool
	say      string
	undo     igny8.PaymentID // whose approval may be undone
	session  *auth.Console   // set the cookie
	pending  *string         // set the cookie of a login that has begun; drop it when empty
	leave    *door           // drop the cookie
	keepsake *http.Cookie
	retry    int
}

// Page is a whole page in the layout of its area.
func Page(title, current string, body templ.Component) Response {
	return Response{Title: title, Current: current, Body: body}
}

// Fragment is a part of a page, for htmx to swap in.
func Fragment(body templ.Component) Response { return Response{Body: body, bare: true} }

// Attached is a file of a stranger, such as a proof. It is shown as a picture or
// saved, and never runs as a page of ours.
func Attached(name, contentType string, data []byte) Response {
	h := http.Header{}
	h.Set("Content-Type", contentType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	return Response{file: data, Header: h}
}

// Data is JSON for a script of ours, such as what a browser asks a passkey's device.
func Data(status int, v any) (Response, error) {
	data, err := json.Marshal(v)
	return Response{file: data, Status: status, Header: http.Header{"Content-Type": {"application/json"}}}, err
}

// Framed lets a page of ours show the attached file within itself, in the browser's
// own viewer: in a sandbox without scripts, forms and an origin. The answer asks for
// it; the attribute sandbox of the frame would switch Chromium's viewer off.
func (r Response) Framed() Response {
	r.Header.Set("Content-Disposition", "inline")
	r.Header.Set("Content-Security-Policy", "sandbox; default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'")
	r.Header.Set("X-Frame-Options", "SAMEORIGIN")
	return r
}

// SeeOther leads to another page after a form has done its work (303).
func SeeOther(path string) Response { return Response{Location: path} }

// Showing gives the page the status of the form on it: 422 when it was refused.
func (r Response) Showing(f view.Form) Response {
	r.Status = f.Status
	return r
}

// Saying shows a message once, on the page that a redirect leads to. key is a text
// of the catalogue without "said."; nothing else can be said this way.
func (r Response) Saying(key string) Response {
	r.say = key
	return r
}

// Undoable adds to the message that Saying shows a button that takes back the
// approval of a payment.
func (r Response) Undoable(id igny8.PaymentID) Response {
	r.undo = id
	return r
}

// Plain leaves the navigation away: login, pay page.
func (r Response) Plain() Response {
	r.plain = true
	return r
}

// Remembering makes the browser that asked keep a value for the pages below a path;
// Request.Remembered returns it. What nobody else may write is sealed first.
func (r Response) Remembering(name, value, path string, lasts time.Duration) Response {
	r.keepsake = &http.Cookie{Name: name, Value: value, Path: path, MaxAge: int(lasts.Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode}
	return r
}

// Polled lets the browser ask whether a fragment or page changed (ETag and 304).
func (r Response) Polled() Response {
	r.polled = true
	return r
}

// Announce tells screen readers a message after htmx has swapped.
func (r Response) Announce(message string) Response {
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("HX-Trigger", trigger("announce", message))
	return r
}

// trigger is the value of HX-Trigger for an event with a message, in ASCII: that
// is all a header carries.
func trigger(event, message string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(message)) {
		if unit < ' ' || unit > '~' || unit == '"' || unit == '\\' {
			fmt.Fprintf(&b, `\u%04x`, unit)
		} else {
			b.WriteByte(byte(unit))
		}
	}
	return `{"` + event + `":"` + b.String() + `"}`
}

const sayCookie = "igny8-say"

// write sends the response, rendered completely before its first byte.
func (c *Console) write(ctx context.Context, w http.ResponseWriter, r *Request, res Response) error {
	h := w.Header()
	for name, values := range res.Header {
		h[name] = values
	}
	c.writeCookies(w, res)
	if res.Location != "" {
		if r.Fragment() {
			h.Set("HX-Redirect", res.Location)
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		http.Redirect(w, r.HTTP, res.Location, http.StatusSeeOther)
		return nil
	}
	if res.file != nil {
		if res.Status != 0 {
			w.WriteHeader(res.Status)
		}
		w.Write(res.file)
		return nil
	}
	body := res.Body
	if !res.bare {
		body = view.Layout(c.shell(ctx, w, r, res), res.Body)
	}
	var b bytes.Buffer
	if err := body.Render(ctx, &b); err != nil {
		return err
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	if res.polled {
		sum := sha256.Sum256(b.Bytes())
		tag := `"` + hex.EncodeToString(sum[:12]) + `"`
		h.Set("ETag", tag)
		h.Set("Cache-Control", "private, no-cache")
		if r.HTTP.Header.Get("If-None-Match") == tag {
			w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	if res.Status != 0 {
		w.WriteHeader(res.Status)
	}
	w.Write(b.Bytes())
	return nil
}

func (c *Console) writeCookies(w http.ResponseWriter, res Response) {
	if res.session != nil {
		c.setCookie(w, *res.session)
		if s := res.session; s.Actor.Impersonator.IsZero() && s.User.Email != "" {
			http.SetCookie(w, &http.Cookie{Name: c.deviceCookie(), Value: c.cfg.Auth.NewDevice(s.User.Email), Path: "/", MaxAge: 90 * 24 * 3600,
				HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode})
		}
	}
	if res.pending != nil {
		k := &http.Cookie{Name: c.pendingCookie(), Value: *res.pending, Path: "/", MaxAge: 300, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteLaxMode}
		if k.Value == "" {
			k.MaxAge = -1
		}
		http.SetCookie(w, k)
	}
	if res.leave != nil {
		c.dropCookie(w, *res.leave)
	}
	if res.keepsake != nil {
		res.keepsake.Secure = c.secure
		http.SetCookie(w, res.keepsake)
	}
	if res.say != "" {
		if !res.undo.IsZero() {
			res.say += "~" + res.undo.String()
		}
		http.SetCookie(w, &http.Cookie{Name: sayCookie, Value: res.say, Path: "/", MaxAge: 60, HttpOnly: true,
			Secure: c.secure, SameSite: http.SameSiteLaxMode})
	}
	if res.retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(res.retry))
	}
}

// shell is what surrounds the page.
func (c *Console) shell(ctx context.Context, w http.ResponseWriter, r *Request, res Response) view.Shell {
	s := view.Shell{Area: r.area, Lang: r.lang, Title: res.Title, Current: res.Current, Path: r.HTTP.URL.RequestURI(),
		Asset: c.assets.path, Demo: c.cfg.Demo, Plain: res.plain}
	if r.HTTP.Method != http.MethodGet {
		s.Path = r.HTTP.URL.Path
	}
	if r.LoggedIn() {
		s.User, s.Account, s.Home = r.Actor.Email, r.Account.Name, home(r.Actor.Staff(), r.Account.Slug)
		if !r.Actor.Impersonator.IsZero() {
			s.Look = &view.Look{Until: r.until, Writes: r.Actor.Can(igny8.PermSiteWrite), End: r.Here("look", "end")}
		}
		if items := c.nav[r.area]; items != nil && !res.plain && !r.Actor.Unsecured {
			s.Nav = items(ctx, r)
		}
		if c.places != nil && r.area == view.Customer && !res.plain {
			s.Places = c.places(ctx, r)
		}
		if banner := c.banner[r.area]; banner != nil && !res.plain && !r.Actor.Unsecured {
			s.Banner = banner(ctx, r)
		}
	} else {
		s.Home = "/"
	}
	if k, err := r.HTTP.Cookie(sayCookie); err == nil {
		said, undo, _ := strings.Cut(k.Value, "~")
		if key := "said." + said; text.Has(text.English, key) {
			s.Toast = text.T(ctx, key)
		}
		if id, err := igny8.ParseID[igny8.PaymentID](undo); err == nil && r.area == view.Staff {
			s.Undo = "/staff/payments/" + id.String() + "/undo"
		}
		http.SetCookie(w, &http.Cookie{Name: sayCookie, Path: "/", MaxAge: -1, Secure: c.secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	return s
}

// broken answers when even the page of an error could not be made.
func (c *Console) broken(ctx context.Context, w http.ResponseWriter, r *Request, err error) {
	web.ProblemFor(ctx, err) // logs it
	http.Error(w, text.T(ctx, "error.500.title")+"\n"+web.RequestID(ctx), http.StatusInternalServerError)
}
