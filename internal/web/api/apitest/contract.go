// Package apitest holds answers against the OpenAPI document: tests that speak to
// the API hand every answer over, and fail when the document does not have its
// operation with its status, or when the body is not what the schema says.
package apitest

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Contract is an OpenAPI document to which answers are held. It may be used by many
// goroutines.
type Contract struct {
	doc      map[string]any
	paths    []path
	mu       sync.Mutex // guards what follows
	compiler *jsonschema.Compiler
	schemas  map[string]*jsonschema.Schema // by their place in the document
	seen     map[string]bool               // "operation status"
}

type path struct {
	template string
	pattern  *regexp.Regexp
	item     map[string]any
}

var parameter = regexp.MustCompile(`\\\{[^}]*\\\}`)

const document = "mem:///openapi.json"

// Read returns the contract that an OpenAPI 3.1 document in JSON makes.
func Read(raw []byte) (*Contract, error) {
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := &Contract{compiler: jsonschema.NewCompiler(), schemas: map[string]*jsonschema.Schema{}, seen: map[string]bool{}}
	c.doc, _ = value.(map[string]any)
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	if err := c.compiler.AddResource(document, value); err != nil {
		return nil, err
	}
	items, _ := c.doc["paths"].(map[string]any)
	for template, item := range items {
		expr := parameter.ReplaceAllString(regexp.QuoteMeta(template), `[^/]+`)
		c.paths = append(c.paths, path{template, regexp.MustCompile("^" + expr + "$"), item.(map[string]any)})
	}
	return c, nil
}

// Seen counts the pairs of operation and status that were checked.
func (c *Contract) Seen() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.seen)
}

// Check returns what is wrong with an answer, nil for one that is as documented.
// escapedPath is the path that was asked for, as it was sent. Paths that the
// document does not have may be refused only.
func (c *Contract) Check(method, escapedPath string, status int, h http.Header, body []byte) error {
	p, ok := c.find(escapedPath)
	if !ok {
		return c.refusal(method+" "+escapedPath, status, h, body)
	}
	op, ok := p.item[strings.ToLower(method)].(map[string]any)
	if method == http.MethodHead {
		op, ok = p.item["get"].(map[string]any)
	}
	if !ok { // 405, or OPTIONS
		return c.refusal(method+" "+p.template, status, h, body)
	}
	name := fmt.Sprint(op["operationId"], " ", status)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[name] = true
	place := "#/paths/" + escape(p.template) + "/" + strings.ToLower(method) + "/responses/" + strconv.Itoa(status)
	responses, _ := op["responses"].(map[string]any)
	response, ok := responses[strconv.Itoa(status)].(map[string]any)
	if !ok {
		return fmt.Errorf("%s: the document does not have this status; the body is %s", name, body)
	}
	if ref, ok := response["$ref"].(string); ok {
		place = ref
		response, _ = c.at(ref).(map[string]any)
	}
	if method == http.MethodHead || status == http.StatusNotModified {
		return nil
	}
	return c.body(name, place, response, h, body)
}

// refusal checks an answer that belongs to no operation.
func (c *Contract) refusal(name string, status int, h http.Header, body []byte) error {
	if status < 400 {
		return nil // a page, or a preflight
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	place := "#/components/responses/Refused"
	response, _ := c.at(place).(map[string]any)
	return c.body(name, place, response, h, body)
}

// body checks media type and body of an answer that the document has at place.
func (c *Contract) body(name, place string, response map[string]any, h http.Header, body []byte) error {
	content, _ := response["content"].(map[string]any)
	if len(content) == 0 {
		if len(body) > 0 {
			return fmt.Errorf("%s: the document has no body, and this came: %s", name, body)
		}
		return nil
	}
	kind, _, _ := mime.ParseMediaType(h.Get("Content-Type"))
	if _, ok := content[kind]; !ok {
		if _, any := content["*/*"]; any {
			return nil
		}
		return fmt.Errorf("%s: the document does not have the media type %q", name, kind)
	}
	if !strings.HasSuffix(kind, "json") {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s: %.900v in %s", name, err, body)
	}
	schema, err := c.schema(place + "/content/" + escape(kind) + "/schema")
	if err == nil {
		err = schema.Validate(value)
	}
	if err == nil && kind == "application/problem+json" {
		err = c.facts(value)
	}
	if err != nil {
		return fmt.Errorf("%s: %.900v in %s", name, err, body)
	}
	return nil
}

// facts refuses a member of a problem that the document does not name: readers may
// meet those of later versions, but this version names its own.
func (c *Contract) facts(value any) error {
	known, _ := c.at("#/components/schemas/Problem/properties").(map[string]any)
	members, _ := value.(map[string]any)
	for name := range members {
		if known[name] == nil {
			return fmt.Errorf("the schema of problems does not name the member %q", name)
		}
	}
	return nil
}

func (c *Contract) schema(place string) (*jsonschema.Schema, error) {
	if s := c.schemas[place]; s != nil {
		return s, nil
	}
	s, err := c.compiler.Compile(document + place)
	c.schemas[place] = s
	return s, err
}

// find looks a path up; one without parameters goes first.
func (c *Contract) find(escaped string) (found path, ok bool) {
	for _, p := range c.paths {
		if p.template == escaped {
			return p, true
		}
		if p.pattern.MatchString(escaped) && (!ok || strings.Count(p.template, "{") < strings.Count(found.template, "{")) {
			found, ok = p, true
		}
	}
	return found, ok
}

// at returns the value at a place such as "#/components/responses/NotFound".
func (c *Contract) at(place string) any {
	var v any = c.doc
	for name := range strings.SplitSeq(strings.TrimPrefix(place, "#/"), "/") {
		m, _ := v.(map[string]any)
		v = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(name)]
	}
	return v
}

func escape(name string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(name)
}

// CheckedIn is the contract of the document that is checked in, which another test
// finds to be that of the program.
var CheckedIn = sync.OnceValues(func() (*Contract, error) {
	dir, err := os.Getwd()
	for err == nil {
		raw, missing := os.ReadFile(filepath.Join(dir, "api", "openapi.json"))
		if missing == nil {
			return Read(raw)
		}
		if dir == filepath.Dir(dir) {
			err = missing
		}
		dir = filepath.Dir(dir)
	}
	return nil, err
})

var read sync.Map // of the document's text: a contract, made once

// Of is Read for documents that several tests have.
func Of(raw []byte) (*Contract, error) {
	if c, ok := read.Load(string(raw)); ok {
		return c.(*Contract), nil
	}
	c, err := Read(raw)
	if err != nil {
		return nil, err
	}
	kept, _ := read.LoadOrStore(string(raw), c)
	return kept.(*Contract), nil
}
