package customer

import (
	"context"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/offboard"
	"igny8/internal/site"
	"igny8/internal/team"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// Deps are the services whose pages these are.
type Deps struct {
	Account  *account.Service
	Auth     *auth.Service
	Billing  *billing.Service
	Catalog  *catalog.Service
	Site     *site.Service
	Offboard *offboard.Service
	Team     *team.Service
}

type handler struct {
	Deps
	c *console.Console
}

// Register adds the pages.
func Register(c *console.Console, d Deps) {
	h := handler{d, c}
	c.Nav(view.Customer, h.nav)
	c.Places(h.places)
	at := func(method, path string, perm igny8.Permission, need account.Need, f console.Handler) {
		c.Customer(method+" /app/{account}"+path, perm, need, f)
	}
	at("GET", "", igny8.PermRead, account.NeedNone, h.home)
	at("GET", "/billing", igny8.PermBillingRead, account.NeedBilling, h.billing)
	at("GET", "/billing/invoices/{id}", igny8.PermBillingRead, account.NeedBilling, h.invoice)
	at("POST", "/billing/payments/{id}/withdraw", igny8.PermBillingManage, account.NeedBilling, h.withdraw)
	at("GET", "/credits", igny8.PermRead, account.NeedRead, h.credits)
	at("GET", "/credits.csv", igny8.PermRead, account.NeedRead, h.creditsCSV)
	at("GET", "/sites", igny8.PermRead, account.NeedRead, h.sites)
	at("POST", "/sites", igny8.PermSiteWrite, account.NeedWork, h.addSite)
	at("GET", "/sites/{id}", igny8.PermRead, account.NeedRead, h.site)
	at("POST", "/sites/{id}", igny8.PermSiteWrite, account.NeedWork, h.changeSite)
	at("POST", "/sites/{id}/sectors", igny8.PermSiteWrite, account.NeedWork, h.setSectors)
	at("POST", "/sites/{id}/delete", igny8.PermSiteDelete, account.NeedWork, h.deleteSite)
	at("GET", "/notices", igny8.PermRead, account.NeedOwn, h.notices)
	at("POST", "/notices", igny8.PermSelf, account.NeedOwn, h.seeNotices)
	at("GET", "/settings", igny8.PermSelf, account.NeedNone, h.you)
	at("POST", "/settings", igny8.PermSelf, account.NeedNone, h.changeYou)
	at("GET", "/settings/account", igny8.PermAccountManage, account.NeedBilling, h.accountSettings)
	at("POST", "/settings/account", igny8.PermAccountManage, account.NeedBilling, h.changeAccount)
	at("GET", "/settings/billing", igny8.PermAccountManage, account.NeedBilling, h.billingSettings)
	at("POST", "/settings/billing", igny8.PermAccountManage, account.NeedBilling, h.changeBilling)
	at("GET", "/team", igny8.PermSelf, account.NeedOwn, h.team)
	at("POST", "/team/leave", igny8.PermSelf, account.NeedOwn, h.leave)
	at("POST", "/team/invitations", igny8.PermAccountManage, account.NeedWork, h.invite)
	at("POST", "/team/invitations/{id}/resend", igny8.PermAccountManage, account.NeedWork, h.resendInvitation)
	at("POST", "/team/invitations/{id}/revoke", igny8.PermAccountManage, account.NeedWork, h.revokeInvitation)
	at("GET", "/team/members/{id}", igny8.PermAccountManage, account.NeedBilling, h.member)
	at("POST", "/team/members/{id}", igny8.PermAccountManage, account.NeedWork, h.changeMember)
	at("POST", "/team/members/{id}/remove", igny8.PermAccountManage, account.NeedWork, h.removeMember)
	at("POST", "/team/ownership", igny8.PermAccountClose, account.NeedBilling, h.offerOwnership)
	at("POST", "/team/ownership/cancel", igny8.PermAccountClose, account.NeedBilling, h.cancelOwnership)
	at("GET", "/ownership/{token}", igny8.PermSelf, account.NeedOwn, h.ownership)
	at("POST", "/ownership/{token}", igny8.PermSelf, account.NeedOwn, h.takeOwnership)
	at("GET", "/close", igny8.PermAccountManage, account.NeedBilling, h.closing)
	at("POST", "/close", igny8.PermAccountClose, account.NeedBilling, h.close)
	at("POST", "/close/reopen", igny8.PermAccountClose, account.NeedBilling, h.reopen)
	at("GET", "/export.zip", igny8.PermAccountManage, account.NeedBilling, h.export)
	at("GET", "/developers", igny8.PermAccountManage, account.NeedBilling, h.developers)
	at("POST", "/developers", igny8.PermAccountManage, account.NeedWork, h.addKey)
	at("POST", "/developers/{id}/rotate", igny8.PermAccountManage, account.NeedWork, h.rotateKey)
	at("POST", "/developers/{id}/revoke", igny8.PermAccountManage, account.NeedBilling, h.revokeKey)
	at("GET", "/audit", igny8.PermBillingRead, account.NeedBilling, h.audit)
	at("GET", "/audit.csv", igny8.PermBillingRead, account.NeedBilling, h.auditCSV)
}

// nav is the navigation of customers: what their role may open, with the number of
// notices that they have not read.
func (h handler) nav(ctx context.Context, r *console.Request) []view.NavItem {
	item := func(key, icon string) view.NavItem {
		return view.NavItem{Key: key, Href: r.Here(key), Label: text.T(ctx, "app."+key), Icon: icon}
	}
	notices := item("notices", "bell")
	if unread, err := h.Account.Unread(ctx, r.Actor); err == nil { // a page is worth more than its count
		notices.Count = int64(len(unread))
	}
	items := []view.NavItem{{Key: "home", Href: r.Here(), Label: text.T(ctx, "app.home"), Icon: "home"}, notices, item("sites", "globe"), item("credits", "coins")}
	if r.Actor.Can(igny8.PermBillingRead) {
		items = append(items, item("billing", "card"), item("audit", "clock"))
	}
	if r.Actor.Can(igny8.PermAccountManage) {
		items = append(items, item("team", "users"))
		items = append(items, item("developers", "code"))
	}
	if r.Actor.Can(igny8.PermSelf) {
		items = append(items, item("settings", "settings"), item("security", "lock"))
	}
	return items
}

// may reports whether the actor's role and account allow something, to leave out
// what would be refused.
func may(r *console.Request, perm igny8.Permission, need account.Need) bool {
	return account.Admit(r.Actor, perm, need) == nil
}

// when writes an instant in the account's time zone.
func when(ctx context.Context, r *console.Request, at time.Time) string {
	return view.FormatTime(ctx, at.In(view.Zone(r.Account.TimeZone)))
}
