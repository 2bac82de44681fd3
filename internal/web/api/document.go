package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/yaml"

	"igny8/internal/account"
	"igny8/internal/web"
)

// refusal is an error answer of the document. Operations refer to it by its name.
type refusal struct {
	status  int // 0: the default
	name    string
	text    string
	headers []string
}

// refusals are all error answers, one for each status.
func refusals() []refusal {
	return []refusal{
		{400, "Malformed", "The body, the query, a cursor or the idempotency key cannot be read.", nil},
		{401, "Unauthenticated", "No credential, or one that is not valid.", []string{"WWW-Authenticate"}},
		{402, "PaymentRequired", "A payment or credits are needed.", nil},
		{403, "Forbidden", "The role, the scope or the account's state does not allow this.", nil},
		{404, "NotFound", "There is no such object, or it is another account's.", nil},
		{409, "Conflict", "The object's state does not allow this, or a call with the same key is still running.", []string{"Retry-After"}},
		{412, "Stale", "The object changed since it was read.", nil},
		{413, "TooLarge", "The body or a file is too large.", nil},
		{415, "Unsupported", "The body is of a media type or an encoding that is not taken here.", nil},
		{421, "Misdirected", "The request is for a name that this server is not reached by.", nil},
		{422, "Invalid", "Something in the request is not valid; see errors.", nil},
		{429, "TooMany", "Too many requests; wait as Retry-After says.", []string{"Retry-After"}},
		{500, "Internal", "Something went wrong on our side.", nil},
		{503, "Unavailable", "The server cannot do this at the moment; wait as Retry-After says.", []string{"Retry-After"}},
		{0, "Refused", "Any other error; see code.", []string{"Retry-After"}},
	}
}

func refusalOf(status int) refusal {
	all := refusals()
	i := slices.IndexFunc(all, func(r refusal) bool { return r.status == status })
	if i < 0 {
		panic("api: no error answer for status " + strconv.Itoa(status))
	}
	return all[i]
}

// written is the document as it is served, without what is the library's own.
func written(doc *huma.OpenAPI) (inJSON, inYAML []byte, err error) {
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, nil, err
	}
	var all any
	if err := json.Unmarshal(raw, &all); err != nil {
		return nil, nil, err
	}
	drop(all, "patternDescription")
	choices(all)
	if inJSON, err = json.MarshalIndent(all, "", "  "); err != nil {
		return nil, nil, err
	}
	var out bytes.Buffer
	err = yaml.Convert(&out, bytes.NewReader(inJSON))
	return append(inJSON, '\n'), out.Bytes(), err
}

// alternatives are request bodies that come in several shapes. They are read as one,
// which tells better what is wrong; readers see the shapes.
var alternatives = map[string][]string{"SpendInput": {"OperationSpend", "CreditSpend"}}

func choices(doc any) {
	parts, _ := doc.(map[string]any)["components"].(map[string]any)
	schemas, _ := parts["schemas"].(map[string]any)
	for name, shapes := range alternatives {
		if schemas[name] == nil {
			continue
		}
		list := make([]any, len(shapes))
		for i, shape := range shapes {
			list[i] = map[string]any{"$ref": schemaPrefix + shape}
		}
		schemas[name] = map[string]any{"oneOf": list}
	}
}

// drop takes a member out of all objects that have it as a text.
func drop(v any, name string) {
	switch in := v.(type) {
	case map[string]any:
		if _, ok := in[name].(string); ok {
			delete(in, name)
		}
		for _, one := range in {
			drop(one, name)
		}
	case []any:
		for _, one := range in {
			drop(one, name)
		}
	}
}

// header describes a header of answers.
func header(text, example string) *huma.Param {
	return &huma.Param{Description: text, Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{example}}}
}

// headers are the headers that answers of several operations have.
func headers() map[string]*huma.Param {
	return map[string]*huma.Param{
		"X-Request-Id":        header("Names this request in our log; yours, if you sent one.", "req_4QXVZ5N2M7"),
		"RateLimit":           header("What is left of the allowance, and the seconds until it is whole again.", `"write";r=284;t=31`),
		"RateLimit-Policy":    header("The allowance: requests (q) in so many seconds (w).", `"write";q=300;w=60`),
		"Retry-After":         header("Seconds to wait before trying again.", "30"),
		"WWW-Authenticate":    header("The scheme to use (RFC 6750), with an error code when a token was sent.", `Bearer realm="igny8"`),
		"Idempotent-Replayed": header("true when this is the stored answer of an earlier request with the same key.", "true"),
		"ETag":                header("Names this state of the object, for If-Match and If-None-Match.", `"Yk3vTz0oQ2p1VwB6hJ9aLmQe"`),
		"Cache-Control":       header("How long the answer may be kept, and by whom.", "public, max-age=300"),
		"Location":            header("Where the new object is.", "/api/v1/sites/site_01jwm5s3gge8xssdxymfgr554r"),
		"Link":                header("The next page, rel=\"next\", when there is one (RFC 8288).", `</api/v1/sites?cursor=x>; rel="next"`),
		"Content-Disposition": header("The name to save the file under.", `attachment; filename="audit.csv"`),
	}
}

func headerRefs(names ...string) map[string]*huma.Param {
	out := map[string]*huma.Param{}
	for _, name := range slices.Concat([]string{"X-Request-Id", "RateLimit", "RateLimit-Policy"}, names) {
		out[name] = &huma.Param{Ref: "#/components/headers/" + name}
	}
	return out
}

// components adds what operations refer to.
func components(c *huma.Components) {
	c.Headers = headers()
	c.Responses = map[string]*huma.Response{}
	for _, r := range refusals() {
		c.Responses[r.name] = &huma.Response{Description: r.text, Headers: headerRefs(r.headers...),
			Content: map[string]*huma.MediaType{web.ContentTypeProblem: {Schema: &huma.Schema{Ref: "#/components/schemas/Problem"}}}}
	}
}

// document completes the answers of an operation: the headers of its successes, and
// the errors that it can give.
func (a *API) document(rt Route, op *huma.Operation) {
	for status, r := range op.Responses {
		if status < "300" {
			a.success(rt, r)
		}
	}
	for _, status := range rt.errors(op) {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + refusalOf(status).name}
	}
	op.Responses["default"] = &huma.Response{Ref: "#/components/responses/" + refusalOf(0).name}
	if rt.Method == http.MethodGet && rt.Produces == "" {
		op.Responses["304"] = &huma.Response{Description: "You have it already, as If-None-Match says.", Headers: headerRefs("ETag")}
	}
}

// success documents the headers and an example of a success.
func (a *API) success(rt Route, r *huma.Response) {
	names := []string{}
	for name := range r.Headers {
		if headers()[name] != nil {
			names = append(names, name)
		}
	}
	if m := r.Content["application/json"]; m != nil {
		if !rt.Public || rt.Method == http.MethodGet {
			names = append(names, "ETag")
		}
		m.Example = example(a.huma.OpenAPI().Components.Schemas, m.Schema, 0)
	}
	if rt.Produces != "" {
		names = append(names, "Content-Disposition")
	}
	if rt.Open {
		names = append(names, "Cache-Control")
	}
	if rt.Method == http.MethodPost {
		names = append(names, "Idempotent-Replayed")
	}
	r.Headers = headerRefs(names...)
}

// errors are the statuses of the errors that a route can give, besides those of
// the router.
func (rt Route) errors(op *huma.Operation) []int {
	list := append([]int{400, 421, 422, 429, 500, 503}, rt.Errors...)
	if !rt.Public {
		list = append(list, 401, 403)
	}
	if rt.Need >= account.NeedBilling {
		list = append(list, 402)
	}
	if rt.Method != http.MethodGet {
		list = append(list, 409)
	}
	if op.RequestBody != nil || rt.Method != http.MethodGet && rt.Method != http.MethodDelete {
		list = append(list, 413, 415)
	}
	for _, p := range op.Parameters {
		switch {
		case p.In == "path":
			list = append(list, 404)
		case p.In == "header" && http.CanonicalHeaderKey(p.Name) == "If-Match":
			list = append(list, 412)
		}
	}
	return list
}
