package igny8

import (
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"
)

// UUID is a 128-bit identifier, version 7 (RFC 9562): time-ordered, so a list
// sorted by id is sorted by creation.
type UUID [16]byte

// NewUUID returns a version 7 identifier for the instant t: 48 bits of Unix
// milliseconds, 12 bits of the fraction below a millisecond, 62 random bits.
func NewUUID(t time.Time) UUID {
	var u UUID
	rand.Read(u[8:]) // never fails since Go 1.24
	ms := uint64(t.UnixMilli())
	sub := uint64(t.Nanosecond()%1e6) * 4096 / 1e6
	binary.BigEndian.PutUint64(u[:8], ms<<16|0x7000|sub)
	u[8] = u[8]&0x3f | 0x80
	return u
}

// String returns the usual form with four dashes, lower case.
func (u UUID) String() string {
	var b [36]byte
	hex.Encode(b[0:8], u[0:4])
	hex.Encode(b[9:13], u[4:6])
	hex.Encode(b[14:18], u[6:8])
	hex.Encode(b[19:23], u[8:10])
	hex.Encode(b[24:], u[10:])
	b[8], b[13], b[18], b[23] = '-', '-', '-', '-'
	return string(b[:])
}

var errID = errors.New("not an id")

func parseUUID(s string) (UUID, error) {
	var u UUID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return u, errID
	}
	_, err := hex.Decode(u[:], []byte(s[0:8]+s[9:13]+s[14:18]+s[19:23]+s[24:]))
	if err != nil {
		return UUID{}, errID
	}
	return u, nil
}

// A kind gives an ID its prefix on the wire and its type in Go.
type kind interface{ prefix() string }

// ID is an identifier with a type: an AccountID cannot be passed for a SiteID.
// On the wire it is a TypeID (prefix, underscore, 26 base32 characters); in the
// database a uuid (PostgreSQL) or its text (SQLite), which sort alike.
type ID[K kind] UUID

// NewID returns a fresh identifier for the instant t, as in
// NewID[AccountID](now). Inside a transaction use db.NewID, which keeps the ids
// of one transaction in the order of their making.
func NewID[T ~[16]byte](t time.Time) T { return T(NewUUID(t)) }

// ParseID reads a TypeID, as in ParseID[AccountID](text). Anything that is not
// an id of that kind is an error.
func ParseID[T any, P interface {
	*T
	UnmarshalText([]byte) error
}](s string) (T, error) {
	var id T
	err := P(&id).UnmarshalText([]byte(s))
	return id, err
}

// IsZero reports whether the id was never set.
func (id ID[K]) IsZero() bool { return id == ID[K]{} }

// UUID returns the identifier without its type, as it is in the database.
func (id ID[K]) UUID() UUID { return UUID(id) }

const base32 = "0123456789abcdefghjkmnpqrstvwxyz"

// String returns the TypeID, or "" for the zero id.
func (id ID[K]) String() string {
	if id.IsZero() {
		return ""
	}
	var k K
	var b [26]byte
	hi, lo := binary.BigEndian.Uint64(id[:8]), binary.BigEndian.Uint64(id[8:])
	for i := 25; i >= 0; i-- {
		b[i] = base32[lo&31]
		lo = lo>>5 | hi<<59
		hi >>= 5
	}
	return k.prefix() + "_" + string(b[:])
}

// MarshalText writes the TypeID.
func (id ID[K]) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads a TypeID of this kind. It accepts one spelling only, so
// that two texts never name one object.
func (id *ID[K]) UnmarshalText(text []byte) error {
	var k K
	p := k.prefix() + "_"
	if len(text) != len(p)+26 || string(text[:len(p)]) != p || text[len(p)] > '7' {
		return errID
	}
	var hi, lo uint64
	for _, c := range text[len(p):] {
		v := base32Value(c)
		if v < 0 {
			return errID
		}
		hi = hi<<5 | lo>>59
		lo = lo<<5 | uint64(v)
	}
	binary.BigEndian.PutUint64(id[:8], hi)
	binary.BigEndian.PutUint64(id[8:], lo)
	return nil
}

func base32Value(c byte) int {
	for i := range base32 {
		if base32[i] == c {
			return i
		}
	}
	return -1
}

// Value stores the id as uuid text; the zero id is NULL.
func (id ID[K]) Value() (driver.Value, error) {
	if id.IsZero() {
		return nil, nil
	}
	return UUID(id).String(), nil
}

// Scan reads what Value stored.
func (id *ID[K]) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*id = ID[K]{}
		return nil
	case string:
		u, err := parseUUID(v)
		*id = ID[K](u)
		return err
	case []byte:
		u, err := parseUUID(string(v))
		*id = ID[K](u)
		return err
	}
	return errID
}

type (
	accountKind      struct{}
	userKind         struct{}
	membershipKind   struct{}
	sessionKind      struct{}
	planKind         struct{}
	planVersionKind  struct{}
	quoteKind        struct{}
	subscriptionKind struct{}
	invoiceKind      struct{}
	paymentKind      struct{}
	methodKind       struct{}
	creditKind       struct{}
	lotKind          struct{}
	siteKind         struct{}
	sectorKind       struct{}
	eventKind        struct{}
	auditKind        struct{}
	mailKind         struct{}
	apiKeyKind       struct{}
	invitationKind   struct{}
	passkeyKind      struct{}
	genericKind      struct{}
)

func (accountKind) prefix() string      { return "acc" }
func (userKind) prefix() string         { return "usr" }
func (membershipKind) prefix() string   { return "mem" }
func (sessionKind) prefix() string      { return "ses" }
func (planKind) prefix() string         { return "plan" }
func (planVersionKind) prefix() string  { return "pv" }
func (quoteKind) prefix() string        { return "quo" }
func (subscriptionKind) prefix() string { return "sub" }
func (invoiceKind) prefix() string      { return "inv" }
func (paymentKind) prefix() string      { return "pay" }
func (methodKind) prefix() string       { return "pm" }
func (creditKind) prefix() string       { return "ctx" }
func (lotKind) prefix() string          { return "lot" }
func (siteKind) prefix() string         { return "site" }
func (sectorKind) prefix() string       { return "sec" }
func (eventKind) prefix() string        { return "evt" }
func (auditKind) prefix() string        { return "aud" }
func (mailKind) prefix() string         { return "mail" }
func (apiKeyKind) prefix() string       { return "key" }
func (invitationKind) prefix() string   { return "ivt" }
func (passkeyKind) prefix() string      { return "pky" }
func (genericKind) prefix() string      { return "obj" }

// The identifiers of the domain.
type (
	AccountID      = ID[accountKind]
	UserID         = ID[userKind]
	MembershipID   = ID[membershipKind]
	SessionID      = ID[sessionKind]
	PlanID         = ID[planKind]
	PlanVersionID  = ID[planVersionKind]
	QuoteID        = ID[quoteKind]
	SubscriptionID = ID[subscriptionKind]
	InvoiceID      = ID[invoiceKind]
	PaymentID      = ID[paymentKind]
	MethodID       = ID[methodKind]
	CreditID       = ID[creditKind]
	LotID          = ID[lotKind]
	SiteID         = ID[siteKind]
	SectorID       = ID[sectorKind]
	EventID        = ID[eventKind]
	AuditID        = ID[auditKind]
	MailID         = ID[mailKind]
	APIKeyID       = ID[apiKeyKind]
	InvitationID   = ID[invitationKind]
	PasskeyID      = ID[passkeyKind]
	RowID          = ID[genericKind] // rows nobody outside ever names
)
