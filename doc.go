// Package igny8 is the glossary: the words every other package speaks.
//
// igny8 is the back office of a SaaS. An Account is a tenant. A User belongs to
// accounts through memberships. A Plan is sold; a Subscription is an account's
// claim on one plan version for one period; an Invoice is what is owed; a
// Payment is one attempt to pay it; credits are kept in a ledger; a Site is what
// the customer spends them on.
//
// The package imports the standard library only and holds no behaviour that
// needs a database. Feature packages stand on a ladder under internal/ and
// import only lower rungs (see ARCHITECTURE.md and internal/arch).
//
// Start reading at internal/billing/approve.go: the one click that activates
// everything.
package igny8
