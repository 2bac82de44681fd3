package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"igny8/internal/web/api"
)

// unkeepable are texts that PostgreSQL cannot store, as they stand in a JSON string.
var unkeepable = []string{`a\u0000b`, "a\xffb", `\ud800`}

// Every text of every request is refused with its name when no database can keep it, on
// both databases, and nothing changes.
func TestTextThatCannotBeKeptIsRefusedEverywhere(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		ours, asked, bodies := w.paidUp(), 0, map[string]map[string]any{}
		for _, rt := range w.app.api.Routes() {
			body := map[string]any{}
			if rt.Method != http.MethodGet && json.Unmarshal([]byte(bodyOf(w, rt, ours)), &body) == nil {
				bodies[rt.ID] = body
			}
		}
		before := w.dump()
		for _, rt := range w.app.api.Routes() {
			body := bodies[rt.ID]
			for name, v := range body {
				if _, ok := v.(string); !ok {
					continue
				}
				for _, text := range unkeepable {
					asked++
					w.refusesText(rt, pathOf(rt, ours), tokenFor(w, rt, ours), withRaw(body, name, `"`+text+`"`), name)
				}
			}
		}
		if asked < 150 {
			t.Errorf("only %d requests", asked)
		}
		t.Logf("%d requests", asked)
		for _, path := range []string{"/industries/%00/sectors", "/industries/%ff%fe/sectors", "/sites/%00", "/pay/a%00b"} {
			w.must(404, "GET", path, ours.token, "")
		}
		for _, query := range []string{"/admin/search?q=a%00b", "/admin/search?q=a%ffb", "/admin/search?q=a%0ab"} {
			if a := w.must(422, "GET", query, w.staff, ""); !strings.Contains(a.raw, `"pointer":"#/q"`) {
				t.Error(a)
			}
		}
		if diff := difference(before, w.dump()); diff != "" {
			t.Errorf("refused requests changed:\n%s", diff)
		}
	})
}

func tokenFor(w *world, rt api.Route, o *tenant) string {
	if rt.Perm.Platform() {
		return w.staff
	}
	return o.token
}

// withRaw is the body with one member as it is written.
func withRaw(body map[string]any, name, raw string) string {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, key := range slices.Sorted(maps.Keys(body)) {
		if i > 0 {
			b.WriteByte(',')
		}
		value, _ := json.Marshal(body[key]) // it was JSON before
		if key == name {
			value = []byte(raw)
		}
		fmt.Fprintf(&b, "%q:%s", key, value)
	}
	b.WriteByte('}')
	return b.String()
}

func (w *world) refusesText(rt api.Route, path, token, body, name string) {
	a := w.ask(rt.Method, path, token, body)
	if a.status != 422 || !strings.Contains(a.raw, `"pointer":"#/`+name+`","code":"invalid_text"`) {
		w.Errorf("%s with %s: want 422 invalid_text at #/%s, got %s", rt.Pattern(), name, name, a)
	}
}

// A browser may call itself anything, in any bytes.
func TestBrowsersCallThemselvesAnything(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		u := w.signUp("")
		for _, agent := range []string{"Br\xe9ve \xff Phone", strings.Repeat("a", 299) + "é", strings.Repeat("é", 400)} {
			token := w.must(200, "POST", "/auth/login", "", `{"email":"`+u.email+`","password":"`+password+`"}`, "User-Agent: "+agent).text("tokens/access")
			if a := w.must(200, "GET", "/me/sessions", token, ""); !strings.Contains(a.raw, "Br") && !strings.Contains(a.raw, "aaa") && !strings.Contains(a.raw, "éé") {
				t.Error(a)
			}
		}
		res, err := w.http.PostForm(w.base+"/login", url.Values{"email": {u.email}, "password": {"a\xffb"}})
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 422 {
			t.Errorf("a form that is no UTF-8: %d", res.StatusCode)
		}
	})
}

// Everything that is wrong with a form is told in one answer.
func TestAllFaultsAreToldAtOnce(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		told := func(a answer) (pointers []string) {
			list, _ := a.body["errors"].([]any)
			for _, one := range list {
				m, _ := one.(map[string]any)
				pointers = append(pointers, fmt.Sprint(m["pointer"]))
			}
			slices.Sort(pointers)
			slices.Sort(pointers)
			return pointers
		}
		check := func(a answer, want ...string) {
			t.Helper()
			if got := told(a); a.status != 422 || !slices.Equal(got, want) {
				t.Errorf("want 422 about %v, got %s", want, a)
			}
		}
		check(w.ask("POST", "/auth/register", "", `{"email":"bad","password":"x","first_name":"","last_name":"\u200b","country":"ZZ","cycle":"weekly","plan":"none"}`),
			"#/country", "#/cycle", "#/email", "#/first_name", "#/last_name", "#/password", "#/plan")
		check(w.ask("POST", "/auth/register", "", `{"email":"bad","password":"x","first_name":"A\u0000","last_name":"B","country":"PK"}`),
			"#/email", "#/first_name", "#/password")
		u := w.signUp(starter)
		check(w.ask("POST", "/billing/invoices/"+u.invoice+"/payments", u.token, `{"method":"raast","reference":"1","payer_name":"A\nB","paid_on":"soon","amount_minor":0}`),
			"#/amount_minor", "#/paid_on", "#/payer_name", "#/reference")
		check(w.ask("POST", "/billing/invoices/"+u.invoice+"/payments", u.token, `{"method":"raast","reference":"1","payer_name":"A","paid_on":"soon"}`),
			"#/paid_on", "#/reference")
		check(w.ask("POST", "/sites", w.signUp("").token, `{"name":"\u200b","domain":"localhost","industry":"none"}`), "#/domain", "#/industry", "#/name")
	})
}

// null clears what may be empty, and is refused where a value must stand.
func TestNullClearsOrIsRefused(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		u := w.signUp("")
		w.must(200, "PATCH", "/account", u.token, `{"billing":{"line1":"1 Mall Road","city":"Lahore","tax_id":"\u200e123"}}`)
		a := w.must(200, "PATCH", "/account", u.token, `{"billing":{"line1":null}}`)
		if a.text("billing/line1") != "" || a.text("billing/city") != "Lahore" || a.text("billing/tax_id") != "123" {
			t.Error(a)
		}
		for body, pointer := range map[string]string{`{"name":null}`: "#/name", `{"billing":{"email":null}}`: "#/billing/email", `{"billing":null}`: "#/billing"} {
			if a := w.must(422, "PATCH", "/account", u.token, body); !strings.Contains(a.raw, `"pointer":"`+pointer+`","code":"not_null"`) {
				t.Error(a)
			}
		}
	})
}

// What people paste brings marks along that nobody sees.
func TestInvisibleMarksAreTakenAway(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		u := w.signUp(starter)
		a := w.must(201, "POST", "/billing/invoices/"+u.invoice+"/payments", u.token,
			strings.Replace(submission(""), `"TID `, `"\u200eTID\u200b `, 1))
		if strings.ContainsAny(a.text("reference"), "\u200e\u200b") {
			t.Error(a)
		}
		trial := w.signUp("")
		site := w.must(201, "POST", "/sites", trial.token, `{"name":"Shop","domain":"\u200euk--shop.example.com","industry":"fitness-and-sport"}`)
		if site.text("domain") != "uk--shop.example.com" {
			t.Error(site)
		}
		w.must(200, "POST", "/auth/login", "", `{"email":"\u200e`+u.email+`","password":"`+password+`"}`)
		for _, more := range []string{`"first_name":"\u200b","last_name":"Khan"`, `"first_name":"Ayesha","last_name":"\u3164"`} {
			a := w.must(422, "POST", "/auth/register", "", `{"email":"`+newEmail()+`","password":"`+password+`","country":"PK",`+more+`}`)
			if !strings.Contains(a.raw, `"code":"required"`) {
				t.Error(a)
			}
		}
		number := w.must(200, "GET", "/billing/invoices/"+u.invoice, u.token, "").text("number")
		for _, term := range []string{strings.ReplaceAll(number, "-", " "), strings.TrimPrefix(number, "INV-"), strings.ToLower(strings.ReplaceAll(number, "-", ""))} {
			if a := w.must(200, "GET", "/admin/search?q="+url.QueryEscape(term), w.staff, ""); !strings.Contains(a.raw, number) {
				t.Errorf("%q is not found: %s", term, a)
			}
		}
	})
}
