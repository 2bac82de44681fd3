package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
)

// RegisterStaffKeys adds the keys by which programs of staff use the API: a bank's script
// that approves, a report.
func RegisterStaffKeys(a *API, s *auth.Service) {
	h := staffKeyHandler{s}
	route := func(method, path, id, summary, doc string, status int) Route {
		return Route{Method: method, Path: "/admin/api-keys" + path, ID: id, Summary: summary, Doc: doc, Tag: "Staff: API keys",
			Perm: igny8.PermStaff, Need: account.NeedNone, Status: status}
	}
	Register(a, route(http.MethodGet, "", "listStaffAPIKeys", "List your API keys", "Those that ended too, newest first; never their secrets.", 0), h.list)
	Register(a, route(http.MethodPost, "", "createStaffAPIKey", "Make an API key of yours",
		"The secret is in this answer and nowhere else. The key acts as you, within its scopes, and ends with your access; what it does is written down as yours, and it is no second person beside you.", 201), h.create)
	Register(a, route(http.MethodGet, "/{id}", "getStaffAPIKey", "Read one of your API keys", "One that ended too; never its secret.", 0), h.get)
	Register(a, route(http.MethodDelete, "/{id}", "revokeStaffAPIKey", "End one of your API keys at once", "The next request with it is 401.", 0), h.revoke)
}

type staffKeyHandler struct{ s *auth.Service }

// StaffAPIKeyBody is an API key of a member of staff, without its secret.
type StaffAPIKeyBody struct {
	ID         igny8.APIKeyID     `json:"id"`
	Name       string             `json:"name" doc:"What it is called." example:"Bank import"`
	Start      string             `json:"start" doc:"The first characters of the secret, to recognise it by." example:"igny8_staff_Zk3xQ0"`
	Scopes     []igny8.Permission `json:"scopes" enum:"platform.payments,platform.catalogue,platform.accounts,platform" example:"[\"platform.payments\"]" doc:"What it may, as far as its person may."`
	Networks   []string           `json:"networks" doc:"The only networks it is taken from; empty for everywhere."`
	CreatedAt  time.Time          `json:"created_at" doc:"When it was made."`
	ExpiresAt  *time.Time         `json:"expires_at" doc:"When it ends by itself; null for never."`
	LastUsedAt *time.Time         `json:"last_used_at" doc:"To the minute; null when it was never used."`
	RevokedAt  *time.Time         `json:"revoked_at" doc:"When it was ended by hand; null when it was not."`
}

func staffKeyBody(k auth.StaffAccessKey) StaffAPIKeyBody {
	b := StaffAPIKeyBody{ID: k.ID, Name: k.Name, Start: k.Start, Scopes: []igny8.Permission{}, Networks: strings.Fields(k.Networks),
		CreatedAt: k.CreatedAt.UTC(), ExpiresAt: utc(k.ExpiresAt), LastUsedAt: utc(k.LastUsedAt), RevokedAt: utc(k.RevokedAt)}
	for scope := range strings.FieldsSeq(k.Scopes) {
		b.Scopes = append(b.Scopes, igny8.Permission(scope))
	}
	return b
}

// NewStaffAPIKeyBody is a staff key that was just made.
type NewStaffAPIKeyBody struct {
	StaffAPIKeyBody
	Secret string `json:"secret" doc:"Send it as Authorization: Bearer. It is shown this once."`
}

// StaffAPIKeyInput says what a staff key is to be like.
type StaffAPIKeyInput struct {
	Name      string             `json:"name" maxLength:"100" doc:"The program that uses it." example:"Bank import"`
	Password  string             `json:"password" maxLength:"1000" doc:"Your own." example:"correct-horse-battery-9"`
	Scopes    []igny8.Permission `json:"scopes,omitempty" minItems:"1" enum:"platform.payments,platform.catalogue,platform.accounts,platform" example:"[\"platform.payments\"]" doc:"Of what you may yourself; without them, all of it."`
	Networks  []string           `json:"networks,omitempty" maxItems:"20" doc:"The only addresses or networks (CIDR) it is taken from."`
	ExpiresAt *time.Time         `json:"expires_at,omitempty" doc:"When it ends by itself; without it, never."`
}

func newStaffKey(n auth.NewStaffSecret) *Created[NewStaffAPIKeyBody] {
	return &Created[NewStaffAPIKeyBody]{Location: Prefix + "/admin/api-keys/" + n.Key.ID.String(), Body: NewStaffAPIKeyBody{staffKeyBody(n.Key), n.Secret}}
}

func (h staffKeyHandler) list(ctx context.Context, in *ListInput) (*ListOutput[StaffAPIKeyBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.StaffKeys(ctx, ActorFrom(ctx), p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, staffKeyBody), nil
}

func (h staffKeyHandler) create(ctx context.Context, in *In[StaffAPIKeyInput]) (*Created[NewStaffAPIKeyBody], error) {
	out, err := h.s.CreateStaffKey(RenderWith(ctx, newStaffKey), ActorFrom(ctx), in.Body.Password,
		auth.NewAPIKey{Name: in.Body.Name, Scopes: in.Body.Scopes, Networks: in.Body.Networks, Expires: in.Body.ExpiresAt})
	if err != nil {
		return nil, err
	}
	return newStaffKey(out), nil
}

func (h staffKeyHandler) get(ctx context.Context, in *ByID[igny8.APIKeyID]) (*Out[StaffAPIKeyBody], error) {
	k, err := h.s.StaffKey(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return OK(staffKeyBody(k)), nil
}

func (h staffKeyHandler) revoke(ctx context.Context, in *ByIDMatch[igny8.APIKeyID]) (*struct{}, error) {
	return nil, h.s.RevokeStaffKey(expect(ctx, in.IfMatch, staffKeyBody), ActorFrom(ctx), in.ID)
}
