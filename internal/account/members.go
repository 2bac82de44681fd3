package account

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account/accountdb"
	"igny8/internal/audit"
	"igny8/internal/db"
	"igny8/internal/event"
)

// Member is a person who belongs to an account.
type Member struct {
	ID         igny8.MembershipID
	User       igny8.UserID
	Name       string
	Email      string
	Role       igny8.Role
	Sites      []igny8.SiteID // the only ones that are reached; nil is all
	CreatedAt  time.Time
	LastSeenAt *time.Time
}

// SitesOf reads the stored list of sites; nil is all.
func SitesOf(stored []byte) (sites []igny8.SiteID) {
	json.Unmarshal(stored, &sites) // written by us; NULL is all
	return sites
}

// StoredSites is the list as it is stored.
func StoredSites(sites []igny8.SiteID) []byte {
	if sites == nil {
		return nil
	}
	data, _ := json.Marshal(sites) // texts only: cannot fail
	return data
}

func member(m accountdb.Membership, first, last, email string) Member {
	return Member{ID: m.ID, User: m.UserID, Name: first + " " + last, Email: email, Role: m.Role, Sites: SitesOf(m.Sites),
		CreatedAt: m.CreatedAt, LastSeenAt: m.LastSeenAt}
}

// Members lists who belongs to the actor's account, who came last first.
func (s *Service) Members(ctx context.Context, actor igny8.Actor, p igny8.Page) (list igny8.List[Member], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		rows, err := accountdb.New(tx).Members(ctx, accountdb.MembersParams{AccountID: tx.Account,
			BeforeID: igny8.MembershipID(p.BeforeID()), PageSize: p.Fetch()})
		if err != nil {
			return fmt.Errorf("list members: %w", err)
		}
		items := make([]Member, len(rows))
		for i, r := range rows {
			items[i] = member(r.Membership, r.FirstName, r.LastName, r.Email)
		}
		list = igny8.NewList(p, items, func(m Member) string { return m.ID.UUID().String() })
		return nil
	})
	return list, err
}

// Member returns one who belongs to the actor's account.
func (s *Service) Member(ctx context.Context, actor igny8.Actor, id igny8.MembershipID) (m Member, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		m, err = MemberByID(ctx, tx, id)
		return err
	})
	return m, err
}

// MemberByID reads a member of the transaction's account.
func MemberByID(ctx context.Context, tx *db.Tx, id igny8.MembershipID) (Member, error) {
	r, err := accountdb.New(tx).Member(ctx, accountdb.MemberParams{AccountID: tx.Account, ID: id})
	if db.Absent(err) {
		return Member{}, igny8.ErrNotFound
	}
	if err != nil {
		return Member{}, fmt.Errorf("read member: %w", err)
	}
	return member(r.Membership, r.FirstName, r.LastName, r.Email), nil
}

// CountMembers returns how many belong to the transaction's account.
func CountMembers(ctx context.Context, tx *db.Tx) (int64, error) {
	return accountdb.New(tx).CountMembers(ctx, tx.Account)
}

// MemberPatch says what changes about a member.
type MemberPatch struct {
	Role  *igny8.Role
	Sites *[]igny8.SiteID // the only ones to reach; a nil list is all
}

// ChangeMember gives a member another role or other sites; see MayGrant. The role
// that the actor has under the account's lock decides, not the one they came with.
// check sees the member as they are and may refuse (If-Match).
func (s *Service) ChangeMember(ctx context.Context, actor igny8.Actor, id igny8.MembershipID, check func(Member) error, p MemberPatch) (m Member, err error) {
	if p.Role != nil && *p.Role == "" {
		return m, ErrNoRole
	}
	err = s.db.Tenant(ctx, "account.change_member", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		old, self, role, err := lockMember(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if !role.Can(igny8.PermAccountManage) {
			return ErrRole
		}
		if err := check(old); err != nil {
			return err
		}
		m = p.on(old)
		if err := MayGrant(role, self, old.Role, m.Role); err != nil {
			return err
		}
		if err := CheckSites(ctx, tx, m.Role, m.Sites); err != nil {
			return err
		}
		if err := ownerRemains(ctx, tx, old.Role, m.Role); err != nil {
			return err
		}
		_, err = accountdb.New(tx).SetMember(ctx, accountdb.SetMemberParams{AccountID: tx.Account, ID: id, FromRole: old.Role, Role: m.Role, Sites: StoredSites(m.Sites)})
		if err != nil {
			return fmt.Errorf("change member: %w", err)
		}
		if err := endInvitations(ctx, tx, m.User, m.Role); err != nil {
			return err
		}
		return tellMember(ctx, tx, actor, "member.role_changed", "member.change", m, map[string]any{"from": old.Role, "to": m.Role, "sites": m.Sites})
	})
	return m, err
}

// on is the member with the patch applied. Owners and admins reach every site.
func (p MemberPatch) on(m Member) Member {
	if p.Role != nil {
		m.Role = *p.Role
	}
	if p.Sites != nil {
		m.Sites = *p.Sites
	} else if !Limitable(m.Role) {
		m.Sites = nil
	}
	return m
}

// RemoveMember ends a membership: that of somebody else, or the actor's own. Their
// next request to the account is refused, and so are its invitations by them.
func (s *Service) RemoveMember(ctx context.Context, actor igny8.Actor, id igny8.MembershipID) error {
	if actor.Account.IsZero() { // staff
		return igny8.ErrNotFound
	}
	return s.db.Tenant(ctx, "account.remove_member", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		m, self, role, err := lockMember(ctx, tx, actor, id)
		if err == nil {
			err = db.Expected(ctx, m)
		}
		if err != nil {
			return err
		}
		if !self { // to leave asks for nothing
			if err := Admit(actor, igny8.PermAccountManage, NeedWork); err != nil {
				return err
			}
		}
		if err := MayGrant(role, self, m.Role, ""); err != nil {
			return err
		}
		if err := ownerRemains(ctx, tx, m.Role, ""); err != nil {
			return err
		}
		if _, err = accountdb.New(tx).DeleteMember(ctx, accountdb.DeleteMemberParams{AccountID: tx.Account, ID: id, FromRole: m.Role}); err != nil {
			return fmt.Errorf("remove member: %w", err)
		}
		if err := endInvitations(ctx, tx, m.User, ""); err != nil {
			return err
		}
		action := "member.remove"
		if self {
			action = "member.leave"
		}
		return tellMember(ctx, tx, actor, "member.removed", action, m, map[string]any{"role": m.Role})
	})
}

// lockMember locks the account and reads the member, whether it is the actor, and
// the actor's role as it is now.
func lockMember(ctx context.Context, tx *db.Tx, actor igny8.Actor, id igny8.MembershipID) (m Member, self bool, role igny8.Role, err error) {
	if _, err = Lock(ctx, tx); err != nil {
		return m, false, "", err
	}
	if role, err = RoleNow(ctx, tx, actor); err != nil {
		return m, false, "", err
	}
	if m, err = MemberByID(ctx, tx, id); err != nil {
		return m, false, "", err
	}
	self = actor.Impersonator.IsZero() && m.User == actor.User
	if !self && !role.Can(igny8.PermAccountManage) {
		return m, false, "", ErrRole
	}
	return m, self, role, nil
}

// RoleNow is the actor's role in the transaction's account at this moment, which
// may be lower than when their request began. Call it under the account's lock.
func RoleNow(ctx context.Context, tx *db.Tx, actor igny8.Actor) (igny8.Role, error) {
	if !actor.Impersonator.IsZero() || !actor.Key.IsZero() {
		return actor.Role, nil // no members: their rights stand elsewhere
	}
	m, err := accountdb.New(tx).GetMember(ctx, accountdb.GetMemberParams{AccountID: tx.Account, UserID: actor.User})
	if db.Absent(err) {
		return "", ErrRole
	}
	return m.Role, err
}

func ownerRemains(ctx context.Context, tx *db.Tx, from, to igny8.Role) error {
	if from != igny8.RoleOwner || to == igny8.RoleOwner {
		return nil
	}
	n, err := accountdb.New(tx).CountOwners(ctx, tx.Account)
	if err == nil && n < 2 {
		return ErrLastOwner
	}
	return err
}

// endInvitations ends what a person invited to, once their role does not allow it.
func endInvitations(ctx context.Context, tx *db.Tx, user igny8.UserID, role igny8.Role) error {
	if role.Can(igny8.PermAccountManage) {
		return nil
	}
	err := accountdb.New(tx).RevokeInvitationsBy(ctx, accountdb.RevokeInvitationsByParams{AccountID: tx.Account, InvitedBy: user, Now: &tx.Now})
	if err != nil {
		return fmt.Errorf("end invitations: %w", err)
	}
	return nil
}

var errSitesRole = igny8.InvalidField("sites", "sites_not_for_role", "Only editors and viewers can be limited to certain sites.")

// CheckSites refuses a list of sites that the role cannot be limited to, or that
// names a site which the transaction's account does not have.
func CheckSites(ctx context.Context, tx *db.Tx, role igny8.Role, sites []igny8.SiteID) error {
	if sites == nil {
		return nil
	}
	if !Limitable(role) {
		return errSitesRole
	}
	if len(sites) == 0 {
		return igny8.InvalidField("sites", "required", "Name at least one site, or none at all for every site.")
	}
	for _, id := range sites {
		n, err := accountdb.New(tx).SiteIsThere(ctx, accountdb.SiteIsThereParams{AccountID: tx.Account, ID: id})
		if err != nil {
			return fmt.Errorf("look for a site: %w", err)
		}
		if n == 0 {
			return igny8.InvalidField("sites", "unknown_site", "The account has no such site.")
		}
	}
	return nil
}

// Transfer makes one member an owner and the giver an admin, under the account's
// lock. ErrNotFound when either is not what they were.
func Transfer(ctx context.Context, tx *db.Tx, giver, receiver Member) error {
	for _, m := range []struct {
		Member
		to igny8.Role
	}{{receiver, igny8.RoleOwner}, {giver, igny8.RoleAdmin}} {
		_, err := accountdb.New(tx).SetRoleOf(ctx, accountdb.SetRoleOfParams{AccountID: tx.Account, UserID: m.User, FromRole: m.Role, Role: m.to})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("transfer ownership: %w", err)
		}
		if err := event.Emit(ctx, tx, "member.role_changed", m.ID.String(), map[string]any{"email": m.Email, "from": m.Role, "to": m.to, "role": m.to}); err != nil {
			return err
		}
	}
	return nil
}

// MemberOf finds a person among the members of the transaction's account.
func MemberOf(ctx context.Context, tx *db.Tx, user igny8.UserID) (Member, error) {
	m, err := accountdb.New(tx).GetMember(ctx, accountdb.GetMemberParams{AccountID: tx.Account, UserID: user})
	if err != nil {
		return Member{}, err
	}
	return MemberByID(ctx, tx, m.ID)
}

// SeeMember remembers that a person used an account of theirs now.
func SeeMember(ctx context.Context, tx *db.Tx, of igny8.AccountID, user igny8.UserID) error {
	err := accountdb.New(tx).SeeMember(ctx, accountdb.SeeMemberParams{AccountID: of, UserID: user, Now: &tx.Now})
	if err != nil {
		return fmt.Errorf("see member: %w", err)
	}
	return nil
}

// tellMember writes what follows from a change of a member; call it last.
func tellMember(ctx context.Context, tx *db.Tx, actor igny8.Actor, typ, action string, m Member, details map[string]any) error {
	details["email"] = m.Email
	if err := event.Emit(ctx, tx, typ, m.ID.String(), map[string]any{"email": m.Email, "role": m.Role, "user": m.User, "sites": m.Sites}); err != nil {
		return err
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: action, ObjectType: "member", ObjectID: m.ID.String(), Details: details})
}
