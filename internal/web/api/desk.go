package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/desk"
)

// RegisterDesk adds what staff do to an account by hand.
func RegisterDesk(a *API, s *desk.Service) {
	h := deskHandler{s}
	route := func(path, id, summary, doc string) Route {
		return Route{Method: http.MethodPost, Path: "/admin/accounts/{id}" + path, ID: id, Summary: summary, Doc: doc, Tag: "Staff: accounts",
			Perm: igny8.PermAccounts, Need: account.NeedNone}
	}
	two := " Above what one member of staff gives alone within a day (settings of the server), the answer is 202, nothing is done yet, and another one confirms it by sending the same."
	told := " The act is in the account's own audit log, the note for staff alone."
	adjust := route("/adjust-credits", "adjustCredits", "Give credits, or take them", "Bonus credits; a negative number takes bonus credits first, then those of the plan, and never more than are available."+two+told)
	adjust.Money, adjust.Also = true, http.StatusAccepted
	Register(a, route("/suspend", "suspendAccount", "Suspend an account", "At once, on every server. For payment, it can still see what is due and pay; for policy, nothing but itself."+told), h.suspend)
	Register(a, route("/reinstate", "reinstateAccount", "Reinstate a suspended account", "It becomes what it was before, or what payments and time have made of it since."+told), h.reinstate)
	Register(a, route("/extend-trial", "extendTrial", "Extend a trial", "Its credits expire with it. A trial that ran out runs again, unless a plan was paid or given since."+told), h.extend)
	Register(a, adjust, h.adjust)
	Register(a, route("/impersonate", "impersonateAccount", "Look into an account as one of its people",
		"Read-only unless `write` is sent, and never closes the account, manages its team and keys, or touches a person's own login. Reading is allowed whatever state the account is in. "+
			"The tokens have no refresh token; the look ends after 30 minutes, or when another one begins. The reason is in the account's own audit log."), h.impersonate)
	end := route("", "endImpersonation", "End your look into an account", "Wherever it is open.")
	end.Path = "/admin/impersonation/end"
	Register(a, end, h.end)
	assign := route("/assign-plan", "assignPlan", "Give a plan by hand",
		"Ends what runs, sets the credits to the plan's, and makes the account active, without an invoice; unpaid invoices for plans become void."+two+told)
	assign.Also = http.StatusAccepted
	Register(a, assign, h.assign)
	Register(a, route("/users/{user}/reset-second-factor", "resetSecondFactor", "Take a lost second factor off a member's login",
		"For who lost the app or passkey and the recovery codes, after you made sure who asks. The password stays. Their sessions end, with every login, change of address and reset of the password that has begun, and they get a letter. "+
			"Of platform staff only the operator does it, on the command line. The act is in the audit log of every account they belong to, the note for staff alone."), h.resetFactor)
}

type deskHandler struct{ s *desk.Service }

// ActedBody is how an account stands after an act of staff.
type ActedBody struct {
	ID              igny8.AccountID     `json:"id"`
	Status          igny8.AccountStatus `json:"status" enum:"pending_payment,trial,active,suspended,cancelled,expired"`
	SuspendedReason *string             `json:"suspended_reason,omitempty" enum:"payment,policy"`
	Subscription    *SubscriptionBody   `json:"subscription,omitempty"`
	Credits         int64               `json:"credits" doc:"The balance of credits."`
	Available       int64               `json:"credits_available" doc:"The balance without what is held."`
	UpdatedAt       time.Time           `json:"updated_at"`
	Waiting         *GiftBody           `json:"waiting,omitempty" doc:"With 202: nothing was done yet, and another member of staff confirms this by sending the same."`
}

// GiftBody is a gift that waits for a second member of staff.
type GiftBody struct {
	Credits   int64     `json:"credits,omitempty" doc:"Credits that would be given."`
	Plan      string    `json:"plan,omitempty" doc:"Slug of the plan that would be given."`
	Cycle     string    `json:"cycle,omitempty"`
	Months    int64     `json:"months,omitempty" doc:"For how many months."`
	GivenBy   string    `json:"given_by" doc:"E-mail address of whoever asked for it first."`
	CreatedAt time.Time `json:"created_at"`
}

// stateOut is an answer about an account for staff. Its entity tag has two parts, as
// that of a payment: If-Match of an act compares the revision alone. The status is 202
// when a second person must confirm.
type stateOut struct {
	Status int
	ETag   string `header:"ETag"`
	Body   ActedBody
}

func (o *stateOut) parts() (string, any) { return "", o.Body }

func (o *stateOut) head() (int, string) { return o.Status, o.ETag }

// accountRevision names the state of an account that staff act upon: its status, its
// subscription and its credits.
func accountRevision(id igny8.AccountID, status igny8.AccountStatus, sub *billing.Subscription, credits credit.Balance) string {
	h := sha256.New()
	hashText(h, id.String())
	hashText(h, string(status))
	if sub != nil {
		b, err := render(subscriptionBody(*sub))
		hashText(h, string(b)+fmt.Sprint(err))
	}
	hashText(h, fmt.Sprint(credits.Balance, credits.Available))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:12])
}

// upon holds the account to the state that the caller saw.
func upon(ctx context.Context, m IfMatch) context.Context {
	if m.IfMatch == "" {
		return ctx
	}
	return db.Expecting(ctx, func(current any) error {
		o, ok := current.(desk.Outcome)
		if !ok {
			return fmt.Errorf("the story read %T, and no account", current)
		}
		return m.isRevision(accountRevision(o.Account.ID, o.Account.Status, o.Subscription, o.Credits))
	})
}

func acted(o desk.Outcome) *stateOut {
	b := ActedBody{ID: o.Account.ID, Status: o.Account.Status, SuspendedReason: o.Account.SuspendedReason, Credits: o.Credits.Balance,
		Available: o.Credits.Available, UpdatedAt: o.Account.UpdatedAt.UTC()}
	if o.Subscription != nil {
		sub := subscriptionBody(*o.Subscription)
		b.Subscription = &sub
	}
	status := http.StatusOK
	if w := o.Waiting; w != nil {
		status = http.StatusAccepted
		b.Waiting = &GiftBody{w.Credits, w.Plan, w.Cycle, w.Months, w.GivenEmail, w.CreatedAt.UTC()}
	}
	return &stateOut{status, twoPartTag(accountRevision(o.Account.ID, o.Account.Status, o.Subscription, o.Credits), b), b}
}

func done(o desk.Outcome, err error) (*stateOut, error) {
	if err != nil {
		return nil, err
	}
	return acted(o), nil
}

// SuspendInput says why an account is suspended.
type SuspendInput struct {
	Reason string `json:"reason" enum:"payment,policy"`
	Note   string `json:"note" minLength:"3" maxLength:"1000" doc:"For staff."`
}

func (h deskHandler) suspend(ctx context.Context, in *ByIDMatchIn[igny8.AccountID, SuspendInput]) (*stateOut, error) {
	return done(h.s.Suspend(upon(RenderWith(ctx, acted), in.IfMatch), ActorFrom(ctx), in.ID, in.Body.Reason, in.Body.Note))
}

// NoteInput says why.
type NoteInput struct {
	Note string `json:"note" minLength:"3" maxLength:"1000" doc:"For staff."`
}

func (h deskHandler) reinstate(ctx context.Context, in *ByIDMatchIn[igny8.AccountID, NoteInput]) (*stateOut, error) {
	return done(h.s.Reinstate(upon(RenderWith(ctx, acted), in.IfMatch), ActorFrom(ctx), in.ID, in.Body.Note))
}

// ExtendInput says how much longer a trial runs.
type ExtendInput struct {
	Days int    `json:"days" minimum:"1" maximum:"90"`
	Note string `json:"note" minLength:"3" maxLength:"1000" doc:"For staff."`
}

func (h deskHandler) extend(ctx context.Context, in *ByIDMatchIn[igny8.AccountID, ExtendInput]) (*stateOut, error) {
	return done(h.s.ExtendTrial(upon(RenderWith(ctx, acted), in.IfMatch), ActorFrom(ctx), in.ID, in.Body.Days, in.Body.Note))
}

// AdjustInput says how many credits are given, or taken.
type AdjustInput struct {
	Credits int64  `json:"credits" minimum:"-1000000" maximum:"1000000" doc:"Negative takes." example:"100"`
	Note    string `json:"note" minLength:"3" maxLength:"1000" doc:"For staff."`
}

func (h deskHandler) adjust(ctx context.Context, in *ByIDMatchIn[igny8.AccountID, AdjustInput]) (*stateOut, error) {
	return done(h.s.AdjustCredits(upon(RenderWith(ctx, acted), in.IfMatch), ActorFrom(ctx), in.ID, in.Body.Credits, "", in.Body.Note))
}

// AssignInput says which plan is given, and for how long.
type AssignInput struct {
	Plan   string `json:"plan" maxLength:"100" example:"enterprise"`
	Cycle  string `json:"cycle" enum:"monthly,annual"`
	Months int    `json:"months,omitempty" minimum:"1" maximum:"36" doc:"How long it runs; without it, one cycle."`
	Note   string `json:"note" minLength:"3" maxLength:"1000" doc:"For staff."`
}

func (h deskHandler) assign(ctx context.Context, in *ByIDMatchIn[igny8.AccountID, AssignInput]) (*stateOut, error) {
	g := billing.Gift{Plan: in.Body.Plan, Cycle: in.Body.Cycle, Months: in.Body.Months}
	return done(h.s.AssignPlan(upon(RenderWith(ctx, acted), in.IfMatch), ActorFrom(ctx), in.ID, g, in.Body.Note))
}

type userIn struct {
	IfMatch
	ID   igny8.AccountID `path:"id"`
	User igny8.UserID    `path:"user"`
	Body NoteInput
}

func (h deskHandler) resetFactor(ctx context.Context, in *userIn) (*stateOut, error) {
	return done(h.s.ResetSecondFactor(upon(RenderWith(ctx, acted), in.IfMatch), ActorFrom(ctx), in.ID, in.User, in.Body.Note))
}

// ImpersonateInput says why staff look in.
type ImpersonateInput struct {
	Reason string `json:"reason" minLength:"3" maxLength:"1000" doc:"The customer reads this."`
	Write  bool   `json:"write,omitempty" doc:"To change something for them; without it, only to read."`
}

type impersonateIn struct {
	Agent
	IfMatch
	ID   igny8.AccountID `path:"id"`
	Body ImpersonateInput
}

// LookBody is a look into an account.
type LookBody struct {
	Account   AccountBody `json:"account"`
	Tokens    LookTokens  `json:"tokens"`
	ExpiresAt time.Time   `json:"expires_at" doc:"When the look ends by itself."`
}

// LookTokens are the tokens of a look: one, which cannot be refreshed.
type LookTokens struct {
	Access    string `json:"access"`
	ExpiresIn int64  `json:"expires_in" doc:"Seconds." example:"900"`
}

func looking(l desk.Look) *Out[LookBody] {
	return OK(LookBody{accountBody(l.Account), LookTokens{l.Tokens.Access, l.Tokens.ExpiresIn}, l.Until.UTC()})
}

func (h deskHandler) impersonate(ctx context.Context, in *impersonateIn) (*Out[LookBody], error) {
	l, err := h.s.Impersonate(upon(RenderWith(ctx, looking), in.IfMatch), ActorFrom(ctx), auth.Acting{Account: in.ID, Reason: in.Body.Reason,
		Write: in.Body.Write, Device: in.device(ctx, false)})
	if err != nil {
		return nil, err
	}
	return looking(l), nil
}

func (h deskHandler) end(ctx context.Context, _ *struct{}) (*Out[EndedBody], error) {
	n, err := h.s.EndLooks(ctx, ActorFrom(ctx))
	return OK(EndedBody{n}), err
}
