package offboard

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth"
	"igny8/internal/blob"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/job"
	"igny8/internal/mail"
	"igny8/internal/offboard/offboarddb"
)

// Retention is how long a closed account can be opened again.
const Retention = 30 * 24 * time.Hour

// Service runs the stories of leaving.
type Service struct {
	db        *db.DB
	auth      *auth.Service
	files     blob.Store
	publicURL string
}

// New returns the service.
func New(d *db.DB, a *auth.Service, files blob.Store, publicURL string) *Service {
	return &Service{d, a, files, publicURL}
}

var (
	errWaiting = igny8.E(igny8.Conflict, "payment_waiting", "A payment waits for a decision; wait for it, or withdraw it, before you close the account.")
	errClosed  = igny8.E(igny8.Conflict, "account_closed", "The account is closed already.")
	errOpen    = igny8.E(igny8.Conflict, "account_open", "The account is not closed, or its 30 days are over.")
)

// Close ends the actor's account, for who knows the password: subscription and open
// invoices end, keys and invitations too. Everything can be read and exported, and
// the account opened again, for 30 days; then it is erased.
func (s *Service) Close(ctx context.Context, actor igny8.Actor, password string) (a account.Account, err error) {
	if err := s.auth.ConfirmPassword(ctx, actor, password); err != nil {
		return a, err
	}
	err = s.db.Tenant(ctx, "offboard.close", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		old, err := account.Lock(ctx, tx)
		if err != nil {
			return err
		}
		q := offboarddb.New(tx)
		if n, err := q.WaitingPayments(ctx, tx.Account); err != nil || n > 0 {
			if err == nil {
				err = errWaiting
			}
			return err
		}
		if igny8.Allowed(igny8.AccountTransitions, old.Status, igny8.AccountCancelled) {
			if err := account.SetStatus(ctx, tx, old.Status, igny8.AccountCancelled); err != nil {
				return err
			}
		}
		until := tx.Now.Add(Retention)
		row, err := q.Close(ctx, offboarddb.CloseParams{AccountID: tx.Account, Now: &tx.Now, EraseAt: &until})
		if db.Absent(err) {
			return errClosed
		}
		if err != nil {
			return fmt.Errorf("close account: %w", err)
		}
		a = account.Account(row)
		if err := end(ctx, tx); err != nil {
			return err
		}
		return s.tell(ctx, tx, actor, a, "account.closed", "account.close")
	})
	return a, err
}

// end ends what a closed account must not have.
func end(ctx context.Context, tx *db.Tx) error {
	q := offboarddb.New(tx)
	if err := q.CancelSubscriptions(ctx, offboarddb.CancelSubscriptionsParams{AccountID: tx.Account, Now: tx.Now}); err != nil {
		return fmt.Errorf("cancel subscriptions: %w", err)
	}
	if err := q.VoidInvoices(ctx, tx.Account); err != nil {
		return fmt.Errorf("void invoices: %w", err)
	}
	if err := q.RevokeKeys(ctx, offboarddb.RevokeKeysParams{AccountID: tx.Account, Now: &tx.Now}); err != nil {
		return fmt.Errorf("revoke keys: %w", err)
	}
	if err := q.RevokeInvitations(ctx, offboarddb.RevokeInvitationsParams{AccountID: tx.Account, Now: &tx.Now}); err != nil {
		return fmt.Errorf("revoke invitations: %w", err)
	}
	return nil
}

// Reopen takes the closing back within 30 days. The account is as after a
// cancellation: choose a plan and pay to go on.
func (s *Service) Reopen(ctx context.Context, actor igny8.Actor) (a account.Account, err error) {
	err = s.db.Tenant(ctx, "offboard.reopen", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		row, err := offboarddb.New(tx).Reopen(ctx, offboarddb.ReopenParams{AccountID: tx.Account, Now: tx.Now})
		if db.Absent(err) {
			return errOpen
		}
		if err != nil {
			return fmt.Errorf("reopen account: %w", err)
		}
		a = account.Account(row)
		return s.tell(ctx, tx, actor, a, "account.reopened", "account.reopen")
	})
	return a, err
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, actor igny8.Actor, a account.Account, typ, action string) error {
	owner, err := account.Owner(ctx, tx)
	if err != nil {
		return fmt.Errorf("find owner: %w", err)
	}
	if a.EraseAt != nil {
		err = mail.Enqueue(ctx, tx, mail.Letter{To: owner.Email, Lang: owner.Language, Template: "account_closed",
			Key:  "account_closed:" + a.ID.String() + ":" + a.EraseAt.UTC().Format(time.DateOnly),
			Data: map[string]any{"Name": owner.FirstName, "Account": a.Name, "Until": a.EraseAt.UTC().Format(time.DateOnly), "Link": s.publicURL + "/app/" + a.Slug + "/close"}})
		if err != nil {
			return err
		}
	}
	if err := event.Emit(ctx, tx, typ, a.ID.String(), map[string]any{"status": a.Status}); err != nil {
		return err
	}
	return audit.Record(ctx, tx, actor, audit.Entry{Action: action, ObjectType: "account", ObjectID: a.ID.String()})
}

// EraseArgs are the job that erases accounts whose 30 days are over.
type EraseArgs struct{}

// Kind names the job.
func (EraseArgs) Kind() string { return "offboard.erase" }

// Register lets the queue erase what is due.
func (s *Service) Register(w *job.Workers) {
	job.Handle(w, func(ctx context.Context, _ EraseArgs) error {
		_, err := s.EraseDue(ctx)
		return err
	})
}
