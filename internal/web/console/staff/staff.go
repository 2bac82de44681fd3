package staff

import (
	"context"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/config"
	"igny8/internal/desk"
	"igny8/internal/doctor"
	"igny8/internal/input"
	"igny8/internal/ops"
	"igny8/internal/search"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// Deps are the services whose pages these are.
type Deps struct {
	Hold     time.Duration // how long an approval may be undone
	Target   time.Duration // within which staff mean to decide
	Demo     bool          // the demonstration: nothing needs to be set up
	Settings []config.Setting
	Account  *account.Service
	Auth     *auth.Service
	Billing  *billing.Service
	Catalog  *catalog.Service
	Desk     *desk.Service
	Search   *search.Service
	Ops      *ops.Service
	Doctor   func(context.Context) (doctor.Report, error)
}

type handler struct {
	Deps
	c *console.Console
}

// Register adds the pages.
func Register(c *console.Console, d Deps) {
	h := handler{d, c}
	c.Nav(view.Staff, nav)
	c.Public("GET /setup/{token}", h.setup)
	c.Public("POST /setup/{token}", h.setUp)
	c.Staff("GET /staff", igny8.PermSelf, h.start)
	c.Staff("GET /staff/payments/{id}", igny8.PermPayments, h.payment)
	c.Staff("GET /staff/payments/{id}/proofs/{n}", igny8.PermPayments, h.proof)
	c.Staff("POST /staff/payments/{id}/approve", igny8.PermPayments, h.approve)
	c.Staff("POST /staff/payments/{id}/reject", igny8.PermPayments, h.reject)
	c.Staff("GET /staff/payments/{id}/refusal", igny8.PermPayments, h.refusal)
	c.Staff("POST /staff/payments/{id}/undo", igny8.PermPayments, h.undo)
	c.Staff("GET /staff/payments/{id}/live", igny8.PermPayments, h.paymentNews)
	c.Staff("GET /staff/payments/{id}/proofs/{n}/page", igny8.PermPayments, h.proofPage)
	c.Staff("GET /staff/bulk", igny8.PermPayments, h.bulk)
	c.Staff("POST /staff/bulk", igny8.PermPayments, h.bulkApprove)
	c.Staff("GET /staff/search", igny8.PermAccounts, h.find)
	c.Staff("GET /staff/accounts", igny8.PermAccounts, h.accounts)
	c.Staff("GET /staff/accounts/{id}", igny8.PermAccounts, h.account)
	c.Staff("POST /staff/accounts/{id}/{act}", igny8.PermAccounts, h.do)
	c.Customer("POST /app/{account}/look/end", igny8.PermRead, account.NeedNone, h.endLook)
	c.Staff("GET /staff/accounts/{id}/{act}/effects", igny8.PermAccounts, h.effects)
	c.Staff("GET /staff/suspicious", igny8.PermAccounts, h.suspicious)
	c.Staff("GET /staff/audit", igny8.PermPlatform, h.audit)
	c.Staff("GET /staff/catalogue", igny8.PermCatalogue, h.catalogue)
	c.Staff("GET /staff/health", igny8.PermPlatform, h.health)
	c.Staff("POST /staff/jobs/{id}/retry", igny8.PermPlatform, h.retry)
	c.Staff("GET /staff/users", igny8.PermPlatform, h.users)
	c.Staff("POST /staff/users", igny8.PermPlatform, h.addUser)
	c.Staff("GET /staff/users/{id}", igny8.PermPlatform, h.user)
	c.Staff("POST /staff/users/{id}", igny8.PermPlatform, h.changeUser)
	c.Staff("GET /staff/settings", igny8.PermPlatform, h.settings)
	c.Staff("POST /staff/settings/test-letter", igny8.PermPlatform, h.testLetter)
	c.Staff("POST /staff/checklist", igny8.PermPayments, h.checklist)
}

// nav is the navigation of staff: what the reader may open.
func nav(ctx context.Context, r *console.Request) (items []view.NavItem) {
	add := func(perm igny8.Permission, key, href, icon string) {
		if r.Actor.Can(perm) {
			items = append(items, view.NavItem{Key: key, Href: href, Label: text.T(ctx, "staff."+key), Icon: icon})
		}
	}
	add(igny8.PermPayments, "queue", "/staff", "list")
	add(igny8.PermAccounts, "accounts", "/staff/accounts", "users")
	add(igny8.PermAccounts, "search", "/staff/search", "search")
	add(igny8.PermAccounts, "suspicious", "/staff/suspicious", "warn")
	add(igny8.PermCatalogue, "catalogue", "/staff/catalogue", "tag")
	add(igny8.PermPlatform, "users", "/staff/users", "shield")
	add(igny8.PermPlatform, "audit", "/staff/audit", "clock")
	add(igny8.PermPlatform, "health", "/staff/health", "pulse")
	add(igny8.PermPlatform, "settings", "/staff/settings", "settings")
	add(igny8.PermSelf, "security", "/staff/security", "lock")
	return items
}

// amount reads what staff type, "24,742.00", in minor units; nil error and 0 for
// an empty field. expected is what the form began with.
func amount(typed string, expected igny8.Money) (int64, error) {
	switch typed {
	case "":
		return 0, nil
	case expected.Amount():
		return expected.Minor, nil
	}
	minor, as := input.Amount(typed, expected.Currency)
	switch {
	case as == input.Ambiguous:
		return 0, igny8.InvalidField("received", "amount_ambiguous", "This can be read in two ways; write it without marks between the thousands, such as 1234.500.")
	case as != input.Read || minor == 0:
		return 0, igny8.InvalidField("received", "invalid_amount", "Write the amount as on the statement, such as 24742.00.")
	}
	return minor, nil
}
