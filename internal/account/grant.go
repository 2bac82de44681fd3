package account

import (
	"slices"

	"igny8"
)

// ErrRole refuses to give, or to take, a role that is not the actor's to give.
var ErrRole = igny8.E(igny8.Forbidden, "role_not_grantable",
	"Your role does not allow this change: owners change everybody, admins change editors and viewers, and nobody raises themselves.")

// ErrNoRole asks for a role.
var ErrNoRole = igny8.InvalidField("role", "required", "Choose a role.")

// ErrLastOwner refuses to leave an account without an owner.
var ErrLastOwner = igny8.E(igny8.Conflict, "last_owner",
	"This is the account's only owner; make somebody else an owner first, or hand the ownership over.")

// MayGrant decides whether who has the role actor may move somebody from one role to
// another. from is "" for somebody new, to is "" for somebody who goes; self says
// that it is about the actor. That an owner must remain is not looked at here.
func MayGrant(actor igny8.Role, self bool, from, to igny8.Role) error {
	switch {
	case to != "" && !to.TenantRole(), from == "" && to == igny8.RoleOwner:
		return ErrRole
	case self: // to stay, to step down, to leave
		if to != "" && rank(to) > rank(from) {
			return ErrRole
		}
		return nil
	case actor == igny8.RoleOwner:
		return nil
	case actor == igny8.RoleAdmin && rank(from) < rank(actor) && rank(to) < rank(actor):
		return nil
	}
	return ErrRole
}

// rank orders roles: a higher role has the higher rank, "" the lowest.
func rank(r igny8.Role) int {
	roles := igny8.Roles()
	if i := slices.Index(roles, r); i >= 0 {
		return len(roles) - i
	}
	return 0
}

// Limitable reports whether access can be limited to listed sites.
func Limitable(r igny8.Role) bool { return r == igny8.RoleEditor || r == igny8.RoleViewer }
