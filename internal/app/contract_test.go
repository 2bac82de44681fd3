package app

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"igny8/internal/web/api"
)

// operation is what these tests need of an operation of the document.
type operation struct {
	ID         string `json:"operationId"`
	Parameters []struct{ Name, In string }
	Responses  map[string]struct {
		Ref     string `json:"$ref"`
		Content map[string]struct {
			Schema struct {
				Ref string `json:"$ref"`
			}
		}
	}
}

func (o operation) takes(in, name string) bool {
	for _, p := range o.Parameters {
		if p.In == in && strings.EqualFold(p.Name, name) {
			return true
		}
	}
	return false
}

// operations are those of the document that is checked in, by their ids.
func operations(t *testing.T) map[string]operation {
	t.Helper()
	raw, err := os.ReadFile("../../api/openapi.json")
	var doc struct {
		Paths map[string]map[string]operation
	}
	if err == nil {
		err = json.Unmarshal(raw, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]operation{}
	for _, item := range doc.Paths {
		for _, op := range item {
			out[op.ID] = op
		}
	}
	return out
}

// rows are the rows of a list, as they were sent.
func (a answer) rows(t *testing.T) (list []string, next string) {
	t.Helper()
	data, ok := a.body["data"].([]any)
	more, ok2 := a.body["has_more"].(bool)
	next, _ = a.body["next_cursor"].(string)
	if !ok || !ok2 || more != (next != "") || more != strings.Contains(a.header.Get("Link"), `rel="next"`) {
		t.Fatalf("this is no page of a list: %s", a)
	}
	for _, row := range data {
		text, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list, next
}

// Every list takes limit and cursor, and its pages of one row are the whole list, in
// order.
func TestEveryListPages(t *testing.T) {
	ops := operations(t)
	onBoth(t, loud, func(t *testing.T, w *world) {
		o := w.paidUp()
		w.newKey(o)
		lists := 0
		for _, rt := range w.app.api.Routes() {
			op := ops[rt.ID]
			if !strings.HasSuffix(op.Responses["200"].Content["application/json"].Schema.Ref, "List") {
				continue
			}
			lists++
			if !op.takes("query", "limit") || !op.takes("query", "cursor") {
				t.Errorf("%s does not take limit and cursor", rt.ID)
				continue
			}
			w.walk(t, rt, o)
		}
		if lists < 25 {
			t.Errorf("only %d lists", lists)
		}
	})
}

// walk reads a list row by row.
func (w *world) walk(t *testing.T, rt api.Route, o *tenant) {
	t.Helper()
	token, path := o.token, pathOf(rt, o)
	if strings.HasPrefix(rt.Path, "/admin/") {
		token = w.staff
	}
	join := "?"
	if strings.Contains(path, "?") {
		join = "&"
	}
	path += join + "limit="
	whole, _ := w.must(200, http.MethodGet, path+"100", token, "").rows(t)
	var walked []string
	next := ""
	for range whole {
		a := w.must(200, http.MethodGet, path+"1"+next, token, "")
		page, cursor := a.rows(t)
		walked = append(walked, page...)
		if next = "&cursor=" + cursor; cursor == "" {
			break
		}
	}
	// What only staff may see is logged with each look, so the head of the log moves on.
	if got, want := strings.Join(walked, "\n"), strings.Join(whole, "\n"); got != want && rt.ID != "getAccountTimeline" {
		t.Errorf("%s: row by row\n%s\nat once\n%s", rt.ID, got, want)
	}
	w.must(422, http.MethodGet, path+"101", token, "")
	w.must(400, http.MethodGet, path+"1&cursor=nothing", token, "")
}

// A file comes in the media types that the document names.
func TestTheLogComesAsAFile(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		o := w.paidUp()
		for format, kind := range map[string]string{"": "text/csv; charset=utf-8", "?format=csv": "text/csv; charset=utf-8", "?format=json": "application/json"} {
			a := w.must(200, "GET", "/account/audit-events/export"+format, o.token, "")
			if a.header.Get("Content-Type") != kind || !strings.Contains(a.raw, "payment.approve") {
				t.Errorf("%q: %v %.200s", format, a.header, a.raw)
			}
		}
	})
}

// A list that must not have an element twice says so, and elements of any kind are no
// failure of the server.
func TestListsOfDifferentThings(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		o := waiting(w)
		clerk := w.must(201, "POST", "/admin/staff", w.staff, newClerk()).text("id")
		for path, body := range map[string]string{
			"POST /admin/payments/bulk-approve": `{"payments":[%s,%[1]s]}`,
			"PATCH /admin/staff/" + clerk:       `{"permissions":[%s,%[1]s]}`,
			"POST /admin/staff":                 `{"email":"new@example.com","password":"` + password + `","permissions":[%s,%[1]s]}`,
		} {
			method, path, _ := strings.Cut(path, " ")
			twice := `"platform.payments"`
			if strings.Contains(path, "bulk") {
				twice = `"` + o.paid + `"`
			}
			for _, element := range []string{twice, `{"a":[1]}`, `[[]]`, "null"} {
				if a := w.must(422, method, path, w.staff, fmt.Sprintf(body, element)); a.text("code") != "validation_failed" {
					t.Errorf("%s %s: %s", path, element, a)
				}
			}
		}
	})
}
