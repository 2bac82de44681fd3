package app

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/web/api"
)

// changes reports whether a route changes one object that somebody may have read
// before: those must go by If-Match.
func changes(rt api.Route) bool {
	switch rt.Method {
	case http.MethodPatch, http.MethodPut, http.MethodDelete:
		return true
	case http.MethodPost:
		return rt.ID == "withdrawPayment" || strings.HasPrefix(rt.Path, "/admin/") && strings.Contains(rt.Path, "{")
	}
	return false
}

// conditional is a change, and where the object is read.
type conditional struct{ token, method, path, body, object string }

// prepared makes the object of a change by people of their own login and account,
// where pathOf and bodyOf do not have it. The others are read where they are changed.
var prepared = map[string]func(w *world, o *tenant, c *conditional){
	"setSiteSectors": func(_ *world, _ *tenant, c *conditional) { c.object = strings.TrimSuffix(c.path, "/sectors") },
	"endSession": func(w *world, o *tenant, c *conditional) {
		w.login(o.email)
		list, _ := w.must(200, "GET", "/me/sessions", o.token, "").body["data"].([]any)
		for _, s := range list {
			if one, _ := s.(map[string]any); one["current"] == false {
				c.path, _ = one["id"].(string)
			}
		}
		c.path = "/me/sessions/" + c.path
		c.object = c.path
	},
	"cancelOwnership": func(w *world, _ *tenant, c *conditional) {
		o := crowded(w)
		w.must(202, "POST", "/account/transfer-ownership", o.token, `{"member":"`+o.member+`","password":"`+password+`"}`)
		c.token = o.token
	},
	"disableTotp": func(w *world, o *tenant, c *conditional) {
		w.secure(o.token)
		codes, _ := w.must(200, "POST", "/me/totp/recovery-codes", o.token, `{"password":"`+password+`"}`).body["recovery_codes"].([]any)
		code, _ := codes[0].(string)
		c.object, c.body = "/me/second-factor", `{"password":"`+password+`","code":"`+code+`"}`
	},
	"revokeStaffAPIKey": func(w *world, o *tenant, c *conditional) {
		c.path = "/admin/api-keys/" + w.must(201, "POST", "/admin/api-keys", w.staff, `{"name":"Bank","password":"`+password+`"}`).text("id")
		c.object = c.path
	},
	"removePasskey": func(w *world, o *tenant, c *conditional) {
		user, err := igny8.ParseID[igny8.UserID](o.signup.text("user/id"))
		if err != nil {
			w.Fatal(err)
		}
		id := igny8.NewID[igny8.PasskeyID](w.app.db.Now())
		err = w.app.db.System(w.Context(), "test.passkey", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, `INSERT INTO passkey (id, user_id, credential_id, credential, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
				id, user, id.String(), []byte("{}"), "Phone", tx.Now)
			return err
		})
		if err != nil {
			w.Fatal(err)
		}
		c.path, c.body = "/me/passkeys/"+id.String(), `{"password":"`+password+`"}`
		c.object = c.path
	},
}

// scene makes the object that a route changes.
func (w *world) scene(rt api.Route) conditional {
	o := (*tenant)(nil)
	if make := needs[rt.ID]; make != nil {
		o = make(w)
	} else {
		o = w.paidUp()
	}
	c := conditional{token: o.token, method: rt.Method, path: pathOf(rt, o), body: bodyOf(w, rt, o)}
	c.object = c.path
	if strings.HasPrefix(rt.Path, "/admin/") {
		c.token = w.staff
	}
	if rt.Method == http.MethodPost { // an act upon the object
		parts := strings.Split(c.path, "/")
		for i, p := range strings.Split(rt.Path, "/") {
			if p == "{id}" {
				c.object = strings.Join(parts[:i+1], "/")
			}
		}
	}
	if prepare := prepared[rt.ID]; prepare != nil {
		prepare(w, o, &c)
	}
	return c
}

// Whoever says which state of an object they saw changes that one, and no other: of
// every route that changes an object.
func TestEveryChangeGoesByIfMatch(t *testing.T) {
	ops := operations(t)
	onBoth(t, loud, func(t *testing.T, w *world) {
		routes := 0
		for _, rt := range w.app.api.Routes() {
			if !changes(rt) {
				continue
			}
			routes++
			if !ops[rt.ID].takes("header", "If-Match") {
				t.Errorf("%s does not take If-Match", rt.ID)
				continue
			}
			c := w.scene(rt)
			for _, stale := range []string{`"stale"`, `W/"stale"`, `"a", "b"`} {
				if a := w.ask(c.method, c.path, c.token, c.body, "If-Match: "+stale); a.status != 412 || a.text("code") != "stale" {
					t.Errorf("%s with If-Match: %s: want 412 stale, got %s", rt.ID, stale, a)
				}
			}
			tag := w.must(200, http.MethodGet, c.object, c.token, "").header.Get("ETag")
			if tag == "" {
				t.Errorf("%s: GET %s has no ETag", rt.ID, c.object)
			}
			if a := w.ask(c.method, c.path, c.token, c.body, `If-Match: "x", `+tag); a.status >= 300 {
				t.Errorf("%s with the ETag of GET %s: got %s", rt.ID, c.object, a)
			}
		}
		t.Logf("%d routes", routes)
	})
}
