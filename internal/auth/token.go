package auth

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"igny8"
)

// AccessLifetime is how long an access token is good for. What it says of role
// and account is checked afresh at every request all the same.
const AccessLifetime = 15 * time.Minute

const (
	tokenHeader  = "at+jwt" // RFC 9068
	tokenType    = "access"
	maxToken     = 4096             // bytes, looked at before anything is parsed
	clockLeeway  = 30 * time.Second // how far another node's clock may be ahead
	tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
)

var errToken = igny8.E(igny8.Unauthenticated, "invalid_token",
	"The access token is not valid or has expired; refresh it or log in again.")

// Claims is what an access token says.
type Claims struct {
	User    igny8.UserID
	Account igny8.AccountID // zero for staff
	Role    igny8.Role      // as it was when the token was made; a hint, never a right
	Session igny8.SessionID
	ID      string // jti, unique
	Issued  time.Time
	Expires time.Time
}

// Key is one Ed25519 key pair, or its public half alone. Its ID is the RFC 7638
// thumbprint, so it needs no bookkeeping.
type Key struct {
	ID      string
	Public  ed25519.PublicKey
	private ed25519.PrivateKey
}

// NewKey makes the key pair of a 32-byte seed.
func NewKey(seed []byte) (Key, error) {
	if len(seed) != ed25519.SeedSize {
		return Key{}, fmt.Errorf("auth: a signing key's seed has %d bytes, not %d", ed25519.SeedSize, len(seed))
	}
	private := ed25519.NewKeyFromSeed(seed)
	k := PublicKey(private.Public().(ed25519.PublicKey))
	k.private = private
	return k, nil
}

// PublicKey is a key that verifies and cannot sign.
func PublicKey(public ed25519.PublicKey) Key {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":"Ed25519","kty":"OKP","x":"%s"}`, b64(public)))
	return Key{ID: b64(sum[:]), Public: public}
}

// String returns the ID, so that a key that is printed by accident shows nothing.
func (k Key) String() string { return k.ID }

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

// Signer makes and checks access tokens: JWTs signed with EdDSA and nothing
// else. It signs with one key and accepts several, so keys rotate without
// logging anybody out.
type Signer struct {
	issuer   string
	audience string
	signing  Key
	keys     []Key
	byID     map[string]ed25519.PublicKey
	parser   *jwt.Parser
}

// NewSigner returns a Signer. The issuer is the public URL, the audience names
// the API. Tokens of the keys in also are accepted, but no longer made.
func NewSigner(issuer, audience string, signing Key, also ...Key) (*Signer, error) {
	if issuer == "" || audience == "" || len(signing.private) == 0 {
		return nil, errors.New("auth: a signer needs an issuer, an audience and a private key")
	}
	s := &Signer{issuer: issuer, audience: audience, signing: signing, byID: map[string]ed25519.PublicKey{}}
	for _, k := range append([]Key{signing}, also...) {
		if len(k.Public) != ed25519.PublicKeySize || k.ID == "" {
			return nil, errors.New("auth: not an Ed25519 key")
		}
		if _, known := s.byID[k.ID]; !known {
			s.byID[k.ID] = k.Public
			s.keys = append(s.keys, k)
		}
	}
	// Times are checked by check, against the instant of the operation.
	s.parser = jwt.NewParser(jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithStrictDecoding(), jwt.WithoutClaimsValidation())
	return s, nil
}

// wireClaims is the payload of a token.
type wireClaims struct {
	Issuer   string          `json:"iss"`
	Audience string          `json:"aud"`
	User     igny8.UserID    `json:"sub"`
	Account  string          `json:"account_id,omitempty"`
	Role     igny8.Role      `json:"role"`
	Session  igny8.SessionID `json:"sid"`
	Type     string          `json:"typ"`
	Issued   int64           `json:"iat"` // Unix seconds
	Expires  int64           `json:"exp"` // Unix seconds
	ID       string          `json:"jti"`
}

// The methods that jwt.Claims asks for. Nothing uses their answers, since the
// parser leaves all checks to Signer.check.

func (wireClaims) GetExpirationTime() (*jwt.NumericDate, error) { return nil, nil }
func (wireClaims) GetIssuedAt() (*jwt.NumericDate, error)       { return nil, nil }
func (wireClaims) GetNotBefore() (*jwt.NumericDate, error)      { return nil, nil }
func (wireClaims) GetIssuer() (string, error)                   { return "", nil }
func (wireClaims) GetSubject() (string, error)                  { return "", nil }
func (wireClaims) GetAudience() (jwt.ClaimStrings, error)       { return nil, nil }

// Sign makes a token for who c names, good from now for AccessLifetime; it sets
// c's ID, Issued and Expires and returns c so completed.
func (s *Signer) Sign(c Claims, now time.Time) (string, Claims, error) {
	if c.User.IsZero() || c.Session.IsZero() || c.Account.IsZero() != (c.Role == igny8.RoleDeveloper) ||
		!c.Role.TenantRole() && c.Role != igny8.RoleDeveloper {
		return "", c, errors.New("auth: claims lack user, session, account or a role that can log in")
	}
	id := make([]byte, 16)
	rand.Read(id)
	c.ID = b64(id)
	c.Issued = now.UTC().Truncate(time.Second)
	c.Expires = c.Issued.Add(AccessLifetime)
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, wireClaims{
		Issuer: s.issuer, Audience: s.audience, User: c.User, Account: c.Account.String(), Role: c.Role,
		Session: c.Session, Type: tokenType, Issued: c.Issued.Unix(), Expires: c.Expires.Unix(), ID: c.ID,
	})
	t.Header["typ"] = tokenHeader
	t.Header["kid"] = s.signing.ID
	text, err := t.SignedString(s.signing.private)
	return text, c, err
}

// Verify checks a token at the instant now and returns what it says. Anything
// wrong is igny8.Unauthenticated `invalid_token`; why is for the log only.
func (s *Signer) Verify(token string, now time.Time) (Claims, error) {
	c, err := s.verify(token, now)
	if err != nil {
		return Claims{}, errToken.Because(err)
	}
	return c, nil
}

func (s *Signer) verify(token string, now time.Time) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, errors.New("token is too long")
	}
	// base64 decoders skip line breaks, which would give one token many spellings.
	if strings.Trim(token, tokenLetters) != "" {
		return Claims{}, errors.New("token has a foreign character")
	}
	var w wireClaims
	if _, err := s.parser.ParseWithClaims(token, &w, s.keyOf); err != nil {
		return Claims{}, err
	}
	for part := range strings.SplitSeq(token[:strings.LastIndexByte(token, '.')], ".") {
		data, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return Claims{}, err
		}
		if err := flatObject(data); err != nil {
			return Claims{}, err
		}
	}
	return s.check(w, now)
}

// keyOf finds the key a token names. The algorithm is fixed by the parser, the
// keys by us: of the header only the name of the key is believed.
func (s *Signer) keyOf(t *jwt.Token) (any, error) {
	if t.Header["typ"] != tokenHeader || len(t.Header) != 3 {
		return nil, errors.New("not an access token's header")
	}
	id, _ := t.Header["kid"].(string)
	public, ok := s.byID[id]
	if !ok {
		return nil, errors.New("unknown key")
	}
	return public, nil
}

// check looks at the claims of a token whose signature is good.
func (s *Signer) check(w wireClaims, now time.Time) (Claims, error) {
	c := Claims{User: w.User, Role: w.Role, Session: w.Session, ID: w.ID,
		Issued: time.Unix(w.Issued, 0).UTC(), Expires: time.Unix(w.Expires, 0).UTC()}
	var err error
	if w.Account != "" {
		c.Account, err = igny8.ParseID[igny8.AccountID](w.Account)
	}
	switch {
	case err != nil:
		return c, err
	case w.Issuer != s.issuer || w.Audience != s.audience || w.Type != tokenType:
		return c, errors.New("wrong issuer, audience or type")
	case !now.Before(c.Expires) || c.Expires.Sub(c.Issued) > AccessLifetime || !c.Issued.Before(c.Expires):
		return c, errors.New("expired, or good for longer than it may be")
	case c.Issued.After(now.Add(clockLeeway)):
		return c, errors.New("issued in the future")
	case c.User.IsZero() || c.Session.IsZero() || c.ID == "":
		return c, errors.New("a claim is missing")
	case c.Role != igny8.RoleDeveloper && !c.Role.TenantRole():
		return c, errors.New("no role that can log in")
	case c.Account.IsZero() != (c.Role == igny8.RoleDeveloper):
		return c, errors.New("account and role do not fit")
	}
	return c, nil
}

// flatObject checks that data is one JSON object of plain values whose names are
// lower case and come once each. encoding/json would take the last of two equal
// names, and EXP for exp.
func flatObject(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		s, _ := name.(string)
		if seen[s] || s != strings.ToLower(s) {
			return errors.New("a name is repeated or in the wrong case")
		}
		seen[s] = true
		value, err := d.Token()
		if err != nil {
			return err
		}
		if _, nested := value.(json.Delim); nested {
			return errors.New("a value is no plain value")
		}
	}
	return nil
}

// JWKS is the document at /.well-known/jwks.json: the public keys whose tokens
// are accepted, the signing one first (RFC 7517, RFC 8037).
func (s *Signer) JWKS() []byte {
	type jwk struct {
		KeyType   string `json:"kty"`
		Curve     string `json:"crv"`
		X         string `json:"x"`
		ID        string `json:"kid"`
		Use       string `json:"use"`
		Algorithm string `json:"alg"`
	}
	doc := struct {
		Keys []jwk `json:"keys"`
	}{}
	for _, k := range s.keys {
		doc.Keys = append(doc.Keys, jwk{"OKP", "Ed25519", b64(k.Public), k.ID, "sig", "EdDSA"})
	}
	out, err := json.Marshal(doc)
	if err != nil {
		panic(err) // strings alone: cannot happen
	}
	return out
}
