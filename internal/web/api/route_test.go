package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/account"
)

func TestCredential(t *testing.T) {
	w := newWorld(t)
	path := Prefix + "/things/" + known.String()
	for _, tt := range []struct {
		header string
		status int
		code   string
	}{
		{"", 401, "unauthenticated"},
		{"Authorization: Basic dGlt", 401, "unauthenticated"},
		{"Authorization: Bearer ", 401, "unauthenticated"},
		{"Authorization: Bearer old", 401, "invalid_token"},
		{"Authorization: Bearer broken", 500, "internal"},
		{"Authorization: Bearer tim", 200, ""},
		{"Authorization: bearer tim", 200, ""},
	} {
		r := w.do("GET", path, "", tt.header)
		w.wants(r, tt.status, tt.code)
		want := map[string]string{"unauthenticated": `Bearer realm="igny8"`, "invalid_token": `Bearer realm="igny8", error="invalid_token"`}[tt.code]
		if got := r.Header().Get("WWW-Authenticate"); got != want { // no error code without a token: RFC 6750, 3.1
			t.Errorf("%q: %q", tt.header, got)
		}
	}
	w.wants(w.do("POST", Prefix+"/things", `{"name":"x"}`, "as una"), 403, "forbidden")
	w.wants(w.do("GET", Prefix+"/catalogue", "", "as nobody"), 200, "")
	if !strings.Contains(w.logs.String(), "user="+w.tim.User.String()) {
		t.Error("the log does not say who")
	}
}

func TestObject(t *testing.T) {
	w := newWorld(t)
	r := w.do("GET", Prefix+"/things/"+known.String(), "", "as tim", "Accept: text/html")
	w.wants(r, 200, "")
	if r.Header().Get("Content-Type") != "application/json" || r.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%v", r.Header())
	}
	want := `{"id":"` + known.String() + `","name":"chair <&>","tags":[]}` + "\n"
	if r.Body.String() != want {
		t.Errorf("got %s", r.Body)
	}
	w.wants(w.do("HEAD", Prefix+"/things/"+known.String(), "", "as tim"), 200, "")
	r = w.do("GET", Prefix+"/things/"+known.String()+"/pdf", "", "as tim")
	if r.Code != 200 || r.Body.String() != "%PDF" || r.Header().Get("Content-Type") != "application/pdf" {
		t.Errorf("%d %s %v", r.Code, r.Body, r.Header())
	}
}

// A malformed id, an unknown one and one of another tenant get one answer.
func TestNotFoundIsOneBody(t *testing.T) {
	w := newWorld(t)
	var bodies []map[string]any
	for _, id := range []string{igny8.NewID[igny8.SiteID](start()).String(), "site_x", "acc_" + known.String()[5:],
		strings.ToUpper(known.String()), "%00", "'; drop"} {
		r := w.do("GET", Prefix+"/things/"+id, "", "as tim")
		w.wants(r, 404, "not_found")
		delete(r.m, "request_id")
		delete(r.m, "instance")
		bodies = append(bodies, r.m)
	}
	first, _ := json.Marshal(bodies[0])
	for _, b := range bodies {
		if one, _ := json.Marshal(b); !bytes.Equal(one, first) {
			t.Errorf("%s differs from %s", one, first)
		}
	}
}

func TestBodies(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name, body, header string
		status             int
		code               string
		pointer, fieldCode string
	}{
		{"good", `{"name":"x","count":3,"parts":[{"size":1}]}`, "", 201, "", "", ""},
		{"good with charset", `{"name":"x"}`, "Content-Type: application/json; charset=UTF-8", 201, "", "", ""},
		{"null for what has none", `{"name":"x","role":null}`, "", 422, "validation_failed", "#/role", "not_null"},
		{"NUL", `{"name":"a\u0000b"}`, "", 422, "validation_failed", "#/name", "invalid_text"},
		{"NUL within", `{"name":"a","parts":[{"size":1,"a\u0000":"b"}]}`, "", 422, "validation_failed", "#/parts/0", "invalid_text"},
		{"half a pair", `{"name":"\ud800"}`, "", 422, "validation_failed", "#/name", "invalid_text"},
		{"control character", `{"name":"a\u001bb"}`, "", 422, "validation_failed", "#/name", "control_character"},
		{"two lines", `{"name":"a\nb"}`, "", 422, "validation_failed", "#/name", "one_line"},
		{"no body", ``, "", 400, "body_required", "", ""},
		{"syntax", `{"name":`, "", 400, "malformed_json", "", ""},
		{"duplicate", `{"name":"a","name":"b"}`, "", 400, "malformed_json", "", ""},
		{"duplicate within", `{"name":"a","parts":[{"size":1,"size":2}]}`, "", 400, "malformed_json", "", ""},
		{"trailing", `{"name":"a"}{"name":"b"}`, "", 400, "malformed_json", "", ""},
		{"not UTF-8", "{\"name\":\"\xff\"}", "", 422, "validation_failed", "#/name", "invalid_text"},
		{"unknown", `{"name":"a","is_staff":true}`, "", 422, "unknown_field", "#/is_staff", "unknown_field"},
		{"unknown within", `{"name":"a","parts":[{"size":1,"a/b":true}]}`, "", 422, "unknown_field", "#/parts/0/a~1b", "unknown_field"},
		{"wrong case", `{"name":"a","Role":"leg"}`, "", 422, "unknown_field", "#/Role", "unknown_field"},
		{"missing", `{"count":1}`, "", 422, "validation_failed", "#/name", "required"},
		{"missing within", `{"name":"a","parts":[{}]}`, "", 422, "validation_failed", "#/parts/0/size", "required"},
		{"type", `{"name":7}`, "", 422, "validation_failed", "#/name", "invalid_type"},
		{"array for object", `[]`, "", 422, "validation_failed", "#", "invalid_type"},
		{"null for required", `{"name":null}`, "", 422, "validation_failed", "#/name", "invalid_type"},
		{"too big a number", `{"name":"a","count":10}`, "", 422, "validation_failed", "#/count", "out_of_range"},
		{"fraction", `{"name":"a","count":1.5}`, "", 422, "validation_failed", "#/count", "invalid_type"},
		{"exponent beyond", `{"name":"a","count":1e999}`, "", 422, "validation_failed", "#/count", "invalid"},
		{"too long", `{"name":"SECRETSECRETSECRETSECRET"}`, "", 422, "validation_failed", "#/name", "out_of_range"},
		{"enum", `{"name":"a","role":"SECRET"}`, "", 422, "validation_failed", "#/role", "invalid"},
		{"mail", `{"name":"a","mail":"SECRET"}`, "", 422, "validation_failed", "#/mail", "invalid"},
		{"id", `{"name":"a","owner":"SECRET"}`, "", 422, "validation_failed", "#/owner", "invalid"},
		{"money", `{"name":"a","price":{"amount_minor":"SECRET","currency":"PKR","amount":"1"}}`, "", 422, "validation_failed", "#/price/amount_minor", "invalid_type"},
		{"many", `{"name":"a","parts":[{"size":1},{"size":1},{"size":1},{"size":1}]}`, "", 422, "validation_failed", "#/parts", "out_of_range"},
		{"form", `name=a`, "Content-Type: application/x-www-form-urlencoded", 415, "unsupported_media_type", "", ""},
		{"text", `{"name":"a"}`, "Content-Type: text/plain", 415, "unsupported_media_type", "", ""},
		{"compressed", `{"name":"a"}`, "Content-Encoding: gzip", 415, "unsupported_encoding", "", ""},
		{"not compressed", `{"name":"a"}`, "Content-Encoding: identity", 201, "", "", ""},
		{"other charset", `{"name":"a"}`, "Content-Type: application/json; charset=utf-16", 415, "unsupported_media_type", "", ""},
		{"form where none is taken", `x`, "Content-Type: multipart/form-data; boundary=x", 415, "unsupported_media_type", "", ""},
		{"too large", `{"name":"` + strings.Repeat("a", maxJSON) + `"}`, "", 413, "body_too_large", "", ""},
		{"deep", strings.Repeat("[", 20000), "", 400, "malformed_json", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.T = t
			words := []string{"as tim"}
			if tt.header != "" {
				words = append(words, tt.header)
			}
			r := w.do("POST", Prefix+"/things", tt.body, words...)
			w.wants(r, tt.status, tt.code)
			if tt.pointer != "" {
				w.field(r, tt.pointer, tt.fieldCode)
			}
			if s := r.Body.String(); tt.status >= 400 && (strings.Contains(s, "SECRET") || strings.Contains(s, "$schema") || strings.Contains(s, `"value"`)) {
				t.Errorf("the rejected value comes back: %s", s)
			}
		})
	}
}

func TestRouteWithoutBodyTakesNone(t *testing.T) {
	w := newWorld(t)
	path := Prefix + "/things/" + known.String() + "/poke"
	w.wants(w.do("POST", path, "", "as tim"), 204, "")
	w.wants(w.do("POST", path, "{}", "as tim"), 204, "")
	r := w.do("POST", path, `{"role":"owner"}`, "as tim")
	w.wants(r, 422, "unknown_field")
	w.field(r, "#/role", "unknown_field")
	w.wants(w.do("POST", path, `[]`, "as tim"), 400, "malformed_json")
	if w.calls != 2 {
		t.Errorf("%d calls", w.calls)
	}
}

func TestRawBody(t *testing.T) {
	w := newWorld(t)
	w.wants(w.do("POST", Prefix+"/hook", `{"a":1,"a":2} x`, "X-Signature: s", "Content-Type: text/weird"), 204, "")
}

func TestQuery(t *testing.T) {
	w := newWorld(t)
	for _, tt := range []struct {
		query   string
		status  int
		code    string
		pointer string
		field   string
	}{
		{"limit=100&kind=old", 200, "", "", ""},
		{"limit=0", 422, "validation_failed", "#/limit", "out_of_range"},
		{"limit=101", 422, "validation_failed", "#/limit", "out_of_range"},
		{"limit=ten", 422, "validation_failed", "#/limit", "invalid_type"},
		{"kind=SECRET", 422, "validation_failed", "#/kind", "invalid"},
		{"account_id=SECRET", 422, "unknown_parameter", "#/account_id", "unknown_parameter"},
		{"Limit=1", 422, "unknown_parameter", "#/Limit", "unknown_parameter"},
		{"limit=%zz", 400, "malformed_query", "", ""},
		{"limit=1;kind=old", 400, "malformed_query", "", ""},
		{"cursor=SECRET", 400, "bad_cursor", "", ""},
	} {
		r := w.do("GET", Prefix+"/things?"+tt.query, "", "as tim")
		w.wants(r, tt.status, tt.code)
		if tt.pointer != "" {
			w.field(r, tt.pointer, tt.field)
		}
		if strings.Contains(r.Body.String(), "SECRET") {
			t.Errorf("the rejected value comes back: %s", r.Body)
		}
	}
}

func TestHandlerErrors(t *testing.T) {
	w := newWorld(t)
	r := w.do("POST", Prefix+"/things", `{"name":"taken"}`, "as tim", "X-Request-Id: mine")
	w.wants(r, 409, "already_exists")
	if r.m["current"] != "you" || r.m["request_id"] != "mine" || r.m["type"] != "https://igny8.example/docs/errors/already_exists" || r.m["instance"] != Prefix+"/things" {
		t.Errorf("%v", r.m)
	}
	for _, name := range []string{"bug", "panic"} {
		r = w.do("POST", Prefix+"/things", `{"name":"`+name+`"}`, "as tim")
		w.wants(r, 500, "internal")
		if strings.Contains(r.Body.String(), "0x") {
			t.Errorf("shows its cause: %s", r.Body)
		}
	}
	if s := w.logs.String(); !strings.Contains(s, "0xdead") || !strings.Contains(s, "0xbeef") {
		t.Error("causes are not logged")
	}
}

func TestRouterAnswers(t *testing.T) {
	w := newWorld(t)
	w.wants(w.do("GET", Prefix+"/nothing", "", "as tim"), 404, "not_found")
	r := w.do("DELETE", Prefix+"/things", "", "as tim")
	w.wants(r, 405, "method_not_allowed")
	if r.Header().Get("Allow") != "GET, HEAD, POST" {
		t.Errorf("Allow: %s", r.Header().Get("Allow"))
	}
}

func TestRoutesThatAreNotWellDescribed(t *testing.T) {
	good := Route{Method: "GET", Path: "/x", ID: "x", Summary: "x", Doc: "It does so.", Tag: "x", Perm: igny8.PermRead, Need: account.NeedRead}
	for name, change := range map[string]func(*Route){
		"no permission": func(r *Route) { r.Perm = "" },
		"both":          func(r *Route) { r.Public = true },
		"no id":         func(r *Route) { r.ID = "" },
		"no doc":        func(r *Route) { r.Doc = "" },
		"money on GET":  func(r *Route) { r.Money = true },
		"id twice":      func(r *Route) { r.ID = "getThing" },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			rt := good
			change(&rt)
			defer func() {
				if recover() == nil {
					t.Error("registered")
				}
			}()
			Register(w.api, rt, w.get)
		})
	}
}

func TestDocument(t *testing.T) {
	w := newWorld(t)
	raw, err := w.api.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	served := w.do("GET", "/openapi.json", "")
	if !bytes.Equal(raw, served.Body.Bytes()) {
		t.Error("served is not what is returned")
	}
	at := func(path ...string) any {
		var v any = served.m
		for _, p := range path {
			m, ok := v.(map[string]any)
			if !ok || m[p] == nil {
				t.Fatalf("no %v", path)
			}
			v = m[p]
		}
		return v
	}
	for want, path := range map[string][]string{
		"3.1.0": {"openapi"}, "1.2.3": {"info", "version"},
		"bearer":                         {"components", "securitySchemes", "bearer", "scheme"},
		"createThing":                    {"paths", "/api/v1/things", "post", "operationId"},
		"site.write":                     {"paths", "/api/v1/things", "post", "x-permission"},
		"work":                           {"paths", "/api/v1/things", "post", "x-need"},
		"#/components/responses/Invalid": {"paths", "/api/v1/things", "post", "responses", "422", "$ref"},
		"#/components/responses/Refused": {"paths", "/api/v1/things", "post", "responses", "default", "$ref"},
		"#/components/schemas/Problem":   {"components", "responses", "Refused", "content", "application/problem+json", "schema", "$ref"},
		"binary":                         {"paths", "/api/v1/things/{id}/pay", "post", "requestBody", "content", "multipart/form-data", "schema", "properties", "proof", "items", "format"},
		"array":                          {"components", "schemas", "Thing", "properties", "tags", "type"},
		"string":                         {"components", "schemas", "Thing", "properties", "id", "type"},
		"#/components/schemas/PayIn":     {"paths", "/api/v1/things/{id}/pay", "post", "requestBody", "content", "application/json", "schema", "$ref"},
		"#/components/schemas/Money":     {"components", "schemas", "ThingIn", "properties", "price", "$ref"},
	} {
		if got := at(path...); got != want {
			t.Errorf("%v: %v, want %v", path, got, want)
		}
	}
	at("paths", "/api/v1/things/{id}/pdf", "get", "responses", "200", "content", "application/pdf")
	if at("components", "schemas", "Problem", "additionalProperties") != true {
		t.Error("problems have further members")
	}
	if _, ok := at("paths", "/api/v1/catalogue", "get").(map[string]any)["x-permission"]; ok {
		t.Error("a public route has a permission")
	}
	if s := string(raw); strings.Contains(s, "$schema") || strings.Contains(s, "ErrorModel") || strings.Contains(s, `"null"`) && strings.Contains(s, `"array",`) {
		t.Error("left-overs of the library")
	}
	if y := w.do("GET", "/openapi.yaml", ""); y.Code != 200 || !strings.Contains(y.Body.String(), "openapi: 3.1.0") {
		t.Errorf("yaml: %d", y.Code)
	}
	ids := []string{}
	for _, rt := range w.api.Routes() {
		ids = append(ids, rt.ID)
	}
	if !slices.Contains(ids, "payThing") || len(ids) != 9 {
		t.Errorf("%v", ids)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{"/livez": `"ok"`, "/readyz": `"ready"`, "/docs/api/style.css": "prefers-color-scheme"} {
		if r := w.do("GET", path, ""); r.Code != 200 || !strings.Contains(r.Body.String(), want) {
			t.Errorf("%s: %d %s", path, r.Code, r.Body)
		}
	}
	html := w.do("GET", "/docs/api", "").Body.String()
	for _, want := range []string{`id="payThing"`, "/api/v1/things/{id}/pay", "billing.write", "Idempotency-Key required", "JSON or form",
		"<code>proof</code>", "What it is called.", "1 to 20 characters", "https://igny8.example/api/v1/things/" + known.String() + "/pay",
		"Too many requests; wait as Retry-After says.", "&#34;amount_minor&#34;: ", `&#34;name&#34;:&#34;chair&#34;`} {
		if !strings.Contains(html, want) {
			t.Errorf("the reference lacks %q", want)
		}
	}
	for _, never := range []string{"<script", "style=\"", "//cdn", "src=\"http"} {
		if strings.Contains(html, never) {
			t.Errorf("the reference has %q", never)
		}
	}
	down := newWorld(t, func(c *Config) { c.Ready = notReady })
	down.wants(down.do("GET", "/readyz", ""), 503, "not_ready")
	down.wants(down.do("GET", "/livez", ""), 200, "")
}

var errDown = errors.New("database locked")

func notReady(context.Context) error { return errDown }
