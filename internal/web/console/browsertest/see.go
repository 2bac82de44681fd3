package browsertest

import (
	"strings"
	"time"
)

// Text returns the visible text of the first element that a selector finds, with
// single spaces; all of the page's for "".
func (p *Page) Text(selector string) string {
	p.t.Helper()
	return Eval[string](p, finder+".text("+quote(selector)+")")
}

// has reports whether the page shows a text now; a page that is just changing
// does not.
func (p *Page) has(text string) bool {
	all, err := eval[string](p, finder+`.text("")`)
	return err == nil && strings.Contains(all, strings.Join(strings.Fields(text), " "))
}

// See waits up to five seconds until the page shows the texts, however they are
// spaced.
func (p *Page) See(texts ...string) *Page {
	p.t.Helper()
	for _, text := range texts {
		if !p.poll(p.patience, func() bool { return p.has(text) }) {
			p.t.Fatalf("%s does not show %q. It says: %s", p.where(), text, p.excerpt())
		}
	}
	return p.Check()
}

// NotSee fails the test when the page, at rest, shows one of the texts.
func (p *Page) NotSee(texts ...string) *Page {
	p.t.Helper()
	p.settle()
	for _, text := range texts {
		if p.has(text) {
			p.t.Fatalf("%s shows %q. It says: %s", p.where(), text, p.excerpt())
		}
	}
	return p
}

// Wait waits until something is true, at most for the given time; what says in
// the failure what was waited for.
func (p *Page) Wait(what string, d time.Duration, yes func() bool) *Page {
	p.t.Helper()
	if !p.poll(d, yes) {
		p.t.Fatalf("%s: not within %v: %s. It says: %s", p.where(), d, what, p.excerpt())
	}
	return p.Check()
}

// SeeWithin waits for a text no longer than the given time.
func (p *Page) SeeWithin(d time.Duration, text string) *Page {
	p.t.Helper()
	return p.Wait("see "+text, d, func() bool { return p.has(text) })
}

// URL returns the page's path and query: /app/acme/billing?page=2.
func (p *Page) URL() string {
	p.t.Helper()
	return Eval[string](p, `location.pathname+location.search`)
}

// Count returns how many elements a selector finds.
func (p *Page) Count(selector string) int {
	p.t.Helper()
	return Eval[int](p, `document.querySelectorAll(`+quote(selector)+`).length`)
}

// FocusKept fails the test when the focus fell to the body, or to what nobody
// sees. Ask it after a part of the page was replaced.
func (p *Page) FocusKept() *Page {
	p.t.Helper()
	if lost := Eval[string](p, finder+`.lost()`); lost != "" {
		p.t.Errorf("%s: %s", p.where(), lost)
	}
	return p
}

// excerpt is the beginning of what the page says.
func (p *Page) excerpt() string {
	text, err := eval[string](p, finder+`.text("")`)
	if err != nil {
		return err.Error()
	}
	if r := []rune(text); len(r) > 1200 {
		text = string(r[:1200]) + "…"
	}
	return text
}

// Base returns the server's address, without a slash at the end.
func (p *Page) Base() string { return p.base }

// Runs reports whether the page's own JavaScript is on.
func (p *Page) Runs() bool { return !p.noScript }
