package account

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/account/accountdb"
	"igny8/internal/db"
)

// Staff lists the platform's staff, the first first.
func (s *Service) Staff(ctx context.Context) (list []User, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = accountdb.New(tx).ListStaff(ctx)
		return err
	})
	return list, err
}

// LockStaff lists the platform's staff and lets nobody else change them for the
// rest of the transaction.
func LockStaff(ctx context.Context, tx *db.Tx) ([]User, error) {
	if _, err := accountdb.New(tx).StaffTurn(ctx); err != nil {
		return nil, fmt.Errorf("wait for the turn to change staff: %w", err)
	}
	return accountdb.New(tx).ListStaff(ctx)
}

// SetStaff gives a staff user of LockStaff other permissions and another status.
func SetStaff(ctx context.Context, tx *db.Tx, u User, permissions []igny8.Permission, status string) (User, error) {
	return accountdb.New(tx).SetStaff(ctx, accountdb.SetStaffParams{ID: u.ID, Permissions: stored(permissions),
		FromStatus: u.Status, ToStatus: status, Now: tx.Now})
}

// Granted are the permissions of a staff user, in the order of the list of all.
func Granted(u User) []igny8.Permission {
	if u.StaffPermissions == "" {
		return igny8.StaffPermissions()
	}
	var out []igny8.Permission
	for name := range strings.FieldsSeq(u.StaffPermissions) {
		out = append(out, igny8.Permission(name))
	}
	return out
}

// stored is how permissions are kept: in one order, and all of them as nothing, so
// that who may everything may also what is added later.
func stored(permissions []igny8.Permission) string {
	var names []string
	for _, p := range igny8.StaffPermissions() {
		if slices.Contains(permissions, p) {
			names = append(names, string(p))
		}
	}
	if len(names) == len(igny8.StaffPermissions()) {
		return ""
	}
	return strings.Join(names, " ")
}

// scopes narrow the role of a staff user to their permissions and their own login;
// nil is all of the role.
func scopes(permissions string) []igny8.Permission {
	if permissions == "" {
		return nil
	}
	return append(Granted(User{StaffPermissions: permissions}), igny8.PermSelf, igny8.PermStaff, igny8.PermAccountRead)
}
