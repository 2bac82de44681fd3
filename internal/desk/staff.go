package desk

import (
	"context"
	"slices"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/idem"
)

// Service runs what staff do.
type Service struct {
	db   *db.DB
	auth *auth.Service
}

// New returns the service.
func New(d *db.DB, a *auth.Service) *Service { return &Service{d, a} }

// The states of a staff user.
const (
	Active   = "active"
	Disabled = "disabled"
)

var (
	errGrant     = igny8.E(igny8.Forbidden, "forbidden", "You can give only permissions that you have yourself.")
	errLastAdmin = igny8.E(igny8.Conflict, "last_admin", "This is the last staff user who may manage staff; give another one that permission first.")
	errNoneGiven = igny8.InvalidField("permissions", "required", "Give at least one permission.")
)

// NewStaff is a staff user to be made.
type NewStaff struct {
	Email, Password string
	Permissions     []igny8.Permission
}

// AddStaff makes a staff user with permissions that the actor has.
func (s *Service) AddStaff(ctx context.Context, actor igny8.Actor, in NewStaff) (u account.User, err error) {
	if err := mayGrant(actor, in.Permissions); err != nil {
		return u, err
	}
	n, err := s.auth.NewStaff(ctx, in.Email, in.Password)
	if err != nil {
		return u, err
	}
	n.Permissions = in.Permissions
	err = s.db.System(ctx, "desk.add_staff", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		if u, err = auth.AddStaff(ctx, tx, actor, n); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, u)
	})
	return u, err
}

// mayGrant refuses to give what the actor has not. The command line, which is
// nobody, gives everything.
func mayGrant(actor igny8.Actor, permissions []igny8.Permission) error {
	if len(permissions) == 0 {
		return errNoneGiven
	}
	for _, p := range permissions {
		switch {
		case !slices.Contains(igny8.StaffPermissions(), p):
			return igny8.InvalidField("permissions", "unknown_permission", "Use platform.payments, platform.catalogue, platform.accounts or platform.")
		case !actor.User.IsZero() && !actor.Can(p):
			return errGrant
		}
	}
	return nil
}

// StaffPatch names what changes of a staff user; nil leaves it as it is.
type StaffPatch struct {
	Permissions *[]igny8.Permission
	Status      *string
}

// ChangeStaff gives a staff user other permissions, disables or enables them. Who
// is disabled is logged out everywhere. Nobody gives what they lack, and one who
// may manage staff always stays (409 last_admin).
func (s *Service) ChangeStaff(ctx context.Context, actor igny8.Actor, id igny8.UserID, p StaffPatch) (u account.User, err error) {
	return s.changeStaff(ctx, actor, func(one account.User) bool { return one.ID == id }, p)
}

// DisableStaff ends the access of the staff user with this address at once.
func (s *Service) DisableStaff(ctx context.Context, email string) error {
	norm, status := auth.NormalizeEmail(email), Disabled
	_, err := s.changeStaff(ctx, igny8.SystemActor, func(one account.User) bool { return one.EmailNorm == norm }, StaffPatch{Status: &status})
	return err
}

func (s *Service) changeStaff(ctx context.Context, actor igny8.Actor, which func(account.User) bool, p StaffPatch) (u account.User, err error) {
	err = s.db.System(ctx, "desk.change_staff", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		all, err := account.LockStaff(ctx, tx)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(all, which)
		if at < 0 {
			return igny8.ErrNotFound
		}
		if err := db.Expected(ctx, all[at]); err != nil {
			return err
		}
		permissions, status, err := p.on(actor, all[at])
		if err != nil {
			return err
		}
		if u, err = account.SetStaff(ctx, tx, all[at], permissions, status); err != nil {
			return err
		}
		before := all[at]
		if all[at] = u; !slices.ContainsFunc(all, manages) && manages(before) {
			return errLastAdmin
		}
		if status == Disabled {
			if err := auth.EndSessionsOf(ctx, tx, u.ID, "staff user disabled"); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: actionOf(before, u), ObjectType: "user", ObjectID: u.ID.String(),
			Details: map[string]any{"email": u.Email, "permissions": account.Granted(u), "before": account.Granted(before)}})
	})
	return u, err
}

// on is what a staff user will be. What they are given anew, with their access
// too, the actor must have.
func (p StaffPatch) on(actor igny8.Actor, u account.User) (permissions []igny8.Permission, status string, err error) {
	permissions, status = account.Granted(u), u.Status
	if p.Permissions != nil {
		if permissions = *p.Permissions; len(permissions) == 0 {
			return nil, "", errNoneGiven
		}
	}
	if p.Status != nil {
		if status = *p.Status; status != Active && status != Disabled {
			return nil, "", igny8.InvalidField("status", "unknown_status", "Use active or disabled.")
		}
	}
	given := permissions
	if enabled := u.Status == Disabled && status == Active; !enabled {
		given = slices.DeleteFunc(slices.Clone(permissions), func(one igny8.Permission) bool { return slices.Contains(account.Granted(u), one) })
	}
	if len(given) > 0 {
		err = mayGrant(actor, given)
	}
	return permissions, status, err
}

// manages reports whether a staff user may change staff.
func manages(u account.User) bool {
	return u.Status == Active && slices.Contains(account.Granted(u), igny8.PermPlatform)
}

func actionOf(before, after account.User) string {
	switch {
	case before.Status == after.Status:
		return "staff.change"
	case after.Status == Disabled:
		return "staff.disable"
	}
	return "staff.enable"
}
