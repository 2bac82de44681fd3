package public

import (
	"context"

	"igny8/internal/web/console/text"
)

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
