package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// OpaqueKind is the prefix of a random token. It tells people and secret
// scanners what they found, and keeps a token of one kind from being tried as
// another.
type OpaqueKind string

// The kinds of opaque tokens.
const (
	RefreshToken OpaqueKind = "igny8_rt_"
	ConsoleToken OpaqueKind = "igny8_web_"    // the console's session cookie
	VerifyToken  OpaqueKind = "igny8_verify_" // proves an e-mail address
	ResetToken   OpaqueKind = "igny8_reset_"  // sets a new password
	ChangeToken  OpaqueKind = "igny8_change_" // confirms or undoes a change of address
	InviteToken  OpaqueKind = "igny8_invite_"
	OwnerToken   OpaqueKind = "igny8_owner_" // takes an account's ownership over
	SetupToken   OpaqueKind = "igny8_setup_" // makes the first staff user
	LoginToken   OpaqueKind = "igny8_login_" // a login that has begun: the second factor is missing, or a passkey's answer
	APIKey       OpaqueKind = "igny8_live_"
	StaffKey     OpaqueKind = "igny8_staff_" // an API key of a member of staff
)

const (
	opaqueBytes = 32 // 256 random bits
	opaqueChars = 43 // the same in base64url without padding
)

// NewOpaque makes a token and the hash under which it is stored. The token
// itself is shown or sent once and never stored.
func NewOpaque(kind OpaqueKind) (token, hash string) {
	b := make([]byte, opaqueBytes)
	rand.Read(b)
	token = string(kind) + base64.RawURLEncoding.EncodeToString(b)
	return token, hashOpaque(token)
}

// HashOpaque returns the hash to look a token up by: SHA-256 in hex of the whole
// text, prefix included. A plain hash is enough, since there is nothing to guess
// in 256 random bits. It reports false for what cannot be a token of this kind,
// which then needs no look-up.
func HashOpaque(kind OpaqueKind, token string) (hash string, ok bool) {
	random, ok := strings.CutPrefix(token, string(kind))
	if !ok || len(random) != opaqueChars || strings.ContainsAny(random, "\r\n") {
		return "", false
	}
	if _, err := base64.RawURLEncoding.Strict().DecodeString(random); err != nil {
		return "", false
	}
	return hashOpaque(token), true
}

func hashOpaque(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
