package team

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
	"igny8/internal/mail"
	"igny8/internal/team/teamdb"
)

// InviteWithin is how long an invitation can be accepted, TransferWithin the offer
// of an account's ownership.
const (
	InviteWithin   = 7 * 24 * time.Hour
	TransferWithin = 7 * 24 * time.Hour
)

// Service runs the stories of teams.
type Service struct {
	db        *db.DB
	auth      *auth.Service
	key       []byte
	publicURL string
}

// New returns the service. key makes the links that people copy.
func New(d *db.DB, a *auth.Service, key []byte, publicURL string) *Service {
	return &Service{d, a, key, publicURL}
}

// Now is the program's clock.
func (s *Service) Now() time.Time { return s.db.Now() }

// Invitation is one that waits for its person, or whose time is over.
type Invitation struct {
	teamdb.Invitation
	// URL is the link to hand on: it leads to the invitation, but unlike the letter's
	// it does not prove the address, so that whoever invites cannot become whom they
	// invite.
	URL string
}

// Open reports whether the invitation can still be accepted.
func (i Invitation) Open(now time.Time) bool { return now.Before(i.ExpiresAt) }

// SiteIDs are the only sites it is for; nil is all.
func (i Invitation) SiteIDs() []igny8.SiteID { return account.SitesOf(i.Sites) }

func (s *Service) invitation(row teamdb.Invitation) Invitation {
	return Invitation{row, s.publicURL + "/invite/" + s.linkToken(row.Hash)}
}

// linkToken is the token of the link to copy. It ends with the letter's, whose hash
// it is made of.
func (s *Service) linkToken(hash string) string {
	h := hmac.New(sha256.New, s.key)
	h.Write([]byte("invitation link\x00" + hash))
	return string(auth.InviteToken) + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// tokens makes the letter's token, its hash, and the hash of the link to copy.
func (s *Service) tokens() (token, hash, linkHash string) {
	token, hash = auth.NewOpaque(auth.InviteToken)
	linkHash, _ = auth.HashOpaque(auth.InviteToken, s.linkToken(hash)) // made by us: has the form
	return token, hash, linkHash
}

// Invitee says who is invited to what.
type Invitee struct {
	Email string
	Role  igny8.Role     // admin, editor or viewer
	Sites []igny8.SiteID // nil is all
}

var (
	errMember  = igny8.E(igny8.Conflict, "already_member", "This person belongs to the account already.")
	errInvited = igny8.E(igny8.Conflict, "already_invited", "This person has an open invitation; send it again, or revoke it first.")
)

// Invite invites a person by letter. 403 role_not_grantable above what the actor may
// give, 403 limit_reached when members and open invitations fill the plan's seats,
// 409 already_member or already_invited.
func (s *Service) Invite(ctx context.Context, actor igny8.Actor, in Invitee) (out Invitation, err error) {
	email, err := auth.ParseEmail("email", in.Email)
	if err != nil {
		return out, err
	}
	if in.Role == "" {
		return out, account.ErrNoRole
	}
	if err := account.MayGrant(actor.Role, false, "", in.Role); err != nil {
		return out, err
	}
	if err := s.auth.ThrottleInvite(ctx, actor.Account, email.Login); err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "team.invite", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		home, err := locked(ctx, tx, actor, in.Role)
		if err != nil {
			return err
		}
		if err := account.CheckSites(ctx, tx, in.Role, in.Sites); err != nil {
			return err
		}
		if out, err = s.insert(ctx, tx, actor, home, email, in); err != nil {
			return err
		}
		if err := tell(ctx, tx, actor, "member.invited", "member.invite", out.Invitation); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

// locked locks the account and looks again whether the actor may give the role.
func locked(ctx context.Context, tx *db.Tx, actor igny8.Actor, role igny8.Role) (account.Account, error) {
	home, err := account.Lock(ctx, tx)
	if err != nil {
		return home, err
	}
	now, err := account.RoleNow(ctx, tx, actor)
	if err != nil {
		return home, err
	}
	return home, account.MayGrant(now, false, "", role)
}

func (s *Service) insert(ctx context.Context, tx *db.Tx, actor igny8.Actor, home account.Account, email auth.Email, in Invitee) (out Invitation, err error) {
	q := teamdb.New(tx)
	n, err := q.IsMemberByEmail(ctx, teamdb.IsMemberByEmailParams{AccountID: tx.Account, EmailNorm: email.Login})
	if err != nil {
		return out, fmt.Errorf("look for the member: %w", err)
	}
	if n > 0 {
		return out, errMember
	}
	if err := q.RevokeExpired(ctx, teamdb.RevokeExpiredParams{AccountID: tx.Account, EmailNorm: email.Login, Now: &tx.Now}); err != nil {
		return out, fmt.Errorf("revoke expired invitation: %w", err)
	}
	if err := room(ctx, tx, igny8.InvitationID{15: 1}); err != nil {
		return out, err
	}
	token, hash, linkHash := s.tokens()
	row, err := q.InsertInvitation(ctx, teamdb.InsertInvitationParams{AccountID: tx.Account, ID: db.NewID[igny8.InvitationID](tx), Email: email.Address,
		EmailNorm: email.Login, Role: in.Role, Sites: account.StoredSites(in.Sites), Hash: hash, LinkHash: linkHash, InvitedBy: actor.User,
		InvitedEmail: actor.Email, CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(InviteWithin)})
	if db.Absent(err) {
		return out, errInvited
	}
	if err != nil {
		return out, fmt.Errorf("insert invitation: %w", err)
	}
	return s.invitation(row), s.write(ctx, tx, home, row, token)
}

// room refuses when members and open invitations, but one, fill the plan's seats.
// Call it under the account's lock.
func room(ctx context.Context, tx *db.Tx, except igny8.InvitationID) error {
	l, err := billing.RunningLimits(ctx, tx)
	if err != nil || l.MaxUsers == nil {
		return err
	}
	members, err := account.CountMembers(ctx, tx)
	if err != nil {
		return fmt.Errorf("count members: %w", err)
	}
	open, err := teamdb.New(tx).CountOpen(ctx, teamdb.CountOpenParams{AccountID: tx.Account, ExceptID: except, Now: tx.Now})
	if err != nil {
		return fmt.Errorf("count invitations: %w", err)
	}
	if members+open >= *l.MaxUsers {
		return billing.LimitReached("users", l.PlanSlug, *l.MaxUsers, members+open)
	}
	return nil
}

// Seats are how many the plan has, and how many members and open invitations take.
type Seats struct {
	Used    int64
	Allowed *int64 // nil: no limit, or no plan is running
}

// Seats counts the seats of the actor's account.
func (s *Service) Seats(ctx context.Context, actor igny8.Actor) (out Seats, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		l, err := billing.RunningLimits(ctx, tx)
		if err != nil && igny8.KindOf(err) != igny8.PaymentRequired {
			return err
		}
		members, err := account.CountMembers(ctx, tx)
		if err != nil {
			return fmt.Errorf("count members: %w", err)
		}
		open, err := teamdb.New(tx).CountOpen(ctx, teamdb.CountOpenParams{AccountID: tx.Account, ExceptID: igny8.InvitationID{15: 1}, Now: tx.Now})
		out = Seats{members + open, l.MaxUsers}
		return err
	})
	return out, err
}

// seat refuses when the members alone fill the plan's seats, which happens when the
// plan became smaller after the invitation.
func seat(ctx context.Context, tx *db.Tx) error {
	l, err := billing.RunningLimits(ctx, tx)
	if err != nil || l.MaxUsers == nil {
		return err
	}
	members, err := account.CountMembers(ctx, tx)
	if err == nil && members >= *l.MaxUsers {
		err = billing.LimitReached("users", l.PlanSlug, *l.MaxUsers, members)
	}
	return err
}

// write sends the letter, in the language of who invites: another would tell whether
// we know the address.
func (s *Service) write(ctx context.Context, tx *db.Tx, home account.Account, row teamdb.Invitation, token string) error {
	inviter, err := teamdb.New(tx).Reader(ctx, row.InvitedBy)
	if err != nil {
		return fmt.Errorf("read who invites: %w", err)
	}
	return mail.Enqueue(ctx, tx, mail.Letter{To: row.Email, Lang: inviter.Language, Template: "invitation", Key: "invitation:" + row.Hash,
		Data: map[string]any{"Account": home.Name, "Inviter": row.InvitedEmail, "Role": string(row.Role), "Link": s.publicURL + "/invite/" + token}})
}

// Invitations lists those of the actor's account that wait or are too old, newest first.
func (s *Service) Invitations(ctx context.Context, actor igny8.Actor, p igny8.Page) (list igny8.List[Invitation], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		rows, err := teamdb.New(tx).ListInvitations(ctx, teamdb.ListInvitationsParams{AccountID: tx.Account,
			BeforeID: igny8.InvitationID(p.BeforeID()), PageSize: p.Fetch()})
		if err != nil {
			return fmt.Errorf("list invitations: %w", err)
		}
		items := make([]Invitation, len(rows))
		for i, r := range rows {
			items[i] = s.invitation(r)
		}
		list = igny8.NewList(p, items, func(i Invitation) string { return i.ID.UUID().String() })
		return nil
	})
	return list, err
}

// Resend writes the letter again, for another seven days. The links before end.
func (s *Service) Resend(ctx context.Context, actor igny8.Actor, id igny8.InvitationID) (out Invitation, err error) {
	old, err := s.read(ctx, actor, id)
	if err != nil {
		return out, err
	}
	if err := s.auth.ThrottleInvite(ctx, actor.Account, old.EmailNorm); err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "team.resend", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		home, err := locked(ctx, tx, actor, old.Role)
		if err != nil {
			return err
		}
		if err := room(ctx, tx, id); err != nil {
			return err
		}
		token, hash, linkHash := s.tokens()
		row, err := teamdb.New(tx).RenewInvitation(ctx, teamdb.RenewInvitationParams{AccountID: tx.Account, ID: id, Hash: hash, LinkHash: linkHash,
			ExpiresAt: tx.Now.Add(InviteWithin)})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("renew invitation: %w", err)
		}
		if err := s.write(ctx, tx, home, row, token); err != nil {
			return err
		}
		out = s.invitation(row)
		if err := tell(ctx, tx, actor, "", "invitation.resend", row); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func (s *Service) read(ctx context.Context, actor igny8.Actor, id igny8.InvitationID) (row teamdb.Invitation, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		row, err = teamdb.New(tx).GetInvitation(ctx, teamdb.GetInvitationParams{AccountID: tx.Account, ID: id})
		return err
	})
	if db.Absent(err) {
		return row, igny8.ErrNotFound
	}
	return row, err
}

// Invitation returns an invitation that was not accepted.
func (s *Service) Invitation(ctx context.Context, actor igny8.Actor, id igny8.InvitationID) (Invitation, error) {
	row, err := s.read(ctx, actor, id)
	if err != nil {
		return Invitation{}, err
	}
	return s.invitation(row), nil
}

// Revoke ends an invitation that was not accepted.
func (s *Service) Revoke(ctx context.Context, actor igny8.Actor, id igny8.InvitationID) error {
	old, err := s.read(ctx, actor, id)
	if err != nil {
		return err
	}
	return s.db.Tenant(ctx, "team.revoke", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		if _, err := locked(ctx, tx, actor, old.Role); err != nil {
			return err
		}
		row, err := teamdb.New(tx).RevokeInvitation(ctx, teamdb.RevokeInvitationParams{AccountID: tx.Account, ID: id, Now: &tx.Now})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("revoke invitation: %w", err)
		}
		before := row
		before.RevokedAt = nil
		if err := db.Expected(ctx, s.invitation(before)); err != nil {
			return err
		}
		return tell(ctx, tx, actor, "", "invitation.revoke", row)
	})
}

// tell writes the event, if any, and the audit row of an invitation; call it last.
func tell(ctx context.Context, tx *db.Tx, actor igny8.Actor, typ, action string, row teamdb.Invitation) error {
	facts := map[string]any{"email": row.Email, "role": row.Role, "sites": account.SitesOf(row.Sites)}
	if typ != "" {
		if err := event.Emit(ctx, tx, typ, row.ID.String(), facts); err != nil {
			return err
		}
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: action, ObjectType: "invitation", ObjectID: row.ID.String(), Details: facts})
}
