package auth

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/mail"
)

// How long a change of address may be confirmed, and taken back after it is done.
const (
	changeWithin = 24 * time.Hour
	undoWithin   = 72 * time.Hour
)

// ChangeEmail begins to move the person to another address, for who knows the
// password. Both addresses get a link, and both must be opened within 24 hours; an
// address that was never proved has no say. The letter to the old one can stop the
// change, or take it back within 72 hours. It answers the same when somebody else
// has the new address. A newer change ends an older one.
func (s *Service) ChangeEmail(ctx context.Context, actor igny8.Actor, email, password string) error {
	e, err := ParseEmail("email", email)
	if err != nil {
		return err
	}
	u, err := s.confirmPassword(ctx, actor, password)
	if err != nil {
		return err
	}
	if u.EmailNorm == e.Login {
		return igny8.InvalidField("email", "same_email", "This is your address already.")
	}
	return s.db.System(ctx, "auth.change_email", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q := authdb.New(tx)
		if err := q.EndEmailChanges(ctx, authdb.EndEmailChangesParams{UserID: u.ID, Now: &tx.Now}); err != nil {
			return fmt.Errorf("end older changes: %w", err)
		}
		taken, err := q.AddressTaken(ctx, e.Login)
		if err != nil {
			return fmt.Errorf("look for the address: %w", err)
		}
		links, err := insertChange(ctx, tx, u, e)
		if err != nil {
			return err
		}
		if err := s.writeChange(ctx, tx, u, e, links, taken > 0); err != nil {
			return err
		}
		return tellPerson(ctx, tx, self(u, actor), "user.change_email", map[string]any{"step": "asked"})
	})
}

// changeLinks are the tokens of the three links.
type changeLinks struct{ id, old, new, undo string }

func insertChange(ctx context.Context, tx *db.Tx, u account.User, e Email) (changeLinks, error) {
	id := db.NewID[igny8.RowID](tx)
	oldToken, oldHash := NewOpaque(ChangeToken)
	newToken, newHash := NewOpaque(ChangeToken)
	undoToken, undoHash := NewOpaque(ChangeToken)
	row := authdb.InsertEmailChangeParams{ID: id, UserID: u.ID, OldEmail: u.Email, NewEmail: e.Address, NewNorm: e.Login, OldHash: oldHash,
		NewHash: newHash, UndoHash: undoHash, CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(changeWithin)}
	if u.EmailVerifiedAt == nil {
		row.OldConfirmedAt = &tx.Now
	}
	if err := authdb.New(tx).InsertEmailChange(ctx, row); err != nil {
		return changeLinks{}, fmt.Errorf("insert change of address: %w", err)
	}
	return changeLinks{id.String(), oldToken, newToken, undoToken}, nil
}

// writeChange writes to both addresses. Who has the new one already learns that,
// and nobody else does.
func (s *Service) writeChange(ctx context.Context, tx *db.Tx, u account.User, e Email, l changeLinks, taken bool) error {
	data := map[string]any{"Name": u.FirstName, "New": e.Address, "Old": u.Email, "Verified": u.EmailVerifiedAt != nil,
		"Link": s.publicURL + "/email/" + l.old, "Undo": s.publicURL + "/email/undo/" + l.undo}
	err := mail.Enqueue(ctx, tx, mail.Letter{To: u.Email, Lang: u.Language, Template: "email_change_old", Key: "email_change_old:" + l.id, Data: data})
	if err != nil {
		return err
	}
	template := "email_change_new"
	if taken {
		template = "email_change_taken"
	}
	return mail.Enqueue(ctx, tx, mail.Letter{To: e.Address, Lang: u.Language, Template: template, Key: template + ":" + l.id,
		Data: map[string]any{"Name": u.FirstName, "Link": s.publicURL + "/email/" + l.new}})
}

// ConfirmEmailChange opens one of the two links; done says that it was the second,
// so that the person now has the new address.
func (s *Service) ConfirmEmailChange(ctx context.Context, token string) (done bool, err error) {
	hash, ok := HashOpaque(ChangeToken, token)
	if !ok {
		return false, errLink
	}
	err = s.db.System(ctx, "auth.confirm_email", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q := authdb.New(tx)
		c, err := q.ConfirmOldEmail(ctx, authdb.ConfirmOldEmailParams{Hash: hash, Now: &tx.Now})
		if db.Absent(err) {
			c, err = q.ConfirmNewEmail(ctx, authdb.ConfirmNewEmailParams{Hash: hash, Now: &tx.Now})
		}
		if db.Absent(err) {
			return errLink
		}
		if err != nil {
			return fmt.Errorf("confirm change of address: %w", err)
		}
		if c.OldConfirmedAt == nil || c.NewConfirmedAt == nil {
			return nil
		}
		if c, err = q.FinishEmailChange(ctx, authdb.FinishEmailChangeParams{ID: c.ID, Now: &tx.Now}); err != nil {
			return fmt.Errorf("finish change of address: %w", err)
		}
		done = true
		return s.move(ctx, tx, c.UserID, c.OldEmail, Email{Address: c.NewEmail, Login: c.NewNorm}, "done")
	})
	return done && err == nil, err
}

var errTakenNow = igny8.E(igny8.Conflict, "email_unavailable", "This address cannot be used now; ask for the change again, or choose another.")

// move gives the person the address, which they have just proved to control.
func (s *Service) move(ctx context.Context, tx *db.Tx, user igny8.UserID, from string, to Email, step string) error {
	q := authdb.New(tx)
	if n, err := q.AddressTaken(ctx, to.Login); err != nil || n > 0 {
		if err == nil {
			err = errTakenNow
		}
		return err
	}
	u, err := q.MoveEmail(ctx, authdb.MoveEmailParams{ID: user, Email: to.Address, EmailNorm: to.Login, OldNorm: NormalizeEmail(from), Now: &tx.Now})
	if db.Absent(err) {
		return errLink
	}
	if db.Duplicate(err) { // somebody took it since it was looked for
		return errTakenNow
	}
	if err != nil {
		return fmt.Errorf("move address: %w", err)
	}
	for _, purpose := range []string{toVerify, toReset} { // links to the address before are nothing now
		if err := q.VoidEmailTokens(ctx, authdb.VoidEmailTokensParams{UserID: u.ID, Purpose: purpose, Now: &tx.Now}); err != nil {
			return fmt.Errorf("end links: %w", err)
		}
	}
	return tellPerson(ctx, tx, igny8.Actor{User: u.ID, Email: to.Address}, "user.change_email", map[string]any{"step": step})
}

// UndoEmailChange stops a change of address, or takes it back within 72 hours: then
// the address is again what it was, and every session ends, since somebody else may
// have made the change.
func (s *Service) UndoEmailChange(ctx context.Context, token string) error {
	hash, ok := HashOpaque(ChangeToken, token)
	if !ok {
		return errLink
	}
	return s.db.System(ctx, "auth.undo_email", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		c, err := authdb.New(tx).UndoEmailChange(ctx, authdb.UndoEmailChangeParams{Hash: hash, Now: &tx.Now, Since: tx.Now.Add(-undoWithin)})
		if db.Absent(err) {
			return errLink
		}
		if err != nil {
			return fmt.Errorf("undo change of address: %w", err)
		}
		if err := s.endAll(ctx, tx, c.UserID, igny8.SessionID{}, "change of address taken back"); err != nil {
			return err
		}
		old, err := ParseEmail("email", c.OldEmail)
		if err != nil {
			return err
		}
		if c.DoneAt != nil {
			return s.move(ctx, tx, c.UserID, c.NewEmail, old, "undone")
		}
		return tellPerson(ctx, tx, igny8.Actor{User: c.UserID, Email: old.Address}, "user.change_email", map[string]any{"step": "stopped"})
	})
}
