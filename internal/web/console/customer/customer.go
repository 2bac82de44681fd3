package customer

import (
	"context"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// Deps are the services whose pages these are.
type Deps struct{}

type handler struct{ Deps }

// Register adds the pages.
func Register(c *console.Console, d Deps) {
	h := handler{d}
	c.Nav(view.Customer, nav)
	c.Customer("GET /app/{account}", igny8.PermSelf, account.NeedNone, h.home)
}

// nav is the navigation of customers.
func nav(ctx context.Context, r *console.Request) []view.NavItem {
	return []view.NavItem{{Key: "home", Href: r.Here(), Label: text.T(ctx, "app.home"), Icon: "home"}}
}

func (h handler) home(ctx context.Context, r *console.Request) (console.Response, error) {
	return console.Page(text.T(ctx, "app.home"), "home", homePage(r.Account.Name)), nil
}
