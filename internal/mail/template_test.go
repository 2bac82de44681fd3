package mail_test

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"igny8/internal/mail"
)

var fields = regexp.MustCompile(`\{\{[^}]*?\.([A-Z]\w*)[^}]*\}\}`)

// Every letter exists in every language, and says the same things in each.
func TestEveryLetterSpeaksEveryLanguage(t *testing.T) {
	folder := os.DirFS("templates")
	english, err := fs.Glob(folder, "en/*.txt")
	if err != nil || len(english) < 4 {
		t.Fatalf("templates: %v, %v", english, err)
	}
	holes := func(name string) (out []string) {
		data, err := fs.ReadFile(folder, name)
		if err != nil {
			t.Errorf("%s is missing", name)
		}
		for _, m := range fields.FindAllStringSubmatch(string(data), -1) {
			out = append(out, m[1])
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	for _, name := range english {
		for _, lang := range []string{"ur", "ar"} {
			if want, got := holes(name), holes(lang+"/"+path.Base(name)); !slices.Equal(want, got) {
				t.Errorf("%s in %s names %v, in English %v", path.Base(name), lang, got, want)
			}
		}
	}
}

// Who lost a second factor reads, in each language, that support took it away.
func TestTheLetterNamesSupport(t *testing.T) {
	letter := mail.Letter{To: "a@example.com", Template: "second_factor_changed", Data: map[string]any{"Name": "Sana", "Link": "https://example.com/forgot"}}
	for lang, word := range map[string]string{"en": "support", "ur": "مدد", "ar": "الدعم"} {
		for what, want := range map[string]int{"reset": 0, "reset_by_support": 2} {
			letter.Lang, letter.Data["What"] = lang, what
			p, err := mail.Render(letter)
			if err != nil || strings.Count(p.Plain, word) != want {
				t.Errorf("%s of %s names support not %d times: %s, %v", what, lang, want, p.Plain, err)
			}
		}
	}
}

func TestNumbersKeepTheirDirection(t *testing.T) {
	letter := mail.Letter{To: "a@example.com", Template: "payment_rejected", Data: map[string]any{"Name": "Sana", "Amount": "Rs 24,742",
		"Invoice": "INV-1", "Reference": "\u2069+92 301 2345678", "Reason": "<b>No</b>", "Link": "https://example.com/pay/x?a=1&b=2"}}
	for lang, want := range map[string]struct{ lang, dir, amount string }{
		"en": {"en", "ltr", "Rs 24,742"}, "ur-PK": {"ur", "rtl", "\u2066Rs 24,742\u2069"}, "ar": {"ar", "rtl", "\u2066Rs 24,742\u2069"}, "fr": {"en", "ltr", "Rs 24,742"}, "": {"en", "ltr", "Rs 24,742"}, "..": {"en", "ltr", "Rs 24,742"},
	} {
		letter.Lang = lang
		p, err := mail.Render(letter)
		if err != nil {
			t.Fatal(err)
		}
		if p.Lang != want.lang || !strings.Contains(p.Plain, want.amount) || !strings.Contains(p.HTML, `<html lang="`+want.lang+`" dir="`+want.dir+`">`) {
			t.Errorf("%q: %+v", lang, p)
		}
		if strings.Count(p.Plain, "\u2066")+strings.Count(p.Plain, "\u2068") != strings.Count(p.Plain, "\u2069") {
			t.Errorf("%q: what a customer wrote ends an isolate: %q", lang, p.Plain)
		}
		if want.dir == "rtl" && !strings.Contains(p.HTML, `<bdi dir="ltr">+92 301 2345678</bdi>`) {
			t.Errorf("%q: the reference is not isolated: %s", lang, p.HTML)
		}
		if strings.Contains(p.HTML, "<b>") || !strings.Contains(p.HTML, `href="https://example.com/pay/x?a=1&amp;b=2"`) || strings.Contains(p.Subject, "\n") {
			t.Errorf("%q: %s", lang, p.HTML)
		}
	}
}
