package api

import (
	"bytes"
	"cmp"
	_ "embed" // for the template
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

//go:embed pages/reference.html
var referenceHTML string

// The reference page is made from the OpenAPI document, so it cannot tell anything
// else than the server does.
type (
	refPage struct {
		Title, Version, Intro, Server string
		Chapters                      []refChapter
	}
	refChapter struct {
		Name, Slug, Intro string
		Operations        []refOperation
	}
	refOperation struct {
		ID, Method, Path, Summary, Doc string
		Permission, Need               string
		Public, Money, Form            bool
		Params, Fields                 []refField
		Responses                      []refResponse
		Curl, Answer                   string
	}
	refField struct {
		Name, In, Type, Rule, Doc string
		Required                  bool
	}
	refResponse struct {
		Status, Doc, Media string
		Fields             []refField
	}
)

func (a *API) reference() ([]byte, error) {
	t, err := template.New("reference").Parse(referenceHTML)
	if err != nil {
		return nil, err
	}
	info := a.huma.OpenAPI().Info
	page := refPage{Title: info.Title, Version: info.Version, Intro: info.Description,
		Server: cmp.Or(a.cfg.PublicURL, "http://127.0.0.1:8080")}
	place := map[string]int{}
	chapter := func(name, intro string) int {
		if _, ok := place[name]; !ok {
			place[name] = len(page.Chapters)
			page.Chapters = append(page.Chapters, refChapter{Name: name, Slug: slug(name), Intro: intro})
		}
		return place[name]
	}
	for _, tag := range a.cfg.Tags {
		chapter(tag.Name, tag.Description)
	}
	for _, rt := range a.routes {
		c := &page.Chapters[chapter(rt.Tag, "")]
		c.Operations = append(c.Operations, a.describe(rt, page.Server))
	}
	page.Chapters = slices.DeleteFunc(page.Chapters, func(c refChapter) bool { return len(c.Operations) == 0 })
	var b bytes.Buffer
	err = t.Execute(&b, page)
	return b.Bytes(), err
}

func slug(s string) string { return strings.ReplaceAll(strings.ToLower(s), " ", "-") }

func (a *API) describe(rt Route, server string) refOperation {
	r := a.huma.OpenAPI().Components.Schemas
	op := operationOf(a.huma.OpenAPI().Paths[Prefix+rt.Path], rt.Method)
	out := refOperation{ID: rt.ID, Method: rt.Method, Path: Prefix + rt.Path, Summary: rt.Summary, Doc: rt.Doc,
		Permission: string(rt.Perm), Need: needs[rt.Need], Public: rt.Public, Money: rt.Money, Form: rt.Files != ""}
	for _, p := range op.Parameters {
		f := refField{Name: p.Name, In: p.In, Doc: p.Description, Required: p.Required}
		if s := follow(r, p.Schema); s != nil {
			f.Type, f.Rule, f.Doc = typeText(r, p.Schema), ruleText(s), cmp.Or(f.Doc, s.Description)
		}
		out.Params = append(out.Params, f)
	}
	if op.RequestBody != nil {
		out.Fields = flatten(r, bodySchema(r, op), "", 0)
		if form := op.RequestBody.Content["multipart/form-data"]; form != nil {
			s := form.Schema.Properties[rt.Files]
			out.Fields = append(out.Fields, refField{Name: rt.Files, Type: "files", Doc: "In a form only. " + s.Description, Rule: ruleText(s)})
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		resp := op.Responses[status]
		if name, ok := strings.CutPrefix(resp.Ref, "#/components/responses/"); ok {
			resp = a.huma.OpenAPI().Components.Responses[name]
		}
		one := refResponse{Status: status, Doc: resp.Description, Media: strings.Join(slices.Sorted(maps.Keys(resp.Content)), ", ")}
		if status < "300" {
			one.Fields = flatten(r, jsonSchema(r, resp.Content), "", 0)
			if m := resp.Content["application/json"]; m != nil {
				shown, _ := json.MarshalIndent(m.Example, "", "  ") // it was JSON before
				out.Answer = string(shown)
			}
		}
		out.Responses = append(out.Responses, one)
	}
	out.Curl = curl(r, op, rt, server)
	return out
}

// maxDepth is how deep nested members are listed.
const maxDepth = 3

// flatten lists the members of an object, nested ones with a dotted name.
func flatten(r huma.Registry, s *huma.Schema, prefix string, depth int) []refField {
	s = follow(r, s)
	if s == nil || depth > maxDepth {
		return nil
	}
	if s.Type == huma.TypeArray {
		return flatten(r, s.Items, prefix+"[]", depth+1)
	}
	if prefix != "" {
		prefix += "."
	}
	var out []refField
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		raw := s.Properties[name]
		p := follow(r, raw)
		if p == nil {
			continue
		}
		out = append(out, refField{Name: prefix + name, Type: typeText(r, raw), Rule: ruleText(p),
			Doc: cmp.Or(raw.Description, p.Description), Required: slices.Contains(s.Required, name)})
		out = append(out, flatten(r, p, prefix+name, depth+1)...)
	}
	return out
}

func typeText(r huma.Registry, s *huma.Schema) string {
	s = follow(r, s)
	switch {
	case s == nil || s.Type == "":
		return "any"
	case s.Type == huma.TypeArray:
		return "list of " + typeText(r, s.Items)
	case s.Format != "" && s.Type == huma.TypeString:
		return s.Format
	}
	if s.Nullable {
		return s.Type + " or null"
	}
	return s.Type
}

func ruleText(s *huma.Schema) string {
	var rules []string
	add := func(format string, args ...any) { rules = append(rules, fmt.Sprintf(format, args...)) }
	if len(s.Enum) > 0 {
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i] = fmt.Sprint(v)
		}
		add("one of %s", strings.Join(words, ", "))
	}
	if s.Minimum != nil {
		add("at least %v", *s.Minimum)
	}
	if s.Maximum != nil {
		add("at most %v", *s.Maximum)
	}
	if s.MinLength != nil && s.MaxLength != nil {
		add("%d to %d characters", *s.MinLength, *s.MaxLength)
	} else if s.MaxLength != nil {
		add("at most %d characters", *s.MaxLength)
	} else if s.MinLength != nil {
		add("at least %d characters", *s.MinLength)
	}
	if s.MaxItems != nil {
		add("at most %d", *s.MaxItems)
	}
	if s.PatternDescription != "" {
		add("%s", s.PatternDescription)
	}
	if s.Default != nil {
		add("default %v", s.Default)
	}
	return strings.Join(rules, "; ")
}

// curl is a call that can be pasted into a shell.
func curl(r huma.Registry, op *huma.Operation, rt Route, server string) string {
	path := Prefix + rt.Path
	for _, p := range op.Parameters {
		if p.In != "path" {
			continue
		}
		if s := follow(r, p.Schema); s != nil && len(s.Examples) > 0 {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", fmt.Sprint(s.Examples[0]))
		}
	}
	var b strings.Builder
	b.WriteString("curl ")
	if rt.Method != "GET" {
		b.WriteString("-X " + rt.Method + " ")
	}
	b.WriteString("'" + server + path + "'")
	line := func(s string) { b.WriteString(" \\\n  " + s) }
	if !rt.Public {
		line(`-H "Authorization: Bearer $TOKEN"`)
	}
	if rt.Method == "POST" {
		line(`-H "Idempotency-Key: $(uuidgen)"`)
	}
	if s := bodySchema(r, op); s != nil {
		if body, err := json.Marshal(example(r, s, 0)); err == nil {
			line("-H 'Content-Type: application/json'")
			line("-d '" + strings.ReplaceAll(string(body), "'", `'\''`) + "'")
		}
	}
	return b.String()
}

// example makes a value that a schema would take: the required members, and those
// that have an example.
func example(r huma.Registry, s *huma.Schema, depth int) any {
	s = follow(r, s)
	switch {
	case s == nil || depth > 2*maxDepth:
		return nil
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	switch s.Type {
	case huma.TypeObject:
		out := map[string]any{}
		for name, p := range s.Properties {
			if slices.Contains(s.Required, name) || len(follow(r, p).Examples) > 0 {
				out[name] = example(r, p, depth+1)
			}
		}
		return out
	case huma.TypeArray:
		return []any{example(r, s.Items, depth+1)}
	case huma.TypeInteger, huma.TypeNumber:
		return cmp.Or(deref(s.Minimum), 1)
	case huma.TypeBoolean:
		return true
	}
	switch s.Format {
	case "date":
		return "2026-01-31"
	case "date-time":
		return "2026-01-31T09:00:00Z"
	case "email":
		return "ada@example.com"
	case "uri":
		return "https://example.com"
	}
	return "text"
}

func deref(f *float64) float64 {
	if f == nil {
		return 0
	}
	return *f
}
