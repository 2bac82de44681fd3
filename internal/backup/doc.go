// Package backup copies a running installation into one file, looks whether such a
// file is whole, and makes an installation of it in an empty place.
//
// The file is a ZIP archive: the database, the files of payments, the secret, and
// manifest.json with the SHA-256 of each. Its comment holds the SHA-256 of all bytes
// before it, so that any changed byte is noticed. It is not encrypted, and holds
// the secret: its mode is 0600, and it is to be kept like one.
package backup
