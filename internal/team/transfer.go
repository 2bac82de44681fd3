package team

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/mail"
	"igny8/internal/team/teamdb"
)

// Offer is an account's ownership on its way to another member.
type Offer struct {
	teamdb.OwnershipTransfer
	To account.Member
}

var errOffer = igny8.E(igny8.Invalid, "link_invalid", "This offer is not valid: it was used, cancelled or replaced, or its seven days are over.")

// OfferOwnership offers the account's ownership to another member, who gets a letter.
// The actor proves by password that it is them. A newer offer ends an older one.
func (s *Service) OfferOwnership(ctx context.Context, actor igny8.Actor, to igny8.MembershipID, password string) (out Offer, err error) {
	if err := s.auth.Confirm(ctx, actor, password); err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "team.offer", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		home, err := lockedByOwner(ctx, tx, actor)
		if err != nil {
			return err
		}
		if out.To, err = account.MemberByID(ctx, tx, to); err != nil {
			return err
		}
		if out.To.Role == igny8.RoleOwner {
			return igny8.InvalidField("member", "owner_already", "This member is an owner already.")
		}
		q := teamdb.New(tx)
		if _, err := q.EndTransfers(ctx, teamdb.EndTransfersParams{AccountID: tx.Account, Now: &tx.Now}); err != nil {
			return fmt.Errorf("end older offers: %w", err)
		}
		token, hash := auth.NewOpaque(auth.OwnerToken)
		row := teamdb.InsertTransferParams{AccountID: tx.Account, ID: db.NewID[igny8.RowID](tx), FromUser: actor.User, ToUser: out.To.User,
			Hash: hash, CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(TransferWithin)}
		if err := q.InsertTransfer(ctx, row); err != nil {
			return fmt.Errorf("insert offer: %w", err)
		}
		out.OwnershipTransfer = teamdb.OwnershipTransfer{AccountID: row.AccountID, ID: row.ID, FromUser: row.FromUser, ToUser: row.ToUser, Hash: hash,
			CreatedAt: row.CreatedAt, ExpiresAt: row.ExpiresAt}
		if err := s.writeOffer(ctx, tx, actor, home, out, token); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "account.offer_ownership", ObjectType: "account", ObjectID: tx.Account.String(),
			Details: map[string]any{"to": out.To.Email}})
	})
	return out, err
}

func (s *Service) writeOffer(ctx context.Context, tx *db.Tx, actor igny8.Actor, home account.Account, o Offer, token string) error {
	u, err := teamdb.New(tx).Reader(ctx, o.To.User)
	if err != nil {
		return fmt.Errorf("read the receiver: %w", err)
	}
	return mail.Enqueue(ctx, tx, mail.Letter{To: u.Email, Lang: u.Language, Template: "ownership", Key: "ownership:" + o.Hash,
		Data: map[string]any{"Name": u.FirstName, "Account": home.Name, "Giver": actor.Email, "Link": s.publicURL + "/app/" + home.Slug + "/ownership/" + token}})
}

// lockedByOwner locks the account and looks again whether the actor is an owner.
func lockedByOwner(ctx context.Context, tx *db.Tx, actor igny8.Actor) (account.Account, error) {
	home, err := account.Lock(ctx, tx)
	if err != nil {
		return home, err
	}
	role, err := account.RoleNow(ctx, tx, actor)
	if err == nil && role != igny8.RoleOwner {
		err = account.ErrRole
	}
	return home, err
}

// OpenOffer returns the offer that waits; ErrNotFound when there is none.
func (s *Service) OpenOffer(ctx context.Context, actor igny8.Actor) (out Offer, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		out, err = openOffer(ctx, tx)
		return err
	})
	return out, err
}

func openOffer(ctx context.Context, tx *db.Tx) (out Offer, err error) {
	out.OwnershipTransfer, err = teamdb.New(tx).OpenTransfer(ctx, teamdb.OpenTransferParams{AccountID: tx.Account, Now: tx.Now})
	if err == nil {
		out.To, err = account.MemberOf(ctx, tx, out.ToUser)
	}
	if db.Absent(err) {
		return out, igny8.ErrNotFound
	}
	return out, err
}

// CancelOffer ends the offer that waits.
func (s *Service) CancelOffer(ctx context.Context, actor igny8.Actor) error {
	return s.db.Tenant(ctx, "team.cancel_offer", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		if _, err := lockedByOwner(ctx, tx, actor); err != nil {
			return err
		}
		if db.Expects(ctx) {
			offer, err := openOffer(ctx, tx)
			if err == nil {
				err = db.Expected(ctx, offer)
			}
			if err != nil {
				return err
			}
		}
		ended, err := teamdb.New(tx).EndTransfers(ctx, teamdb.EndTransfersParams{AccountID: tx.Account, Now: &tx.Now})
		if err != nil {
			return fmt.Errorf("end offers: %w", err)
		}
		if len(ended) == 0 {
			return igny8.ErrNotFound
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "account.cancel_ownership", ObjectType: "account", ObjectID: tx.Account.String()})
	})
}

// TakeOwnership accepts the offer with the token of the letter: the actor becomes an
// owner and the giver an admin in one commit. 422 link_invalid when it is not for the
// actor, or the giver is no owner any more.
func (s *Service) TakeOwnership(ctx context.Context, actor igny8.Actor, token string) error {
	hash, ok := auth.HashOpaque(auth.OwnerToken, token)
	if !ok || !actor.Impersonator.IsZero() || actor.Account.IsZero() {
		return errOffer
	}
	return s.db.Tenant(ctx, "team.take_ownership", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		if _, err := account.Lock(ctx, tx); err != nil {
			return err
		}
		row, err := teamdb.New(tx).UseTransfer(ctx, teamdb.UseTransferParams{AccountID: tx.Account, Hash: hash, ToUser: actor.User, Now: &tx.Now})
		if db.Absent(err) {
			return errOffer
		}
		if err != nil {
			return fmt.Errorf("use offer: %w", err)
		}
		giver, err := account.MemberOf(ctx, tx, row.FromUser)
		if db.Absent(err) || err == nil && giver.Role != igny8.RoleOwner {
			return errOffer
		}
		if err != nil {
			return err
		}
		receiver, err := account.MemberOf(ctx, tx, row.ToUser)
		if err != nil {
			return err
		}
		if err := account.Transfer(ctx, tx, giver, receiver); err != nil {
			return err
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "account.take_ownership", ObjectType: "account", ObjectID: tx.Account.String(),
			Details: map[string]any{"from": giver.Email, "to": receiver.Email}})
	})
}
