package console

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"strings"
	"testing"
)

// What is not ours is pinned: a file that changed without its sum is refused.
func TestVendoredFilesAreThoseThatWereReviewed(t *testing.T) {
	sums, err := static.ReadFile("static/vendor/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	pinned := map[string]string{}
	for s := bufio.NewScanner(bytes.NewReader(sums)); s.Scan(); {
		sum, name, _ := strings.Cut(s.Text(), "  ")
		pinned[name] = sum
	}
	entries, err := static.ReadDir("static/vendor")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if assetKind(e.Name()) == "" {
			continue
		}
		data, err := static.ReadFile("static/vendor/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if pinned[e.Name()] != hex.EncodeToString(sum[:]) {
			t.Errorf("%s is not the file whose sum is in SHA256SUMS", e.Name())
		}
	}
}

func TestStaticFilesAreSmall(t *testing.T) {
	all, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	js := 0
	for name, a := range all {
		if path.Ext(name) == ".js" {
			js += len(a.gz)
		}
	}
	if js > 30<<10 {
		t.Errorf("JavaScript is %d bytes compressed, more than 30 KB", js)
	}
	if n := len(all["app.js"].plain); n > 18<<10 {
		t.Errorf("app.js has %d bytes, more than 18 KB", n)
	}
	if n := len(all["app.css"].gz); n > 25<<10 {
		t.Errorf("app.css has %d bytes compressed, more than 25 KB", n)
	}
}

// Right-to-left pages come for free only as long as nobody says left or right.
func TestStylesAreLogical(t *testing.T) {
	css, err := static.ReadFile("static/app.css")
	if err != nil {
		t.Fatal(err)
	}
	physical := regexp.MustCompile(`(?m)[{;\s](?:margin|padding|border)-(?:left|right|top|bottom)\b|[{;\s](?:left|right|float|text-align: (?:left|right))\s*:`)
	if m := physical.FindString(string(css)); m != "" {
		t.Errorf("app.css says %q: use the logical property", m)
	}
}

func TestStaticFilesAreServedForEver(t *testing.T) {
	all, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/{path...}", all.serve)
	get := func(target, encoding string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", target, nil)
		r.Header.Set("Accept-Encoding", encoding)
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	w := get(all.path("app.css"), "br, gzip")
	if w.Code != 200 || w.Header().Get("Content-Encoding") != "gzip" || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
		t.Errorf("versioned: %d %v", w.Code, w.Header())
	}
	if w := get("/static/app.css?v=old", ""); strings.Contains(w.Header().Get("Cache-Control"), "immutable") || !bytes.Equal(w.Body.Bytes(), all["app.css"].plain) {
		t.Errorf("another version must not be kept for ever: %v", w.Header())
	}
	for _, name := range []string{"nothing.css", "../doc.go", "vendor/SHA256SUMS", ""} {
		if w := get("/static/"+name, ""); w.Code == 200 {
			t.Errorf("%q is served", name)
		}
	}
}
