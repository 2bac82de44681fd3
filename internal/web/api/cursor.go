package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"

	"igny8"
)

// Cursors makes and reads the opaque texts by which lists go on. Make it with
// NewCursors.
type Cursors struct{ key []byte }

// NewCursors returns cursors that are signed with this secret. Cursors of another
// secret are refused.
func NewCursors(key []byte) Cursors { return Cursors{key: key} }

const macBytes = 16

var errCursor = igny8.E(igny8.Malformed, "bad_cursor",
	"This cursor is not one of this list; begin again without it, and keep the filters while you go on.")

// Encode returns a cursor for a position. It is good for the same route, account
// and filters only.
func (c Cursors) Encode(route, account, filters, position string) string {
	return base64.RawURLEncoding.EncodeToString(append(c.mac(route, account, filters, position), position...))
}

// Decode returns the position, or Malformed "bad_cursor". The position is not
// looked at before the signature is found right.
func (c Cursors) Decode(route, account, filters, cursor string) (string, error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) <= macBytes {
		return "", errCursor
	}
	position := string(raw[macBytes:])
	if !hmac.Equal(raw[:macBytes], c.mac(route, account, filters, position)) {
		return "", errCursor
	}
	return position, nil
}

func (c Cursors) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, c.key)
	for _, p := range parts {
		hashText(h, p)
	}
	return h.Sum(nil)[:macBytes]
}
