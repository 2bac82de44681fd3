package api

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every code that the program's sources give to an error has its page.
func TestEveryCodeHasAPage(t *testing.T) {
	made := regexp.MustCompile(`\bE\(\s*(?:igny8\.)?[A-Z]\w*,\s*"([a-z0-9_]+)"`)
	found := map[string]string{"unknown_field": "fault.go", "unknown_parameter": "fault.go"}
	root := filepath.Join("..", "..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range made.FindAllSubmatch(src, -1) {
			found[string(m[1])] = path
		}
		return err
	})
	if err != nil || len(found) < 50 {
		t.Fatalf("%d codes, %v", len(found), err)
	}
	w := newWorld(t)
	var known []string
	for _, c := range ErrorCodes() {
		if slices.Contains(known, c.Code) {
			t.Errorf("%s is explained twice", c.Code)
		}
		known = append(known, c.Code)
		if found[c.Code] == "" {
			t.Errorf("%s is explained, but nothing gives it", c.Code)
		}
		if http.StatusText(c.Status) == "" || c.Means == "" || c.Do == "" {
			t.Errorf("%s is not well explained", c.Code)
		}
		if r := w.do("GET", "/docs/errors/"+c.Code, ""); r.Code != 200 || !strings.Contains(r.Body.String(), "<h1>"+c.Code+"</h1>") {
			t.Errorf("/docs/errors/%s: %d", c.Code, r.Code)
		}
	}
	for code, path := range found {
		if !slices.Contains(known, code) {
			t.Errorf("%s (%s) has no entry in ErrorCodes", code, path)
		}
	}
	if r := w.do("GET", "/docs/errors", ""); r.Code != 200 || !strings.Contains(r.Body.String(), `href="/docs/errors/stale"`) {
		t.Errorf("/docs/errors: %d", r.Code)
	}
	w.wants(w.do("GET", "/docs/errors/nothing", ""), 404, "not_found")
}

// Every code that a member of errors can have is given by something.
func TestFieldCodes(t *testing.T) {
	var sources strings.Builder
	err := filepath.WalkDir(filepath.Join("..", ".."), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || d.Name() == "errors.go" {
			return err
		}
		src, err := os.ReadFile(path)
		sources.Write(src)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	codes := FieldCodes()
	for _, code := range codes {
		if !strings.Contains(sources.String(), `"`+code+`"`) {
			t.Errorf("nothing gives %s", code)
		}
	}
	if slices.Sort(codes); len(slices.Compact(codes)) != len(FieldCodes()) {
		t.Error("a code comes twice")
	}
}
