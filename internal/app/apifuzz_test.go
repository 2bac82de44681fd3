package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"igny8/internal/web/api"
	"igny8/internal/web/api/apitest"
)

// sampled is how many cells of the fuzz are asked on each database.
// IGNY8_FUZZ_WHOLE=1 asks all of them, IGNY8_FUZZ_SEED=n those that failed before.
const sampled = 5000

// The hostile values: as they stand in JSON, in a path or a query, and in a header.
var (
	hostileJSON = []string{`null`, `true`, `0`, `-1`, `1.5`, `1e400`, `9223372036854775808`, `-9223372036854775809`, `[]`, `{}`, `[null]`, `[{"a":[1]}]`,
		`""`, `" "`, `"a\u0000b"`, "\"a\xffb\"", `"\ud800"`, `"\u001b[31m"`, `"a\r\nb"`, `"\u200b\u202eabc\u2066"`, `"\ufeffabc"`, `"'; DROP TABLE account; --"`,
		`"<script>alert(1)</script>"`, `"../../etc/passwd"`, `"9999999999999999999"`, `"-1"`, `"٣٫٥"`, `"1.234,56"`, `"👩‍👩‍👧"`, `"` + long(300) + `"`, `"` + long(70_000) + `"`,
		strings.Repeat("[", 200) + strings.Repeat("]", 200)}
	hostileText = []string{"", "%00", "a%00b", "%FF", "%FF%FE", "%C0%AF", "%ED%A0%80", "%1b%5B31m", "%0d%0aX-Injected:%201", "%E2%80%AE", "%E2%80%8B", "%20", "..%2F..%2Fetc",
		"%2e%2e", "-1", "0", "1", "9223372036854775808", "1e9", "null", "%7B%7D", "%27%20OR%201%3D1", "%25", "%EF%BC%91", "2026-13-45T99:99:99Z", long(300), long(6_000)}
	hostileHeader = []string{"", " ", "*", `"stale"`, `W/"stale"`, "a,b", "\xff\xfe", "ключ", "\u202e", long(256), long(4_000), `"`, `"a" , "b`, "0", "\t"}
	hostileBodies = []string{"", " ", "null", "true", "7", `"text"`, "[]", "[{}]", "{", `{"a":`, `{} {}`, `{"a":1,"a":2}`, "\ufeff{}", "\x00", "\xff\xfe", `{"unknown_member":1}`,
		`{"\u0000":1}`, `{"__proto__":{"a":1}}`, strings.Repeat(`{"a":`, 3000), strings.Repeat("[", 30_000), `{"a":"` + long(1_100_000) + `"}`}
)

func long(n int) string { return strings.Repeat("a", n) }

// shape is a schema of the document, as far as the fuzz looks at it.
type shape struct {
	Ref        string `json:"$ref"`
	Properties map[string]json.RawMessage
	OneOf      []shape
}

// contract is the document, for making requests.
type contract struct {
	Paths map[string]map[string]struct {
		ID          string `json:"operationId"`
		Parameters  []struct{ Name, In string }
		RequestBody struct {
			Content map[string]struct{ Schema shape }
		}
	}
	Components struct{ Schemas map[string]shape }
}

func (c contract) members(s shape) (names []string) {
	if s.Ref != "" {
		return c.members(c.Components.Schemas[s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]])
	}
	names = slices.Collect(maps.Keys(s.Properties))
	for _, one := range s.OneOf {
		names = append(names, c.members(one)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// cell is one request of the fuzz, but for who sends it.
type cell struct {
	op, what, method, path, query string
	body                          []byte
	headers                       map[string]string
}

// cellsOf makes the requests of one operation: each of its parameters and members, and
// its body, with every hostile value; the rest is as it should be.
func (c contract) cellsOf(w *world, rt api.Route, o *tenant) (cells []cell) {
	op := c.Paths[api.Prefix+rt.Path][strings.ToLower(rt.Method)]
	path, query, _ := strings.Cut(pathOf(rt, o), "?")
	good := cell{op: rt.ID, what: "as it should be", method: rt.Method, path: path, query: query, body: []byte(bodyOf(w, rt, o))}
	add := func(what string, change func(*cell)) {
		one := good
		one.headers = map[string]string{}
		one.what = what
		change(&one)
		cells = append(cells, one)
	}
	add(good.what, func(*cell) {})
	parts, filled := strings.Split(rt.Path, "/"), strings.Split(path, "/")
	for i, part := range parts {
		for _, v := range hostileText {
			if strings.HasPrefix(part, "{") && v != "" {
				add("path "+part+"="+v, func(one *cell) {
					changed := slices.Clone(filled)
					changed[i] = v
					one.path = strings.Join(changed, "/")
				})
			}
		}
	}
	for _, p := range op.Parameters {
		switch p.In {
		case "query":
			for _, v := range slices.Concat(hostileText, []string{"%zz", "a&" + p.Name + "=b", "a;b"}) {
				add("query "+p.Name+"="+v, func(one *cell) { one.query = p.Name + "=" + v })
			}
		case "header":
			for _, v := range hostileHeader {
				add("header "+p.Name+": "+v, func(one *cell) { one.headers[p.Name] = v })
			}
		}
	}
	add("unknown query parameter", func(one *cell) { one.query = "unknown=1" })
	add("agent that is no UTF-8", func(one *cell) { one.headers["User-Agent"] = "Caf\xe9/1.0" })
	if rt.Method == http.MethodGet {
		return cells
	}
	for _, body := range hostileBodies {
		add(fmt.Sprintf("body %.40q", body), func(one *cell) { one.body = []byte(body) })
	}
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "\xff"} {
		add("media type "+kind, func(one *cell) { one.headers["Content-Type"] = kind })
	}
	add("compressed body", func(one *cell) { one.headers["Content-Encoding"] = "gzip" })
	for kind, media := range op.RequestBody.Content {
		for _, name := range c.members(media.Schema) {
			cells = append(cells, good.withMember(kind, name)...)
		}
	}
	return cells
}

// withMember is the request with one member of its body, or field of its form, with
// every hostile value.
func (good cell) withMember(kind, name string) (cells []cell) {
	base := map[string]json.RawMessage{}
	json.Unmarshal(good.body, &base) // none: the member comes alone
	for _, v := range hostileJSON {
		one := good
		one.what, one.headers = fmt.Sprintf("%s %s=%.40q", kind, name, v), map[string]string{}
		if kind == "multipart/form-data" {
			one.body, one.headers["Content-Type"] = asForm(base, name, v)
		} else {
			var b bytes.Buffer
			b.WriteString(`{` + strconv.Quote(name) + `:` + v)
			for other, value := range base {
				if other != name {
					b.WriteString(`,` + strconv.Quote(other) + `:` + string(value))
				}
			}
			b.WriteByte('}')
			one.body = b.Bytes()
		}
		cells = append(cells, one)
	}
	return cells
}

// asForm writes the members as a form, with one of them as it stands in JSON. A file of
// that name has the value as its content and as its name.
func asForm(base map[string]json.RawMessage, name, raw string) (body []byte, kind string) {
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	plain := strings.Trim(raw, `"`)
	for other, value := range base {
		if other != name {
			mw.WriteField(other, strings.Trim(string(value), `"`))
		}
	}
	if name == "proof" {
		if f, err := mw.CreateFormFile(name, "a"+plain[:min(len(plain), 200)]+".png"); err == nil {
			io.WriteString(f, plain)
		}
	} else {
		mw.WriteField(name, strings.ReplaceAll(plain, `\u0000`, "\x00"))
	}
	mw.Close()
	return b.Bytes(), mw.FormDataContentType()
}

// ask sends a cell as somebody. It returns the status, and what is wrong with the
// answer.
func (one cell) ask(w *world, doc *apitest.Contract, token string) (status int, wrong error) {
	r, err := http.NewRequestWithContext(w.Context(), one.method, w.base, bytes.NewReader(one.body))
	if err != nil {
		return 0, err
	}
	decoded, err := url.PathUnescape(api.Prefix + one.path)
	if err != nil {
		return 0, err
	}
	r.URL.Path, r.URL.RawPath, r.URL.RawQuery = decoded, api.Prefix+one.path, one.query
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if one.method == http.MethodPost {
		r.Header.Set("Idempotency-Key", fmt.Sprint("fuzz-", made.Add(1)))
	}
	for name, value := range one.headers {
		r.Header.Set(name, value)
	}
	res, err := w.http.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 500 {
		err = fmt.Errorf("%d %s", res.StatusCode, raw)
	}
	if err == nil {
		err = doc.Check(one.method, api.Prefix+one.path, res.StatusCode, res.Header, raw)
	}
	return res.StatusCode, err
}

// cast makes the principals, and what they ask about: people about the objects of an
// account of theirs or another one, staff about an account with a payment that waits.
func (w *world) cast() (principals map[string]string, ours, victim *tenant) {
	ours, victim = w.paidUp(), waiting(w)
	victim.clerk, victim.key = ours.clerk, w.newKey(ours)
	ours.key = victim.key // not the one that asks
	team := crowded(w)
	ours.member, ours.invite, ours.link = team.member, team.invite, team.link
	return map[string]string{"none": "", "garbage": "e30.e30.e30", "owner": ours.token, "team": team.token, "pending": w.signUp(starter).token,
		"trial": w.signUp("").token, "key": w.must(201, "POST", "/account/api-keys", ours.token, `{"name":"Fuzz"}`).text("secret"), "staff": w.staff}, ours, victim
}

// Whatever is sent, by whomever, gets an answer that the document has, and never one of
// the server's own failure: every operation × principal × hostile value, on both
// databases.
func TestEveryInputGetsADocumentedAnswer(t *testing.T) {
	seed, err := strconv.ParseUint(os.Getenv("IGNY8_FUZZ_SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	raw, err := os.ReadFile("../../api/openapi.json")
	var c contract
	if err == nil {
		err = json.Unmarshal(raw, &c)
	}
	doc, derr := apitest.CheckedIn()
	if err != nil || derr != nil {
		t.Fatal(err, derr)
	}
	onBoth(t, loud, func(t *testing.T, w *world) {
		principals, ours, victim := w.cast()
		var all []cell
		for _, rt := range w.app.api.Routes() {
			o := ours
			if strings.HasPrefix(rt.Path, "/admin/") || rt.ID == "refresh" {
				o = victim // whose session and account may end
			}
			all = append(all, c.cellsOf(w, rt, o)...)
		}
		names, random := slices.Sorted(maps.Keys(principals)), rand.New(rand.NewPCG(seed, 0))
		picked := random.Perm(len(all) * len(names))
		if n := sampled; os.Getenv("IGNY8_FUZZ_WHOLE") == "" && len(picked) > n {
			picked = picked[:n]
		}
		begin, jobs := time.Now(), make(chan int)
		var wg sync.WaitGroup
		var statuses [6]atomic.Int64 // by their first digit
		for range 4 {
			wg.Go(func() {
				for n := range jobs {
					one, who := all[n/len(names)], names[n%len(names)]
					status, err := one.ask(w, doc, principals[who])
					if statuses[status/100].Add(1); err != nil {
						t.Errorf("%s as %s, %s: %.700v", one.op, who, one.what, err)
					}
				}
			})
		}
		for _, n := range picked {
			jobs <- n
		}
		close(jobs)
		wg.Wait()
		if n := statuses[2].Load(); n < int64(len(picked))/100 {
			t.Errorf("only %d of %d requests were taken: the others show little", n, len(picked))
		}
		t.Logf("%d of %d cells in %.0f s, seed %d; %d taken, %d refused; %d pairs of operation and status seen", len(picked), len(all)*len(names),
			time.Since(begin).Seconds(), seed, statuses[2].Load(), statuses[4].Load(), doc.Seen())
	})
}
