package account

import (
	"context"
	"fmt"
	"slices"
	"time"

	"igny8"
	"igny8/internal/account/accountdb"
	"igny8/internal/db"
)

// SettledAfter is how old a staff login must be to be a second person: somebody notices a
// new one within a day.
const SettledAfter = 24 * time.Hour

// The things that are done to a login of staff.
const (
	StaffCreated   = "create"
	StaffEnabled   = "enable"
	StaffGranted   = "grant" // was given a permission
	StaffReset     = "reset" // lost its second factor
	StaffDisabled  = "disable"
	StaffWithdrawn = "withdraw" // a permission was taken away
)

// RecordStaffChange notes who did what to a staff login, in system scope. A zero by is
// the operator, on the command line.
func RecordStaffChange(ctx context.Context, tx *db.Tx, by, user igny8.UserID, what string) error {
	err := accountdb.New(tx).InsertStaffChange(ctx, accountdb.InsertStaffChangeParams{ID: db.NewID[igny8.RowID](tx), UserID: user,
		MadeBy: by, What: what, CreatedAt: tx.Now})
	if err != nil {
		return fmt.Errorf("record change of staff: %w", err)
	}
	return nil
}

// May reports whether a staff user may do something at this moment.
func May(u User, p igny8.Permission) bool {
	return u.Staff && u.Status == "active" && slices.Contains(Granted(u), p)
}

// Alone reports whether the actor is the only one of staff with a permission, in system
// scope. Whoever lost rights or access within a day counts as still there: otherwise one
// person could send the other away and be alone.
func Alone(ctx context.Context, tx *db.Tx, actor igny8.UserID, p igny8.Permission) (bool, error) {
	q := accountdb.New(tx)
	all, err := q.ListStaff(ctx)
	if err != nil {
		return false, fmt.Errorf("list staff: %w", err)
	}
	if slices.ContainsFunc(all, func(u User) bool { return u.ID != actor && May(u, p) }) {
		return false, nil
	}
	lost, err := q.StaffLostSince(ctx, tx.Now.Add(-SettledAfter))
	if err != nil {
		return false, fmt.Errorf("count staff that left: %w", err)
	}
	return lost == 0, nil
}

var errNotIndependent = igny8.E(igny8.Forbidden, "second_approver_not_independent",
	"One of you two made, enabled or changed the other's login, so you count as one person. Let somebody else confirm it; "+
		"logins that the operator makes with igny8 staff create are nobody's making.")

// Independent refuses a second person who is of the first one's making, or the other way
// round, also by way of others, or whose login was given to them within a day. System scope.
func Independent(ctx context.Context, tx *db.Tx, first, second igny8.UserID) error {
	q := accountdb.New(tx)
	rows, err := q.StaffMakers(ctx)
	if err != nil {
		return fmt.Errorf("read who made whom: %w", err)
	}
	makers := map[igny8.UserID][]igny8.UserID{}
	for _, r := range rows {
		makers[r.UserID] = append(makers[r.UserID], r.MadeBy)
	}
	if madeBy(makers, second, first) || madeBy(makers, first, second) {
		return errNotIndependent
	}
	u, err := q.GetUser(ctx, second)
	if err != nil {
		return fmt.Errorf("read second person: %w", err)
	}
	since := u.CreatedAt
	switch at, err := q.LatestStaffChange(ctx, second); {
	case err == nil:
		since = at
	case !db.Absent(err):
		return fmt.Errorf("read latest change: %w", err)
	}
	if from := since.Add(SettledAfter); tx.Now.Before(from) {
		return igny8.E(igny8.Forbidden, "second_approver_too_new",
			"Your login is new, or was changed within the last 24 hours. You count as a second person from "+
				from.UTC().Format("2 January 2006, 15:04 MST")+" on; until then a colleague can confirm it.").
			With("from", from.UTC())
	}
	return nil
}

// madeBy reports whether maker made the login of one, or of whoever made it.
func madeBy(makers map[igny8.UserID][]igny8.UserID, one, maker igny8.UserID) bool {
	seen, next := map[igny8.UserID]bool{one: true}, []igny8.UserID{one}
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		for _, m := range makers[at] {
			if m == maker {
				return true
			}
			if !seen[m] {
				seen[m] = true
				next = append(next, m)
			}
		}
	}
	return false
}

// StillMay reports whether a staff user has a permission, and whether nothing was done to
// their login since a time. System scope.
func StillMay(ctx context.Context, tx *db.Tx, user igny8.UserID, p igny8.Permission, since time.Time) (bool, error) {
	u, err := accountdb.New(tx).GetUser(ctx, user)
	switch {
	case db.Absent(err) || err == nil && !May(u, p):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("read staff user: %w", err)
	}
	n, err := accountdb.New(tx).StaffChangedSince(ctx, accountdb.StaffChangedSinceParams{UserID: user, Since: since})
	if err != nil {
		return false, fmt.Errorf("look for changes of a login: %w", err)
	}
	return n == 0, nil
}
