// Package account owns accounts (tenants), users, memberships, the gate and the notices
// that members read.
//
// It does not own passwords, sessions and tokens (auth), money (billing) or what
// a customer makes (site, content).
package account
