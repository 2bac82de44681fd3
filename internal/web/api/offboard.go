package api

import (
	"context"
	"net/http"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/offboard"
)

// RegisterOffboard adds what a customer needs to leave.
func RegisterOffboard(a *API, s *offboard.Service) {
	h := offboardHandler{s}
	route := func(method, path, id, summary, doc string, perm igny8.Permission) Route {
		return Route{Method: method, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Account", Perm: perm, Need: account.NeedBilling}
	}
	export := route(http.MethodGet, "/account/export", "exportAccount", "Save everything of the account as a ZIP archive", "Also of an account that is closed or expired.", igny8.PermAccountManage)
	export.Produces = "application/zip"
	Register(a, export, h.export)
	closing := route(http.MethodPost, "/account/close", "closeAccount", "Close the account",
		"Subscription and unpaid invoices end, keys and invitations too. It can be read, exported and opened again for 30 days; then it is erased, but for what the law asks to keep.", igny8.PermAccountClose)
	closing.Status = http.StatusOK
	Register(a, closing, h.close)
	reopen := route(http.MethodPost, "/account/reopen", "reopenAccount", "Take the closing of the account back", "Within 30 days.", igny8.PermAccountClose)
	reopen.Status = http.StatusOK
	Register(a, reopen, h.reopen)
}

type offboardHandler struct{ s *offboard.Service }

func (h offboardHandler) export(ctx context.Context, _ *struct{}) (*FileOut, error) {
	data, err := h.s.Export(ctx, ActorFrom(ctx))
	return &FileOut{ContentType: "application/zip", Disposition: `attachment; filename="igny8-export.zip"`, Body: data}, err
}

// CloseInput confirms who closes the account.
type CloseInput struct {
	Password string `json:"password" maxLength:"1000" doc:"Yours, once more."`
}

func (h offboardHandler) close(ctx context.Context, in *In[CloseInput]) (*Out[AccountBody], error) {
	a, err := h.s.Close(ctx, ActorFrom(ctx), in.Body.Password)
	return OK(accountBody(a)), err
}

func (h offboardHandler) reopen(ctx context.Context, _ *struct{}) (*Out[AccountBody], error) {
	a, err := h.s.Reopen(ctx, ActorFrom(ctx))
	return OK(accountBody(a)), err
}
