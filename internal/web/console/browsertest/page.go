package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Soon is how long a page has to show what is expected of it.
const Soon = 20 * time.Second

// Page is one tab. Its methods fail the test by themselves, and return the page,
// so that they can be chained. After each of them that may load something, the
// findings of the watcher and sideways scrolling are told as errors of the test.
// A page belongs to one goroutine.
type Page struct {
	t     testing.TB
	ctx   context.Context
	base  string
	watch *watcher

	patience time.Duration

	width    int
	dark     bool
	language string
	noScript bool
	agent    string
}

// Page opens a browser of somebody new on the server at base, an address
// without a slash at the end: nobody's cookies, nothing cached, 1366 pixels wide,
// light, English.
func (m *Machine) Page(t testing.TB, base string) *Page {
	t.Helper()
	m.ready(t)
	return open(t, m.browser, base, chromedp.WithNewBrowserContext())
}

// Tab opens another tab of the same person, with the same cookies, as a page of
// the test t, which may be a subtest. It looks like the first.
func (p *Page) Tab(t testing.TB) *Page {
	t.Helper()
	tab := open(t, p.ctx, p.base)
	tab.Viewport(p.width).Dark(p.dark).Language(p.language)
	if p.noScript {
		tab.JavaScript(false)
	}
	return tab
}

func open(t testing.TB, parent context.Context, base string, options ...chromedp.ContextOption) *Page {
	t.Helper()
	p := &Page{t: t, base: base, watch: newWatcher(base), patience: Soon, language: "en"}
	ctx, cancel := chromedp.NewContext(parent, append(options, chromedp.WithListener(p.watch.hear))...)
	p.ctx = ctx
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("open a tab: %v", err)
	}
	do(p, network.Enable, network.EnableParams{})
	version, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		t.Fatalf("ask the browser's version: %v", err)
	}
	p.agent = strings.Replace(version.UserAgent, "Headless", "", 1)
	// A tab in the background would not be painted, and has no focus.
	do(p, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	go func() {
		for {
			select {
			case <-p.watch.dialogs:
				chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
			case <-ctx.Done():
				return
			}
		}
	}()
	t.Cleanup(func() {
		if t.Failed() {
			p.keepPicture()
		}
		p.tell()
		p.watch.stop()
		cancel()
	})
	return p.Viewport(1366).Dark(false).Language("en")
}

// do runs a command of the browser's protocol within ten seconds.
func do[P, R any](p *Page, command cdp.Command[P, R], params P) R {
	p.t.Helper()
	result, err := try(p, command, params)
	if err != nil {
		p.t.Fatalf("%s: %v", command.Method, err)
	}
	return result
}

func try[P, R any](p *Page, command cdp.Command[P, R], params P) (R, error) {
	ctx, cancel := context.WithTimeout(p.ctx, 40*time.Second)
	defer cancel()
	return chromedp.Call(ctx, command, params)
}

// Eval evaluates JavaScript in the page, a promise too, into a value of type T.
// It works where the page itself may run none.
func Eval[T any](p *Page, expression string) T {
	p.t.Helper()
	v, err := eval[T](p, expression)
	if err != nil {
		p.t.Fatalf("evaluate in %s: %v", p.watch.host, err)
	}
	return v
}

func eval[T any](p *Page, expression string) (T, error) {
	ctx, cancel := context.WithTimeout(p.ctx, 60*time.Second)
	defer cancel()
	return chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// quote makes a JavaScript literal.
func quote(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "null"
	}
	return string(b)
}

// Viewport makes the window 360 pixels wide like a phone, with touch, or 1366
// like a laptop. Other widths are laptops. A page that is open turns at once, but
// the server sees the other device at the next request only.
func (p *Page) Viewport(width int) *Page {
	p.t.Helper()
	p.width = width
	phone, height := width < 600, int64(768)
	if phone {
		height = 740
	}
	do(p, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: int64(width), Height: height, DeviceScaleFactor: 1, Mobile: phone})
	do(p, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: phone})
	return p.introduce()
}

// introduce sets what the browser says about itself.
func (p *Page) introduce() *Page {
	p.t.Helper()
	agent := p.agent
	if p.width < 600 {
		agent = strings.Replace(agent, "X11; Linux x86_64", "Linux; Android 14; K", 1)
		agent = strings.Replace(agent, " Safari/", " Mobile Safari/", 1)
	}
	do(p, emulation.SetUserAgentOverride, emulation.SetUserAgentOverrideParams{UserAgent: agent, AcceptLanguage: p.language})
	return p
}

// Dark chooses the colour scheme. Movement is always reduced.
func (p *Page) Dark(dark bool) *Page {
	p.t.Helper()
	p.dark = dark
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	do(p, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
	return p
}

// JavaScript switches the page's own JavaScript on or off, from the next page on.
func (p *Page) JavaScript(on bool) *Page {
	p.t.Helper()
	p.noScript = !on
	do(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
	return p
}

// Language makes the browser ask for a language, such as ur, from the next
// request on.
func (p *Page) Language(tag string) *Page {
	p.t.Helper()
	p.language = tag
	return p.introduce()
}

// Authenticator gives the tab a device that keeps passkeys and knows its person.
func (p *Page) Authenticator() *Page {
	p.t.Helper()
	do(p, webauthn.Enable, webauthn.EnableParams{})
	do(p, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: webauthn.AuthenticatorProtocolCtap2, Transport: webauthn.AuthenticatorTransportInternal,
		HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
	return p
}

// Tolerate lets findings pass that contain one of the texts: for tests that
// look at an error page, such as Tolerate("answer 503").
func (p *Page) Tolerate(texts ...string) *Page {
	p.watch.mu.Lock()
	defer p.watch.mu.Unlock()
	p.watch.tolerated = append(p.watch.tolerated, texts...)
	return p
}

// settle waits until the page is loaded and nothing is on its way.
func (p *Page) settle() {
	p.t.Helper()
	calm, before := 0, -1
	ok := p.poll(40*time.Second, func() bool {
		quiet, asked := p.watch.quiet()
		state, err := eval[string](p, `document.readyState`)
		if !quiet || asked != before || err != nil || state != "complete" {
			calm, before = 0, asked
			return false
		}
		calm++
		return calm >= 2
	})
	if !ok {
		p.t.Fatalf("the page does not come to rest: %s", p.watch.waiting())
	}
	p.Check()
}

// poll asks until yes is true, at most for the given time.
func (p *Page) poll(d time.Duration, yes func() bool) bool {
	end := time.After(d)
	for {
		if yes() {
			return true
		}
		select {
		case <-end:
			return yes()
		case <-time.After(25 * time.Millisecond):
		}
	}
}

// Check tells findings and sideways scrolling now. Every method that may load
// something calls it.
func (p *Page) Check() *Page {
	p.t.Helper()
	p.tell()
	wide, err := eval[string](p, finder+`.wide()`)
	if err != nil {
		p.t.Errorf("%s: look for sideways scrolling: %v", p.where(), err)
	} else if wide != "" {
		p.t.Errorf("%s scrolls sideways: %s", p.where(), wide)
	}
	return p
}

func (p *Page) tell() {
	p.t.Helper()
	for _, f := range p.watch.take() {
		p.t.Errorf("%s: %s", p.where(), f)
	}
}

// where says which page in which shape, for messages.
func (p *Page) where() string {
	path, err := eval[string](p, `location.pathname+location.search`)
	if err != nil {
		path = "the page"
	}
	return path + " (" + p.shape() + ")"
}

func (p *Page) shape() string {
	s := fmt.Sprintf("%d px", p.width)
	if p.dark {
		s += ", dark"
	}
	if p.language != "en" {
		s += ", " + p.language
	}
	if p.noScript {
		s += ", no JavaScript"
	}
	return s
}
