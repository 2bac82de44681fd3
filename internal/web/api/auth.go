package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/signup"
	"igny8/internal/web"
)

// RegisterAuth adds signing up, logging in and who one is, and the keys that
// verify access tokens.
func RegisterAuth(a *API, s *auth.Service, up *signup.Service, bill *billing.Service) {
	h := authHandler{s, up, bill}
	post := func(path, id, summary, doc string, status int) Route {
		return Route{Method: http.MethodPost, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Identity", Public: true, Status: status}
	}
	hashing := func(r Route) Route {
		r.Ready = s.Ready
		return r
	}
	signUp := hashing(post("/auth/register", "register", "Sign up",
		"Without a plan, or with the trial's, it is a free trial; else the answer carries the invoice to pay. The new user is logged in.", 201))
	signUp.Check = checking(func(ctx context.Context, b RegisterInput) error { return up.Check(ctx, b.form(auth.Device{})) })
	Register(a, signUp, h.register)
	Register(a, hashing(post("/auth/login", "login", "Log in",
		"`account` is null for platform staff, who belong to none. Who has a second factor sends `totp` too; that it is missing or wrong is told only after the right password.", 200)).gives(401, 403), h.login)
	Register(a, post("/auth/refresh", "refresh", "Exchange a refresh token for new tokens",
		"Each refresh token is good for one use. Using it again within ten seconds gives the same answer; later it ends the session.", 200).gives(401, 403), h.refresh)
	Register(a, post("/auth/logout", "logout", "End the session of a refresh token", "Access tokens of the session end with it. A token that is not known is no error.", 204), h.logout)
	Register(a, Route{Method: http.MethodGet, Path: "/me", ID: "getMe", Summary: "See who you are", Tag: "Identity",
		Doc:  "The person, the account that the token is for, the role in it, and the other accounts.",
		Perm: igny8.PermSelf, Need: account.NeedNone}, h.me)
	Register(a, Route{Method: http.MethodPatch, Path: "/me", ID: "updateMe", Summary: "Change your name, language or number style", Tag: "Identity",
		Doc:  "Members that are left out stay as they are. Pages and letters follow the language from then on.",
		Perm: igny8.PermSelf, Need: account.NeedNone}, h.updateMe)
	a.Mux().HandleFunc("GET /.well-known/jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/jwk-set+json")
		w.Header().Set("Cache-Control", "public, max-age=300")
		w.Write(s.JWKS())
	})
}

type authHandler struct {
	s    *auth.Service
	up   *signup.Service
	bill *billing.Service
}

// Agent is what the caller's program calls itself.
type Agent struct {
	UserAgent string `header:"User-Agent" hidden:"true"`
}

func (a Agent) device(ctx context.Context, remember bool) auth.Device {
	return auth.Device{Network: web.Network(web.ClientIP(ctx)), UserAgent: a.UserAgent, Remember: remember}
}

// UserBody is a person.
type UserBody struct {
	ID            igny8.UserID `json:"id"`
	Email         string       `json:"email"`
	EmailVerified bool         `json:"email_verified"`
	FirstName     string       `json:"first_name"`
	LastName      string       `json:"last_name"`
	Language      string       `json:"language" enum:"en,ur,ar"`
	NumberStyle   string       `json:"number_style" enum:"auto,latin,indian,european" doc:"How pages group numbers; auto goes by the currency."`
	Staff         bool         `json:"staff"`
	CreatedAt     time.Time    `json:"created_at"`
}

func userBody(u account.User) UserBody {
	return UserBody{ID: u.ID, Email: u.Email, EmailVerified: u.EmailVerifiedAt != nil, FirstName: u.FirstName,
		LastName: u.LastName, Language: u.Language, NumberStyle: u.NumberStyle, Staff: u.Staff, CreatedAt: u.CreatedAt.UTC()}
}

// MembershipBody is one of a person's accounts, and the role in it.
type MembershipBody struct {
	ID        igny8.MembershipID `json:"id"`
	Role      igny8.Role         `json:"role" enum:"owner,admin,editor,viewer"`
	Account   MembershipAccount  `json:"account"`
	CreatedAt time.Time          `json:"created_at"`
}

// MembershipAccount is the account of a membership.
type MembershipAccount struct {
	ID     igny8.AccountID     `json:"id"`
	Number int64               `json:"number"`
	Name   string              `json:"name"`
	Slug   string              `json:"slug"`
	Status igny8.AccountStatus `json:"status"`
}

func membershipBodies(list []account.Membership) []MembershipBody {
	out := make([]MembershipBody, len(list))
	for i, m := range list {
		b := MembershipBody{ID: m.Membership.ID, Role: m.Membership.Role, CreatedAt: m.Membership.CreatedAt.UTC()}
		b.Account.ID, b.Account.Number, b.Account.Name = m.Account.ID, m.Account.Number, m.Account.Name
		b.Account.Slug, b.Account.Status = m.Account.Slug, m.Account.Status
		out[i] = b
	}
	return out
}

// TokensBody are what a client carries.
type TokensBody struct {
	Access    string `json:"access" doc:"Send it as Authorization: Bearer."`
	Refresh   string `json:"refresh" doc:"Good for one use, at /auth/refresh."`
	TokenType string `json:"token_type" enum:"Bearer"`
	ExpiresIn int64  `json:"expires_in" doc:"Seconds the access token is good for." example:"900"`
}

func tokensBody(t auth.Tokens) TokensBody {
	return TokensBody{Access: t.Access, Refresh: t.Refresh, TokenType: "Bearer", ExpiresIn: t.ExpiresIn}
}

// RegisterInput is what a new customer fills in.
type RegisterInput struct {
	Email         string         `json:"email" maxLength:"320" example:"ayesha@example.com"`
	Password      string         `json:"password" maxLength:"1000" doc:"10 to 128 characters, not a common one." example:"correct-horse-battery-9"`
	FirstName     string         `json:"first_name" maxLength:"100" example:"Ayesha"`
	LastName      string         `json:"last_name" maxLength:"100" example:"Khan"`
	Country       string         `json:"country" minLength:"2" maxLength:"2" doc:"ISO 3166-1 alpha-2 code." example:"PK"`
	AccountName   string         `json:"account_name,omitempty" maxLength:"200"`
	Plan          string         `json:"plan,omitempty" maxLength:"100" doc:"Slug of a plan; without it, the free trial." example:"starter"`
	Cycle         string         `json:"cycle,omitempty" enum:"monthly,annual"`
	PaymentMethod string         `json:"payment_method,omitempty" maxLength:"100" doc:"Slug or id; without it, the country's first."`
	Quote         *igny8.QuoteID `json:"quote,omitempty" doc:"A quote for the same plan, cycle and country."`
	Billing       *BillingInput  `json:"billing,omitempty" doc:"Who invoices are addressed to."`
}

func (b RegisterInput) form(dev auth.Device) signup.Form {
	f := signup.Form{Email: b.Email, Password: b.Password, FirstName: b.FirstName, LastName: b.LastName, Country: strings.ToUpper(b.Country),
		AccountName: b.AccountName, Plan: b.Plan, Cycle: b.Cycle, PaymentMethod: b.PaymentMethod, Device: dev}
	if b.Quote != nil {
		f.Quote = *b.Quote
	}
	if b.Billing != nil {
		f.Billing = b.Billing.profile()
	}
	return f
}

// RegisteredBody is a new customer, logged in.
type RegisteredBody struct {
	User         UserBody         `json:"user"`
	Account      AccountBody      `json:"account"`
	Subscription SubscriptionBody `json:"subscription"`
	Invoice      *InvoiceBody     `json:"invoice,omitempty" doc:"What to pay; not for a free trial."`
	Tokens       TokensBody       `json:"tokens"`
}

type registerIn struct {
	Agent
	Body RegisterInput
}

func (h authHandler) register(ctx context.Context, in *registerIn) (*Created[RegisteredBody], error) {
	made := func(r signup.Result) *Created[RegisteredBody] {
		body := RegisteredBody{User: userBody(r.User), Account: accountBody(r.Account), Subscription: subscriptionBody(r.Subscription), Tokens: tokensBody(r.Tokens)}
		if r.Invoice != nil {
			inv := invoiceBody(*r.Invoice, h.bill.PayURL(*r.Invoice))
			body.Invoice = &inv
		}
		return &Created[RegisteredBody]{Location: Prefix + "/account", Body: body}
	}
	out, err := h.up.Register(RenderWith(ctx, made), in.Body.form(in.device(ctx, false)))
	if err != nil {
		return nil, err
	}
	return made(out), nil
}

// LoginInput is what a person logs in with.
type LoginInput struct {
	Email      string `json:"email" maxLength:"320" example:"ayesha@example.com"`
	Password   string `json:"password" maxLength:"1000" example:"correct-horse-battery-9"`
	RememberMe bool   `json:"remember_me,omitempty" doc:"The refresh token is good for 30 days, not 7."`
	TOTP       string `json:"totp,omitempty" maxLength:"40" doc:"A code of the authenticator app, or a recovery code."`
}

// LoggedInBody is a person who has logged in.
type LoggedInBody struct {
	User        UserBody         `json:"user"`
	Account     *AccountBody     `json:"account" doc:"The account the tokens are for; null for platform staff."`
	Memberships []MembershipBody `json:"memberships"`
	Tokens      TokensBody       `json:"tokens"`
}

type loginIn struct {
	Agent
	Body LoginInput
}

func (h authHandler) login(ctx context.Context, in *loginIn) (*Out[LoggedInBody], error) {
	p, t, err := h.s.Login(ctx, auth.Credentials{Email: in.Body.Email, Password: in.Body.Password, Code: in.Body.TOTP, Device: in.device(ctx, in.Body.RememberMe)})
	if err != nil {
		return nil, err
	}
	return OK(loggedInBody(p, t)), nil
}

func loggedInBody(p auth.Person, t auth.Tokens) LoggedInBody {
	body := LoggedInBody{User: userBody(p.User), Memberships: membershipBodies(p.Memberships), Tokens: tokensBody(t)}
	if len(p.Memberships) > 0 {
		home := accountBody(p.Memberships[0].Account)
		body.Account = &home
	}
	return body
}

// RefreshInput carries a refresh token.
type RefreshInput struct {
	Refresh string `json:"refresh" maxLength:"200"`
}

// RefreshedBody carries new tokens.
type RefreshedBody struct {
	Tokens TokensBody `json:"tokens"`
}

func (h authHandler) refresh(ctx context.Context, in *In[RefreshInput]) (*Out[RefreshedBody], error) {
	t, err := h.s.Refresh(ctx, in.Body.Refresh)
	if err != nil {
		return nil, err
	}
	return OK(RefreshedBody{tokensBody(t)}), nil
}

func (h authHandler) logout(ctx context.Context, in *In[RefreshInput]) (*struct{}, error) {
	return nil, h.s.Logout(ctx, in.Body.Refresh)
}

// MeBody is who the caller is.
type MeBody struct {
	User        UserBody         `json:"user"`
	Account     *AccountBody     `json:"account" doc:"The account the token is for; null for platform staff."`
	Role        igny8.Role       `json:"role" enum:"developer,owner,admin,editor,viewer"`
	Memberships []MembershipBody `json:"memberships"`
}

func (h authHandler) me(ctx context.Context, _ *struct{}) (*Out[MeBody], error) {
	actor := ActorFrom(ctx)
	p, err := h.s.Me(ctx, actor)
	if err != nil {
		return nil, err
	}
	return OK(meBody(actor, p)), nil
}

func meBody(actor igny8.Actor, p auth.Person) MeBody {
	body := MeBody{User: userBody(p.User), Role: actor.Role, Memberships: membershipBodies(p.Memberships)}
	for _, m := range p.Memberships {
		if m.Account.ID == actor.Account {
			home := accountBody(at(actor, m.Account))
			body.Account = &home
		}
	}
	return body
}

// MeInput names what changes about the caller.
type MeInput struct {
	FirstName   *string `json:"first_name,omitempty" minLength:"1" maxLength:"100"`
	LastName    *string `json:"last_name,omitempty" minLength:"1" maxLength:"100"`
	Language    *string `json:"language,omitempty" enum:"en,ur,ar" doc:"Of pages and letters." example:"ur"`
	NumberStyle *string `json:"number_style,omitempty" enum:"auto,latin,indian,european" doc:"How pages group numbers: auto goes by the currency, latin is 1,234,567.50, indian 12,34,567.50, european 1.234.567,50."`
}

type meIn struct {
	IfMatch
	Body MeInput
}

func (h authHandler) updateMe(ctx context.Context, in *meIn) (*Out[MeBody], error) {
	actor := ActorFrom(ctx)
	check := func(old auth.Person) error { return in.Check(ctx, meBody(actor, old)) }
	p, err := h.s.UpdateMe(ctx, actor, check, account.UserPatch(in.Body))
	if err != nil {
		return nil, err
	}
	return OK(meBody(actor, p)), nil
}
