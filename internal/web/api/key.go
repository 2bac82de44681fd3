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

// RegisterKeys adds the keys by which programs use the API.
func RegisterKeys(a *API, s *auth.Service) {
	h := keyHandler{s}
	route := func(method, path, id, summary, doc string, need account.Need, status int) Route {
		return Route{Method: method, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "API keys", Perm: igny8.PermAccountManage, Need: need, Status: status}
	}
	once := "The secret is in this answer and nowhere else. "
	Register(a, route(http.MethodGet, "/account/api-keys", "listAPIKeys", "List the account's API keys", "Those that ended too, newest first; never their secrets.", account.NeedBilling, 0), h.list)
	Register(a, route(http.MethodPost, "/account/api-keys", "createAPIKey", "Make an API key",
		once+"A key is a service account: it reads sites, content and credits, writes content, reads the account, reads and pays invoices, as far as its scopes go, and passes the account's gate as people do.", account.NeedWork, 201), h.create)
	Register(a, route(http.MethodGet, "/account/api-keys/{id}", "getAPIKey", "Read an API key", "One that ended too; never its secret.", account.NeedBilling, 0), h.get)
	Register(a, route(http.MethodPost, "/account/api-keys/{id}/rotate", "rotateAPIKey", "Replace an API key by one like it",
		once+"The old key works on for the overlap.", account.NeedWork, 201), h.rotate)
	Register(a, route(http.MethodDelete, "/account/api-keys/{id}", "revokeAPIKey", "End an API key at once", "The next request with it is 401.", account.NeedBilling, 0), h.revoke)
	Register(a, route(http.MethodPost, "/sites/{id}/api-key", "createSiteAPIKey", "Make an API key for one site", once+"It reaches no other site of the account.", account.NeedWork, 201), h.site)
}

type keyHandler struct{ s *auth.Service }

// APIKeyBody is an API key, without its secret.
type APIKeyBody struct {
	ID         igny8.APIKeyID     `json:"id"`
	Name       string             `json:"name"`
	Start      string             `json:"start" doc:"The first characters of the secret, to recognise it by." example:"igny8_live_Zk3xQ0"`
	Scopes     []igny8.Permission `json:"scopes" enum:"read,content.write,account.read,billing.read,billing.write"`
	Site       *igny8.SiteID      `json:"site" doc:"The only site it reaches; null for all."`
	Networks   []string           `json:"networks" doc:"The only networks it is taken from; empty for everywhere."`
	CreatedBy  string             `json:"created_by"`
	CreatedAt  time.Time          `json:"created_at"`
	ExpiresAt  *time.Time         `json:"expires_at"`
	LastUsedAt *time.Time         `json:"last_used_at" doc:"To the minute."`
	RevokedAt  *time.Time         `json:"revoked_at"`
}

func apiKeyBody(k auth.AccessKey) APIKeyBody {
	b := APIKeyBody{ID: k.ID, Name: k.Name, Start: k.Start, Scopes: []igny8.Permission{}, Networks: strings.Fields(k.Networks), CreatedBy: k.CreatedEmail,
		CreatedAt: k.CreatedAt.UTC(), ExpiresAt: utc(k.ExpiresAt), LastUsedAt: utc(k.LastUsedAt), RevokedAt: utc(k.RevokedAt)}
	for scope := range strings.FieldsSeq(k.Scopes) {
		b.Scopes = append(b.Scopes, igny8.Permission(scope))
	}
	if !k.SiteID.IsZero() {
		b.Site = &k.SiteID
	}
	return b
}

// NewAPIKeyBody is a key that was just made.
type NewAPIKeyBody struct {
	APIKeyBody
	Secret string `json:"secret" doc:"Send it as Authorization: Bearer. It is shown this once."`
}

func newKeyBody(n auth.NewSecret) *Created[NewAPIKeyBody] {
	return &Created[NewAPIKeyBody]{Location: Prefix + "/account/api-keys/" + n.Key.ID.String(), Body: NewAPIKeyBody{apiKeyBody(n.Key), n.Secret}}
}

func (h keyHandler) list(ctx context.Context, in *ListInput) (*ListOutput[APIKeyBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Keys(ctx, ActorFrom(ctx), p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, apiKeyBody), nil
}

func (h keyHandler) get(ctx context.Context, in *ByID[igny8.APIKeyID]) (*Out[APIKeyBody], error) {
	k, err := h.s.Key(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return OK(apiKeyBody(k)), nil
}

// APIKeyInput says what a key is to be like.
type APIKeyInput struct {
	Name      string             `json:"name" maxLength:"100" example:"WordPress plugin"`
	Scopes    []igny8.Permission `json:"scopes,omitempty" minItems:"1" enum:"read,content.write,account.read,billing.read,billing.write" doc:"Without them, read and content.write. billing.write (pay invoices) brings billing.read (invoices, payments, the audit log) with it."`
	Site      *igny8.SiteID      `json:"site,omitempty" doc:"The only site it reaches."`
	Networks  []string           `json:"networks,omitempty" maxItems:"20" doc:"The only addresses or networks (CIDR) it is taken from."`
	ExpiresAt *time.Time         `json:"expires_at,omitempty"`
}

func (in APIKeyInput) key() auth.NewAPIKey {
	k := auth.NewAPIKey{Name: in.Name, Scopes: in.Scopes, Networks: in.Networks, Expires: in.ExpiresAt}
	if in.Site != nil {
		k.Site = *in.Site
	}
	return k
}

func (h keyHandler) create(ctx context.Context, in *In[APIKeyInput]) (*Created[NewAPIKeyBody], error) {
	out, err := h.s.CreateKey(RenderWith(ctx, newKeyBody), ActorFrom(ctx), in.Body.key())
	if err != nil {
		return nil, err
	}
	return newKeyBody(out), nil
}

// RotateInput says how long the old key works on.
type RotateInput struct {
	OverlapHours int `json:"overlap_hours" minimum:"0" maximum:"168" example:"24"`
}

func (h keyHandler) rotate(ctx context.Context, in *ByIDIn[igny8.APIKeyID, RotateInput]) (*Created[NewAPIKeyBody], error) {
	out, err := h.s.RotateKey(RenderWith(ctx, newKeyBody), ActorFrom(ctx), in.ID, time.Duration(in.Body.OverlapHours)*time.Hour)
	if err != nil {
		return nil, err
	}
	return newKeyBody(out), nil
}

func (h keyHandler) revoke(ctx context.Context, in *ByIDMatch[igny8.APIKeyID]) (*struct{}, error) {
	return nil, h.s.RevokeKey(expect(ctx, in.IfMatch, apiKeyBody), ActorFrom(ctx), in.ID)
}

// SiteKeyInput names a site's key.
type SiteKeyInput struct {
	Name string `json:"name" maxLength:"100" example:"WordPress plugin"`
}

func (h keyHandler) site(ctx context.Context, in *ByIDIn[igny8.SiteID, SiteKeyInput]) (*Created[NewAPIKeyBody], error) {
	out, err := h.s.CreateKey(RenderWith(ctx, newKeyBody), ActorFrom(ctx), auth.NewAPIKey{Name: in.Body.Name, Site: in.ID})
	if err != nil {
		return nil, err
	}
	return newKeyBody(out), nil
}
