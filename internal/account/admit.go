package account

import (
	"context"
	"slices"
	"time"

	"igny8"
	"igny8/internal/account/accountdb"
	"igny8/internal/db"
)

// Grace is how long a paid account works on after its period ended unpaid.
const Grace = 7 * 24 * time.Hour

// FirstPaymentWithin is how long a paid signup waits for its first payment.
const FirstPaymentWithin = 14 * 24 * time.Hour

// ErrToken answers a credential that is not, or no longer, good.
var ErrToken = igny8.E(igny8.Unauthenticated, "invalid_token", "The token is not valid or no longer valid; refresh it or log in again.")

// Facts decide an account's effective status.
type Facts struct {
	Status     igny8.AccountStatus
	CreatedAt  time.Time
	PeriodEnd  *time.Time // of the live subscription
	GraceUntil *time.Time // a later end than the usual, given after a rejection
	Waiting    bool       // a submitted payment awaits decision
}

// ErrSecondFactor keeps staff out who must have a second factor and have none.
var ErrSecondFactor = igny8.E(igny8.Forbidden, "second_factor_required",
	"Staff need a second factor here: set up an authenticator app or a passkey at /staff/security first.")

// Effective is the status at this instant: at the second a period ends the
// answer changes, also when the job that stores the change is late. While a
// payment waits for decision the clock stands still.
func Effective(f Facts, now time.Time) igny8.AccountStatus {
	if f.Waiting {
		return f.Status
	}
	var end time.Time
	switch {
	case f.Status == igny8.AccountPendingPayment:
		end = f.CreatedAt.Add(FirstPaymentWithin)
	case f.PeriodEnd == nil:
		return f.Status
	case f.Status == igny8.AccountTrial:
		end = *f.PeriodEnd
	case f.Status == igny8.AccountActive:
		end = f.PeriodEnd.Add(Grace)
	default:
		return f.Status
	}
	if f.GraceUntil != nil && f.GraceUntil.After(end) {
		end = *f.GraceUntil
	}
	if now.Before(end) {
		return f.Status
	}
	return igny8.AccountExpired
}

// Look reads afresh who the actor is: whether the user and the session still
// stand, the role, and the account's effective status. actor carries the ids of
// a checked credential. Needs system scope.
func Look(ctx context.Context, tx *db.Tx, actor igny8.Actor) (igny8.Actor, error) {
	if actor.Account.IsZero() {
		return lookStaff(ctx, tx, actor)
	}
	row, err := accountdb.New(tx).LookMember(ctx, accountdb.LookMemberParams{
		UserID: actor.User, SessionID: actor.Session, AccountID: actor.Account})
	if db.Absent(err) {
		return lookActing(ctx, tx, actor)
	}
	if err != nil {
		return actor, err
	}
	if row.UserStatus != "active" || row.RevokedAt != nil || !tx.Now.Before(row.ExpiresAt) {
		return actor, ErrToken
	}
	actor.Email, actor.Role, actor.Sites = row.Email, row.Role, SitesOf(row.Sites)
	return at(actor, Facts{row.Status, row.CreatedAt, row.CurrentPeriodEnd, row.GraceUntil, row.Waiting}, row.SuspendedReason, tx.Now), nil
}

// at is the actor in an account with these facts, at this instant.
func at(actor igny8.Actor, f Facts, suspended *string, now time.Time) igny8.Actor {
	actor.Status = Effective(f, now)
	if suspended != nil {
		actor.Reason = *suspended
	}
	return actor
}

// LookAccount reads afresh the effective status of the account that the actor, an
// API key, is for. Needs system scope.
func LookAccount(ctx context.Context, tx *db.Tx, actor igny8.Actor) (igny8.Actor, error) {
	row, err := accountdb.New(tx).LookAccount(ctx, actor.Account)
	if db.Absent(err) {
		return actor, ErrToken
	}
	if err != nil {
		return actor, err
	}
	return at(actor, Facts{row.Status, row.CreatedAt, row.CurrentPeriodEnd, row.GraceUntil, row.Waiting}, row.SuspendedReason, tx.Now), nil
}

func lookStaff(ctx context.Context, tx *db.Tx, actor igny8.Actor) (igny8.Actor, error) {
	row, err := accountdb.New(tx).LookStaff(ctx, accountdb.LookStaffParams{UserID: actor.User, SessionID: actor.Session})
	if db.Absent(err) {
		return actor, ErrToken
	}
	if err != nil {
		return actor, err
	}
	if row.UserStatus != "active" || !row.Staff || row.RevokedAt != nil || !tx.Now.Before(row.ExpiresAt) {
		return actor, ErrToken
	}
	actor.Email, actor.Role, actor.Scopes = row.Email, igny8.RoleDeveloper, scopes(row.StaffPermissions)
	return actor, nil
}

// acting is what staff who look into an account may, by how they look. What is a
// person's own is in neither: the account's login is not theirs.
var acting = map[string][]igny8.Permission{
	"read": {igny8.PermRead, igny8.PermBillingRead},
	"write": {igny8.PermRead, igny8.PermBillingRead, igny8.PermBillingManage, igny8.PermSiteWrite, igny8.PermSiteDelete,
		igny8.PermContentWrite},
}

// lookActing is Look for staff who look into the account as one of its people:
// its owner, narrowed. Whether they still may is read afresh, too.
func lookActing(ctx context.Context, tx *db.Tx, actor igny8.Actor) (igny8.Actor, error) {
	row, err := accountdb.New(tx).LookActing(ctx, accountdb.LookActingParams{
		UserID: actor.User, SessionID: actor.Session, AccountID: actor.Account})
	if db.Absent(err) {
		return actor, ErrToken
	}
	if err != nil {
		return actor, err
	}
	allowed := Granted(User{StaffPermissions: row.StaffPermissions})
	if row.UserStatus != "active" || row.RevokedAt != nil || !tx.Now.Before(row.ExpiresAt) || !slices.Contains(allowed, igny8.PermAccounts) {
		return actor, ErrToken
	}
	actor.Email, actor.Role, actor.Impersonator, actor.Scopes = row.Email, igny8.RoleOwner, actor.User, acting[*row.Acting]
	return at(actor, Facts{row.Status, row.CreatedAt, row.CurrentPeriodEnd, row.GraceUntil, row.Waiting}, row.SuspendedReason, tx.Now), nil
}

var errLooking = igny8.E(igny8.Forbidden, "staff_looking", "You look into this account as staff, and that does not allow this; nothing was changed.")

// Admit is the account gate: may this actor, as read by Look, use something that
// asks for this permission and this state of the account? First the account's
// state, then the role.
//
// Staff who look in are judged by what they may first, and may read whatever the
// state is: they look because something is wrong, and a suspended or expired
// account is where it mostly is. What they change must pass the gate as for its
// people.
func Admit(actor igny8.Actor, perm igny8.Permission, need Need) error {
	if actor.Unsecured && perm != igny8.PermSelf {
		return ErrSecondFactor
	}
	if !actor.Impersonator.IsZero() {
		if !actor.Can(perm) {
			return errLooking
		}
		if perm == igny8.PermRead || perm == igny8.PermBillingRead {
			return nil
		}
	}
	if !actor.Staff() {
		if err := Gate(actor.Status, actor.Reason, need); err != nil && !perm.Platform() {
			return err
		}
	}
	if !actor.Can(perm) && !actor.Key.IsZero() {
		return igny8.E(igny8.Forbidden, "forbidden", "This API key lacks the scope that this needs; required_scope names it, if a key can have it.").
			With("required_scope", string(perm))
	}
	if !actor.Can(perm) {
		return igny8.E(igny8.Forbidden, "forbidden", "Your role does not allow this; ask an owner or admin of the account.")
	}
	return nil
}
