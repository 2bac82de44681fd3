package staff

import (
	"context"

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
	c.Nav(view.Staff, nav)
	c.Staff("GET /staff", h.queue)
}

// nav is the navigation of staff.
func nav(ctx context.Context, _ *console.Request) []view.NavItem {
	return []view.NavItem{{Key: "queue", Href: "/staff", Label: text.T(ctx, "staff.queue"), Icon: "list"}}
}

func (h handler) queue(ctx context.Context, _ *console.Request) (console.Response, error) {
	return console.Page(text.T(ctx, "staff.queue"), "queue", queuePage()), nil
}
