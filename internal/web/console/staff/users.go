package staff

import (
	"context"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/desk"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// start is where staff begin: the queue, or for who approves nothing the first
// page that they may open.
func (h handler) start(ctx context.Context, r *console.Request) (console.Response, error) {
	if r.Actor.Can(igny8.PermPayments) {
		return h.queue(ctx, r)
	}
	return console.SeeOther(nav(ctx, r)[0].Href), nil
}

// roster is the page of the platform's staff.
type roster struct {
	users []account.User
	me    igny8.UserID
	form  view.Form
	give  []igny8.Permission // what the reader can give
}

func (h handler) users(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showUsers(ctx, r, view.Form{})
}

func (h handler) showUsers(ctx context.Context, r *console.Request, f view.Form) (console.Response, error) {
	list, err := h.Account.Staff(ctx)
	if err != nil {
		return console.Response{}, err
	}
	page := roster{users: list, me: r.Actor.User, form: f, give: grantable(r.Actor)}
	return console.Page(text.T(ctx, "staff.users"), "users", usersPage(page)).Showing(f), nil
}

// grantable is what somebody can give to others: what they have.
func grantable(actor igny8.Actor) []igny8.Permission {
	return slices.DeleteFunc(igny8.StaffPermissions(), func(p igny8.Permission) bool { return !actor.Can(p) })
}

// ticked are the permissions that the form names.
func ticked(r *console.Request) (out []igny8.Permission) {
	for _, p := range igny8.StaffPermissions() {
		if r.Value(field(p)) == "on" {
			out = append(out, p)
		}
	}
	return out
}

// field is the name of a permission's box.
func field(p igny8.Permission) string { return strings.ReplaceAll(string(p), ".", "_") }

func (h handler) addUser(ctx context.Context, r *console.Request) (console.Response, error) {
	_, err := h.Desk.AddStaff(ctx, r.Actor, desk.NewStaff{Email: r.Value("email"), Password: r.Raw("password"), Permissions: ticked(r)})
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		return h.showUsers(ctx, r, f.Rename("permissions", field(igny8.PermPayments)))
	}
	if err != nil {
		return console.Response{}, err
	}
	return console.SeeOther("/staff/users").Saying("staff_added"), nil
}

// colleague is the page of one staff user.
type colleague struct {
	user account.User
	me   bool
	form view.Form
	may  []igny8.Permission // that can be ticked: what the reader has, and what they have already
}

func (h handler) user(ctx context.Context, r *console.Request) (console.Response, error) {
	u, err := h.colleague(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	var pairs []string
	for _, p := range account.Granted(u) {
		pairs = append(pairs, field(p), "on")
	}
	return showUser(ctx, r, u, view.Filled(pairs...)), nil
}

func (h handler) colleague(ctx context.Context, r *console.Request) (u account.User, err error) {
	id, err := console.PathID[igny8.UserID](r, "id")
	if err != nil {
		return u, err
	}
	list, err := h.Account.Staff(ctx)
	if err != nil {
		return u, err
	}
	at := slices.IndexFunc(list, func(one account.User) bool { return one.ID == id })
	if at < 0 {
		return u, igny8.ErrNotFound
	}
	return list[at], nil
}

func showUser(ctx context.Context, r *console.Request, u account.User, f view.Form) console.Response {
	c := colleague{user: u, me: u.ID == r.Actor.User, form: f}
	for _, p := range igny8.StaffPermissions() {
		if r.Actor.Can(p) || slices.Contains(account.Granted(u), p) {
			c.may = append(c.may, p)
		}
	}
	return console.Page(u.Email, "users", userPage(c)).Showing(f)
}

// changeUser gives a staff user the ticked permissions, or the status that a
// button names.
func (h handler) changeUser(ctx context.Context, r *console.Request) (console.Response, error) {
	u, err := h.colleague(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	var patch desk.StaffPatch
	if status := r.Value("status"); status != "" {
		patch.Status = &status
	} else {
		permissions := ticked(r)
		patch.Permissions = &permissions
	}
	_, err = h.Desk.ChangeStaff(ctx, r.Actor, u.ID, patch)
	if f, ok := r.Refused(ctx, err); ok && err != nil {
		return showUser(ctx, r, u, f.Rename("permissions", field(igny8.PermPayments))), nil
	}
	if err != nil {
		return console.Response{}, err
	}
	return console.SeeOther("/staff/users").Saying("staff_changed"), nil
}
