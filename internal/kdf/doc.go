// Package kdf derives keys from passwords with argon2id, where that disturbs
// nobody: in a second process of the program at a low priority.
//
// One derivation keeps a core busy for tens of milliseconds and takes 19 MiB. Go
// gives a request no precedence over it; the operating system does, between
// processes. See decisions/0012-passwords-in-a-process.md.
package kdf
