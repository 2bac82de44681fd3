// Package factor knows what a second factor is, without a database and without
// deciding anything: codes of an authenticator app, recovery codes, and the
// ceremonies of passkeys.
//
// It does not own who has which, what was used, or what is opened: package auth.
package factor
