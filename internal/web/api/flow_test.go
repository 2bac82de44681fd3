package api

import (
	"bytes"
	"context"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"igny8"
)

func TestIdempotency(t *testing.T) {
	w := newWorld(t)
	send := func(body, key string, words ...string) reply {
		return w.do("POST", Prefix+"/things", body, append(words, "Idempotency-Key: "+key)...)
	}
	first := send(`{"name":"x"}`, "k1", "as tim")
	w.wants(first, 201, "")
	again := send(`{"name":"x"}`, "k1", "as tim")
	w.wants(again, 201, "")
	if again.Body.String() != first.Body.String() || again.Header().Get("Idempotent-Replayed") != "true" || first.Header().Get("Idempotent-Replayed") != "" {
		t.Errorf("%s %v", again.Body, again.Header())
	}
	for _, name := range []string{"Location", "ETag", "Content-Type"} {
		if first.Header().Get(name) == "" || first.Header().Get(name) != again.Header().Get(name) {
			t.Errorf("%s: %q then %q", name, first.Header().Get(name), again.Header().Get(name))
		}
	}
	if w.calls != 1 {
		t.Errorf("%d calls", w.calls)
	}
	w.wants(send(`{"name":"y"}`, "k1", "as tim"), 422, "idempotency_mismatch")
	w.wants(w.do("POST", Prefix+"/things?x=1", `{"name":"x"}`, "as tim", "Idempotency-Key: k1"), 422, "idempotency_mismatch")
	w.wants(send(`{"name":"x"}`, "k1"), 401, "")

	w.una = igny8.Actor{User: w.tim.User, Account: igny8.NewID[igny8.AccountID](start().Add(time.Hour)), Role: igny8.RoleOwner}
	if r := send(`{"name":"x"}`, "k1", "as una"); r.Header().Get("Idempotent-Replayed") != "" || r.Code != 201 {
		t.Error("one person's two accounts share a key")
	}

	w.wants(send(`{"name":"taken"}`, "k2", "as tim"), 409, "already_exists") // a refusal is an answer
	if r := send(`{"name":"taken"}`, "k2", "as tim"); r.Code != 409 || r.Header().Get("Idempotent-Replayed") != "true" ||
		r.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %v", r.Code, r.Header())
	}
}

// The same values are the same request, however a client writes them; other values,
// and numbers that only look alike, are another one.
func TestIdempotencyComparesValues(t *testing.T) {
	w := newWorld(t)
	send := func(key, body string) reply {
		return w.do("POST", Prefix+"/things", body, "as tim", "Idempotency-Key: "+key)
	}
	for i, tt := range []struct{ first, second string }{
		{`{"name":"x","count":3}`, ` { "count" : 3 , "name" : "x" } `},
		{`{"name":"x","count":3}`, "{\n\t\"name\": \"\\u0078\",\r\n\"count\": 3.0}"},
		{`{"name":"x","count":3}`, `{"name":"x","count":30e-1}`},
		{`{"name":"x","parts":[{"size":1},{"size":2}]}`, `{"parts":[ {"size":1}, {"size":2.00} ],"name":"x"}`},
		{`{"name":"café"}`, `{"name":"caf\u00e9"}`},
	} {
		key := "same" + strconv.Itoa(i)
		w.wants(send(key, tt.first), 201, "")
		if r := send(key, tt.second); r.Code != 201 || r.Header().Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s then %s: %d %s", tt.first, tt.second, r.Code, r.Body)
		}
	}
	for i, tt := range []struct{ first, second string }{
		{`{"name":"x","parts":[{"size":1},{"size":2}]}`, `{"name":"x","parts":[{"size":2},{"size":1}]}`},
		{`{"name":"x","count":3}`, `{"name":"x","count":4}`},
		{`{"name":"x"}`, `{"name":"X"}`},
		{`{"name":"x","parts":[{"size":9007199254740992}]}`, `{"name":"x","parts":[{"size":9007199254740993}]}`},
	} {
		key := "other" + strconv.Itoa(i)
		w.wants(send(key, tt.first), 201, "")
		w.wants(send(key, tt.second), 422, "idempotency_mismatch")
	}
	if string(canonical([]byte("{not json"))) != "{not json" {
		t.Error("what is no JSON was changed")
	}
}

func TestIdempotencyLetsGo(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{"name":"bug"}`, `{"name":"busy"}`, `{"name":"panic"}`, `{"nome":"x"}`, `{"name":`} {
		w.do("POST", Prefix+"/things", body, "as tim", "Idempotency-Key: k")
		w.wants(w.do("POST", Prefix+"/things", `{"name":"x"}`, "as tim", "Idempotency-Key: k"), 201, "")
		w.idem.rows = map[Claim]*row{}
	}
}

func TestIdempotencyKey(t *testing.T) {
	w := newWorld(t)
	pay := Prefix + "/things/" + known.String() + "/pay"
	w.wants(w.do("POST", pay, `{"reference":"r","amount_minor":1}`, "as tim"), 400, "idempotency_key_required")
	for _, key := range []string{"", "a b", "ключ", strings.Repeat("k", 256)} {
		w.wants(w.do("POST", pay, `{"reference":"r","amount_minor":1}`, "as tim", "Idempotency-Key: "+key), 400, "idempotency_key_invalid")
	}
	w.wants(w.do("POST", pay, `{"reference":"r","amount_minor":1}`, "as tim", "Idempotency-Key: "+strings.Repeat("k", 255)), 201, "")
	w.wants(w.do("POST", Prefix+"/things", `{"name":"x"}`, "as tim"), 201, "")
}

func TestIdempotencyInProgress(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	w := newWorld(t)
	Register(w.api, Route{Method: "POST", Path: "/slow", ID: "slow", Summary: "Slow", Doc: "It does so.", Tag: "Things", Perm: igny8.PermRead},
		func(ctx context.Context, _ *struct{}) (*Out[string], error) {
			close(entered)
			<-leave
			return OK("done"), nil
		})
	done := make(chan reply)
	go func() { done <- w.do("POST", Prefix+"/slow", "", "as tim", "Idempotency-Key: k") }()
	<-entered
	r := w.do("POST", Prefix+"/slow", "", "as tim", "Idempotency-Key: k")
	close(leave)
	w.wants(r, 409, "idempotency_in_progress")
	if r.Header().Get("Retry-After") != "1" {
		t.Errorf("Retry-After: %q", r.Header().Get("Retry-After"))
	}
	w.wants(<-done, 200, "")
}

// A story renders the very answer that the caller gets, from its own result.
func TestStoryRendersTheAnswer(t *testing.T) {
	w := newWorld(t)
	var told IdemAnswer
	story := func(ctx context.Context) (int, error) {
		render, ok := ctx.Value(rendererKey{}).(Renderer)
		if !ok {
			return 7, nil
		}
		var err error
		told, err = render(7)
		return 7, err
	}
	made := func(n int) *Created[thing] {
		return &Created[thing]{Location: "/there", Body: thing{ID: known, Name: strconv.Itoa(n)}}
	}
	Register(w.api, Route{Method: "POST", Path: "/story", ID: "story", Summary: "Story", Doc: "It does so.", Tag: "Things", Perm: igny8.PermRead, Status: 201},
		func(ctx context.Context, _ *struct{}) (*Created[thing], error) {
			n, err := story(RenderWith(ctx, made))
			return made(n), err
		})
	r := w.do("POST", Prefix+"/story", "", "as tim", "Idempotency-Key: k")
	w.wants(r, 201, "")
	if told.Status != 201 || string(told.Body) != r.Body.String() || !strings.Contains(r.Body.String(), `"name":"7","tags":[]`) {
		t.Errorf("told %d %s, got %s", told.Status, told.Body, r.Body)
	}
	for name, value := range told.Header {
		if r.Header().Get(name) != value {
			t.Errorf("%s: told %q, got %q", name, value, r.Header().Get(name))
		}
	}
	if len(told.Header) != 3 {
		t.Errorf("told %v", told.Header)
	}
	w.wants(w.do("POST", Prefix+"/story", "", "as tim"), 201, "")
}

func TestLists(t *testing.T) {
	w := newWorld(t)
	r := w.do("GET", Prefix+"/things?limit=2&kind=old", "", "as tim")
	w.wants(r, 200, "")
	data := r.m["data"].([]any)
	next, _ := r.m["next_cursor"].(string)
	if len(data) != 2 || r.m["has_more"] != true || next == "" {
		t.Fatalf("%s", r.Body)
	}
	link := r.Header().Get("Link")
	if !strings.HasPrefix(link, "</api/v1/things?") || !strings.HasSuffix(link, `>; rel="next"`) || !strings.Contains(link, "kind=old") {
		t.Fatalf("Link: %s", link)
	}
	second := w.do("GET", strings.TrimSuffix(strings.TrimPrefix(link, "<"), `>; rel="next"`), "", "as tim")
	w.wants(second, 200, "")
	if name := second.m["data"].([]any)[0].(map[string]any)["name"]; name != "ba" {
		t.Errorf("the second page begins with %v", name)
	}
	w.wants(w.do("GET", Prefix+"/things?limit=5&kind=old&cursor="+next, "", "as tim"), 200, "")
	for name, reply := range map[string]reply{
		"other tenant":  w.do("GET", Prefix+"/things?limit=2&kind=old&cursor="+next, "", "as una"),
		"other filter":  w.do("GET", Prefix+"/things?limit=2&kind=new&cursor="+next, "", "as tim"),
		"no filter":     w.do("GET", Prefix+"/things?limit=2&cursor="+next, "", "as tim"),
		"tampered with": w.do("GET", Prefix+"/things?limit=2&kind=old&cursor="+next+"AA", "", "as tim"),
		"cut":           w.do("GET", Prefix+"/things?limit=2&kind=old&cursor="+next[:8], "", "as tim"),
	} {
		if reply.Code != 400 || reply.m["code"] != "bad_cursor" {
			t.Errorf("%s: %d %s", name, reply.Code, reply.Body)
		}
	}
	r = w.do("GET", Prefix+"/catalogue", "")
	if r.Body.String() != `{"data":[],"has_more":false,"next_cursor":null}`+"\n" {
		t.Errorf("%s", r.Body)
	}
}

// A list whose rows are all at hand goes on behind the row that the cursor names.
func TestCut(t *testing.T) {
	w := newWorld(t)
	w.words = []string{"a", "b", "c"}
	page := func(query string) reply { return w.do("GET", Prefix+"/catalogue"+query, "") }
	first := page("?limit=2")
	w.wants(first, 200, "")
	next, _ := first.m["next_cursor"].(string)
	w.words = []string{"a", "new", "b", "late", "c"}
	second := page("?limit=2&cursor=" + next)
	w.wants(second, 200, "")
	if got := second.Body.String(); !strings.HasPrefix(got, `{"data":["late","c"],"has_more":false`) {
		t.Errorf("%s", got)
	}
	w.words = []string{"a", "c"}
	w.wants(page("?limit=2&cursor="+next), 400, "bad_cursor") // its row is gone
	w.wants(page("?limit=0"), 422, "validation_failed")
}

func TestCursors(t *testing.T) {
	c := NewCursors([]byte("secret"))
	text := c.Encode("GET /x", "acc_1", "f", "pos")
	if p, err := c.Decode("GET /x", "acc_1", "f", text); err != nil || p != "pos" {
		t.Errorf("%q %v", p, err)
	}
	for _, args := range [][4]string{{"GET /y", "acc_1", "f", text}, {"GET /x", "acc_2", "f", text}, {"GET /x", "acc_1", "g", text},
		{"GET /xa", "cc_1", "f", text}, {"GET /x", "acc_1", "f", ""}, {"GET /x", "acc_1", "f", "?"}} {
		if _, err := c.Decode(args[0], args[1], args[2], args[3]); igny8.CodeOf(err) != "bad_cursor" {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := NewCursors([]byte("other")).Decode("GET /x", "acc_1", "f", text); err == nil {
		t.Error("another key's cursor")
	}
}

func TestEntityTags(t *testing.T) {
	w := newWorld(t)
	path := Prefix + "/things/" + known.String()
	r := w.do("GET", path, "", "as tim")
	tag := r.Header().Get("ETag")
	if !strings.HasPrefix(tag, `"`) || len(tag) < 20 {
		t.Fatalf("ETag: %q", tag)
	}
	if other := w.do("GET", path, "", "as una").Header().Get("ETag"); other == tag || other == "" {
		t.Error("two tenants share a tag")
	}
	r = w.do("GET", path, "", "as tim", `If-None-Match: "x", W/`+tag)
	w.wants(r, 304, "")
	if r.Body.Len() != 0 || r.Header().Get("ETag") != tag {
		t.Errorf("%s %v", r.Body, r.Header())
	}
	w.wants(w.do("GET", path, "", "as tim", `If-None-Match: "x"`), 200, "")

	w.wants(w.do("PATCH", path, `{"name":"stool"}`, "as tim", "If-Match: "+tag), 200, "")
	w.wants(w.do("PATCH", path, `{"name":"stool"}`, "as tim", `If-Match: "old"`), 412, "stale")
	w.wants(w.do("PATCH", path, `{"name":"stool"}`, "as tim", "If-Match: W/"+tag), 412, "stale")
	w.wants(w.do("PATCH", path, `{"name":"stool"}`, "as tim", "If-Match: *"), 200, "")
	squeezed := strings.TrimSuffix(tag, `"`) + `-gzip"` // the same object, as it was sent compressed
	w.wants(w.do("PATCH", path, `{"name":"stool"}`, "as tim", "If-Match: "+squeezed), 200, "")
	w.wants(w.do("GET", path, "", "as tim", "If-None-Match: "+squeezed), 304, "")
	w.wants(w.do("PATCH", path, `{"name":"stool"}`, "as tim"), 200, "")
	if a := w.do("PATCH", path, `{"name":"chair <&>"}`, "as tim"); a.Header().Get("ETag") != tag {
		t.Error("PATCH and GET of one representation differ in their tags")
	}
}

type upload struct {
	name, file string
	data       string
}

func formOf(boundary string, parts ...upload) (body, header string) {
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	mw.SetBoundary(boundary)
	for _, p := range parts {
		if p.file == "" {
			mw.WriteField(p.name, p.data)
			continue
		}
		f, _ := mw.CreateFormFile(p.name, p.file)
		f.Write([]byte(p.data))
	}
	mw.Close()
	return b.String(), "Content-Type: " + mw.FormDataContentType()
}

func TestUploads(t *testing.T) {
	w := newWorld(t)
	path := Prefix + "/things/" + known.String() + "/pay"
	ref, sum := upload{"reference", "", "TX-1"}, upload{"amount_minor", "", "2474200"}
	file := upload{"proof", "receipt.pdf", "%PDF-1.7"}
	tests := []struct {
		name, status string
		parts        []upload
		pointer      string
	}{
		{"fields and files", "201 ", []upload{ref, file, sum, file}, ""},
		{"optional left empty", "201 ", []upload{ref, sum, {"note", "", ""}, {"urgent", "", "true"}, {"words", "", "a"}, {"words", "", "b"}}, ""},
		{"unknown field", "422 unknown_field", []upload{ref, sum, {"status", "", "succeeded"}}, "#/status"},
		{"unknown file", "422 unknown_field", []upload{ref, sum, {"avatar", "x.png", "x"}}, "#/avatar"},
		{"missing", "422 validation_failed", []upload{ref, file}, "#/amount_minor"},
		{"wrong type", "422 validation_failed", []upload{ref, {"amount_minor", "", "12.50"}}, "#/amount_minor"},
		{"given twice", "422 validation_failed", []upload{ref, ref, sum}, "#/reference"},
		{"too many files", "413 too_many_files", []upload{ref, sum, file, file, file, file, file, file}, ""},
		{"too large a file", "413 file_too_large", []upload{ref, sum, {"proof", "x", strings.Repeat("x", MaxFileBytes+1)}}, ""},
		{"largest file", "201 ", []upload{ref, sum, {"proof", "x", strings.Repeat("x", MaxFileBytes)}}, ""},
		{"too large a field", "413 body_too_large", []upload{ref, sum, {"note", "", strings.Repeat("x", maxJSON)}}, ""},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.T = t
			body, header := formOf("xyz", tt.parts...)
			r := w.do("POST", path, body, "as tim", header, "Idempotency-Key: k"+strconv.Itoa(i))
			status, code, _ := strings.Cut(tt.status, " ")
			n, _ := strconv.Atoi(status)
			w.wants(r, n, code)
			if tt.pointer != "" && !strings.Contains(r.Body.String(), `"pointer":"`+tt.pointer+`"`) {
				t.Errorf("no pointer %s in %s", tt.pointer, r.Body)
			}
		})
	}
	w.T = t
	body, header := formOf("xyz", ref, file, sum, file)
	r := w.do("POST", path, body, "as tim", header, "Idempotency-Key: k0")
	if r.m["reference"] != "TX-1" || r.m["amount_minor"] != float64(2474200) || len(r.m["files"].([]any)) != 2 || r.m["bytes"] != float64(16) ||
		r.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s", r.Body)
	}
	body, header = formOf("another-boundary", ref, file, sum, file) // what a second try of a client sends
	if r = w.do("POST", path, body, "as tim", header, "Idempotency-Key: k0"); r.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("%d %s", r.Code, r.Body)
	}
	body, header = formOf("xyz", ref, upload{"proof", "receipt.pdf", "%PDF-1.8"}, sum, file)
	w.wants(w.do("POST", path, body, "as tim", header, "Idempotency-Key: k0"), 422, "idempotency_mismatch")
	w.wants(w.do("POST", path, "garbage", "as tim", header, "Idempotency-Key: k9"), 400, "malformed_form")
	w.wants(w.do("POST", path, `{"reference":"r","amount_minor":1}`, "as tim", "Idempotency-Key: k10"), 201, "")
	w.wants(w.do("POST", path, `{"reference":"r","amount_minor":1,"proof":"x"}`, "as tim", "Idempotency-Key: k11"), 422, "unknown_field")
}

func TestJSONWriting(t *testing.T) {
	type inner struct {
		List []int          `json:"list"`
		Map  map[string]int `json:"map"`
		Zero int            `json:"zero,omitempty"`
		None *int           `json:"none"`
	}
	b, err := render(struct {
		A []inner     `json:"a"`
		M igny8.Money `json:"m"`
		T time.Time   `json:"t"`
	}{[]inner{{}}, igny8.Money{Minor: 2474200, Currency: "PKR"}, start()})
	want := `{"a":[{"list":[],"map":{},"none":null}],"m":{"amount_minor":2474200,"currency":"PKR","amount":"24742.00"},"t":"2026-01-31T09:00:00Z"}` + "\n"
	if err != nil || string(b) != want {
		t.Errorf("%s %v", b, err)
	}
	if !json.Valid(b) {
		t.Error("not JSON")
	}
}

func TestEventStreamsPassThrough(t *testing.T) {
	rec := &recorder{ResponseWriter: &flushProbe{header: http.Header{}}}
	rec.Header().Set("Content-Type", "text/event-stream")
	rec.Write([]byte("data: 1\n\n"))
	rec.Flush()
	p := rec.ResponseWriter.(*flushProbe)
	if p.body.String() != "data: 1\n\n" || p.flushed != 1 || p.status != 200 {
		t.Errorf("%+v", p)
	}
	rec.send()
	if p.body.Len() != 9 {
		t.Error("sent twice")
	}
}

type flushProbe struct {
	header  http.Header
	body    bytes.Buffer
	status  int
	flushed int
}

func (p *flushProbe) Header() http.Header         { return p.header }
func (p *flushProbe) WriteHeader(s int)           { p.status = s }
func (p *flushProbe) Write(b []byte) (int, error) { return p.body.Write(b) }
func (p *flushProbe) Flush()                      { p.flushed++ }
