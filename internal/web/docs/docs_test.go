package docs

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
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
