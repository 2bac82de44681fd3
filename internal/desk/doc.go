// Package desk owns what platform staff do by hand: who of staff may do what,
// their acts upon a customer's account, and their looks into it as one of its
// people. Each act names a reason, is one commit, and is told in the audit log of
// the account it concerns.
//
// It does not own approvals (billing), what staff read (search), or logins (auth).
package desk
