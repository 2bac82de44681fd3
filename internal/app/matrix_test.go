package app

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/demo"
	"igny8/internal/web/api"
)

// expectations says what each route answers to each principal. A route without a
// line fails the test, and so does a line without a route.
//
// anonymous sends no credential, foreign is the owner of another account who
// names the first account's objects, staff belongs to no account; the others are
// members of the account.
const expectations = `
route                      anonymous foreign viewer editor admin owner staff

register                         201     201    201    201   201   201   201
login                            200     200    200    200   200   200   200
refresh                          200     200    200    200   200   200   200
logout                           204     204    204    204   204   204   204
verifyEmail                      422     422    422    422   422   422   422
resendVerification               202     202    202    202   202   202   202
forgotPassword                   202     202    202    202   202   202   202
resetPassword                    422     422    422    422   422   422   422
confirmEmailChange               422     422    422    422   422   422   422
undoEmailChange                  422     422    422    422   422   422   422
startPasskeyLogin                200     200    200    200   200   200   200
loginWithPasskey                 401     401    401    401   401   401   401
listPlans                        200     200    200    200   200   200   200
listPaymentMethods               200     200    200    200   200   200   200
listCountries                    200     200    200    200   200   200   200
listCurrencies                   200     200    200    200   200   200   200
listIndustries                   200     200    200    200   200   200   200
listIndustrySectors              200     200    200    200   200   200   200
listCreditPackages               200     200    200    200   200   200   200
listCreditCosts                  200     200    200    200   200   200   200
createQuote                      201     201    201    201   201   201   201
getPayPage                       200     200    200    200   200   200   200
submitPaymentByLink              201     201    201    201   201   201   201

getMe                            401     200    200    200   200   200   200
changePassword                   401     422    422    422   422   422   422
changeEmail                      401     422    422    422   422   422   422
listSessions                     401     200    200    200   200   200   200
endOtherSessions                 401     200    200    200   200   200   200
getSession                       401     404    404    404   404   404   404
endSession                       401     404    404    404   404   404   404
getSecondFactor                  401     200    200    200   200   200   200
startTotp                        401     422    422    422   422   422   422
confirmTotp                      401     404    404    404   404   404   404
disableTotp                      401     422    422    422   422   422   422
newRecoveryCodes                 401     422    422    422   422   422   422
listPasskeys                     401     200    200    200   200   200   200
startPasskey                     401     422    422    422   422   422   422
addPasskey                       401     422    422    422   422   422   422
getPasskey                       401     404    404    404   404   404   404
removePasskey                    401     404    404    404   404   404   404
updateMe                         401     200    200    200   200   200   200
getAccount                       401     200    200    200   200   200   404
updateAccount                    401     200    403    403   200   200   403
listAuditEvents                  401     200    403    403   200   200   403
exportAuditEvents                401     200    403    403   200   200   403

listAPIKeys                      401     200    403    403   200   200   403
createAPIKey                     401     201    403    403   201   201   403
rotateAPIKey                     401     404    403    403   201   201   403
getAPIKey                        401     404    403    403   200   200   403
revokeAPIKey                     401     404    403    403   204   204   403
createSiteAPIKey                 401     404    403    403   201   201   403

exportAccount                    401     200    403    403   200   200   403
closeAccount                     401     422    403    403   403   422   403
reopenAccount                    401     409    403    403   403   409   403

listMembers                      401     200    403    403   200   200   403
getMember                        401     404    403    403   200   200   403
updateMember                     401     404    403    403   200   200   403
removeMember                     401     404    403    403   204   204   404
listInvitations                  401     200    403    403   200   200   403
createInvitation                 401     201    403    403   201   201   403
getAccountInvitation             401     404    403    403   200   200   403
resendInvitation                 401     404    403    403   200   200   403
revokeInvitation                 401     404    403    403   204   204   403
offerOwnership                   401     422    403    403   403   422   403
getOwnershipOffer                401     404    403    403   403   404   403
cancelOwnership                  401     404    403    403   403   404   403
acceptOwnership                  401     422    422    422   422   422   422
getInvitation                    200     200    200    200   200   200   200
acceptInvitation                 409     403    403    403   403   403   403
switchAccount                    401     404    200    200   200   200   404

getSubscription                  401     200    403    403   200   200   403
listInvoices                     401     200    403    403   200   200   403
getInvoice                       401     404    403    403   200   200   403
submitPayment                    401     404    403    403   201   201   403
listPayments                     401     200    403    403   200   200   403
getPayment                       401     404    403    403   200   200   403
withdrawPayment                  401     404    403    403   200   200   403
listBalances                     401     200    403    403   200   200   403
listAccountPaymentMethods        401     200    403    403   200   200   403

getCreditBalance                 401     200    200    200   200   200   403
listCreditTransactions           401     200    200    200   200   200   403
getCreditTransaction             401     404    200    200   200   200   403
spendCredits                     401     404    403    201   201   201   403
listSites                        401     200    200    200   200   200   403
createSite                       401     201    403    201   201   201   403
getSite                          401     404    200    200   200   200   403
updateSite                       401     404    403    200   200   200   403
deleteSite                       401     404    403    403   204   204   403
listSiteSectors                  401     404    200    200   200   200   403
setSiteSectors                   401     404    403    200   200   200   403

listStaffPayments                401     403    403    403   403   403   200
getStaffPayment                  401     403    403    403   403   403   200
getPaymentProof                  401     403    403    403   403   403   200
claimPayment                     401     403    403    403   403   403   200
approvePayment                   401     403    403    403   403   403   200
rejectPayment                    401     403    403    403   403   403   200
bulkApprovePayments              401     403    403    403   403   403   200
listAccounts                     401     403    403    403   403   403   200
getAccountOverview               401     403    403    403   403   403   200
getAccountTimeline               401     403    403    403   403   403   200
listPlatformAuditEvents          401     403    403    403   403   403   200
search                           401     403    403    403   403   403   200
suspendAccount                   401     403    403    403   403   403   200
reinstateAccount                 401     403    403    403   403   403   200
extendTrial                      401     403    403    403   403   403   200
adjustCredits                    401     403    403    403   403   403   200
resetSecondFactor                401     403    403    403   403   403   200
assignPlan                       401     403    403    403   403   403   200
impersonateAccount               401     403    403    403   403   403   200
endImpersonation                 401     403    403    403   403   403   200
listSuspicions                   401     403    403    403   403   403   200
listStaffAPIKeys                 401     403    403    403   403   403   200
createStaffAPIKey                401     403    403    403   403   403   201
getStaffAPIKey                   401     403    403    403   403   403   404
revokeStaffAPIKey                401     403    403    403   403   403   404
listStaff                        401     403    403    403   403   403   200
createStaff                      401     403    403    403   403   403   201
getStaff                         401     403    403    403   403   403   200
updateStaff                      401     403    403    403   403   403   200
listJobs                         401     403    403    403   403   403   200
getJob                           401     403    403    403   403   403   200
retryJob                         401     403    403    403   403   403   200
`

// matrix reads expectations: route → principal → status.
func matrix(t *testing.T) (principals []string, want map[string]map[string]int) {
	t.Helper()
	want = map[string]map[string]int{}
	for line := range strings.Lines(expectations) {
		cells := strings.Fields(line)
		switch {
		case len(cells) == 0:
			continue
		case principals == nil:
			principals = cells[1:]
			continue
		case len(cells) != len(principals)+1 || want[cells[0]] != nil:
			t.Fatalf("the line %q does not fit the table", line)
		}
		want[cells[0]] = map[string]int{}
		for i, p := range principals {
			n, err := strconv.Atoi(cells[i+1])
			if err != nil {
				t.Fatalf("the line %q: %v", line, err)
			}
			want[cells[0]][p] = n
		}
	}
	return principals, want
}

// tenant is an account with a member of each role and one object of each kind.
type tenant struct {
	customer
	site   string
	job    string            // that failed
	member string            // an editor, by whose id members are asked for
	invite string            // an open invitation
	link   string            // its token
	key    string            // id of an API key
	entry  string            // id of a line of the credit ledger
	clerk  string            // id of a staff user
	user   string            // id of the person whose login staff act upon
	tokens map[string]string // by principal
}

// paidUp makes an active account with a site, whose payment came with a proof.
func (w *world) paidUp() *tenant {
	u := w.signUp(starter)
	body, kind := w.receipt()
	u.paid = w.must(201, "POST", "/billing/invoices/"+u.invoice+"/payments", u.token, body, kind).text("id")
	w.must(200, "POST", "/admin/payments/"+u.paid+"/approve", w.staff, "")
	o := w.tenant(u, w.newSite(u.token))
	o.key = w.newKey(o)
	entries, _ := w.must(200, "GET", "/credits/transactions", o.token, "").body["data"].([]any)
	o.entry, _ = entries[0].(map[string]any)["id"].(string)
	o.clerk = w.must(201, "POST", "/admin/staff", w.staff, newClerk()).text("id")
	return o
}

func newClerk() string {
	return `{"email":"` + newEmail() + `","password":"` + password + `","permissions":["platform.payments"]}`
}

func (w *world) newKey(o *tenant) string {
	return w.must(201, "POST", "/account/api-keys", o.token, `{"name":"Plugin"}`).text("id")
}

func (w *world) tenant(u customer, site string) *tenant {
	return &tenant{customer: u, site: site, tokens: map[string]string{"owner": u.token, "staff": w.staff, "anonymous": ""}}
}

// tokenOf is the principal's credential; members are made when they are needed.
func (w *world) tokenOf(o *tenant, principal string) string {
	token, ok := o.tokens[principal]
	if !ok {
		token = w.member(o.account, igny8.Role(principal))
		o.tokens[principal] = token
	}
	return token
}

func siteForm() string {
	return fmt.Sprintf(`{"name":"Shop","domain":"shop%d.example.com","industry":"fitness-and-sport"}`, made.Add(1))
}

func (w *world) newSite(token string) string {
	return w.must(201, "POST", "/sites", token, siteForm()).text("id")
}

// receipt is a form with a picture, and its media type.
func (c *client) receipt() (body, header string) {
	c.Helper()
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	reference := fmt.Sprintf("JC %06d", made.Add(1))
	for name, value := range map[string]string{"method": "jazzcash", "reference": reference, "payer_name": "Ayesha Khan", "paid_on": time.Now().UTC().Format(time.DateOnly)} {
		if err := mw.WriteField(name, value); err != nil {
			c.Fatal(err)
		}
	}
	f, err := mw.CreateFormFile("proof", "receipt.png")
	if err == nil {
		_, err = f.Write(demo.Receipt(reference))
	}
	if err != nil || mw.Close() != nil {
		c.Fatal(err)
	}
	return b.String(), "Content-Type: " + mw.FormDataContentType()
}

// needs says which kind of account a route acts upon, when it is not one that
// has paid.
var needs = map[string]func(*world) *tenant{
	"submitPayment": unpaid, "submitPaymentByLink": unpaid,
	"withdrawPayment": waiting, "claimPayment": waiting, "approvePayment": waiting, "rejectPayment": waiting, "bulkApprovePayments": waiting, "getJob": failed, "retryJob": failed,
	"getMember": crowded, "updateMember": crowded, "removeMember": crowded, "createInvitation": crowded, "getAccountInvitation": crowded, "resendInvitation": crowded, "revokeInvitation": crowded,
	"getInvitation": crowded, "acceptInvitation": crowded, "offerOwnership": crowded,
	"suspendAccount": trying, "reinstateAccount": suspended, "extendTrial": trying, "assignPlan": trying,
	"resetSecondFactor": secured,
}

func unpaid(w *world) *tenant  { return w.tenant(w.signUp(starter), "") }
func waiting(w *world) *tenant { return w.tenant(w.paying(), "") }

func trying(w *world) *tenant { return w.tenant(w.signUp(""), "") }

// suspended makes an account that staff suspended for payment: its people may ask.
func suspended(w *world) *tenant {
	o := unpaid(w)
	w.must(200, "POST", "/admin/accounts/"+o.account+"/suspend", w.staff, suspension)
	return o
}

// secured makes an account whose owner has an authenticator app.
func secured(w *world) *tenant {
	o := trying(w)
	w.secure(o.token)
	o.user = o.signup.text("user/id")
	return o
}

const suspension = `{"reason":"payment","note":"it owes us"}`

// failed makes an account whose first letter could not be sent.
func failed(w *world) *tenant {
	o := unpaid(w)
	err := w.app.db.System(w.Context(), "test.fail", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		return tx.QueryRowContext(ctx, `UPDATE river_job SET state = 'discarded', finalized_at = CURRENT_TIMESTAMP
			WHERE id = (SELECT max(id) FROM river_job) RETURNING CAST(id AS text)`).Scan(&o.job)
	})
	if err != nil {
		w.Fatal(err)
	}
	return o
}

// pathOf fills the route's path with the tenant's objects.
func pathOf(rt api.Route, o *tenant) string {
	_, token, _ := strings.Cut(o.signup.text("invoice/pay_url"), "/pay/")
	id := igny8.NewID[igny8.SessionID](time.Now()).String() // of an object that never was
	for prefix, value := range map[string]string{"/billing/invoices/": o.invoice, "/billing/payments/": o.paid, "/sites/": o.site,
		"/account/api-keys/": o.key, "/credits/transactions/": o.entry, "/admin/payments/": o.paid, "/admin/accounts/": o.account, "/admin/jobs/": o.job, "/admin/staff/": o.clerk,
		"/account/members/": o.member, "/account/invitations/": o.invite} {
		if strings.HasPrefix(rt.Path, prefix) && value != "" {
			id = value
		}
	}
	if strings.HasPrefix(rt.Path, "/invitations/") {
		token = o.link
	}
	user := cmp.Or(o.user, igny8.NewID[igny8.UserID](time.Now()).String())
	path := strings.NewReplacer("{id}", id, "{user}", user, "{n}", "1", "{slug}", "fitness-and-sport", "{token}", token).Replace(rt.Path)
	if rt.ID == "search" {
		path += "?q=example"
	}
	return path
}

func TestEveryRouteAnswersEveryPrincipalAsItShould(t *testing.T) {
	principals, want := matrix(t)
	onBoth(t, loud, func(t *testing.T, w *world) {
		known, watch, cells := map[string]bool{}, &watch{w: w}, 0
		ours, theirs := w.paidUp(), w.signUp("")
		for _, rt := range w.app.api.Routes() {
			known[rt.ID] = true
			if want[rt.ID] == nil {
				t.Errorf("route %s (%s) has no line in expectations: write down who may use it", rt.ID, rt.Pattern())
				continue
			}
			w.askAll(rt, principals, want[rt.ID], ours, theirs, watch)
			cells += len(principals)
		}
		watch.settle()
		for id := range want {
			if !known[id] {
				t.Errorf("the line %s in expectations has no route", id)
			}
		}
		t.Logf("%d cells", cells)
	})
}

// watch sees that refused requests change nothing. It looks before the first and
// after the last of a row of refusals, since to look takes long.
type watch struct {
	w       *world
	before  string
	refused []string
}

// refuses announces a request that will be refused.
func (o *watch) refuses(what string) {
	if len(o.refused) == 0 {
		o.before = o.w.dump()
	}
	o.refused = append(o.refused, what)
}

// settle looks, before something that may change.
func (o *watch) settle() {
	if len(o.refused) == 0 {
		return
	}
	if diff := difference(o.before, o.w.dump()); diff != "" {
		o.w.Errorf("refused requests changed something:\n%s\none of:\n%s", diff, strings.Join(o.refused, "\n"))
	}
	o.refused = nil
}

// askAll asks one route as everybody, weakest first.
func (w *world) askAll(rt api.Route, principals []string, want map[string]int, ours *tenant, theirs customer, seen *watch) {
	o := ours
	if needs[rt.ID] != nil {
		seen.settle()
		o = needs[rt.ID](w)
	}
	if rt.ID == "createSite" { // the plan allows one
		seen.settle()
		w.must(204, "DELETE", "/sites/"+o.site, o.token, "")
	}
	for _, p := range principals {
		token := theirs.token
		if p != "foreign" {
			if _, known := o.tokens[p]; !known {
				seen.settle()
			}
			token = w.tokenOf(o, p)
		}
		if want[p] >= 400 {
			seen.refuses(rt.Pattern() + " as " + p)
		} else {
			seen.settle()
		}
		a := w.ask(rt.Method, pathOf(rt, o), token, bodyOf(w, rt, o))
		if a.status != want[p] {
			w.Errorf("%s as %s: want %d, got %s", rt.Pattern(), p, want[p], a)
		}
		w.judge(rt, p, o, a)
		if at, ok := strings.CutPrefix(a.header.Get("Location"), api.Prefix); ok { // of what was made
			w.must(200, http.MethodGet, at, cmp.Or(a.text("tokens/access"), token), "")
		}
		if a.status < 300 && (p != "foreign" || rt.Public) {
			o = w.renew(rt, o, a)
		}
	}
	if rt.ID == "createSite" {
		seen.settle()
		o.site = w.newSite(o.token)
	}
}

// judge looks at the answer itself: a refusal has a code, a success shows nothing
// of another tenant.
func (w *world) judge(rt api.Route, principal string, o *tenant, a answer) {
	switch {
	case a.status >= 400:
		if a.text("code") == "" || a.header.Get("Content-Type") != "application/problem+json" {
			w.Errorf("%s as %s: a refusal is a problem document with a code, got %q: %s", rt.Pattern(), principal, a.header.Get("Content-Type"), a)
		}
	case principal == "foreign" && !rt.Public:
		for _, id := range []string{o.account, o.invoice, o.paid, o.site, o.email, o.key, o.entry} {
			if id != "" && strings.Contains(a.raw, id) {
				w.Errorf("%s shows %s to another tenant: %s", rt.Pattern(), id, a)
			}
		}
	}
}

// renew makes again what a successful request used up.
func (w *world) renew(rt api.Route, o *tenant, a answer) *tenant {
	switch {
	case needs[rt.ID] != nil:
		return needs[rt.ID](w)
	case rt.ID == "revokeAPIKey":
		o.key = w.newKey(o)
	case rt.ID == "deleteSite":
		o.site = w.newSite(o.token)
	case rt.ID == "createSite":
		w.must(204, "DELETE", "/sites/"+a.text("id"), o.token, "")
	}
	return o
}

var varying = regexp.MustCompile(`"(request_id|instance)":"[^"]*",?`)

// same reports whether two refusals cannot be told apart.
func same(a, b answer) bool {
	head := func(h http.Header) http.Header {
		h = maps.Clone(h)
		for _, name := range []string{"Date", "X-Request-Id"} {
			h.Del(name)
		}
		return h
	}
	return a.status == b.status && varying.ReplaceAllString(a.raw, "") == varying.ReplaceAllString(b.raw, "") &&
		maps.EqualFunc(head(a.header), head(b.header), slices.Equal[[]string])
}
