// Package billing owns subscriptions, invoices, payments and the approval that
// ties them together.
//
// One function makes a payment succeeded (succeed, in approve.go). Everything a
// payment switches on, invoice, subscription, account, credits, happens in its
// transaction. Gateways, bulk approval, the command line: all end there.
//
// Every money story locks the account's row first (account.Lock), then invoice,
// payment and balance, and writes audit and outbox rows last.
//
// It does not own prices (catalog), credits (credit), or the account's gate
// (account).
package billing
