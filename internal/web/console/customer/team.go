package customer

import (
	"context"
	"slices"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/site"
	"igny8/internal/team"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// crew is what the page of the team shows. Who may not manage it sees what the roles
// can do, and how to leave.
type crew struct {
	members     []account.Member
	invitations []team.Invitation
	sites       []site.Site
	seats       team.Seats
	offer       *team.Offer
	invite      view.Form // of an invitation
	give        view.Form // of the ownership
	leave       view.Form
	manages     bool // sees members
	mayChange   bool
	mayGive     bool
	single      bool // is the only owner
}

func (h handler) team(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showTeam(ctx, r, crew{})
}

func (h handler) showTeam(ctx context.Context, r *console.Request, c crew) (res console.Response, err error) {
	c.manages = may(r, igny8.PermAccountManage, account.NeedBilling)
	if !c.invite.Failed() {
		c.invite = view.Filled("reach", "all")
	}
	c.mayChange = may(r, igny8.PermAccountManage, account.NeedWork)
	c.mayGive = may(r, igny8.PermAccountClose, account.NeedBilling)
	if c.manages {
		if err := h.gather(ctx, r, &c); err != nil {
			return res, err
		}
	}
	res = console.Page(text.T(ctx, "app.team"), "team", teamPage(r, h.c.Now(), c))
	for _, f := range []view.Form{c.invite, c.give, c.leave} {
		if f.Failed() {
			res = res.Showing(f)
		}
	}
	return res, nil
}

// gather reads what those see who manage the team.
func (h handler) gather(ctx context.Context, r *console.Request, c *crew) error {
	members, err := h.Account.Members(ctx, r.Actor, igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return err
	}
	invitations, err := h.Team.Invitations(ctx, r.Actor, igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return err
	}
	if c.seats, err = h.Team.Seats(ctx, r.Actor); err != nil {
		return err
	}
	if c.mayGive {
		offer, err := h.Team.OpenOffer(ctx, r.Actor)
		if err == nil {
			c.offer = &offer
		} else if igny8.KindOf(err) != igny8.NotFound {
			return err
		}
	}
	c.members, c.invitations = members.Items, invitations.Items
	owners := slices.DeleteFunc(slices.Clone(c.members), func(m account.Member) bool { return m.Role != igny8.RoleOwner })
	c.single = len(owners) == 1 && owners[0].User == r.Actor.User
	c.sites, err = h.reachable(ctx, r)
	return err
}

// reachable are the sites to choose from.
func (h handler) reachable(ctx context.Context, r *console.Request) ([]site.Site, error) {
	if !may(r, igny8.PermRead, account.NeedRead) {
		return nil, nil
	}
	list, err := h.Site.List(ctx, r.Actor, igny8.Page{Limit: igny8.MaxPage})
	return list.Items, err
}

// chosenSites are the sites of the form; nil is all of them.
func chosenSites(r *console.Request) ([]igny8.SiteID, error) {
	if r.Value("reach") != "some" {
		return nil, nil
	}
	sites := []igny8.SiteID{}
	for _, s := range r.Values()["site"] {
		id, err := igny8.ParseID[igny8.SiteID](s)
		if err != nil {
			return nil, igny8.ErrNotFound
		}
		sites = append(sites, id)
	}
	return sites, nil
}

func (h handler) invite(ctx context.Context, r *console.Request) (console.Response, error) {
	sites, err := chosenSites(r)
	if err != nil {
		return console.Response{}, err
	}
	_, err = h.Team.Invite(ctx, r.Actor, team.Invitee{Email: r.Value("email"), Role: igny8.Role(r.Value("role")), Sites: sites})
	if err == nil {
		return console.SeeOther(r.Here("team")).Saying("invited"), nil
	}
	if f, ok := teamRefused(ctx, r, err); ok {
		return h.showTeam(ctx, r, crew{invite: f})
	}
	return console.Response{}, err
}

// teamRefused is Refused where a full plan and a role that is not one's to give are
// answers within the form too.
func teamRefused(ctx context.Context, r *console.Request, err error) (view.Form, bool) {
	switch igny8.CodeOf(err) {
	case "limit_reached":
		return limited(ctx, r, err), true
	case account.ErrRole.Code:
		return r.RefusedAnyway(ctx, err), true
	}
	return r.Refused(ctx, err)
}

func (h handler) resendInvitation(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.InvitationID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	if _, err = h.Team.Resend(ctx, r.Actor, id); err == nil {
		return console.SeeOther(r.Here("team")).Saying("invited"), nil
	}
	if f, ok := teamRefused(ctx, r, err); ok {
		return h.showTeam(ctx, r, crew{invite: f})
	}
	return console.Response{}, err
}

func (h handler) revokeInvitation(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.InvitationID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	if err := h.Team.Revoke(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(r.Here("team")).Saying("invitation_revoked"), nil
}

// seat is one member with the form that changes them.
type seat struct {
	account.Member
	sites []site.Site
	roles []view.Option // that the actor may give
	form  view.Form
	may   bool // change or remove
}

func (h handler) member(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showMember(ctx, r, view.Form{})
}

func (h handler) showMember(ctx context.Context, r *console.Request, f view.Form) (console.Response, error) {
	id, err := console.PathID[igny8.MembershipID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	s := seat{form: f}
	if s.Member, err = h.Account.Member(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	self := s.User == r.Actor.User
	s.roles = roleOptions(ctx, r.Actor.Role, self, s.Role)
	s.may = may(r, igny8.PermAccountManage, account.NeedWork) && account.MayGrant(r.Actor.Role, self, s.Role, "") == nil
	if s.sites, err = h.reachable(ctx, r); err != nil {
		return console.Response{}, err
	}
	if !f.Failed() {
		s.form = view.Filled("role", string(s.Role), "reach", "all")
		if s.Sites != nil {
			s.form.Values.Set("reach", "some")
		}
		for _, id := range s.Sites {
			s.form.Values.Add("site", id.String())
		}
	}
	return console.Page(s.Name, "team", memberPage(r, s)).Showing(f), nil
}

func (h handler) changeMember(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.MembershipID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	role := igny8.Role(r.Value("role"))
	sites, err := chosenSites(r)
	if err != nil {
		return console.Response{}, err
	}
	asItIs := func(account.Member) error { return nil }
	if _, err = h.Account.ChangeMember(ctx, r.Actor, id, asItIs, account.MemberPatch{Role: &role, Sites: &sites}); err == nil {
		return console.SeeOther(r.Here("team")).Saying("saved"), nil
	}
	if f, ok := teamRefused(ctx, r, err); ok {
		return h.showMember(ctx, r, f)
	}
	return console.Response{}, err
}

func (h handler) removeMember(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.MembershipID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	m, err := h.Account.Member(ctx, r.Actor, id)
	if err != nil {
		return console.Response{}, err
	}
	if err = h.Account.RemoveMember(ctx, r.Actor, id); err == nil {
		if m.User == r.Actor.User {
			return h.gone(ctx, r)
		}
		return console.SeeOther(r.Here("team")).Saying("member_removed"), nil
	}
	if f, ok := teamRefused(ctx, r, err); ok {
		return h.showMember(ctx, r, f)
	}
	return console.Response{}, err
}

// leave ends the actor's own membership.
func (h handler) leave(ctx context.Context, r *console.Request) (console.Response, error) {
	i := slices.IndexFunc(r.Member, func(m account.Membership) bool { return m.Account.ID == r.Account.ID })
	if i < 0 {
		return console.Response{}, igny8.ErrNotFound
	}
	err := h.Account.RemoveMember(ctx, r.Actor, r.Member[i].Membership.ID)
	if err == nil {
		return h.gone(ctx, r)
	}
	if f, ok := teamRefused(ctx, r, err); ok {
		return h.showTeam(ctx, r, crew{leave: f})
	}
	return console.Response{}, err
}

// gone leads who left to another account of theirs, or out.
func (h handler) gone(ctx context.Context, r *console.Request) (console.Response, error) {
	for _, m := range r.Member {
		if m.Account.ID != r.Account.ID {
			return console.SeeOther("/app/" + m.Account.Slug).Saying("left"), nil
		}
	}
	res, err := r.LogOut(ctx, false)
	return res.Saying("left"), err
}

func (h handler) offerOwnership(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := igny8.ParseID[igny8.MembershipID](r.Value("member"))
	if err != nil {
		err = igny8.InvalidField("member", "required", text.T(ctx, "team.give.member.missing"))
	} else {
		_, err = h.Team.OfferOwnership(ctx, r.Actor, id, r.Raw("password"))
	}
	if err == nil {
		return console.SeeOther(r.Here("team")).Saying("ownership_offered"), nil
	}
	if f, ok := teamRefused(ctx, r, err); ok {
		f.Values.Del("password")
		return h.showTeam(ctx, r, crew{give: f})
	}
	return console.Response{}, err
}

func (h handler) cancelOwnership(ctx context.Context, r *console.Request) (console.Response, error) {
	if err := h.Team.CancelOffer(ctx, r.Actor); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(r.Here("team")).Saying("ownership_cancelled"), nil
}

// ownership asks for a press before the letter's link is used.
func (h handler) ownership(ctx context.Context, r *console.Request) (console.Response, error) {
	return console.Page(text.T(ctx, "team.take.title"), "team", ownershipPage(r, view.Form{})), nil
}

func (h handler) takeOwnership(ctx context.Context, r *console.Request) (console.Response, error) {
	err := h.Team.TakeOwnership(ctx, r.Actor, r.Path("token"))
	if err == nil {
		return console.SeeOther(r.Here("team")).Saying("ownership_taken"), nil
	}
	if f, ok := r.Refused(ctx, err); ok {
		return console.Page(text.T(ctx, "team.take.title"), "team", ownershipPage(r, f)).Showing(f), nil
	}
	return console.Response{}, err
}

// places are the accounts that the person can go to, with open invitations first.
func (h handler) places(ctx context.Context, r *console.Request) (list []view.Place) {
	if !r.Actor.Impersonator.IsZero() {
		return nil
	}
	pending, err := h.Team.PendingFor(ctx, r.User)
	if err != nil {
		pending = nil // a page is worth more than its menu
	}
	for _, p := range pending {
		list = append(list, view.Place{Href: p.Path, Name: p.Account, Invited: true})
	}
	for _, m := range r.Member {
		if m.Account.ID != r.Account.ID {
			list = append(list, view.Place{Href: "/app/" + m.Account.Slug, Name: m.Account.Name})
		}
	}
	return list
}

// roleOptions are the roles that somebody may be moved to, from "" for an invitation.
func roleOptions(ctx context.Context, actor igny8.Role, self bool, from igny8.Role) (out []view.Option) {
	for _, role := range igny8.Roles() {
		if account.MayGrant(actor, self, from, role) == nil {
			out = append(out, view.Option{Value: string(role), Label: text.T(ctx, "role."+string(role)), Hint: text.T(ctx, "team.role."+string(role))})
		}
	}
	return out
}

// rights are the lines of the table that says who can do what, from the one table of
// permissions.
func rights() []igny8.Permission {
	return []igny8.Permission{igny8.PermRead, igny8.PermContentWrite, igny8.PermSiteWrite, igny8.PermSiteDelete, igny8.PermBillingRead,
		igny8.PermBillingManage, igny8.PermAccountManage, igny8.PermAccountClose}
}

// ranks are the roles that people have.
func ranks() []igny8.Role {
	return slices.DeleteFunc(igny8.Roles(), func(r igny8.Role) bool { return !r.TenantRole() })
}

// roleTone makes the chips of roles differ at a glance.
func roleTone(role igny8.Role) view.Tone {
	switch role {
	case igny8.RoleOwner:
		return view.OK
	case igny8.RoleAdmin:
		return view.Info
	}
	return view.Neutral
}

// siteNames are the domains of these sites, of those that are still there.
func siteNames(all []site.Site, ids []igny8.SiteID) (names []string) {
	for _, s := range all {
		if slices.Contains(ids, s.ID) {
			names = append(names, s.Domain)
		}
	}
	return names
}

// heirs are the members to whom the ownership can go, after a line that asks.
func heirs(ctx context.Context, members []account.Member) []view.Option {
	out := []view.Option{{Value: "", Label: text.T(ctx, "team.give.choose")}}
	for _, m := range members {
		if m.Role != igny8.RoleOwner {
			out = append(out, view.Option{Value: m.ID.String(), Label: m.Name + " · " + m.Email})
		}
	}
	return out
}
