package browser

import (
	"net/url"
	"strings"
	"testing"

	"igny8/internal/demo"
)

// hostile are texts that people may send, and that must stay texts.
var hostile = map[string]string{
	"script":  `<script>alert(1)</script>`,
	"image":   `"><img src=x onerror=alert(1)>`,
	"reverse": "abc \u202egnp.exe\u202c \u2067x",
	"long":    strings.Repeat("Q", 300),
}

func TestHostileTexts(t *testing.T) {
	s := machine.Start(t)
	p := logIn(s.Page(), demo.StaffEmail)
	for name, text := range hostile {
		n := newcomer{email: name + "@example.com", first: upTo(100, text), last: upTo(100, text), business: upTo(200, "A"+text), payer: upTo(200, text), reference: upTo(100, "R"+text), notes: strings.Repeat(text, 3)}
		if name == "reverse" { // no receipt has such a reference, and none is taken
			n.reference = "R-reverse"
		}
		n = n.send(t, s.Base)
		approve(t, s.Base, n.reference)
		api(t, s.Base, n.token, "POST", "/sites", map[string]string{"name": upTo(100, text), "domain": name + ".example.com", "industry": "automotive"}, &struct{}{})
		n.email, n.reference = name+"2@example.com", "S"+n.reference[1:]
		n.send(t, s.Base)
	}
	p.Reload()
	all := []string{"/staff", "/staff/accounts", "/staff/audit", "/staff/search?q=" + url.QueryEscape(`<script>alert(1)</script>`), "/staff/search?q=RQQQ", "/staff/search?q=example.com",
		"/staff/search?q=" + strings.Repeat("W", 100)}
	all = append(all, paths(p, "#queue a[data-row]")...)
	all = append(all, "/staff/bulk?"+chosen(paths(p, "#queue a[data-row]")))
	accounts := paths(p.Go("/staff/accounts"), "main a[data-row]")
	all = append(all, accounts[:8:8]...)
	for _, width := range []int{360, 1366} {
		p.Viewport(width)
		for _, path := range all {
			p.Go(path)
			if n := p.Count(`img[src=x], main script`); n > 0 {
				t.Errorf("%s made elements of a customer's text", path)
			}
		}
	}
	p.Go("/staff").See(`A<script>alert(1)</script>`, `A"><img src=x onerror=alert(1)>`)
}

// upTo is the beginning of a text, of at most n characters.
func upTo(n int, s string) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
