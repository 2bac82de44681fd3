// Package search owns what staff read over all accounts: the list of accounts,
// one account at a glance, its timeline, and one search box for everything.
//
// It only reads, in system scope, and writes nothing but the audit row that says
// that staff looked into an account. What it finds belongs to the features.
package search
