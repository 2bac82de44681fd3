// Package account owns accounts (tenants), users, memberships and the gate.
//
// It does not own passwords, sessions and tokens (auth), money (billing) or what
// a customer makes (site, content).
package account
