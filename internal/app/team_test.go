package app

import (
	"context"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/db"
)

// widen lets every plan have any number of people and sites.
func (w *world) widen() {
	w.Helper()
	if err := w.app.db.System(w.Context(), "test.widen", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE plan_version SET max_users = NULL, max_sites = NULL")
		return err
	}); err != nil {
		w.Fatal(err)
	}
}

// crowded makes an account with a further member and an invitation.
func crowded(w *world) *tenant {
	w.widen()
	o := w.tenant(w.paying(), "")
	w.must(200, "POST", "/admin/payments/"+o.paid+"/approve", w.staff, "")
	w.member(o.account, igny8.RoleEditor)
	list, _ := w.must(200, "GET", "/account/members", o.token, "").body["data"].([]any)
	newest, _ := list[0].(map[string]any)
	o.member, _ = newest["id"].(string)
	i := w.must(201, "POST", "/account/invitations", o.token, invitation())
	o.invite = i.text("id")
	_, o.link, _ = strings.Cut(i.text("url"), "/invite/")
	return o
}

func invitation() string { return `{"email":"` + newEmail() + `","role":"editor"}` }

// Who is limited to certain sites sees and touches those alone.
func TestMembersOfCertainSites(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		o := w.paidUp()
		w.widen()
		other := w.newSite(o.token)
		editor := w.member(o.account, igny8.RoleEditor)
		list, _ := w.must(200, "GET", "/account/members", o.token, "").body["data"].([]any)
		newest, _ := list[0].(map[string]any)
		member, _ := newest["id"].(string)
		before := w.ask("GET", "/account/members/"+member, o.token, "")
		limit := func(status int, sites string, headers ...string) answer {
			return w.must(status, "PATCH", "/account/members/"+member, o.token, `{"sites":`+sites+`}`, headers...)
		}
		if a := limit(200, `["`+o.site+`"]`, "If-Match: "+before.header.Get("ETag")); !strings.Contains(a.raw, o.site) {
			t.Error(a)
		}
		if v, ok := before.body["sites"]; !ok || v != nil {
			t.Errorf("who reaches all sites has %v", v)
		}
		limit(412, "null", "If-Match: "+before.header.Get("ETag"))
		limit(422, `["site_01kcn5s3ggf8xsrkaybvr8h4dk"]`)
		limit(422, "[]")
		see := func(status int, method, path, body string) {
			t.Helper()
			a := w.ask(method, path, editor, body)
			if a.status != status || status == 403 && a.text("code") != "wrong_site" {
				t.Errorf("%s %s: want %d, got %s", method, path, status, a)
			}
		}
		sectors, spend := `{"industry":"fitness-and-sport","sectors":["running"]}`, func(site string) string { return `{"credits":1,"site":"` + site + `"}` }
		for site, ok := range map[string]bool{o.site: true, other: false} {
			status := func(good int) int {
				if ok {
					return good
				}
				return 403
			}
			see(status(200), "GET", "/sites/"+site, "")
			see(status(200), "PATCH", "/sites/"+site, `{"name":"Another"}`)
			see(status(200), "GET", "/sites/"+site+"/sectors", "")
			see(status(200), "PUT", "/sites/"+site+"/sectors", sectors)
			see(status(201), "POST", "/credits/spend", spend(site))
		}
		see(403, "POST", "/sites", siteForm())
		see(404, "GET", "/sites/site_01kcn5s3ggf8xsrkaybvr8h4dk", "")
		if a := w.must(200, "GET", "/sites", editor, ""); !strings.Contains(a.raw, o.site) || strings.Contains(a.raw, other) {
			t.Errorf("the list of who reaches one site: %s", a)
		}
		// An admin reaches all of them, and so does who is not limited any more.
		w.must(200, "PATCH", "/account/members/"+member, o.token, `{"role":"admin"}`)
		see(200, "GET", "/sites/"+other, "")
		w.must(200, "PATCH", "/account/members/"+member, o.token, `{"role":"viewer","sites":["`+other+`"]}`)
		see(403, "GET", "/sites/"+o.site, "")
		w.must(200, "PATCH", "/account/members/"+member, o.token, `{"role":"editor"}`)
		see(403, "GET", "/sites/"+o.site, "")
		limit(200, "null")
		see(200, "GET", "/sites/"+o.site, "")
		w.must(204, "DELETE", "/account/members/"+member, o.token, "")
		w.must(401, "GET", "/sites", editor, "")
	})
}

// Everybody may leave, in whatever state the account is; to remove others needs one
// that works.
func TestLeaving(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		o := w.paidUp()
		viewer, editor := w.member(o.account, igny8.RoleViewer), w.member(o.account, igny8.RoleEditor)
		list, _ := w.must(200, "GET", "/account/members", o.token, "").body["data"].([]any)
		ids := map[string]string{}
		for _, m := range list {
			m, _ := m.(map[string]any)
			ids[m["role"].(string)], _ = m["id"].(string)
		}
		w.put(o.account, "suspended", "policy")
		w.must(403, "DELETE", "/account/members/"+ids["viewer"], editor, "")
		if a := w.must(403, "DELETE", "/account/members/"+ids["viewer"], o.token, ""); a.text("code") != "account_suspended" {
			t.Error(a)
		}
		w.must(204, "DELETE", "/account/members/"+ids["viewer"], viewer, "")
		w.must(401, "GET", "/me", viewer, "")
		if a := w.must(409, "DELETE", "/account/members/"+ids["owner"], o.token, ""); a.text("code") != "last_owner" {
			t.Error(a)
		}
	})
}
