package auth

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/input"
)

// ActingLifetime is how long staff look into an account at most.
const ActingLifetime = 30 * time.Minute

// Acting is a look of staff into an account as one of its people.
type Acting struct {
	Account igny8.AccountID
	Reason  string
	Write   bool // else it only reads
	Device  Device
}

// StartActing begins a look of a staff user within the transaction, which must be
// in system scope; an earlier one of theirs ends. There is no refresh token: the
// session ends by itself. Start and end are in the account's own audit log, with
// the reason.
func (s *Service) StartActing(ctx context.Context, tx *db.Tx, staff igny8.Actor, in Acting) (t Tokens, until time.Time, err error) {
	if _, err := EndActing(ctx, tx, staff); err != nil {
		return t, until, err
	}
	mode := "read"
	if in.Write {
		mode = "write"
	}
	until = tx.Now.Add(ActingLifetime)
	row, err := authdb.New(tx).InsertActing(ctx, authdb.InsertActingParams{ID: db.NewID[igny8.SessionID](tx), UserID: staff.User, HomeAccount: in.Account,
		UserAgent: input.Header(in.Device.UserAgent, maxAgent), Network: in.Device.Network, ExpiresAt: until, Acting: &mode, ActingReason: &in.Reason, Now: tx.Now})
	if err != nil {
		return t, until, fmt.Errorf("insert session: %w", err)
	}
	if t, err = s.tokens(staff.User, in.Account, igny8.RoleOwner, row.ID, "", tx.Now); err != nil {
		return t, until, err
	}
	return t, until, tellActing(ctx, tx, staff, "impersonation.start", row)
}

// EndActing ends the looks of a staff user that are open and returns how many.
func EndActing(ctx context.Context, tx *db.Tx, staff igny8.Actor) (n int, err error) {
	ended, err := authdb.New(tx).EndActing(ctx, authdb.EndActingParams{UserID: staff.User, Now: &tx.Now})
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	// One order of accounts for everybody: each has its chain's lock.
	slices.SortFunc(ended, func(a, b Session) int { return cmp.Compare(a.HomeAccount.String(), b.HomeAccount.String()) })
	for _, one := range ended {
		if err := tellActing(ctx, tx, staff, "impersonation.end", one); err != nil {
			return n, err
		}
		if tx.Now.Before(one.ExpiresAt) {
			n++
		}
	}
	return n, nil
}

// tellActing writes into the chain of the account that is looked into.
func tellActing(ctx context.Context, tx *db.Tx, staff igny8.Actor, action string, one Session) error {
	outer := tx.Account
	defer func() { tx.Account = outer }()
	tx.Account = one.HomeAccount
	staff.Role = igny8.RoleDeveloper
	return audit.Record(ctx, tx, staff, audit.Entry{Action: action, ObjectType: "account", ObjectID: one.HomeAccount.String(),
		Details: map[string]any{"mode": *one.Acting, "why": *one.ActingReason, "until": one.ExpiresAt.UTC()}})
}

// endLook ends a look by its own session, as logging out does.
func endLook(ctx context.Context, tx *db.Tx, one Session) error {
	u, err := account.UserByID(ctx, tx, one.UserID)
	if err != nil {
		return err
	}
	reason := "logout"
	if err := authdb.New(tx).RevokeSession(ctx, authdb.RevokeSessionParams{ID: one.ID, Reason: &reason, Now: &tx.Now}); err != nil {
		return fmt.Errorf("revoke session: %w", err)
	}
	return tellActing(ctx, tx, igny8.Actor{User: u.ID, Email: u.Email, Network: one.Network}, "impersonation.end", one)
}
