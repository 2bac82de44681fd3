package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/web"
)

// Route is one entry of the table of routes. Method, Path, ID, Summary, Doc and Tag
// are required, and Perm unless Public.
type Route struct {
	Method  string // GET, POST, PUT, PATCH or DELETE
	Path    string // without Prefix, as in "/sites/{id}"
	ID      string // the operation's name for generated clients, as in "getSite"
	Summary string // one line
	Tag     string // chapter of the reference
	Doc     string // what the summary does not say

	Perm   igny8.Permission // what the caller must be allowed
	Need   account.Need     // what the account's state must allow
	Public bool             // no credential; one that is sent is not looked at
	Open   bool             // the same for everybody: may be kept, and be read by pages of any origin
	Ready  func() error     // refuses before anything is read or written for the caller; nil: never

	// Check tells what the service finds wrong with a JSON body that is refused anyhow,
	// so that everything is told in one answer; nil: nothing. It changes nothing.
	Check func(ctx context.Context, body []byte) error
	Link  func(token string) error // refuses a secret link, {token} of Path, before the body is read; nil: the handler does

	Status   int    // of success; 0: 200 with a body, 204 without
	Also     int    // another status of success, with the same body
	Money    bool   // Idempotency-Key is required
	Files    string // name of the form field for files: the route takes a form as well as JSON
	Raw      bool   // the handler reads RawBody []byte itself (signed webhooks); any media type
	Produces string // media types of a file, such as application/pdf, with spaces between
	MaxBody  int64  // bytes of a JSON or raw body; 0: 1 MiB
	Errors   []int  // statuses of errors that only this route knows it gives
}

// Pattern is the method and the whole path, as in "GET /api/v1/sites/{id}".
func (rt Route) Pattern() string { return rt.Method + " " + Prefix + rt.Path }

// Need names, as they are in the OpenAPI document.
var needs = map[account.Need]string{
	account.NeedNone: "none", account.NeedOwn: "own", account.NeedBilling: "billing",
	account.NeedRead: "read", account.NeedWork: "work",
}

// gives adds statuses of errors that only this route knows it gives.
func (rt Route) gives(statuses ...int) Route {
	rt.Errors = slices.Concat(rt.Errors, statuses)
	return rt
}

func (rt Route) check(others []Route) {
	switch {
	case rt.Method == "" || !strings.HasPrefix(rt.Path, "/") || rt.ID == "" || rt.Summary == "" || rt.Tag == "" || rt.Doc == "":
		panic("api: route without method, path, id, summary, doc or tag: " + rt.Pattern())
	case rt.Public == (rt.Perm != ""):
		panic("api: a route is either public or has a permission: " + rt.Pattern())
	case rt.Open && (!rt.Public || rt.Method != http.MethodGet):
		panic("api: only a public GET is open: " + rt.Pattern())
	case rt.Money && rt.Method != http.MethodPost:
		panic("api: only a POST is a money route: " + rt.Pattern())
	case slices.ContainsFunc(others, func(o Route) bool { return o.ID == rt.ID }):
		panic("api: operation id used twice: " + rt.ID)
	}
}

// Register adds a route. I holds path, query and header parameters as tagged
// fields and the body in a field Body; O headers as tagged fields and the body in
// a field Body, or nothing. Handlers return *igny8.Error to refuse; other errors
// are logged and shown as code "internal". It panics when the route is not well
// described, since that is found at start.
func Register[I, O any](a *API, rt Route, handler func(context.Context, *I) (*O, error)) {
	rt.check(a.routes)
	if rt.MaxBody == 0 {
		rt.MaxBody = maxJSON
	}
	b := &bound{api: a, route: rt, pattern: rt.Pattern()}
	op := a.operation(rt)
	op.Middlewares = huma.Middlewares{b.middleware}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		if c := callFrom(ctx); c != nil {
			c.reached = true
		}
		out, err := handler(ctx, in)
		if err != nil {
			return nil, web.ProblemFor(ctx, err)
		}
		return out, nil
	})
	done := operationOf(a.huma.OpenAPI().Paths[Prefix+rt.Path], rt.Method)
	b.body = bodySchema(a.huma.OpenAPI().Components.Schemas, done)
	b.hasBody = done.RequestBody != nil
	if b.status = rt.Status; b.status == 0 {
		b.status = done.DefaultStatus
	}
	if rt.Files != "" {
		done.RequestBody.Content["multipart/form-data"] = &huma.MediaType{Schema: formSchema(b.body, rt.Files)}
	}
	if rt.Also != 0 {
		more := *done.Responses[strconv.Itoa(b.status)]
		more.Description = http.StatusText(rt.Also)
		done.Responses[strconv.Itoa(rt.Also)] = &more
	}
	explain(a.huma.OpenAPI().Components.Schemas)
	a.document(rt, done)
	if rt.Open {
		a.mux.HandleFunc("OPTIONS "+Prefix+rt.Path, preflight)
	}
	a.routes = append(a.routes, rt)
}

func (a *API) operation(rt Route) huma.Operation {
	op := huma.Operation{
		Method: rt.Method, Path: Prefix + rt.Path, OperationID: rt.ID, Summary: rt.Summary, Description: rt.Doc,
		Tags: []string{rt.Tag}, DefaultStatus: rt.Status, Responses: map[string]*huma.Response{},
		SkipValidateBody: rt.Raw,
		// The body was read and limited before the library sees it; no deadline may
		// stay behind, it would end a handler that takes long.
		MaxBodyBytes: 1 << 30, BodyReadTimeout: -1,
		Security:   []map[string][]string{},
		Extensions: map[string]any{"x-need": needs[rt.Need]},
	}
	if !rt.Public {
		op.Security = []map[string][]string{{bearer: {}}}
		op.Extensions["x-permission"] = string(rt.Perm)
	}
	if rt.Produces != "" {
		op.Responses[strconv.Itoa(cmp.Or(rt.Status, 200))] = &huma.Response{Description: "The file.", Content: files(rt.Produces)}
	}
	if rt.Method == http.MethodPost {
		op.Parameters = append(op.Parameters, keyParameter(rt.Money))
	}
	op.Responses["default"] = &huma.Response{} // keeps the library from adding its own
	return op
}

// files is the content of an answer with a file of one of these media types. One in
// JSON is a list of objects.
func files(kinds string) map[string]*huma.MediaType {
	out := map[string]*huma.MediaType{}
	for kind := range strings.FieldsSeq(kinds) {
		s := &huma.Schema{Type: huma.TypeString, Format: "binary"}
		if kind == "application/json" {
			s = &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}
		}
		out[kind] = &huma.MediaType{Schema: s}
	}
	return out
}

func keyParameter(required bool) *huma.Param {
	least, most := 1, maxKey
	return &huma.Param{Name: "Idempotency-Key", In: "header", Required: required,
		Description: "1 to 255 visible ASCII characters of your choice. The same key with the same request within 24 hours gets the first answer again.",
		Schema:      &huma.Schema{Type: huma.TypeString, MinLength: &least, MaxLength: &most}}
}

func operationOf(item *huma.PathItem, method string) *huma.Operation {
	switch method {
	case http.MethodGet:
		return item.Get
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	case http.MethodPatch:
		return item.Patch
	case http.MethodDelete:
		return item.Delete
	}
	panic("api: method not known: " + method)
}

// bodySchema returns the schema of the JSON body with references followed, nil if
// there is none.
func bodySchema(r huma.Registry, op *huma.Operation) *huma.Schema {
	if op.RequestBody == nil {
		return nil
	}
	return jsonSchema(r, op.RequestBody.Content)
}

func jsonSchema(r huma.Registry, content map[string]*huma.MediaType) *huma.Schema {
	m := content["application/json"]
	if m == nil {
		return nil
	}
	return follow(r, m.Schema)
}

func follow(r huma.Registry, s *huma.Schema) *huma.Schema {
	for s != nil && (s.Ref != "" || len(s.AnyOf) > 0) {
		if len(s.AnyOf) > 0 { // it, or null
			s = s.AnyOf[0]
			continue
		}
		s = r.SchemaFromRef(s.Ref)
	}
	return s
}
