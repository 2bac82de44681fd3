package staff

import (
	"context"
	"strings"
	"time"

	"igny8"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/config"
	"igny8/internal/doctor"
	"igny8/internal/ops"
	"igny8/internal/search"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// Deps are the services whose pages these are.
type Deps struct {
	Hold     time.Duration // how long an approval may be undone
	Demo     bool          // the demonstration: nothing needs to be set up
	Settings []config.Setting
	Auth     *auth.Service
	Billing  *billing.Service
	Catalog  *catalog.Service
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
	c.Staff("GET /staff", h.queue)
	c.Staff("GET /staff/payments/{id}", h.payment)
	c.Staff("GET /staff/payments/{id}/proofs/{n}", h.proof)
	c.Staff("POST /staff/payments/{id}/approve", h.approve)
	c.Staff("POST /staff/payments/{id}/reject", h.reject)
	c.Staff("GET /staff/payments/{id}/refusal", h.refusal)
	c.Staff("POST /staff/payments/{id}/undo", h.undo)
	c.Staff("GET /staff/payments/{id}/live", h.paymentNews)
	c.Staff("GET /staff/payments/{id}/proofs/{n}/page", h.proofPage)
	c.Staff("GET /staff/bulk", h.bulk)
	c.Staff("POST /staff/bulk", h.bulkApprove)
	c.Staff("GET /staff/search", h.find)
	c.Staff("GET /staff/accounts", h.accounts)
	c.Staff("GET /staff/accounts/{id}", h.account)
	c.Staff("GET /staff/audit", h.audit)
	c.Staff("GET /staff/catalogue", h.catalogue)
	c.Staff("GET /staff/health", h.health)
	c.Staff("POST /staff/jobs/{id}/retry", h.retry)
	c.Staff("GET /staff/settings", h.settings)
	c.Staff("POST /staff/settings/test-letter", h.testLetter)
	c.Staff("POST /staff/checklist", h.checklist)
}

// nav is the navigation of staff.
func nav(ctx context.Context, _ *console.Request) []view.NavItem {
	item := func(key, href, icon string) view.NavItem {
		return view.NavItem{Key: key, Href: href, Label: text.T(ctx, "staff."+key), Icon: icon}
	}
	return []view.NavItem{item("queue", "/staff", "list"), item("accounts", "/staff/accounts", "users"),
		item("search", "/staff/search", "search"), item("catalogue", "/staff/catalogue", "tag"),
		item("audit", "/staff/audit", "clock"), item("health", "/staff/health", "pulse"),
		item("settings", "/staff/settings", "settings")}
}

// amount reads what staff type, "24,742.00", in minor units; nil error and 0 for
// an empty field.
func amount(typed string, currency string) (int64, error) {
	typed = strings.NewReplacer(",", "", " ", "").Replace(typed)
	if typed == "" {
		return 0, nil
	}
	m, err := igny8.ParseAmount(typed, igny8.Currency(currency))
	if err != nil || m.Minor == 0 {
		return 0, igny8.InvalidField("received", "invalid_amount", "Write the amount as on the statement, such as 24742.00.")
	}
	return m.Minor, nil
}
