// Package team owns how people come into an account and how its ownership moves:
// invitations with the plan's limit of seats, and transfers that the receiver accepts.
//
// It does not own memberships and the rules of roles (account), nor logins (auth).
package team
