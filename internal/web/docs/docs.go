// Package docs serves the documentation set, rendered from Markdown, and the search
// over it. It owns no text: the pages are package igny8/docs.
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
	gmtext "github.com/yuin/goldmark/text"

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

	Search  bool // shows the search instead of Body
	Query   string
	Results []result
}

type link struct{ Href, Title string }

// Register renders all pages once and serves them at /docs and /docs/{page}, with
// one search over them and what others add to it, such as the operations of the API.
func Register(mux *http.ServeMux, more ...Entry) error {
	shell := template.Must(template.New("page").Parse(pageHTML))
	rendered, nav, entries, err := render(shell)
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
	all := newIndex(append(entries, more...))
	mux.HandleFunc("GET /docs", serve)
	mux.HandleFunc("GET /docs/{page}", serve)
	mux.HandleFunc("GET /docs/search", func(w http.ResponseWriter, r *http.Request) {
		q := typed(r.URL.Query().Get("q"))
		var b bytes.Buffer
		if err := shell.Execute(&b, page{Title: "Search", Nav: nav, Search: true, Query: q, Results: all.search(q)}); err != nil {
			web.WriteError(w, r, fmt.Errorf("render the search: %w", err))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(b.Bytes())
	})
	return nil
}

// render makes all pages, the navigation between them and what is to be found.
func render(shell *template.Template) (rendered map[string][]byte, nav []link, found []Entry, err error) {
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))
	files, err := fs.Glob(pages.Pages, "*.md")
	if err != nil {
		return nil, nil, nil, fmt.Errorf("documentation: %w", err)
	}
	all := map[string]page{}
	nav = []link{{"/docs", "Documentation"}, {"/docs/api", "API reference"}}
	for _, file := range files {
		source, err := fs.ReadFile(pages.Pages, file)
		if err != nil {
			return nil, nil, nil, fmt.Errorf("documentation: %w", err)
		}
		var b bytes.Buffer
		doc := md.Parser().Parse(gmtext.NewReader(source))
		if err := md.Renderer().Render(&b, source, doc); err != nil {
			return nil, nil, nil, fmt.Errorf("render %s: %w", file, err)
		}
		name := strings.TrimSuffix(file, ".md")
		title, _, _ := strings.Cut(strings.TrimPrefix(string(source), "# "), "\n")
		// The text is ours and holds no HTML of others.
		all[name] = page{Title: title, Body: template.HTML(rewrite(b.String()))}
		href := "/docs"
		if name != "README" {
			href += "/" + name
			nav = append(nav, link{href, title})
		}
		found = append(found, sections(href, title, doc, source)...)
	}
	rendered = map[string][]byte{}
	for name, p := range all {
		p.Nav = nav
		var b bytes.Buffer
		if err := shell.Execute(&b, p); err != nil {
			return nil, nil, nil, fmt.Errorf("render %s: %w", name, err)
		}
		rendered[name] = b.Bytes()
	}
	return rendered, nav, found, nil
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
