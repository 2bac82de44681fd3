package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/search"
)

// RegisterSearch adds what staff read over all accounts.
func RegisterSearch(a *API, s *search.Service) {
	h := searchHandler{s}
	route := func(path, id, summary, doc string) Route {
		perm := igny8.PermAccounts
		if path == "/audit-events" {
			perm = igny8.PermPlatform
		}
		return Route{Method: http.MethodGet, Path: "/admin" + path, ID: id, Summary: summary, Doc: doc, Tag: "Staff: accounts",
			Perm: perm, Need: account.NeedNone}
	}
	Register(a, route("/accounts", "listAccounts", "List accounts, newest first", "With the status that is stored; GET of one account has the one that counts at this moment."), h.accounts)
	Register(a, route("/accounts/{id}", "getAccountOverview", "Open an account", "Each look is in the account's own audit log."), h.account)
	Register(a, route("/accounts/{id}/timeline", "getAccountTimeline", "Everything that happened in an account, newest first", "Each look is in the account's own audit log."), h.timeline)
	Register(a, route("/suspicions", "listSuspicions", "Facts that staff may want to look into, newest first",
		"Of the last 30 days: four or more signups from one network within a day, one name from one network in several accounts, networks with very many logins, references and proofs that several accounts used. Nothing happens by itself."), h.suspicions)
	Register(a, route("/audit-events", "listPlatformAuditEvents", "What staff and the program did that concerns no account", "The newest first: staff users, settings, jobs, and what the program did by itself."), h.platform)
	Register(a, route("/search", "search", "Search everything",
		"E-mail addresses, account names and numbers, invoice numbers, pay codes, references, receipts, amounts of waiting payments, domains. Spaces, dashes and case do not matter."), h.find)
}

type searchHandler struct{ s *search.Service }

// StaffAccountBody is an account in the staff's list.
type StaffAccountBody struct {
	ID         igny8.AccountID     `json:"id"`
	Number     int64               `json:"number"`
	Name       string              `json:"name"`
	Slug       string              `json:"slug"`
	Status     igny8.AccountStatus `json:"status"`
	Country    string              `json:"country"`
	Currency   string              `json:"currency"`
	OwnerEmail string              `json:"owner_email"`
	CreatedAt  time.Time           `json:"created_at"`
}

func staffAccount(e search.Entry) StaffAccountBody {
	return StaffAccountBody{e.ID, e.Number, e.Name, e.Slug, e.Status, e.Country, e.Currency, e.OwnerEmail, e.CreatedAt.UTC()}
}

type accountsIn struct {
	ListInput
	Status string `query:"status" enum:"pending_payment,trial,active,suspended,cancelled,expired"`
}

func (h searchHandler) accounts(ctx context.Context, in *accountsIn) (*ListOutput[StaffAccountBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Accounts(ctx, in.Status, p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, staffAccount), nil
}

// AccountOverviewBody is an account at a glance. EffectiveStatus is what the gate
// goes by at this instant.
type AccountOverviewBody struct {
	StaffAccountBody
	EffectiveStatus igny8.AccountStatus `json:"effective_status"`
	Subscription    *SubscriptionBody   `json:"subscription,omitempty"`
	Credits         int64               `json:"credits" doc:"The balance of credits."`
	Available       int64               `json:"credits_available" doc:"The balance without what is held."`
	Users           []AccountUserBody   `json:"users" doc:"Who belongs to it, who came first first; the first 200."`
}

// AccountUserBody is a person who belongs to an account, as staff see them.
type AccountUserBody struct {
	ID           igny8.UserID `json:"id"`
	Name         string       `json:"name"`
	Email        string       `json:"email"`
	Role         igny8.Role   `json:"role" enum:"owner,admin,editor,viewer"`
	Staff        bool         `json:"staff" doc:"Platform staff too."`
	SecondFactor bool         `json:"second_factor" doc:"An authenticator app or a passkey is set up."`
	LastSeenAt   *time.Time   `json:"last_seen_at"`
}

func accountUser(u search.User) AccountUserBody {
	return AccountUserBody{u.ID, u.Name, u.Email, u.Role, u.Staff, u.SecondFactor, utc(u.LastSeenAt)}
}

func (h searchHandler) account(ctx context.Context, in *ByID[igny8.AccountID]) (*overviewOut, error) {
	o, err := h.s.Open(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	body := AccountOverviewBody{Users: each(o.Users, accountUser), StaffAccountBody: staffAccount(o.Entry), EffectiveStatus: o.Effective, Credits: o.Credits.Balance, Available: o.Credits.Available}
	if o.Subscription != nil {
		sub := subscriptionBody(*o.Subscription)
		body.Subscription = &sub
	}
	return &overviewOut{twoPartTag(accountRevision(o.ID, o.Status, o.Subscription, o.Credits), body), body}, nil
}

// overviewOut has the entity tag that acts of staff go by; see stateOut.
type overviewOut struct {
	ETag string `header:"ETag"`
	Body AccountOverviewBody
}

type timelineIn struct {
	ID igny8.AccountID `path:"id"`
	ListInput
}

func (h searchHandler) timeline(ctx context.Context, in *timelineIn) (*ListOutput[AuditEventBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Timeline(ctx, ActorFrom(ctx), in.ID, p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, staffAudit), nil
}

type platformIn struct{ ListInput }

func (h searchHandler) platform(ctx context.Context, in *platformIn) (*ListOutput[AuditEventBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.PlatformAudit(ctx, p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, staffAudit), nil
}

// staffAudit shows a row as staff see it: with everything.
func staffAudit(e audit.Event) AuditEventBody {
	return AuditEventBody{ID: e.ID, Action: e.Action, Actor: AuditActor{e.ActorID, e.ActorEmail, igny8.Role(e.ActorRole), e.Network},
		Object: AuditObject{e.ObjectType, e.ObjectID}, Details: json.RawMessage(e.Details), CreatedAt: e.CreatedAt.UTC()}
}

// SuspicionBody is a fact that staff may want to look into.
type SuspicionBody struct {
	Kind     string        `json:"kind" enum:"many_signups,same_person,many_logins,shared_reference,shared_proof"`
	What     string        `json:"what" doc:"What is shared: the network, the reference, or the beginning of the file's SHA-256."`
	Count    int64         `json:"count" doc:"Of accounts; for many_logins of tries."`
	LastAt   time.Time     `json:"last_at"`
	Accounts []SuspectBody `json:"accounts" doc:"The newest ten."`
}

// SuspectBody is an account in a suspicion.
type SuspectBody struct {
	ID        igny8.AccountID     `json:"id"`
	Number    int64               `json:"number"`
	Name      string              `json:"name"`
	Status    igny8.AccountStatus `json:"status"`
	CreatedAt time.Time           `json:"created_at"`
}

func (h searchHandler) suspicions(ctx context.Context, in *ListInput) (*ListOutput[SuspicionBody], error) {
	list, err := h.s.Suspicions(ctx)
	if err != nil {
		return nil, err
	}
	key := func(x search.Suspicion) string { return x.Kind + " " + x.What }
	return Cut(ctx, *in, list, key, func(x search.Suspicion) SuspicionBody {
		out := SuspicionBody{x.Kind, x.What, x.Count, x.Last.UTC(), []SuspectBody{}}
		for _, a := range x.Accounts {
			out.Accounts = append(out.Accounts, SuspectBody{a.ID, a.Number, a.Name, a.Status, a.Created.UTC()})
		}
		return out
	})
}

// HitBody is one thing that was found.
type HitBody struct {
	Kind    string          `json:"kind" enum:"account,user,invoice,payment,site"`
	ID      string          `json:"id"`
	Account igny8.AccountID `json:"account"`
	Name    string          `json:"account_name"`
	Label   string          `json:"label" doc:"What matched: the address, number, reference or domain."`
	Detail  string          `json:"detail,omitempty"`
}

type findIn struct {
	ListInput
	Query string `query:"q" required:"true" minLength:"2" maxLength:"100"`
}

func (h searchHandler) find(ctx context.Context, in *findIn) (*ListOutput[HitBody], error) {
	hits, err := h.s.Find(ctx, in.Query)
	if err != nil {
		return nil, err
	}
	key := func(x search.Hit) string { return x.Kind + " " + x.ID + " " + x.Label }
	return Cut(ctx, in.ListInput, hits, key, func(x search.Hit) HitBody {
		return HitBody{x.Kind, x.ID, x.Account, x.Name, x.Label, x.Detail}
	})
}
