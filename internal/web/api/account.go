package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/web"
)

// RegisterAccount adds the routes of one's own account.
func RegisterAccount(a *API, s *account.Service) {
	h := accountHandler{s}
	Register(a, Route{Method: http.MethodGet, Path: "/account", ID: "getAccount", Summary: "Read the account", Tag: "Account",
		Doc:  "The one that the token is for, in the status that counts at this moment. 404 for platform staff, who have none.",
		Perm: igny8.PermAccountRead, Need: account.NeedOwn}.gives(404), h.get)
	Register(a, Route{Method: http.MethodPatch, Path: "/account", ID: "updateAccount", Summary: "Change name, time zone or billing profile",
		Doc: "Members that are left out stay as they are, also within `billing`. Issued invoices keep the profile they were issued with.",
		Tag: "Account", Perm: igny8.PermAccountManage, Need: account.NeedBilling}, h.update)
	Register(a, Route{Method: http.MethodGet, Path: "/account/audit-events", ID: "listAuditEvents", Summary: "List what was done in the account, and by whom",
		Doc: "The newest first. Of platform staff it tells the role alone.", Tag: "Account", Perm: igny8.PermBillingRead, Need: account.NeedBilling}, h.events)
	Register(a, Route{Method: http.MethodGet, Path: "/account/audit-events/export", ID: "exportAuditEvents", Summary: "Save the account's log as a file",
		Doc: "`format` is csv or json. The newest 50,000 events; the export of the account has all.", Tag: "Account", Perm: igny8.PermBillingRead, Need: account.NeedBilling, Produces: "text/csv application/json"}, h.export)
}

type accountHandler struct{ s *account.Service }

// BillingBody is who invoices are addressed to.
type BillingBody struct {
	Name       string `json:"name"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	City       string `json:"city"`
	Region     string `json:"region"`
	PostalCode string `json:"postal_code"`
	Country    string `json:"country"`
	TaxID      string `json:"tax_id"`
	Email      string `json:"email"`
}

func billingBody(stored []byte) BillingBody { return BillingBody(account.BillingOf(stored)) }

// BillingInput names members of a billing profile.
type BillingInput struct {
	Name       *string `json:"name,omitempty" maxLength:"200" example:"Khan Traders"`
	Line1      *string `json:"line1,omitempty" nullable:"true" maxLength:"200"`
	Line2      *string `json:"line2,omitempty" nullable:"true" maxLength:"200"`
	City       *string `json:"city,omitempty" nullable:"true" maxLength:"100" example:"Karachi"`
	Region     *string `json:"region,omitempty" nullable:"true" maxLength:"100"`
	PostalCode *string `json:"postal_code,omitempty" nullable:"true" maxLength:"20"`
	Country    *string `json:"country,omitempty" pattern:"^([A-Za-z]{2})?$" doc:"ISO 3166-1 alpha-2 code." example:"PK"`
	TaxID      *string `json:"tax_id,omitempty" nullable:"true" maxLength:"50"`
	Email      *string `json:"email,omitempty" pattern:"^([^@\\s]+@[^@\\s]+)?$" maxLength:"254" doc:"Where invoices go." example:"books@example.com"`
}

// UnmarshalJSON reads the members; null clears one that may be empty.
func (b *BillingInput) UnmarshalJSON(data []byte) error {
	type plain BillingInput
	if err := readJSON(data, (*plain)(b)); err != nil {
		return err
	}
	var given map[string]any
	if err := readJSON(data, &given); err != nil {
		return err
	}
	for name, p := range map[string]**string{"line1": &b.Line1, "line2": &b.Line2, "city": &b.City, "region": &b.Region,
		"postal_code": &b.PostalCode, "tax_id": &b.TaxID} {
		if v, ok := given[name]; ok && v == nil {
			*p = new(string)
		}
	}
	if b.Country != nil {
		*b.Country = strings.ToUpper(*b.Country)
	}
	return nil
}

// profile is the input of who has none yet.
func (b BillingInput) profile() account.Billing { return account.BillingPatch(b).On(account.Billing{}) }

// AccountBody is a tenant.
type AccountBody struct {
	ID              igny8.AccountID     `json:"id"`
	Number          int64               `json:"number" doc:"A short number for people; it is part of invoice numbers."`
	Name            string              `json:"name"`
	Slug            string              `json:"slug"`
	Status          igny8.AccountStatus `json:"status" enum:"pending_payment,trial,active,suspended,cancelled,expired"`
	SuspendedReason *string             `json:"suspended_reason,omitempty" enum:"payment,policy"`
	Country         string              `json:"country"`
	Currency        igny8.Currency      `json:"currency"`
	TimeZone        string              `json:"time_zone" example:"Asia/Karachi"`
	Billing         BillingBody         `json:"billing"`
	CreatedAt       time.Time           `json:"created_at"`
}

func accountBody(a account.Account) AccountBody {
	return AccountBody{ID: a.ID, Number: a.Number, Name: a.Name, Slug: a.Slug, Status: a.Status, SuspendedReason: a.SuspendedReason,
		Country: a.Country, Currency: igny8.Currency(a.Currency), TimeZone: a.TimeZone, Billing: billingBody(a.Billing), CreatedAt: a.CreatedAt.UTC()}
}

// at shows an account in the status that the gate goes by at this moment, also
// when the job that stores it is late.
func at(actor igny8.Actor, a account.Account) account.Account {
	if actor.Account == a.ID && actor.Status != "" {
		a.Status = actor.Status
	}
	return a
}

func (h accountHandler) get(ctx context.Context, _ *struct{}) (*Out[AccountBody], error) {
	actor := ActorFrom(ctx)
	if actor.Account.IsZero() { // staff
		return nil, igny8.ErrNotFound
	}
	a, err := h.s.Get(ctx, actor)
	if err != nil {
		return nil, err
	}
	return OK(accountBody(at(actor, a))), nil
}

// AccountInput names what changes.
type AccountInput struct {
	Name     *string       `json:"name,omitempty" minLength:"1" maxLength:"200"`
	TimeZone *string       `json:"time_zone,omitempty" maxLength:"64" example:"Asia/Karachi"`
	Billing  *BillingInput `json:"billing,omitempty"`
}

type accountIn struct {
	IfMatch
	Body AccountInput
}

func (h accountHandler) update(ctx context.Context, in *accountIn) (*Out[AccountBody], error) {
	actor := ActorFrom(ctx)
	p := account.Patch{Name: in.Body.Name, TimeZone: in.Body.TimeZone, Billing: (*account.BillingPatch)(in.Body.Billing)}
	check := func(old account.Account) error { return in.Check(ctx, accountBody(at(actor, old))) }
	a, err := h.s.Update(ctx, actor, check, p)
	if err != nil {
		return nil, err
	}
	return OK(accountBody(at(actor, a))), nil
}

// AuditEventBody is one thing that was done.
type AuditEventBody struct {
	ID        igny8.AuditID   `json:"id"`
	Action    string          `json:"action" example:"payment.approve"`
	Actor     AuditActor      `json:"actor"`
	Object    AuditObject     `json:"object"`
	Details   json.RawMessage `json:"details" doc:"More about it, by action."`
	CreatedAt time.Time       `json:"created_at"`
}

// AuditActor is who did it. Of platform staff only the role is told.
type AuditActor struct {
	ID      string     `json:"id,omitempty"`
	Email   string     `json:"email,omitempty"`
	Role    igny8.Role `json:"role,omitempty"`
	Network string     `json:"network,omitempty"`
}

// AuditObject is what it was done to.
type AuditObject struct {
	Type string `json:"type" example:"payment"`
	ID   string `json:"id"`
}

func auditBody(e audit.Event) AuditEventBody { return staffAudit(account.Shown(e)) }

func (h accountHandler) events(ctx context.Context, in *ListInput) (*ListOutput[AuditEventBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.AuditEvents(ctx, ActorFrom(ctx), p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, auditBody), nil
}

type exportIn struct {
	Format string `query:"format" enum:"csv,json" default:"csv"`
}

func (h accountHandler) export(ctx context.Context, in *exportIn) (*FileOut, error) {
	all, err := h.s.AuditLog(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	if in.Format == "json" {
		bodies := make([]AuditEventBody, len(all))
		for i, e := range all {
			bodies[i] = staffAudit(e)
		}
		data, err := json.Marshal(bodies)
		return &FileOut{ContentType: "application/json", Disposition: `attachment; filename="audit.json"`, Body: data}, err
	}
	return &FileOut{ContentType: "text/csv; charset=utf-8", Disposition: `attachment; filename="audit.csv"`, Body: web.CSV(account.AuditColumns, account.AuditRows(all))}, nil
}
