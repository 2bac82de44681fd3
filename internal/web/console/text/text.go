// Package text owns the words of the console: one catalogue per language (its
// words are in en.json and in parts such as staff.en.json), and the
// choice of a language. English is complete; other languages may lack keys and
// then speak English. A placeholder {0} stands for the first argument, {1} for
// the second.
package text

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"strings"
)

// Lang is a language of the console (BCP 47).
type Lang string

// The languages that have a catalogue.
const (
	English Lang = "en"
	Urdu    Lang = "ur"
	Arabic  Lang = "ar"
)

// Languages lists all, the default first.
func Languages() []Lang { return []Lang{English, Urdu, Arabic} }

// Name is what speakers call the language.
func (l Lang) Name() string {
	switch l {
	case Urdu:
		return "اردو"
	case Arabic:
		return "العربية"
	}
	return "English"
}

// Dir is the direction of writing, for the attribute dir.
func (l Lang) Dir() string {
	if l == Urdu || l == Arabic {
		return "rtl"
	}
	return "ltr"
}

//go:embed *.json
var files embed.FS

// catalogues are read once and never changed.
var catalogues = load()

func load() map[Lang]map[string]string {
	all := map[Lang]map[string]string{}
	names, err := fs.Glob(files, "*.json")
	if err != nil {
		panic(err) // the pattern is fixed
	}
	for _, l := range Languages() {
		words := map[string]string{}
		for _, name := range names {
			if name != string(l)+".json" && !strings.HasSuffix(name, "."+string(l)+".json") {
				continue
			}
			data, err := files.ReadFile(name)
			if err != nil {
				panic(err) // embedded: cannot fail
			}
			if err := json.Unmarshal(data, &words); err != nil {
				panic(fmt.Sprintf("text: %s: %v", name, err))
			}
		}
		all[l] = words
	}
	return all
}

// Has reports whether the language has the key itself.
func Has(l Lang, key string) bool { _, ok := catalogues[l][key]; return ok }

// Keys returns every key of a language.
func Keys(l Lang) []string {
	out := make([]string, 0, len(catalogues[l]))
	for k := range catalogues[l] {
		out = append(out, k)
	}
	return out
}

// Texts speaks one language. The zero value speaks English.
type Texts struct{ Lang Lang }

// T returns the text of a key with its placeholders filled, in English when the
// language lacks it, and the key itself when nobody has it.
func (t Texts) T(key string, args ...any) string {
	s, ok := catalogues[t.Lang][key]
	lang := t.Lang
	if !ok {
		lang = English
		if s, ok = catalogues[English][key]; !ok {
			return key
		}
	}
	for i, a := range args {
		s = strings.ReplaceAll(s, fmt.Sprintf("{%d}", i), isolate(lang, fmt.Sprint(a)))
	}
	return s
}

// N is T for a number: it uses key.one for 1 and key.other else, and fills {0}
// with the number.
func (t Texts) N(key string, n int64, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return t.T(key+form, append([]any{n}, args...)...)
}

// Error returns the words for an error's code, or what the service said.
func (t Texts) Error(code, detail string) string {
	if s, ok := catalogues[t.Lang]["error."+code]; ok {
		return s
	}
	if s, ok := catalogues[English]["error."+code]; ok && t.Lang == English {
		return s
	}
	return detail
}

// isolate keeps what is put into a right-to-left sentence from being reordered:
// first strong isolate and pop (Unicode UAX 9).
func isolate(l Lang, s string) string {
	if l.Dir() != "rtl" {
		return s
	}
	return "\u2068" + s + "\u2069"
}

type contextKey struct{}

// With returns a context whose pages speak the language.
func With(ctx context.Context, l Lang) context.Context {
	return context.WithValue(ctx, contextKey{}, Texts{l})
}

// From returns the texts of the context, English outside a page.
func From(ctx context.Context) Texts {
	if t, ok := ctx.Value(contextKey{}).(Texts); ok {
		return t
	}
	return Texts{English}
}

// T is From(ctx).T, for templates.
func T(ctx context.Context, key string, args ...any) string { return From(ctx).T(key, args...) }

// N is From(ctx).N, for templates.
func N(ctx context.Context, key string, n int64, args ...any) string {
	return From(ctx).N(key, n, args...)
}

// Known returns the language with this tag, false for what has no catalogue.
func Known(tag string) (Lang, bool) {
	base, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
	for _, l := range Languages() {
		if string(l) == base {
			return l, true
		}
	}
	return English, false
}

// Accepted is one entry of Accept-Language: a language and, when given, a region.
type Accepted struct{ Language, Region string }

// Accept reads Accept-Language in its order. Weights are not looked at: browsers
// send the list sorted. At most ten entries are read.
func Accept(header string) []Accepted {
	var out []Accepted
	for part := range strings.SplitSeq(header, ",") {
		tag, _, _ := strings.Cut(part, ";")
		subtags := strings.Split(strings.TrimSpace(tag), "-")
		a := Accepted{Language: strings.ToLower(subtags[0])}
		if last := subtags[len(subtags)-1]; len(subtags) > 1 && len(last) == 2 {
			a.Region = strings.ToUpper(last)
		}
		if a.Language != "" && len(out) < 10 {
			out = append(out, a)
		}
	}
	return out
}

// Pick chooses a language: what the address asks for, else what was chosen
// before, else the browser's first that we speak, else English.
func Pick(asked, chosen, acceptLanguage string) Lang {
	for _, tag := range []string{asked, chosen} {
		if l, ok := Known(tag); ok {
			return l
		}
	}
	for _, a := range Accept(acceptLanguage) {
		if l, ok := Known(a.Language); ok {
			return l
		}
	}
	return English
}

// Many are several texts of one family: Many(ctx, "col.", "name", "total").
func Many(ctx context.Context, family string, keys ...string) []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = T(ctx, family+k)
	}
	return out
}
