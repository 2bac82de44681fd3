package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/desk"
)

// RegisterStaff adds the platform's staff and what each of them may do.
func RegisterStaff(a *API, d *desk.Service, s *account.Service) {
	h := staffHandler{d, s}
	route := func(method, path, id, summary, doc string, status int) Route {
		return Route{Method: method, Path: "/admin/staff" + path, ID: id, Summary: summary, Doc: doc, Tag: "Staff: staff",
			Perm: igny8.PermPlatform, Need: account.NeedNone, Status: status}
	}
	Register(a, route(http.MethodGet, "", "listStaff", "List the platform's staff", "Those that are disabled too.", 0), h.list)
	Register(a, route(http.MethodPost, "", "createStaff", "Make a staff user", "Nobody gives a permission that they lack.", 201), h.create)
	Register(a, route(http.MethodGet, "/{id}", "getStaff", "Read a staff user", "Their permissions, and whether they are disabled.", 0), h.get)
	Register(a, route(http.MethodPatch, "/{id}", "updateStaff", "Change what a staff user may, disable or enable them",
		"Who is disabled is logged out everywhere. The last one with the permission platform keeps it.", 0), h.update)
}

type staffHandler struct {
	desk    *desk.Service
	account *account.Service
}

// StaffBody is a staff user.
type StaffBody struct {
	ID          igny8.UserID       `json:"id"`
	Email       string             `json:"email"`
	Status      string             `json:"status" enum:"active,disabled"`
	Permissions []igny8.Permission `json:"permissions" enum:"platform.payments,platform.catalogue,platform.accounts,platform"`
	CreatedAt   time.Time          `json:"created_at"`
}

func staffBody(u account.User) StaffBody {
	return StaffBody{u.ID, u.Email, u.Status, account.Granted(u), u.CreatedAt.UTC()}
}

func (h staffHandler) list(ctx context.Context, in *ListInput) (*ListOutput[StaffBody], error) {
	list, err := h.account.Staff(ctx)
	if err != nil {
		return nil, err
	}
	return Cut(ctx, *in, list, func(u account.User) string { return u.ID.String() }, staffBody)
}

func (h staffHandler) get(ctx context.Context, in *ByID[igny8.UserID]) (*Out[StaffBody], error) {
	list, err := h.account.Staff(ctx)
	return find(list, err, func(u account.User) bool { return u.ID == in.ID }, staffBody)
}

// StaffInput is a staff user to be made.
type StaffInput struct {
	Email       string             `json:"email" maxLength:"320" example:"clerk@example.com"`
	Password    string             `json:"password" maxLength:"1000" doc:"10 to 128 characters, not a common one."`
	Permissions []igny8.Permission `json:"permissions" minItems:"1" enum:"platform.payments,platform.catalogue,platform.accounts,platform"`
}

// Resolve refuses a permission that is named twice.
func (in StaffInput) Resolve(huma.Context) []error { return once("body.permissions", in.Permissions) }

func (h staffHandler) create(ctx context.Context, in *In[StaffInput]) (*Created[StaffBody], error) {
	u, err := h.desk.AddStaff(RenderWith(ctx, madeStaff), ActorFrom(ctx), desk.NewStaff{Email: in.Body.Email, Password: in.Body.Password, Permissions: in.Body.Permissions})
	if err != nil {
		return nil, err
	}
	return madeStaff(u), nil
}

func madeStaff(u account.User) *Created[StaffBody] {
	return &Created[StaffBody]{Location: Prefix + "/admin/staff/" + u.ID.String(), Body: staffBody(u)}
}

// StaffPatchInput names what changes.
type StaffPatchInput struct {
	Permissions *[]igny8.Permission `json:"permissions,omitempty" minItems:"1" enum:"platform.payments,platform.catalogue,platform.accounts,platform"`
	Status      *string             `json:"status,omitempty" enum:"active,disabled"`
}

// Resolve refuses a permission that is named twice.
func (in StaffPatchInput) Resolve(huma.Context) []error {
	return once("body.permissions", value(in.Permissions))
}

func (h staffHandler) update(ctx context.Context, in *ByIDMatchIn[igny8.UserID, StaffPatchInput]) (*Out[StaffBody], error) {
	u, err := h.desk.ChangeStaff(expect(ctx, in.IfMatch, staffBody), ActorFrom(ctx), in.ID, desk.StaffPatch{Permissions: in.Body.Permissions, Status: in.Body.Status})
	if err != nil {
		return nil, err
	}
	return OK(staffBody(u)), nil
}
