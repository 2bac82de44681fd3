// Package docs serves the documentation set, rendered from Markdown. It owns no
// text: the pages are package igny8/docs.
package docs

import (
	"bytes"
	_ "embed" // for the template
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"

	"igny8"
	pages "igny8/docs"
	"igny8/internal/web"
)

//go:embed page.html
var pageHTML string

type page struct {
	Title string
	Body  template.HTML
	Nav   []link
}

type link struct{ Href, Title string }

// Register renders all pages once and serves them at /docs and /docs/{page}.
func Register(mux *http.ServeMux) error {
	rendered, err := render()
	if err != nil {
		return err
	}
	serve := func(w http.ResponseWriter, r *http.Request) {
		name := r.PathValue("page")
		if name == "" {
			name = "README"
		}
		body, ok := rendered[strings.TrimSuffix(name, ".md")]
		if !ok {
			web.WriteError(w, r, igny8.ErrNotFound)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(body)
	}
	mux.HandleFunc("GET /docs", serve)
	mux.HandleFunc("GET /docs/{page}", serve)
	return nil
}

func render() (map[string][]byte, error) {
	shell := template.Must(template.New("page").Parse(pageHTML))
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	files, err := fs.Glob(pages.Pages, "*.md")
	if err != nil {
		return nil, fmt.Errorf("documentation: %w", err)
	}
	all := map[string]page{}
	nav := []link{{"/docs", "Documentation"}, {"/docs/api", "API reference"}}
	for _, file := range files {
		source, err := fs.ReadFile(pages.Pages, file)
		if err != nil {
			return nil, fmt.Errorf("documentation: %w", err)
		}
		var b bytes.Buffer
		if err := md.Convert(source, &b); err != nil {
			return nil, fmt.Errorf("render %s: %w", file, err)
		}
		name := strings.TrimSuffix(file, ".md")
		title, _, _ := strings.Cut(strings.TrimPrefix(string(source), "# "), "\n")
		// The text is ours and holds no HTML of others.
		all[name] = page{Title: title, Body: template.HTML(rewrite(b.String()))}
		if name != "README" {
			nav = append(nav, link{"/docs/" + name, title})
		}
	}
	out := map[string][]byte{}
	for name, p := range all {
		p.Nav = nav
		var b bytes.Buffer
		if err := shell.Execute(&b, p); err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		out[name] = b.Bytes()
	}
	return out, nil
}

var (
	toPage    = regexp.MustCompile(`href="(?:\./)?([a-z-]+)\.md(#[^"]*)?"`)
	toOutside = regexp.MustCompile(`<a href="\.\./[^"]*">(.*?)</a>`)
)

// rewrite lets links between pages work at their address here; links to files of
// the repository, which is not served, become plain text.
func rewrite(body string) string {
	body = toPage.ReplaceAllString(body, `href="/docs/$1$2"`)
	return toOutside.ReplaceAllString(body, "<code>$1</code>")
}
