// Package offboard owns leaving: the copy of everything that a customer takes along,
// the closing of an account, and, 30 days later, its erasure.
//
// What stays after the erasure, because the law asks for it or others rely on it:
// issued invoices with their billing snapshot, payments without the payer's name and
// notes, the ledgers, and the log of who did what, whose chain a change would break.
// Everything else that names a person goes: the account's and sites' names, letters,
// receipts, invitations, and the people who belong to no other account.
package offboard
