package team

import (
	"cmp"
	"context"
	"fmt"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
	"igny8/internal/input"
	"igny8/internal/team/teamdb"
)

var (
	errLink = igny8.E(igny8.Invalid, "link_invalid", "This invitation is not valid: it was used, revoked or replaced, or its seven days are over. Ask for another one.")
	errWho  = igny8.E(igny8.Forbidden, "invite_email_mismatch", "This invitation is for another e-mail address; log in with that one, or ask for an invitation of yours.")
	errMail = igny8.E(igny8.Forbidden, "email_unverified", "Confirm your e-mail address first: open the link of the letter that we sent to it.")
	// The link to copy gives one answer to strangers, whether somebody has the address
	// or not.
	errLogIn = igny8.E(igny8.Conflict, "login_required", "Log in with the address that was invited, then accept. Who has no login yet opens the link in the letter, which proves the address.")
	errRobot = igny8.E(igny8.Forbidden, "forbidden", "Only people who log in by themselves can accept an invitation.")
)

// Invite is what somebody who opens the link of an invitation sees.
type Invite struct {
	Account   string
	Role      igny8.Role
	Inviter   string // e-mail address
	Email     string // whom it is for
	Row       teamdb.Invitation
	Mailed    bool // opened by the letter's link, which proves the address
	Known     bool // somebody has the address; told to the letter's reader alone
	Returning bool // that person belongs to no account now, so no login can come first
	Second    bool // who returns has a second factor, and gives a code besides the password
}

// LoginFirst reports whether only who is logged in can accept.
func (i Invite) LoginFirst() bool { return !i.Mailed || i.Known && !i.Returning }

// Look shows an invitation without using it up. 422 link_invalid for what is not, or
// no longer, good.
func (s *Service) Look(ctx context.Context, token string) (out Invite, err error) {
	hash, ok := auth.HashOpaque(auth.InviteToken, token)
	if !ok {
		return out, errLink
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		row, err := teamdb.New(tx).FindInvitation(ctx, teamdb.FindInvitationParams{Hash: hash, Now: tx.Now})
		if db.Absent(err) {
			return errLink
		}
		if err != nil {
			return fmt.Errorf("find invitation: %w", err)
		}
		i := row.Invitation
		out = Invite{Account: row.AccountName, Role: i.Role, Inviter: i.InvitedEmail, Email: i.Email, Row: i, Mailed: i.Hash == hash}
		if !out.Mailed {
			return nil
		}
		u, err := account.UserByEmail(ctx, tx, i.EmailNorm)
		if db.Absent(err) {
			return nil
		}
		if err != nil {
			return err
		}
		list, err := account.MembershipsOf(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		f, err := auth.FactorsOf(ctx, tx, u.ID)
		out.Known, out.Returning, out.Second = true, len(list) == 0 && !u.Staff, f.Any()
		return err
	})
	return out, err
}

// PendingInvite is an open invitation of somebody who is logged in.
type PendingInvite struct {
	Account string
	Path    string // of its page
}

// PendingFor lists the open invitations of a person whose address is proved.
func (s *Service) PendingFor(ctx context.Context, u account.User) (list []PendingInvite, err error) {
	if u.EmailVerifiedAt == nil {
		return nil, nil
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := teamdb.New(tx).PendingFor(ctx, teamdb.PendingForParams{EmailNorm: u.EmailNorm, Now: tx.Now})
		for _, r := range rows {
			list = append(list, PendingInvite{r.AccountName, "/invite/" + s.linkToken(r.Invitation.Hash)})
		}
		return err
	})
	return list, err
}

// Joined is who came into which account. Tokens are those of a new login, for who
// was not logged in.
type Joined struct {
	User    account.User
	Account account.Account
	Role    igny8.Role
	Tokens  *auth.Tokens
}

// Accept makes who is logged in a member. Their address must be the invited one, and
// proved.
func (s *Service) Accept(ctx context.Context, actor igny8.Actor, token string) (out Joined, err error) {
	i, err := s.Look(ctx, token)
	if err != nil {
		return out, err
	}
	if actor.User.IsZero() || actor.Staff() || !actor.Key.IsZero() || !actor.Impersonator.IsZero() {
		return out, errRobot
	}
	err = s.db.System(ctx, "team.accept", i.Row.AccountID, func(ctx context.Context, tx *db.Tx) error {
		out = Joined{}
		if out.Account, err = account.Lock(ctx, tx); err != nil {
			return err
		}
		if out.User, err = account.UserByID(ctx, tx, actor.User); err != nil {
			return err
		}
		switch {
		case out.User.EmailNorm != i.Row.EmailNorm:
			return errWho
		case out.User.EmailVerifiedAt == nil:
			return errMail
		}
		if err := s.join(ctx, tx, token, actor.Network, &out); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

// NewPerson is what somebody without a login fills in. Who had one, and belongs to no
// account now, gives its password alone.
type NewPerson struct {
	FirstName, LastName, Password string
	Code                          string // of the second factor, for who returns and has one
	Language                      string
	Device                        auth.Device
}

// Join makes a person without a login a member and logs them in. The letter's link
// proves the address; the link to copy does not, so it is not enough (409
// login_required), and neither is a link when somebody has the address.
func (s *Service) Join(ctx context.Context, token string, n NewPerson) (out Joined, err error) {
	i, err := s.Look(ctx, token)
	if err != nil {
		return out, err
	}
	if i.LoginFirst() {
		return out, errLogIn
	}
	var known account.User
	var hash string
	if i.Returning {
		known, err = s.auth.CheckLogin(ctx, auth.Credentials{Email: i.Row.Email, Password: n.Password, Code: n.Code, Device: n.Device})
	} else {
		hash, err = n.hash(ctx, s.auth, i.Row.Email)
	}
	if err != nil {
		return out, err
	}
	err = s.db.System(ctx, "team.join", i.Row.AccountID, func(ctx context.Context, tx *db.Tx) error {
		out = Joined{User: known}
		if out.Account, err = account.Lock(ctx, tx); err != nil {
			return err
		}
		if !i.Returning {
			out.User, err = account.CreateUser(ctx, tx, account.NewUser{Email: i.Row.Email, EmailNorm: i.Row.EmailNorm, PasswordHash: hash,
				FirstName: n.FirstName, LastName: n.LastName, Language: cmp.Or(n.Language, "en")})
			if igny8.CodeOf(err) == account.ErrEmailTaken.Code {
				return errLogIn
			}
			if err != nil {
				return err
			}
		}
		if out.User, err = auth.MarkVerified(ctx, tx, out.User); err != nil {
			return err
		}
		if err := s.join(ctx, tx, token, n.Device.Network, &out); err != nil {
			return err
		}
		t, err := s.auth.StartSession(ctx, tx, out.User.ID, tx.Account, out.Role, n.Device)
		if err != nil {
			return err
		}
		out.Tokens = &t
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

// hash checks the form and makes the password's hash, outside any transaction.
func (n *NewPerson) hash(ctx context.Context, a *auth.Service, email string) (string, error) {
	n.FirstName, n.LastName = input.Name(n.FirstName), input.Name(n.LastName)
	p := account.UserPatch{FirstName: &n.FirstName, LastName: &n.LastName}
	if n.Language != "" {
		p.Language = &n.Language
	}
	var faults input.Faults
	faults.Add(p.Validate())
	faults.Add(auth.CheckPassword(n.Password, email, n.FirstName, n.LastName))
	if err := faults.Err(); err != nil {
		return "", err
	}
	return a.HashPassword(ctx, n.Password, email, n.FirstName, n.LastName)
}

// join uses the invitation up, once, and makes out.User a member, under the account's
// lock and within the seats of the plan as it is now.
func (s *Service) join(ctx context.Context, tx *db.Tx, token, network string, out *Joined) error {
	hash, _ := auth.HashOpaque(auth.InviteToken, token) // looked at before
	member, err := account.IsMember(ctx, tx, out.User.ID)
	if err != nil {
		return err
	}
	if member {
		return errMember
	}
	row, err := teamdb.New(tx).UseInvitation(ctx, teamdb.UseInvitationParams{AccountID: tx.Account, Hash: hash, AcceptedBy: out.User.ID, Now: &tx.Now})
	if db.Absent(err) || err == nil && out.Account.ClosedAt != nil {
		return errLink
	}
	if err != nil {
		return fmt.Errorf("use invitation: %w", err)
	}
	if err := seat(ctx, tx); err != nil {
		return err
	}
	if err := account.AddMember(ctx, tx, out.User.ID, row.Role, account.SitesOf(row.Sites)...); err != nil {
		return fmt.Errorf("insert member: %w", err)
	}
	if err := account.SeeMember(ctx, tx, tx.Account, out.User.ID); err != nil {
		return err
	}
	out.Role = row.Role
	facts := map[string]any{"email": out.User.Email, "role": row.Role, "user": out.User.ID, "sites": account.SitesOf(row.Sites)}
	if err := event.Emit(ctx, tx, "member.joined", row.ID.String(), facts); err != nil {
		return err
	}
	actor := igny8.Actor{User: out.User.ID, Account: tx.Account, Role: row.Role, Email: out.User.Email, Network: network}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: "member.join", ObjectType: "invitation", ObjectID: row.ID.String(), Details: facts})
}
