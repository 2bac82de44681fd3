package igny8

import "slices"

// Actor is who asks, and for which account. It comes from a checked credential,
// never from the request's body, path or query. Staff act on other accounts
// through /admin routes, which name the account separately.
type Actor struct {
	User    UserID
	Account AccountID // zero for staff and for anonymous callers
	Role    Role
	Email   string    // for audit rows and messages to colleagues
	Session SessionID // the login it came by
	Network string    // the caller's address, for throttling and audit

	// Status is the account's effective status at this instant, Reason why it is
	// suspended. Read afresh for each request.
	Status AccountStatus
	Reason string

	Scopes []Permission // narrows the role: of an API key, of a staff user; nil is all of it
	Sites  []SiteID     // the only sites it reaches; nil is all of the account's
	Key    APIKeyID     // the API key it came by, zero for people

	// Unsecured says that the actor is staff who must have a second factor and have
	// none: their own login is all that they may touch.
	Unsecured bool

	// Impersonator is the staff user who looks into the account as one of its own.
	Impersonator UserID
}

// Can reports whether the actor has the permission: by role, and within the scopes.
func (a Actor) Can(p Permission) bool {
	return a.Role.Can(p) && (a.Scopes == nil || slices.Contains(a.Scopes, p))
}

// Reaches reports whether the actor may touch the site, were it the account's.
func (a Actor) Reaches(site SiteID) bool { return a.Sites == nil || slices.Contains(a.Sites, site) }

// Staff reports whether the actor is platform staff.
func (a Actor) Staff() bool { return a.Role == RoleDeveloper }

// SystemActor acts for the program itself: jobs, the command line, imports.
var SystemActor = Actor{Role: RoleBot, Email: "system"}

// Platform stands where an account's id is asked for and the row is the
// platform's own: its audit chain, mail to staff. No account has this id.
var Platform = AccountID{6: 0x70, 8: 0x80}
