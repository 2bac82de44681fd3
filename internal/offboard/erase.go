package offboard

import (
	"context"
	"errors"
	"fmt"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/db"
	"igny8/internal/offboard/offboarddb"
	"igny8/internal/tenant"
)

// EraseDue erases accounts whose 30 days are over, and returns how many. One that
// fails is left for the next time, and does not stop the others.
func (s *Service) EraseDue(ctx context.Context) (n int, err error) {
	var due []igny8.AccountID
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		due, err = offboarddb.New(tx).Due(ctx, &tx.Now)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look for closed accounts: %w", err)
	}
	for _, id := range due {
		if e := s.erase(ctx, id); e != nil {
			err = errors.Join(err, fmt.Errorf("erase %s: %w", id, e))
			continue
		}
		n++
	}
	return n, err
}

// erase does everything in one commit, and removes the files after it: what remains of
// them when it ends between, the sweep of files finds.
func (s *Service) erase(ctx context.Context, id igny8.AccountID) error {
	var files []string
	err := s.db.System(ctx, "offboard.erase", id, func(ctx context.Context, tx *db.Tx) (err error) {
		files, err = eraseTx(ctx, tx, id)
		return err
	})
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := s.files.Delete(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func eraseTx(ctx context.Context, tx *db.Tx, id igny8.AccountID) (files []string, err error) {
	a, err := account.Lock(ctx, tx)
	if err != nil {
		return nil, err
	}
	q := offboarddb.New(tx)
	if files, err = q.OwnFiles(ctx, id); err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	_, err = q.EraseAccount(ctx, offboarddb.EraseAccountParams{AccountID: id, Name: fmt.Sprintf("Closed account %d", a.Number),
		Slug: fmt.Sprintf("closed-%d", a.Number), Billing: []byte("{}"), Now: &tx.Now})
	if db.Absent(err) {
		return nil, nil // opened again, or erased, or a payment waits meanwhile
	}
	if err != nil {
		return nil, fmt.Errorf("erase account: %w", err)
	}
	if err := erasePeople(ctx, tx, id); err != nil {
		return nil, err
	}
	if err := eraseTraces(ctx, tx, id); err != nil {
		return nil, err
	}
	return files, audit.Record(ctx, tx, igny8.SystemActor, audit.Entry{Action: "account.erase", ObjectType: "account", ObjectID: id.String()})
}

func erasePeople(ctx context.Context, tx *db.Tx, id igny8.AccountID) error {
	q := offboarddb.New(tx)
	people, err := q.OnlyHere(ctx, id)
	if err != nil {
		return fmt.Errorf("list people: %w", err)
	}
	for _, u := range people {
		err := errors.Join(
			q.ErasePerson(ctx, offboarddb.ErasePersonParams{ID: u, Email: u.String() + "@erased.invalid", Now: tx.Now}),
			q.EraseSessions(ctx, offboarddb.EraseSessionsParams{UserID: u, Now: &tx.Now}),
			q.ErasePasskeys(ctx, u), q.EraseRecoveryCodes(ctx, u), q.EraseLinks(ctx, u), q.EraseChanges(ctx, u))
		if err != nil {
			return fmt.Errorf("erase person: %w", err)
		}
	}
	return nil
}

// eraseTraces empties the tables that the register says are deleted, and clears what tells
// of persons in those that stay.
func eraseTraces(ctx context.Context, tx *db.Tx, id igny8.AccountID) error {
	for _, t := range tenant.Tables() {
		if t.Erased != tenant.Deletes {
			continue
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM "+t.Name+" WHERE "+t.Own()+" = $1", id); err != nil {
			return fmt.Errorf("empty %s: %w", t.Name, err)
		}
	}
	q := offboarddb.New(tx)
	err := errors.Join(q.ErasePayers(ctx, id), q.EraseSites(ctx, offboarddb.EraseSitesParams{AccountID: id, Now: &tx.Now}))
	if err != nil {
		return fmt.Errorf("erase traces: %w", err)
	}
	return nil
}
