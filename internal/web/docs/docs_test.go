package docs

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	pages "igny8/docs"
)

func TestEveryPageOpensAndItsLinksLead(t *testing.T) {
	mux := http.NewServeMux()
	if err := Register(mux); err != nil {
		t.Fatal(err)
	}
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w
	}
	files, err := fs.Glob(pages.Pages, "*.md")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d pages, %v", len(files), err)
	}
	inner := regexp.MustCompile(`href="(/docs/[a-z-]+)(#([^"]+))?"`)
	for _, file := range files {
		w := get("/docs/" + strings.TrimSuffix(file, ".md"))
		if w.Code != 200 || !strings.Contains(w.Body.String(), "<h1") {
			t.Errorf("%s: %d", file, w.Code)
		}
		for _, m := range inner.FindAllStringSubmatch(w.Body.String(), -1) {
			if m[1] == "/docs/api" {
				continue
			}
			target := get(m[1])
			if target.Code != 200 {
				t.Errorf("%s links to %s: %d", file, m[1], target.Code)
			}
			if m[3] != "" && !strings.Contains(target.Body.String(), `id="`+m[3]+`"`) {
				t.Errorf("%s links to %s%s: no such heading", file, m[1], m[2])
			}
		}
		if strings.Contains(w.Body.String(), `.md"`) || strings.Contains(w.Body.String(), `href="../`) {
			t.Errorf("%s has a link that leads nowhere here", file)
		}
	}
	if w := get("/docs/absent"); w.Code != 404 {
		t.Errorf("absent page: %d", w.Code)
	}
}

func TestSearch(t *testing.T) {
	mux := http.NewServeMux()
	if err := Register(mux, Entry{Href: "/docs/api#approvePayment", Page: "API reference", Heading: "Approve a payment", Text: "POST /api/v1/admin/quokkas/{id}/approve"},
		Entry{Href: "/docs/errors/stale", Page: "Error codes", Heading: "stale", Text: `<b onclick="x">stale</b> & changed`}); err != nil {
		t.Fatal(err)
	}
	find := func(q string) string {
		t.Helper()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", "/docs/search?q="+url.QueryEscape(q), nil))
		if w.Code != 200 {
			t.Errorf("%q: %d", q, w.Code)
		}
		return w.Body.String()
	}
	first := func(q string) string {
		t.Helper()
		_, rest, _ := strings.Cut(find(q), `<ol class="found">`)
		_, rest, _ = strings.Cut(rest, `href="`)
		href, _, _ := strings.Cut(rest, `"`)
		return href
	}
	for q, want := range map[string]string{
		"stale": "/docs/errors/stale", "APPROVE  a payment": "/docs/api#approvePayment", "quokkas/{ID}/approve": "/docs/api#approvePayment",
		"tutorial": "/docs/tutorial", "commands": "/docs/reference#commands", "the a the": first("a the"),
	} {
		if got := first(q); got != want {
			t.Errorf("%q leads to %q first, want %q", q, got, want)
		}
	}
	if body := find("stale"); !strings.Contains(body, `&lt;b onclick=&#34;x&#34;&gt;<mark>stale</mark>&lt;/b&gt; &amp; changed`) {
		t.Error("the excerpt is not escaped and marked")
	}
	for _, q := range []string{"", "  ", "\x00", "<script>alert(1)</script>", `"><img src=x onerror=alert(1)>`, "[(.*", "%s", "\xff\xfe", strings.Repeat("ü ", 5000), "e", "&", "amp", "mark"} {
		body := find(q)
		if strings.Contains(body, "<script") || strings.Contains(body, "<img") || strings.Contains(body, "&am<mark>") {
			t.Errorf("%.40q comes back as markup", q)
		}
	}
	if body := find("zzyzx"); !strings.Contains(body, "Nothing found for “zzyzx”") {
		t.Error("finding nothing is not said")
	}
	if words := query(typed(strings.Repeat("x", 300))); len(words) != 1 || len(words[0]) != maxQuery {
		t.Errorf("%v", words)
	}
	inner := regexp.MustCompile(`<li><a href="(/docs[^"#]*)#([^"]+)"`)
	for _, m := range inner.FindAllStringSubmatch(find("e"), -1) {
		w := httptest.NewRecorder()
		if mux.ServeHTTP(w, httptest.NewRequest("GET", m[1], nil)); m[1] != "/docs/api" && !strings.Contains(w.Body.String(), `id="`+m[2]+`"`) {
			t.Errorf("a result leads to %s#%s: no such heading", m[1], m[2])
		}
	}
}
