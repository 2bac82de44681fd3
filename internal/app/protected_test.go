package app

import (
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"igny8/internal/web/api"
)

// protected are members that no request may set.
var protected = []string{"role", "account", "account_id", "user_id", "id", "status", "credits", "balance", "plan", "email_verified",
	"staff", "total_minor", "decided_by"}

// settable are the exceptions: where the member is part of the request.
var settable = []string{"register plan", "createQuote plan", "spendCredits credits", "updateMember role", "createInvitation role", "switchAccount account",
	"updateStaff status", "adjustCredits credits", "assignPlan plan"}

func TestProtectedFieldsAreRefusedEverywhere(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		ours, asked := w.paidUp(), 0
		for _, rt := range w.app.api.Routes() {
			if rt.Method == http.MethodGet || rt.Method == http.MethodDelete {
				continue
			}
			o := ours
			if needs[rt.ID] != nil {
				o = needs[rt.ID](w)
			}
			token := map[bool]string{true: w.staff, false: o.token}[rt.Perm.Platform()]
			body := bodyOf(w, rt, o)
			before := w.dump()
			for _, name := range protected {
				if slices.Contains(settable, rt.ID+" "+name) {
					continue
				}
				asked++
				w.refusesField(rt, pathOf(rt, o), token, with(t, body, name), name)
			}
			if diff := difference(before, w.dump()); diff != "" {
				t.Errorf("%s refused protected fields, but changed:\n%s", rt.Pattern(), diff)
			}
		}
		t.Logf("%d requests with a field that is not theirs to set", asked)
	})
}

func (w *world) refusesField(rt api.Route, path, token, body, name string) {
	a := w.ask(rt.Method, path, token, body)
	var problem struct {
		Errors []struct{ Pointer, Code string }
	}
	if err := json.Unmarshal([]byte(a.raw), &problem); err != nil {
		w.Errorf("%s with %s: %v in %s", rt.Pattern(), name, err, a)
		return
	}
	if a.status != 422 || a.text("code") != "unknown_field" || len(problem.Errors) != 1 || problem.Errors[0].Pointer != "#/"+name {
		w.Errorf("%s with %s: want 422 unknown_field at #/%s, got %s", rt.Pattern(), name, name, a)
	}
}

// with adds a member to a JSON object.
func with(t *testing.T, body, name string) string {
	t.Helper()
	m := map[string]any{}
	if body != "" {
		if err := json.Unmarshal([]byte(body), &m); err != nil {
			t.Fatal(err)
		}
	}
	m[name] = "owner"
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
