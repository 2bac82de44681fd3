package browsertest

import (
	_ "embed"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
)

// axeHash is the SHA-256 of testdata/axe.min.js: axe-core 4.14.1, as npm has it,
// under the Mozilla Public License 2.0 (testdata/axe.LICENSE).
const axeHash = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"

//go:embed testdata/axe.min.js
var axe string

// The rules of WCAG 2.2 A and AA, and of these what colours can break.
const (
	axeAll     = `{type:'tag',values:['wcag2a','wcag2aa','wcag21a','wcag21aa','wcag22aa']}`
	axeColours = `{type:'rule',values:['color-contrast','link-in-text-block']}`
)

// hugePage is the number of elements from which on a sweep asks axe twice, narrow
// and light, wide and dark: it takes a second for a thousand texts.
const hugePage = 3000

// violation is one rule that a page breaks.
type violation struct {
	ID, Impact, Help string
	Nodes            []string
}

// Axe fails the test for what axe-core finds against WCAG 2.2 A and AA on the page
// as it is now. It is put into the page from outside, past the page's
// Content-Security-Policy, which therefore stays as strict as it is.
func (p *Page) Axe() *Page {
	p.t.Helper()
	return p.runAxe(axeAll)
}

func (p *Page) runAxe(rules string) *Page {
	p.t.Helper()
	if p.noScript { // axe waits by timers, which need JavaScript; the page's own does not start any more
		do(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: false})
		defer do(p, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	}
	if has, err := eval[bool](p, `typeof window.axe === 'object'`); err != nil || !has {
		if _, err := eval[bool](p, axe+`;true`); err != nil {
			p.t.Errorf("%s: put axe into the page: %v", p.where(), err)
			return p
		}
	}
	found, err := eval[[]violation](p, `(async () => {
		const r = await axe.run(document, {runOnly: `+rules+`, resultTypes: ['violations'], iframes: false, preload: false})
		return r.violations.map(v => ({ID: v.id, Impact: v.impact, Help: v.help, Nodes: v.nodes.map(n => n.target.join(' ') + (n.any[0] ? ' – ' + n.any[0].message : ''))})) })()`)
	if err != nil {
		p.t.Errorf("%s: axe: %v", p.where(), err)
		return p
	}
	for _, v := range found {
		p.t.Errorf("%s: axe %s (%s): %s\n\t%s", p.where(), v.ID, v.Impact, v.Help, first(v.Nodes, 6))
	}
	return p
}

func first(list []string, n int) string {
	if len(list) > n {
		list = append(list[:n:n], fmt.Sprintf("and %d more", len(list)-n))
	}
	return strings.Join(list, "\n\t")
}

// Sweep opens each path as the person of this page, in English and in Urdu (by
// ?lang=, which wins over the language of a profile), at 360
// and 1366 pixels, light and dark, and fails the test for what axe finds, for
// sideways scrolling and for errors. Each path is a subtest; two run at a time.
// In dark only what colours can break is asked again, and in English alone: no
// language has colours of its own. Pages that answer in English to Urdu, as
// documentation does, are not asked twice.
func (p *Page) Sweep(paths ...string) *Page {
	p.t.Helper()
	t, ok := p.t.(*testing.T)
	if !ok {
		p.t.Fatal("a sweep needs a *testing.T")
	}
	t.Run("sweep", func(t *testing.T) {
		for _, path := range paths {
			t.Run(path, func(t *testing.T) {
				t.Parallel()
				tab := p.Tab(t)
				for _, language := range []string{"en", "ur"} {
					tab.Language(language).Viewport(360).Dark(false).Go(speaking(path, language))
					if got := Eval[string](tab, `document.documentElement.lang`); language != "en" && got == "en" {
						continue
					}
					tab.Axe()
					tab.Dark(true).Check()
					huge, colours := tab.Count("*") > hugePage, language == "en"
					if colours && !huge {
						tab.runAxe(axeColours)
					}
					tab.Viewport(1366).Check()
					if colours {
						tab.runAxe(axeColours)
					}
					tab.Dark(false).Check()
					if !huge {
						tab.Axe()
					}
				}
			})
		}
	})
	return p
}

// speaking is a path that asks for a language.
func speaking(path, language string) string {
	mark := "?"
	if strings.Contains(path, "?") {
		mark = "&"
	}
	return path + mark + "lang=" + language
}
