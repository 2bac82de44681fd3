package browsertest

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
)

// watcher listens to one tab. Its hear runs where the browser's messages are
// read, so it only notes things down.
type watcher struct {
	host    string      // the only host that pages may ask
	dialogs chan string // alert, confirm and prompt, to be answered

	mu        sync.Mutex
	findings  []string
	inFlight  map[network.RequestID]*request
	asked     int // requests so far
	moving    bool
	total     int // bytes of finished requests, as they came over the wire
	script    int // of these, JavaScript
	stopped   bool
	tolerated []string
}

type request struct {
	what string // method and address
	kind network.ResourceType
}

func newWatcher(base string) *watcher {
	w := &watcher{dialogs: make(chan string, 16), inFlight: map[network.RequestID]*request{}}
	if u, err := url.Parse(base); err == nil {
		w.host = u.Host
	}
	return w
}

func (w *watcher) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		w.found("uncaught exception: " + exception(e.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			w.found("console error: " + words(e.Args))
		}
	case *log.EventEntryAdded:
		// What the network says comes below, with its status: a form that
		// answers 422 is no error.
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork {
			w.found(fmt.Sprintf("%s error: %s", e.Entry.Source, e.Entry.Text))
		}
	case *page.EventJavascriptDialogOpening:
		w.found(fmt.Sprintf("the page opened an %s box: %q", e.Type, e.Message))
		select {
		case w.dialogs <- e.Message:
		default:
		}
	case *page.EventFrameRequestedNavigation:
		w.moving = true
	case *page.EventLoadEventFired, *page.EventFrameStoppedLoading, *page.EventNavigatedWithinDocument:
		w.moving = false
	default:
		w.hearNetwork(event)
	}
}

func (w *watcher) hearNetwork(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if strings.HasPrefix(e.Request.URL, "chrome-extension:") {
			return // the browser's own viewer of PDFs, whose end is not told
		}
		w.asked++
		w.inFlight[e.RequestID] = &request{e.Request.Method + " " + e.Request.URL, e.Type}
		if u, err := url.Parse(e.Request.URL); err == nil && strings.HasPrefix(u.Scheme, "http") && u.Host != w.host {
			w.found("request to another host: " + e.Request.URL)
		}
	case *network.EventResponseReceived:
		w.answered(e)
		if e.Type == network.ResourceTypeEventSource || e.Response.MimeType == "text/event-stream" {
			delete(w.inFlight, e.RequestID) // a stream never ends
		}
	case *network.EventLoadingFinished:
		if r := w.inFlight[e.RequestID]; r != nil {
			w.total += int(e.EncodedDataLength)
			if r.kind == network.ResourceTypeScript {
				w.script += int(e.EncodedDataLength)
			}
		}
		delete(w.inFlight, e.RequestID)
	case *network.EventLoadingFailed:
		r := w.inFlight[e.RequestID]
		delete(w.inFlight, e.RequestID)
		if r == nil || e.Canceled && e.BlockedReason == "" || e.ErrorText == "net::ERR_ABORTED" && e.BlockedReason == "" {
			return // left behind by going on to another page
		}
		w.found(fmt.Sprintf("request failed: %s: %s %s", r.what, e.ErrorText, e.BlockedReason))
	}
}

// answered notes answers that no page should get: of the server's own failure,
// and of missing parts of the page.
func (w *watcher) answered(e *network.EventResponseReceived) {
	status := e.Response.Status
	parts := []network.ResourceType{network.ResourceTypeStylesheet, network.ResourceTypeScript, network.ResourceTypeImage,
		network.ResourceTypeFont, network.ResourceTypeMedia, network.ResourceTypeManifest}
	if status >= 500 || status >= 400 && slices.Contains(parts, e.Type) {
		w.found(fmt.Sprintf("answer %d to %s", status, e.Response.URL))
	}
}

// found notes a finding once. The caller holds the lock.
func (w *watcher) found(what string) {
	what = strings.TrimSpace(what)
	for _, t := range w.tolerated {
		if strings.Contains(what, t) {
			return
		}
	}
	if !slices.Contains(w.findings, what) {
		w.findings = append(w.findings, what)
	}
}

// take returns what was found since the last call.
func (w *watcher) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := w.findings
	w.findings = nil
	return list
}

// quiet reports that nothing is on its way, and how many requests there were.
func (w *watcher) quiet() (bool, int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.inFlight) == 0 && !w.moving, w.asked
}

// waiting tells what is still on its way.
func (w *watcher) waiting() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []string
	for _, r := range w.inFlight {
		list = append(list, r.what)
	}
	return fmt.Sprintf("navigating %v, open requests %v", w.moving, list)
}

func (w *watcher) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
}

func exception(d *runtime.ExceptionDetails) string {
	text := d.Text
	if d.Exception != nil {
		text += " " + d.Exception.Description
	}
	return fmt.Sprintf("%s (%s:%d)", text, d.URL, d.LineNumber+1)
}

func words(args []*runtime.RemoteObject) string {
	var list []string
	for _, a := range args {
		switch {
		case a.Description != "":
			list = append(list, a.Description)
		default:
			list = append(list, strings.Trim(string(a.Value), `"`))
		}
	}
	return strings.Join(list, " ")
}
