package app

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/web/api"
)

// asks says what each route asks of the account's state (domain.md, "The account
// gate"), apart from what the routes say of themselves. A route without a word, and
// a word without a route, fail.
const asks = `
none     getMe updateMe changePassword changeEmail listSessions getSession endOtherSessions endSession switchAccount
         getSecondFactor startTotp confirmTotp disableTotp newRecoveryCodes listPasskeys getPasskey startPasskey addPasskey removePasskey
own      getAccount removeMember acceptOwnership
billing  updateAccount listAuditEvents exportAuditEvents listAPIKeys getAPIKey revokeAPIKey exportAccount closeAccount reopenAccount
         listMembers getMember listInvitations getAccountInvitation getOwnershipOffer offerOwnership cancelOwnership
         getSubscription listInvoices getInvoice submitPayment listPayments getPayment withdrawPayment listBalances listAccountPaymentMethods
read     getCreditBalance listCreditTransactions getCreditTransaction listSites getSite listSiteSectors
work     createAPIKey rotateAPIKey createSiteAPIKey updateMember createInvitation resendInvitation revokeInvitation spendCredits createSite updateSite deleteSite setSiteSectors
`

// bots are the routes that an API key may use, with the permission each needs.
var bots = map[string]igny8.Permission{"getCreditBalance": igny8.PermRead, "listCreditTransactions": igny8.PermRead, "getCreditTransaction": igny8.PermRead, "listSites": igny8.PermRead,
	"getSite": igny8.PermRead, "listSiteSectors": igny8.PermRead, "spendCredits": igny8.PermContentWrite}

// states are how an account can stand, and what the gate answers to each ask.
var states = []struct {
	name, status, reason      string
	billing, read, work, code string // "" lets pass; else the status of the refusal
}{
	{"trial", "trial", "", "", "", "", ""},
	{"active", "active", "", "", "", "", ""},
	{"pending_payment", "pending_payment", "", "", "", "402", "payment_required"},
	{"expired", "expired", "", "", "", "402", "subscription_expired"},
	{"cancelled", "cancelled", "", "", "", "402", "account_cancelled"},
	{"suspended for payment", "suspended", "payment", "", "403", "403", "account_suspended"},
	{"suspended for policy", "suspended", "policy", "403", "403", "403", "account_suspended"},
}

// guarded are the routes that have an account's gate, with what each asks.
func guarded(t *testing.T, w *world) map[string]string {
	t.Helper()
	out, need := map[string]string{}, ""
	for line := range strings.Lines(asks) {
		words := strings.Fields(line)
		if len(words) > 0 && line[0] != ' ' {
			need, words = words[0], words[1:]
		}
		for _, id := range words {
			out[id] = need
		}
	}
	known := map[string]bool{}
	for _, rt := range w.app.api.Routes() {
		if rt.Public || rt.Perm.Platform() {
			continue
		}
		if known[rt.ID] = true; out[rt.ID] == "" {
			t.Errorf("route %s has no word in asks: write down what it asks of the account's state", rt.ID)
		}
	}
	for id := range out {
		if !known[id] {
			t.Errorf("%s in asks is no route with a gate", id)
		}
	}
	return out
}

// put sets how the account stands, behind the program's back.
func (w *world) put(accountID, status, reason string) {
	w.Helper()
	id, err := igny8.ParseID[igny8.AccountID](accountID)
	if err != nil {
		w.Fatal(err)
	}
	var why any
	if reason != "" {
		why = reason
	}
	if err := w.app.db.System(w.Context(), "test.put", id, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE account SET status = $1, suspended_reason = $2 WHERE id = $3", status, why, id)
		return err
	}); err != nil {
		w.Fatal(err)
	}
}

// Every route × every state of the account, as its owner.
func TestEveryRouteGoesByTheStateOfTheAccount(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		need, cells := guarded(t, w), 0
		for _, s := range states {
			o := w.paidUp()
			for _, rt := range w.app.api.Routes() {
				if need[rt.ID] == "" || rt.ID == "closeAccount" && s.status == "active" {
					continue
				}
				w.put(o.account, s.status, s.reason)
				a := w.ask(rt.Method, pathOf(rt, o), o.token, bodyOf(w, rt, o))
				want := map[string]string{"billing": s.billing, "read": s.read, "work": s.work}[need[rt.ID]]
				refused := a.status == 402 || a.text("code") == "account_suspended"
				if cells++; want != "" && (a.text("code") != s.code || strconv.Itoa(a.status) != want) || want == "" && refused {
					t.Errorf("%s of an account that is %s: want %q %s, got %s", rt.ID, s.name, want, s.code, a)
				}
				if rt.ID == "deleteSite" && a.status == 204 {
					o.site = w.newSite(o.token)
				}
			}
			w.put(o.account, "active", "")
		}
		t.Logf("%d cells", cells)
	})
}

// Every route × API keys: of reading, of writing, of another site, of another
// account. A key is a bot: what is not in bots is refused.
func TestEveryRouteKnowsWhatAKeyMay(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		o, theirs, cells := w.paidUp(), w.paidUp(), 0
		key := func(o *tenant, more string) string {
			return w.must(201, "POST", "/account/api-keys", o.token, `{"name":"Plugin"`+more+`}`).text("secret")
		}
		keys := map[string]string{"reader": key(o, `,"scopes":["read"]`), "writer": key(o, ""), "stranger": key(theirs, "")}
		for _, rt := range w.app.api.Routes() {
			if rt.Public {
				continue
			}
			about := o
			if rt.Perm.Platform() && needs[rt.ID] != nil {
				about = needs[rt.ID](w)
			}
			for who, secret := range keys {
				cells++
				a := w.ask(rt.Method, pathOf(rt, about), secret, bodyOf(w, rt, about))
				perm, may := bots[rt.ID]
				switch {
				case !may || who == "reader" && perm != igny8.PermRead:
					if a.status != 403 || a.text("code") != "forbidden" {
						t.Errorf("%s with the key of a %s: want 403 forbidden, got %s", rt.ID, who, a)
					}
				case who == "stranger" && (strings.Contains(rt.Path, "{") || rt.ID == "spendCredits"):
					if a.status != 404 {
						t.Errorf("%s with another account's key: want 404, got %s", rt.ID, a)
					}
				case a.status >= 300:
					t.Errorf("%s with the key of a %s: got %s", rt.ID, who, a)
				case who == "stranger" && strings.Contains(a.raw, o.site):
					t.Errorf("%s shows another account's site to a key: %s", rt.ID, a)
				}
			}
		}
		t.Logf("%d cells", cells)
	})
}

// A key that is bound to a site reaches no other of the account, and ends with it.
func TestAKeyOfASiteReachesNoOther(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		o := w.paidUp()
		w.widen()
		other := w.newSite(o.token)
		key := w.must(201, "POST", "/sites/"+o.site+"/api-key", o.token, `{"name":"Plugin"}`).text("secret")
		for _, c := range []struct {
			status             int
			method, path, body string
			code               string
		}{
			{200, "GET", "/sites/" + o.site, "", ""},
			{403, "GET", "/sites/" + other, "", "wrong_site"},
			{403, "GET", "/sites/" + other + "/sectors", "", "wrong_site"},
			{404, "GET", "/sites/" + igny8.NewID[igny8.SiteID](w.app.db.Now()).String(), "", "not_found"},
			{201, "POST", "/credits/spend", `{"credits":1,"site":"` + o.site + `"}`, ""},
			{403, "POST", "/credits/spend", `{"credits":1,"site":"` + other + `"}`, "wrong_site"},
			{422, "POST", "/credits/spend", `{"credits":1}`, "validation_failed"},
			{403, "PATCH", "/sites/" + o.site, `{"name":"Mine"}`, "forbidden"},
		} {
			if a := w.ask(c.method, c.path, key, c.body); a.status != c.status || a.text("code") != c.code {
				t.Errorf("%s %s: want %d %s, got %s", c.method, c.path, c.status, c.code, a)
			}
		}
		if a := w.must(200, "GET", "/sites", key, ""); strings.Contains(a.raw, other) || !strings.Contains(a.raw, o.site) {
			t.Errorf("the list of a key of one site: %s", a)
		}
		w.must(204, "DELETE", "/sites/"+o.site, o.token, "")
		w.must(401, "GET", "/sites", key, "")
	})
}

// Taking the check of its permission away from any one route must be seen by the
// table of expectations. What a service checks again by itself is listed.
func TestAMissingPermissionIsSeen(t *testing.T) {
	twice := []string{"approvePayment", "rejectPayment", "bulkApprovePayments", // billing asks again
		"updateMember", "removeMember", "createInvitation", "resendInvitation", "revokeInvitation", "cancelOwnership", // account and team ask again
		"createStaff", "suspendAccount", "reinstateAccount", "extendTrial", "adjustCredits", "assignPlan", "resetSecondFactor"} // and desk
	principals, want := matrix(t)
	w := startTest(t, dbtest.SQLiteURL(t), quiet)
	taken := ""
	w.app.admit = func(ctx context.Context, actor igny8.Actor, p igny8.Permission, n account.Need) error {
		err := account.Admit(actor, p, n)
		if api.RouteFrom(ctx) == taken && igny8.CodeOf(err) == "forbidden" {
			return nil
		}
		return err
	}
	removed := 0
	for _, rt := range w.app.api.Routes() {
		refused := slices.DeleteFunc(slices.Clone(principals), func(p string) bool { return want[rt.ID][p] != 403 })
		if rt.Public || len(refused) == 0 || slices.Contains(twice, rt.ID) {
			continue
		}
		removed++
		o := w.paidUp()
		if needs[rt.ID] != nil {
			o = needs[rt.ID](w)
		}
		seen := false
		for _, p := range refused {
			token := w.tokenOf(o, strings.ReplaceAll(p, "foreign", "owner"))
			taken = rt.ID
			a := w.ask(rt.Method, pathOf(rt, o), token, bodyOf(w, rt, o))
			taken = ""
			seen = seen || a.status != 403
		}
		if !seen {
			t.Errorf("%s without the check of %s still answers 403 to %v", rt.ID, rt.Perm, refused)
		}
	}
	if removed < 40 {
		t.Errorf("only %d checks were taken away", removed)
	}
	t.Logf("%d checks of a permission were taken away one at a time; each was seen", removed)
}
