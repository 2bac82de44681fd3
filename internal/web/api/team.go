package api

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/team"
	"igny8/internal/web"
)

// RegisterTeam adds members, invitations, the transfer of ownership, and switching
// between accounts.
func RegisterTeam(a *API, members *account.Service, s *team.Service, login *auth.Service) {
	h := teamHandler{members, s, login}
	rt := func(method, path, id, summary, doc string) Route {
		need := account.NeedWork
		if method == http.MethodGet {
			need = account.NeedBilling
		}
		return Route{Method: method, Path: path, ID: id, Summary: summary, Doc: doc, Tag: "Team", Perm: igny8.PermAccountManage, Need: need}
	}
	Register(a, rt("GET", "/account/members", "listMembers", "List who belongs to the account", "The newest first, with the role of each and when they were here last."), h.list)
	Register(a, rt("GET", "/account/members/{id}", "getMember", "Read a member", "The role, the sites they are limited to, and when they were here last."), h.get)
	Register(a, rt("PATCH", "/account/members/{id}", "updateMember", "Change a member's role or sites",
		"Owners change everybody, admins editors and viewers; nobody raises themselves, and an owner remains. Editors and viewers can be limited "+
			"to certain `sites`; null is all of them. It takes effect at the member's next request."), h.update)
	leave := rt("DELETE", "/account/members/{id}", "removeMember", "Remove a member, or leave", "Your own id is to leave, which everybody may, except the only owner.")
	leave.Perm, leave.Need = igny8.PermSelf, account.NeedOwn
	Register(a, leave, h.remove)

	Register(a, rt("GET", "/account/invitations", "listInvitations", "List invitations that wait, or whose time is over", "The newest first; accepted and revoked ones are not among them."), h.invitations)
	invite := rt("POST", "/account/invitations", "createInvitation", "Invite a person by letter",
		"Good for seven days, once. 403 `limit_reached` when members and open invitations fill the plan's seats. `url` leads there too, for who can log in "+
			"with the invited address; only the letter's link proves the address of somebody new.")
	invite.Status = http.StatusCreated
	Register(a, invite, h.invite)
	Register(a, rt("GET", "/account/invitations/{id}", "getAccountInvitation", "Read an invitation", "One that waits, or whose time is over."), h.invitation)
	Register(a, rt("POST", "/account/invitations/{id}/resend", "resendInvitation", "Write the letter again, for another seven days", "The links before end."), h.resend)
	Register(a, rt("DELETE", "/account/invitations/{id}", "revokeInvitation", "Revoke an invitation", "Its links end at once."), h.revoke)

	give := rt("POST", "/account/transfer-ownership", "offerOwnership", "Offer the account's ownership to another member",
		"They get a letter. When they accept, within seven days, they are an owner and you are an admin.")
	give.Perm, give.Need, give.Status = igny8.PermAccountClose, account.NeedBilling, http.StatusAccepted
	Register(a, give, h.offer)
	open := rt("GET", "/account/transfer-ownership", "getOwnershipOffer", "Read the offer of ownership that waits", "404 when there is none.")
	open.Perm = igny8.PermAccountClose
	Register(a, open.gives(404), h.offered)
	stop := rt("DELETE", "/account/transfer-ownership", "cancelOwnership", "Cancel the offer of ownership", "The link in the letter ends at once. 404 when no offer waits.")
	stop.Perm, stop.Need = igny8.PermAccountClose, account.NeedBilling
	Register(a, stop.gives(404), h.cancel)
	take := rt("POST", "/account/transfer-ownership/accept", "acceptOwnership", "Accept the ownership with the token of the letter", "You become an owner, and whoever offered it an admin. 422 `link_invalid` when the offer is not for you, or over.")
	take.Perm, take.Need, take.Status = igny8.PermSelf, account.NeedOwn, http.StatusNoContent
	Register(a, take, h.take)

	Register(a, Route{Method: http.MethodGet, Path: "/invitations/{token}", ID: "getInvitation", Summary: "See what an invitation is to", Tag: "Team", Public: true,
		Doc: "For whoever has the link. 422 `link_invalid` when it was used, revoked or is too old."}, h.look)
	Register(a, Route{Method: http.MethodPost, Path: "/invitations/{token}/accept", ID: "acceptInvitation", Summary: "Accept an invitation", Tag: "Team", Public: true,
		Doc: "With an access token, as that person: their address must be the invited one, and proved. Without one, as somebody new: with a name and a password, " +
			"by the token of the letter; the answer then has tokens."}.gives(401, 403), h.accept)
	Register(a, Route{Method: http.MethodPost, Path: "/auth/switch", ID: "switchAccount", Summary: "Get tokens for another of your accounts", Tag: "Identity",
		Doc: "The session that you have stays.", Perm: igny8.PermSelf, Need: account.NeedNone}.gives(404), h.change)
}

type teamHandler struct {
	members *account.Service
	s       *team.Service
	auth    *auth.Service
}

// PersonBody is a person as their colleagues see them.
type PersonBody struct {
	ID    igny8.UserID `json:"id"`
	Name  string       `json:"name" example:"Ayesha Khan"`
	Email string       `json:"email" example:"ayesha@example.com"`
}

// MemberBody is a person who belongs to the account.
type MemberBody struct {
	ID         igny8.MembershipID `json:"id"`
	User       PersonBody         `json:"user"`
	Role       igny8.Role         `json:"role" enum:"owner,admin,editor,viewer"`
	Sites      *[]igny8.SiteID    `json:"sites" nullable:"true" doc:"The only sites they reach; null is all."`
	CreatedAt  time.Time          `json:"created_at"`
	LastSeenAt *time.Time         `json:"last_seen_at" doc:"When they used this account last, within a quarter of an hour."`
}

// sitesBody is a list of sites; null for all.
func sitesBody(sites []igny8.SiteID) *[]igny8.SiteID {
	if sites == nil {
		return nil
	}
	return &sites
}

func memberBody(m account.Member) MemberBody {
	out := MemberBody{ID: m.ID, User: PersonBody{m.User, m.Name, m.Email}, Role: m.Role, Sites: sitesBody(m.Sites), CreatedAt: m.CreatedAt.UTC()}
	if m.LastSeenAt != nil {
		at := m.LastSeenAt.UTC()
		out.LastSeenAt = &at
	}
	return out
}

func (h teamHandler) list(ctx context.Context, in *ListInput) (*ListOutput[MemberBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.members.Members(ctx, ActorFrom(ctx), p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, memberBody), nil
}

func (h teamHandler) get(ctx context.Context, in *ByID[igny8.MembershipID]) (*Out[MemberBody], error) {
	m, err := h.members.Member(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return OK(memberBody(m)), nil
}

// SitesInput is a list of sites where null means all of them, and a member that is
// left out changes nothing.
type SitesInput struct {
	sent  bool
	sites []igny8.SiteID
}

// UnmarshalJSON notes that the member was sent.
func (s *SitesInput) UnmarshalJSON(data []byte) error {
	s.sent = true
	return json.Unmarshal(data, &s.sites)
}

// Schema describes the list.
func (SitesInput) Schema(r huma.Registry) *huma.Schema {
	most := 100
	return &huma.Schema{Type: huma.TypeArray, Nullable: true, MaxItems: &most, Items: idOf[igny8.SiteID]{}.Schema(r)}
}

// MemberInput says what changes about a member.
type MemberInput struct {
	Role  *igny8.Role `json:"role,omitempty" enum:"owner,admin,editor,viewer"`
	Sites SitesInput  `json:"sites,omitempty" doc:"The only sites they reach; null is all."`
}

type memberIn struct {
	IfMatch
	ByIDIn[igny8.MembershipID, MemberInput]
}

func (h teamHandler) update(ctx context.Context, in *memberIn) (*Out[MemberBody], error) {
	p := account.MemberPatch{Role: in.Body.Role}
	if in.Body.Sites.sent {
		p.Sites = &in.Body.Sites.sites
	}
	check := func(m account.Member) error { return in.Check(ctx, memberBody(m)) }
	m, err := h.members.ChangeMember(ctx, ActorFrom(ctx), in.ID, check, p)
	if err != nil {
		return nil, err
	}
	return OK(memberBody(m)), nil
}

func (h teamHandler) remove(ctx context.Context, in *ByIDMatch[igny8.MembershipID]) (*struct{}, error) {
	return nil, h.members.RemoveMember(expect(ctx, in.IfMatch, memberBody), ActorFrom(ctx), in.ID)
}

// InvitationBody is an invitation that was not accepted.
type InvitationBody struct {
	ID        igny8.InvitationID `json:"id"`
	Email     string             `json:"email" example:"bilal@example.com"`
	Role      igny8.Role         `json:"role" enum:"admin,editor,viewer"`
	Sites     *[]igny8.SiteID    `json:"sites" nullable:"true" doc:"The only sites it is for; null is all."`
	State     string             `json:"state" enum:"open,expired"`
	InvitedBy string             `json:"invited_by" doc:"E-mail address."`
	URL       string             `json:"url" doc:"To hand on to who can log in with the invited address."`
	CreatedAt time.Time          `json:"created_at"`
	ExpiresAt time.Time          `json:"expires_at"`
}

// invitationBody shows an invitation at an instant.
func invitationBody(now time.Time) func(team.Invitation) InvitationBody {
	return func(i team.Invitation) InvitationBody {
		state := "expired"
		if i.Open(now) {
			state = "open"
		}
		return InvitationBody{ID: i.ID, Email: i.Email, Role: i.Role, Sites: sitesBody(i.SiteIDs()), State: state, InvitedBy: i.InvitedEmail, URL: i.URL,
			CreatedAt: i.CreatedAt.UTC(), ExpiresAt: i.ExpiresAt.UTC()}
	}
}

func (h teamHandler) invitations(ctx context.Context, in *ListInput) (*ListOutput[InvitationBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Invitations(ctx, ActorFrom(ctx), p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, invitationBody(h.s.Now())), nil
}

func (h teamHandler) invitation(ctx context.Context, in *ByID[igny8.InvitationID]) (*Out[InvitationBody], error) {
	i, err := h.s.Invitation(ctx, ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return h.resent(i), nil
}

// InvitationInput says who is invited to what.
type InvitationInput struct {
	Email string     `json:"email" maxLength:"320" example:"bilal@example.com"`
	Role  igny8.Role `json:"role" enum:"owner,admin,editor,viewer" doc:"Ownership is handed over to members, never to somebody new." example:"editor"`
	Sites SitesInput `json:"sites,omitempty" doc:"The only sites it is for, of an editor or viewer; null is all."`
}

func (h teamHandler) invited(i team.Invitation) *Created[InvitationBody] {
	return &Created[InvitationBody]{Location: Prefix + "/account/invitations/" + i.ID.String(), Body: invitationBody(h.s.Now())(i)}
}

func (h teamHandler) invite(ctx context.Context, in *In[InvitationInput]) (*Created[InvitationBody], error) {
	i, err := h.s.Invite(RenderWith(ctx, h.invited), ActorFrom(ctx), team.Invitee{Email: in.Body.Email, Role: in.Body.Role, Sites: in.Body.Sites.sites})
	if err != nil {
		return nil, err
	}
	return h.invited(i), nil
}

func (h teamHandler) resent(i team.Invitation) *Out[InvitationBody] {
	return OK(invitationBody(h.s.Now())(i))
}

func (h teamHandler) resend(ctx context.Context, in *ByID[igny8.InvitationID]) (*Out[InvitationBody], error) {
	i, err := h.s.Resend(RenderWith(ctx, h.resent), ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return h.resent(i), nil
}

func (h teamHandler) revoke(ctx context.Context, in *ByIDMatch[igny8.InvitationID]) (*struct{}, error) {
	return nil, h.s.Revoke(expect(ctx, in.IfMatch, invitationBody(h.s.Now())), ActorFrom(ctx), in.ID)
}

// OfferInput names who shall own the account.
type OfferInput struct {
	Member   igny8.MembershipID `json:"member"`
	Password string             `json:"password" maxLength:"1000" doc:"Yours."`
}

// OfferBody is an account's ownership on its way.
type OfferBody struct {
	Member    igny8.MembershipID `json:"member"`
	Email     string             `json:"email"`
	ExpiresAt time.Time          `json:"expires_at"`
}

func (h teamHandler) offer(ctx context.Context, in *In[OfferInput]) (*Out[OfferBody], error) {
	o, err := h.s.OfferOwnership(ctx, ActorFrom(ctx), in.Body.Member, in.Body.Password)
	if err != nil {
		return nil, err
	}
	return OK(offerBody(o)), nil
}

func offerBody(o team.Offer) OfferBody { return OfferBody{o.To.ID, o.To.Email, o.ExpiresAt.UTC()} }

func (h teamHandler) offered(ctx context.Context, _ *struct{}) (*Out[OfferBody], error) {
	o, err := h.s.OpenOffer(ctx, ActorFrom(ctx))
	if err != nil {
		return nil, err
	}
	return OK(offerBody(o)), nil
}

func (h teamHandler) cancel(ctx context.Context, in *IfMatch) (*struct{}, error) {
	return nil, h.s.CancelOffer(expect(ctx, *in, offerBody), ActorFrom(ctx))
}

func (h teamHandler) take(ctx context.Context, in *In[VerifyInput]) (*struct{}, error) {
	return nil, h.s.TakeOwnership(ctx, ActorFrom(ctx), in.Body.Token)
}

// InviteBody is what the holder of an invitation's link sees.
type InviteBody struct {
	Account       AccountName `json:"account"`
	Role          igny8.Role  `json:"role" enum:"admin,editor,viewer"`
	Inviter       string      `json:"inviter" doc:"E-mail address."`
	Email         string      `json:"email" doc:"Whom it is for."`
	ExpiresAt     time.Time   `json:"expires_at"`
	LoginRequired bool        `json:"login_required" doc:"Accept with an access token; false: as somebody new, or, when returning, with the password."`
	Returning     bool        `json:"returning" doc:"The person had a login before, and gives its password instead of a new one."`
}

type byToken struct {
	Token string `path:"token" maxLength:"200"`
}

func (h teamHandler) look(ctx context.Context, in *byToken) (*Out[InviteBody], error) {
	i, err := h.s.Look(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	out := InviteBody{Role: i.Role, Inviter: i.Inviter, Email: i.Email, ExpiresAt: i.Row.ExpiresAt.UTC(), LoginRequired: i.LoginFirst(), Returning: i.Returning}
	out.Account.Name = i.Account
	return OK(out), nil
}

// JoinInput is what somebody new fills in; nothing for who is logged in.
type JoinInput struct {
	FirstName string `json:"first_name,omitempty" maxLength:"100" example:"Bilal"`
	LastName  string `json:"last_name,omitempty" maxLength:"100" example:"Ahmed"`
	Password  string `json:"password,omitempty" maxLength:"1000" doc:"10 to 128 characters, not a common one."`
	TOTP      string `json:"totp,omitempty" maxLength:"40" doc:"A code of the authenticator app, or a recovery code, for who returns and has a second factor."`
	Language  string `json:"language,omitempty" enum:"en,ur,ar"`
}

type acceptIn struct {
	Agent
	Authorization string `header:"Authorization" hidden:"true"`
	Token         string `path:"token" maxLength:"200"`
	Body          *JoinInput
}

// JoinedBody is who came into which account.
type JoinedBody struct {
	User    UserBody    `json:"user"`
	Account AccountBody `json:"account"`
	Role    igny8.Role  `json:"role" enum:"admin,editor,viewer"`
	Tokens  *TokensBody `json:"tokens,omitempty" doc:"Of somebody new. Who was logged in gets theirs from /auth/switch."`
}

func joined(j team.Joined) *Out[JoinedBody] {
	out := JoinedBody{User: userBody(j.User), Account: accountBody(j.Account), Role: j.Role}
	if j.Tokens != nil {
		t := tokensBody(*j.Tokens)
		out.Tokens = &t
	}
	return OK(out)
}

func (h teamHandler) accept(ctx context.Context, in *acceptIn) (*Out[JoinedBody], error) {
	var j team.Joined
	var err error
	if token, ok := strings.CutPrefix(in.Authorization, "Bearer "); ok {
		actor, aerr := h.auth.Authenticate(ctx, token, ActorFrom(ctx).Network)
		if aerr != nil {
			return nil, aerr
		}
		actor.Network = web.Network(ActorFrom(ctx).Network)
		j, err = h.s.Accept(RenderWith(ctx, joined), actor, in.Token)
	} else {
		n := team.NewPerson{Device: in.device(ctx, false)}
		if b := in.Body; b != nil {
			n.FirstName, n.LastName, n.Password, n.Code, n.Language = b.FirstName, b.LastName, b.Password, b.TOTP, b.Language
		}
		j, err = h.s.Join(RenderWith(ctx, joined), in.Token, n)
	}
	if err != nil {
		return nil, err
	}
	return joined(j), nil
}

// SwitchInput names another account of the caller's.
type SwitchInput struct {
	Account igny8.AccountID `json:"account"`
}

// SwitchedBody is the other account with tokens for it.
type SwitchedBody struct {
	Account AccountBody `json:"account"`
	Tokens  TokensBody  `json:"tokens"`
}

type switchIn struct {
	Agent
	Body SwitchInput
}

func switched(s auth.Switched) *Out[SwitchedBody] {
	return OK(SwitchedBody{accountBody(s.Account), tokensBody(s.Tokens)})
}

func (h teamHandler) change(ctx context.Context, in *switchIn) (*Out[SwitchedBody], error) {
	s, err := h.auth.Switch(RenderWith(ctx, switched), ActorFrom(ctx), in.Body.Account, in.device(ctx, false))
	if err != nil {
		return nil, err
	}
	return switched(s), nil
}
