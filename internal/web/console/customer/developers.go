package customer

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/site"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// keyring is what the page for developers shows.
type keyring struct {
	keys   []auth.AccessKey
	more   bool
	sites  []site.Site
	form   view.Form
	made   *auth.NewSecret // the key that was just made, with its secret
	mayAdd bool
	now    time.Time
	base   string // address of the API
}

// keyDays are the choices of how long a key lives; 0 is for ever.
var keyDays = []int{30, 90, 365, 0}

func (h handler) developers(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showKeys(ctx, r, keyring{form: view.Filled("days", "90", "read", "on", "write", "on")})
}

func (h handler) showKeys(ctx context.Context, r *console.Request, k keyring) (console.Response, error) {
	list, err := h.Auth.Keys(ctx, r.Actor, igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return console.Response{}, err
	}
	sites, err := h.Site.List(ctx, r.Actor, igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return console.Response{}, err
	}
	k.keys, k.more, k.sites, k.now, k.base = list.Items, list.More, sites.Items, h.c.Now(), h.c.Absolute("/api/v1")
	k.mayAdd = may(r, igny8.PermAccountManage, account.NeedWork)
	return console.Page(text.T(ctx, "app.developers"), "developers", developersPage(r, k)).Showing(k.form), nil
}

// keyScopes are the boxes of the form, with what they give.
var keyScopes = []struct {
	field string
	scope igny8.Permission
}{{"read", igny8.PermRead}, {"write", igny8.PermContentWrite}, {"account", igny8.PermAccountRead}, {"billing", igny8.PermBillingRead}, {"pay", igny8.PermBillingManage}}

// addKey shows the new key's secret in its answer, the only time that it is seen.
func (h handler) addKey(ctx context.Context, r *console.Request) (console.Response, error) {
	in := auth.NewAPIKey{Name: r.Value("name"), Networks: strings.FieldsFunc(r.Value("networks"), func(c rune) bool { return c == ',' || c == ' ' || c == '\n' || c == '\r' })}
	in.Scopes = []igny8.Permission{}
	for _, one := range keyScopes {
		if r.Value(one.field) == "on" {
			in.Scopes = append(in.Scopes, one.scope)
		}
	}
	if days, err := strconv.Atoi(r.Value("days")); err == nil && slices.Contains(keyDays, days) && days > 0 {
		until := h.c.Now().AddDate(0, 0, days)
		in.Expires = &until
	}
	if chosen := r.Value("site"); chosen != "" {
		id, err := igny8.ParseID[igny8.SiteID](chosen)
		if err != nil {
			return console.Response{}, igny8.ErrNotFound
		}
		in.Site = id
	}
	made, err := h.Auth.CreateKey(ctx, r.Actor, in)
	return h.madeKey(ctx, r, made, err)
}

func (h handler) rotateKey(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := igny8.ParseID[igny8.APIKeyID](r.Path("id"))
	if err != nil {
		return console.Response{}, igny8.ErrNotFound
	}
	made, err := h.Auth.RotateKey(ctx, r.Actor, id, 24*time.Hour)
	return h.madeKey(ctx, r, made, err)
}

func (h handler) madeKey(ctx context.Context, r *console.Request, made auth.NewSecret, err error) (console.Response, error) {
	if err == nil {
		return h.showKeys(ctx, r, keyring{made: &made, form: view.Filled("days", "90", "read", "on", "write", "on")})
	}
	if f, ok := r.Refused(ctx, err); ok {
		return h.showKeys(ctx, r, keyring{form: f})
	}
	if igny8.CodeOf(err) == "email_unverified" {
		return h.showKeys(ctx, r, keyring{form: r.RefusedAnyway(ctx, err)})
	}
	return console.Response{}, err
}

func (h handler) revokeKey(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := igny8.ParseID[igny8.APIKeyID](r.Path("id"))
	if err != nil {
		return console.Response{}, igny8.ErrNotFound
	}
	if err := h.Auth.RevokeKey(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(r.Here("developers")).Saying("key_revoked"), nil
}

// ended reports whether the key opens nothing any more.
func ended(k auth.AccessKey, now time.Time) bool {
	return k.RevokedAt != nil || k.ExpiresAt != nil && !now.Before(*k.ExpiresAt)
}

func (k keyring) domain(id igny8.SiteID) string {
	for _, s := range k.sites {
		if s.ID == id {
			return s.Domain
		}
	}
	return ""
}

func (k keyring) siteOptions(ctx context.Context) []view.Option {
	out := []view.Option{{Value: "", Label: text.T(ctx, "keys.site.all")}}
	for _, s := range k.sites {
		out = append(out, view.Option{Value: s.ID.String(), Label: s.Domain})
	}
	return out
}

func dayOptions(ctx context.Context) []view.Option {
	var out []view.Option
	for _, d := range keyDays {
		out = append(out, view.Option{Value: strconv.Itoa(d), Label: text.T(ctx, "keys.days."+strconv.Itoa(d))})
	}
	return out
}

// example is a request that works as it stands, but for the key.
func (k keyring) example() string {
	key := "igny8_live_…"
	if k.made != nil {
		key = k.made.Secret
	}
	return "curl " + k.base + "/credits/balance \\\n  -H \"Authorization: Bearer " + key + "\""
}

func (k keyring) spendExample() string {
	key := "igny8_live_…"
	if k.made != nil {
		key = k.made.Secret
	}
	return "curl " + k.base + "/credits/spend \\\n  -H \"Authorization: Bearer " + key + "\" \\\n  -H \"Idempotency-Key: order-4711\" \\\n  -H \"Content-Type: application/json\" \\\n" +
		`  -d '{"operation":"content_generation","quantity":1200,"reference":"order-4711"}'`
}
