package auth

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
)

// Session is one place where a person is logged in.
type Session = authdb.Session

// Sessions lists where the actor is logged in, the last used first.
func (s *Service) Sessions(ctx context.Context, actor igny8.Actor) (list []Session, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = authdb.New(tx).SessionsOf(ctx, authdb.SessionsOfParams{UserID: actor.User, Now: tx.Now})
		return err
	})
	return list, err
}

// EndSession logs the actor out in one place, the one they call from included. A
// session that is not theirs, or ended before, is NotFound.
func (s *Service) EndSession(ctx context.Context, actor igny8.Actor, id igny8.SessionID) error {
	return s.db.System(ctx, "auth.end_session", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		ended, err := authdb.New(tx).EndOneSession(ctx, authdb.EndOneSessionParams{UserID: actor.User, ID: id, Now: &tx.Now})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		if err := db.Expected(ctx, ended); err != nil {
			return err
		}
		return tellPerson(ctx, tx, actor, "session.end", map[string]any{"session": id.String(), "reason": "ended by its person"})
	})
}

// EndOtherSessions logs the actor out everywhere else and returns from how many
// places.
func (s *Service) EndOtherSessions(ctx context.Context, actor igny8.Actor) (n int, err error) {
	err = s.db.System(ctx, "auth.end_sessions", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		if db.Expects(ctx) {
			list, err := authdb.New(tx).SessionsOf(ctx, authdb.SessionsOfParams{UserID: actor.User, Now: tx.Now})
			if err == nil {
				err = db.Expected(ctx, list)
			}
			if err != nil {
				return err
			}
		}
		reason := "ended by its person"
		ended, err := authdb.New(tx).EndOtherSessions(ctx, authdb.EndOtherSessionsParams{UserID: actor.User, Keep: actor.Session, Reason: &reason, Now: &tx.Now})
		if err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		if n = len(ended); n == 0 {
			return nil
		}
		return tellPerson(ctx, tx, actor, "session.end_others", map[string]any{"n": fmt.Sprint(n)})
	})
	return n, err
}
