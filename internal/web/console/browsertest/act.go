package browsertest

import (
	"context"
	_ "embed"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed find.js
var finder string

// Go opens a path of the server, such as /pricing, or a whole address of it.
func (p *Page) Go(path string) *Page {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(p.base+strings.TrimPrefix(path, p.base))); err != nil {
		p.t.Fatalf("go to %s: %v", path, err)
	}
	p.settle()
	return p
}

// Reload loads the page again.
func (p *Page) Reload() *Page {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 60*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Reload()); err != nil {
		p.t.Fatalf("reload: %v", err)
	}
	p.settle()
	return p
}

// Click clicks a button, link, label or the like with the mouse, and waits until
// the page is at rest. what is its whole name as people read it, else a CSS
// selector, else a part of its name. Several of one name are an error, except
// links to one place.
func (p *Page) Click(what string) *Page {
	p.t.Helper()
	p.ClickNow(what)
	p.settle()
	return p
}

// ClickNow is Click without waiting afterwards, for what happens in between.
func (p *Page) ClickNow(what string) *Page {
	p.t.Helper()
	type point struct {
		X, Y float64
		Wait string
	}
	var at point
	why := ""
	ok := p.poll(p.patience, func() bool {
		found, err := eval[point](p, "(f => { const e = f.thing("+quote(what)+"); return e ? f.point(e) : {wait: 'nothing is called so'} })("+finder+")")
		if err != nil {
			why = err.Error()
			return false
		}
		at, why = found, found.Wait
		return why == ""
	})
	if !ok {
		p.t.Fatalf("%s: click %q: %s\nThe page says: %s", p.where(), what, why, p.excerpt())
	}
	for _, kind := range []input.DispatchMouseEventType{input.DispatchMouseEventTypeMouseMoved, input.DispatchMouseEventTypeMousePressed, input.DispatchMouseEventTypeMouseReleased} {
		e := input.DispatchMouseEventParams{Type: kind, X: at.X, Y: at.Y}
		if kind != input.DispatchMouseEventTypeMouseMoved {
			e.Button, e.ClickCount = input.MouseButtonLeft, 1
		}
		do(p, input.DispatchMouseEvent, e)
	}
	return p
}

// field finds a form field and keeps a hand on it.
func (p *Page) field(label string) runtime.RemoteObjectID {
	p.t.Helper()
	var id runtime.RemoteObjectID
	why := "there is no such field"
	ok := p.poll(p.patience, func() bool {
		r, err := try(p, runtime.Evaluate, runtime.EvaluateParams{Expression: finder + ".field(" + quote(label) + ")"})
		switch {
		case err != nil:
			why = err.Error()
		case r.ExceptionDetails != nil:
			why = exception(r.ExceptionDetails)
		default:
			id = r.Result.ObjectID
		}
		return id != ""
	})
	if !ok {
		p.t.Fatalf("%s: field %q: %s\nThe page says: %s", p.where(), label, why, p.excerpt())
	}
	return id
}

// on calls a JavaScript function with the field as this.
func (p *Page) on(id runtime.RemoteObjectID, function string) string {
	p.t.Helper()
	yes := true
	r := do(p, runtime.CallFunctionOn, runtime.CallFunctionOnParams{FunctionDeclaration: function, ObjectID: id, ReturnByValue: &yes})
	if r.ExceptionDetails != nil {
		p.t.Fatalf("%s: %s", p.where(), exception(r.ExceptionDetails))
	}
	return strings.Trim(string(r.Result.Value), `"`)
}

// Fill types a value into the field with this label (or name, or selector) in place of what
// was there, or chooses it when the field offers choices, by text or value. Boxes to
// tick and one-of-many buttons are clicked instead.
func (p *Page) Fill(label, value string) *Page {
	p.t.Helper()
	id := p.field(label)
	if p.on(id, "function(){return String("+finder+".set(this, "+quote(value)+"))}") == "true" {
		p.settle()
		return p
	}
	p.on(id, `function(){this.scrollIntoView({block:'center',behavior:'instant'}); this.focus(); if (this.select) this.select(); return ''}`)
	if value == "" {
		p.key(kb.Delete)
	} else {
		do(p, input.InsertText, input.InsertTextParams{Text: value})
	}
	if got := p.on(id, `function(){return this.value === `+quote(value)+` ? '' : this.value || this.innerText || '(nothing)'}`); got != "" && !strings.Contains(got, value) {
		p.t.Fatalf("%s: the field %q took %q as %q", p.where(), label, value, got)
	}
	return p
}

// Value returns what stands in a field.
func (p *Page) Value(label string) string {
	p.t.Helper()
	return p.on(p.field(label), `function(){return this.value}`)
}

// Upload chooses files for the field with this label.
func (p *Page) Upload(label string, files ...string) *Page {
	p.t.Helper()
	for i, f := range files {
		path, err := filepath.Abs(f)
		if err != nil {
			p.t.Fatalf("upload: %v", err)
		}
		files[i] = path
	}
	do(p, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, ObjectID: p.field(label)})
	p.settle()
	return p
}

// keyNames are the keys with names; all others are written as themselves.
func keyNames() map[string]string {
	return map[string]string{"Enter": kb.Enter, "Tab": kb.Tab, "Escape": kb.Escape, "Backspace": kb.Backspace, "Delete": kb.Delete,
		"ArrowUp": kb.ArrowUp, "ArrowDown": kb.ArrowDown, "ArrowLeft": kb.ArrowLeft, "ArrowRight": kb.ArrowRight,
		"Home": kb.Home, "End": kb.End, "PageUp": kb.PageUp, "PageDown": kb.PageDown, "Space": " "}
}

// Press presses keys one after the other, such as "j", "?", "Enter", "Shift+Tab" or
// "Ctrl+k", where the focus is, and waits until the page is at rest after the last.
func (p *Page) Press(keys ...string) *Page {
	p.t.Helper()
	held := map[string]chromedp.Modifier{"Ctrl": chromedp.ModifierCtrl, "Shift": chromedp.ModifierShift, "Alt": chromedp.ModifierAlt, "Meta": chromedp.ModifierMeta}
	for _, k := range keys {
		var modifiers []chromedp.Modifier
		for {
			first, rest, ok := strings.Cut(k, "+")
			if !ok || rest == "" || held[first] == 0 {
				break
			}
			modifiers, k = append(modifiers, held[first]), rest
		}
		if named, ok := keyNames()[k]; ok {
			k = named
		}
		p.key(k, modifiers...)
	}
	p.settle()
	return p
}

func (p *Page) key(k string, modifiers ...chromedp.Modifier) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.ctx, 40*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.KeyEvent(k, chromedp.KeyModifiers(modifiers...))); err != nil {
		p.t.Fatalf("press %q: %v", k, err)
	}
}
