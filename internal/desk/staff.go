package desk

import (
	"context"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/idem"
	"igny8/internal/mail"
)

// Limits are how much one member of staff gives alone within a day; more needs a second
// person.
type Limits struct {
	Credits int64 // to all accounts together
	Months  int64 // of plans, to all accounts together
}

// Service runs what staff do.
type Service struct {
	db     *db.DB
	auth   *auth.Service
	limits Limits
}

// New returns the service.
func New(d *db.DB, a *auth.Service, l Limits) *Service { return &Service{d, a, l} }

// The states of a staff user.
const (
	Active   = "active"
	Disabled = "disabled"
)

var (
	errGrant     = igny8.E(igny8.Forbidden, "forbidden", "You can give only permissions that you have yourself.")
	errTake      = igny8.E(igny8.Forbidden, "forbidden", "You can take away only permissions that you have yourself, and end the access only of somebody who has no more than you.")
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
// is disabled is logged out everywhere. Nobody gives or takes what they lack, and one
// who may manage staff always stays (409 last_admin). The person gets a letter.
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
		if err := recordChanges(ctx, tx, actor, before, u); err != nil {
			return err
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
	given, taken := lacking(permissions, account.Granted(u)), lacking(account.Granted(u), permissions)
	switch {
	case u.Status == Disabled && status == Active:
		given = permissions
	case u.Status == Active && status == Disabled:
		taken = account.Granted(u)
	}
	if len(given) > 0 {
		if err := mayGrant(actor, given); err != nil {
			return nil, "", err
		}
	}
	if !actor.User.IsZero() && slices.ContainsFunc(taken, func(one igny8.Permission) bool { return !actor.Can(one) }) {
		return nil, "", errTake
	}
	return permissions, status, nil
}

// lacking are those of the first list that are not in the second.
func lacking(list, in []igny8.Permission) []igny8.Permission {
	return slices.DeleteFunc(slices.Clone(list), func(one igny8.Permission) bool { return slices.Contains(in, one) })
}

// recordChanges notes what the change gave to the login and took from it, for the rule of
// two people, and writes to whoever has the login.
func recordChanges(ctx context.Context, tx *db.Tx, actor igny8.Actor, before, after account.User) error {
	for what, did := range map[string]bool{
		account.StaffEnabled:   before.Status == Disabled && after.Status == Active,
		account.StaffDisabled:  before.Status == Active && after.Status == Disabled,
		account.StaffGranted:   len(lacking(account.Granted(after), account.Granted(before))) > 0,
		account.StaffWithdrawn: len(lacking(account.Granted(before), account.Granted(after))) > 0,
	} {
		if !did {
			continue
		}
		if err := account.RecordStaffChange(ctx, tx, actor.User, after.ID, what); err != nil {
			return err
		}
	}
	return mail.Enqueue(ctx, tx, mail.Letter{To: after.Email, Lang: after.Language, Template: "staff_changed",
		Key: "staff_changed:" + db.NewID[igny8.RowID](tx).String(), Data: map[string]any{"Name": after.FirstName, "By": actor.Email,
			"Disabled": after.Status == Disabled, "Permissions": words(account.Granted(after))}})
}

func words(list []igny8.Permission) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
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
