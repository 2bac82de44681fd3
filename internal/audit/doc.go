// Package audit owns the record of who did what, chained per account.
//
// Each account has its own chain of rows, and the platform one of its own
// (igny8.Platform): every row carries the hash of the one before, so that a row
// that was changed, removed or slipped in breaks the chain. It does not own what
// happened (the features say that) nor events for programs (package event).
package audit
