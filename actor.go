package igny8

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
}

// Staff reports whether the actor is platform staff.
func (a Actor) Staff() bool { return a.Role == RoleDeveloper }

// SystemActor acts for the program itself: jobs, the command line, imports.
var SystemActor = Actor{Role: RoleBot, Email: "system"}

// Platform stands where an account's id is asked for and the row is the
// platform's own: its audit chain, mail to staff. No account has this id.
var Platform = AccountID{6: 0x70, 8: 0x80}
