package public

import (
	"context"

	"igny8/internal/web/console/text"
)

// logins are those of the demonstration that work on the page.
func (h handler) logins(staff bool) (out []Login) {
	for _, l := range h.Logins {
		if l.Staff == staff {
			out = append(out, l)
		}
	}
	return out
}

func loginTitle(ctx context.Context, staff bool) string {
	if staff {
		return text.T(ctx, "login.staff")
	}
	return text.T(ctx, "login.title")
}

func loginAction(staff bool) string {
	if staff {
		return "/staff/login"
	}
	return "/login"
}
