package api_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// object is a part of the document.
type object = map[string]any

func document(t *testing.T) (doc object, raw []byte) {
	t.Helper()
	raw, err := os.ReadFile("../../../api/openapi.json")
	if err == nil {
		err = json.Unmarshal(raw, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	return doc, raw
}

func part(v any, names ...string) object {
	for _, name := range names {
		m, _ := v.(object)
		v = m[name]
	}
	m, _ := v.(object)
	return m
}

// eachOperation calls f with every operation and its place.
func eachOperation(doc object, f func(place string, op object)) {
	for path, item := range part(doc, "paths") {
		for method, op := range item.(object) {
			f(method+" "+path, op.(object))
		}
	}
}

// Every member is described, schemas have a reader's names, nothing of the library's
// own shows.
func TestEverySchemaIsForReaders(t *testing.T) {
	doc, raw := document(t)
	if bytes.Contains(raw, []byte("patternDescription")) {
		t.Error("a private keyword of the library")
	}
	if bytes.Contains(raw, []byte("uniqueItems")) {
		t.Error("the library's uniqueItems panics on elements that are lists or objects: see once")
	}
	program := regexp.MustCompile(`(Body|Struct|Out|ListBody.*)$`)
	members := 0
	for name, s := range part(doc, "components", "schemas") {
		if program.MatchString(name) {
			t.Errorf("%s is the program's name, not a reader's", name)
		}
		for member, p := range part(s, "properties") {
			members++
			if text, _ := p.(object)["description"].(string); text == "" {
				t.Errorf("%s.%s is not described: see words.go", name, member)
			}
		}
	}
	if members < 600 {
		t.Errorf("%d members", members)
	}
}

// Every operation says what it does, in which chapter it is, what its answers look
// like, and what they carry in their headers.
func TestEveryOperationIsComplete(t *testing.T) {
	doc, raw := document(t)
	compiler := jsonschema.NewCompiler()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err == nil {
		err = compiler.AddResource("mem:///openapi.json", value)
	}
	if err != nil {
		t.Fatal(err)
	}
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	var tags []any
	for _, tag := range doc["tags"].([]any) {
		tags = append(tags, tag.(object)["name"])
	}
	examples := 0
	eachOperation(doc, func(place string, op object) {
		if op["description"] == nil || op["summary"] == nil {
			t.Errorf("%s has no description", place)
		}
		for _, tag := range op["tags"].([]any) {
			if !slices.Contains(tags, tag) {
				t.Errorf("%s is in the chapter %v, which the document does not list", place, tag)
			}
		}
		responses := part(op, "responses")
		for _, status := range []string{"400", "422", "429", "500", "503", "default"} {
			if part(responses, status)["$ref"] == nil {
				t.Errorf("%s does not have %s", place, status)
			}
		}
		for status, r := range responses {
			if status > "299" {
				continue
			}
			for _, name := range []string{"X-Request-Id", "RateLimit", "RateLimit-Policy"} {
				if part(r, "headers", name) == nil {
					t.Errorf("%s %s does not have the header %s", place, status, name)
				}
			}
			media := part(r, "content", "application/json")
			if media == nil {
				continue
			}
			if part(r, "headers", "ETag") == nil && (strings.HasPrefix(place, "get") || part(responses, "401") != nil && op["security"] != nil && len(op["security"].([]any)) > 0) {
				t.Errorf("%s %s does not have the header ETag", place, status)
			}
			examples++
			method, path, _ := strings.Cut(place, " ")
			at := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(path)
			schema, err := compiler.Compile("mem:///openapi.json#/paths/" + at + "/" + method + "/responses/" + status + "/content/application~1json/schema")
			if err == nil {
				err = schema.Validate(media["example"])
			}
			if err != nil {
				t.Errorf("%s %s: the example is not what the schema says: %v", place, status, err)
			}
		}
	})
	if examples < 80 {
		t.Errorf("%d examples", examples)
	}
	for _, code := range []string{"needed", "available", "limit", "allowed", "used", "plan", "current", "decided_by", "decided_at"} {
		if part(doc, "components", "schemas", "Problem", "properties", code)["type"] == nil {
			t.Errorf("problems have no typed member %s", code)
		}
	}
	if len(part(doc, "components", "schemas", "Problem", "properties", "code")["enum"].([]any)) < 90 {
		t.Error("codes are not listed")
	}
	if part(doc, "components", "schemas", "PaymentInput", "properties", "paid_on")["format"] != "date" {
		t.Error("paid_on is a date")
	}
	if len(part(doc, "components", "schemas", "SpendInput")["oneOf"].([]any)) != 2 {
		t.Error("spending comes in two shapes")
	}
}
