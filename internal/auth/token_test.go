package auth

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"igny8"
)

var testNow = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func testKey(t testing.TB, b byte) Key {
	t.Helper()
	k, err := NewKey([]byte(strings.Repeat(string(rune(b)), 32)))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func testSigner(t testing.TB, also ...Key) *Signer {
	t.Helper()
	s, err := NewSigner("https://igny8.example", "igny8-api", testKey(t, 'a'), also...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func testClaims() Claims {
	return Claims{
		User: igny8.NewID[igny8.UserID](testNow), Account: igny8.NewID[igny8.AccountID](testNow),
		Role: igny8.RoleOwner, Session: igny8.NewID[igny8.SessionID](testNow),
	}
}

const (
	testUser    = "usr_01kqrm4nm0fd3rc69q1jm64y0p"
	testAccount = "acc_01kqrm4nm0fd3rc69q1jm64y0q"
	testSession = "ses_01kqrm4nm0fd3rc69q1jm64y0r"
)

// craft signs a token from its two JSON texts, as an attacker with the key could.
func craft(k Key, header, payload string) string {
	text := b64([]byte(header)) + "." + b64([]byte(payload))
	return text + "." + b64(ed25519.Sign(k.private, []byte(text)))
}

func header(k Key) string { return fmt.Sprintf(`{"alg":"EdDSA","kid":"%s","typ":"at+jwt"}`, k.ID) }

// payload is a good payload with old replaced by new.
func payload(replace ...string) string {
	p := fmt.Sprintf(`{"iss":"https://igny8.example","aud":"igny8-api","sub":"%s","account_id":"%s",`+
		`"role":"owner","sid":"%s","typ":"access","iat":%d,"exp":%d,"jti":"one"}`,
		testUser, testAccount, testSession, testNow.Unix(), testNow.Add(AccessLifetime).Unix())
	return strings.NewReplacer(replace...).Replace(p)
}

func TestSignVerify(t *testing.T) {
	s := testSigner(t)
	token, c, err := s.Sign(testClaims(), testNow)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []time.Time{testNow, testNow.Add(AccessLifetime - time.Second), testNow.Add(-clockLeeway)} {
		got, err := s.Verify(token, at)
		if err != nil || got != c {
			t.Errorf("at %v: Verify = %+v, %v, want %+v", at, got, err, c)
		}
	}
	if c.Expires.Sub(c.Issued) != AccessLifetime || c.ID == "" {
		t.Errorf("claims = %+v, want a life of %v and an id", c, AccessLifetime)
	}
	staff := testClaims()
	staff.Account, staff.Role = igny8.AccountID{}, igny8.RoleDeveloper
	token, _, err = s.Sign(staff, testNow)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Verify(token, testNow); err != nil || !got.Account.IsZero() {
		t.Errorf("staff: %+v, %v", got, err)
	}
}

func TestSignRefuses(t *testing.T) {
	s := testSigner(t)
	for name, change := range map[string]func(*Claims){
		"no user":         func(c *Claims) { c.User = igny8.UserID{} },
		"no session":      func(c *Claims) { c.Session = igny8.SessionID{} },
		"no account":      func(c *Claims) { c.Account = igny8.AccountID{} },
		"bot":             func(c *Claims) { c.Role = igny8.RoleBot },
		"unknown role":    func(c *Claims) { c.Role = "root" },
		"staff in tenant": func(c *Claims) { c.Role = igny8.RoleDeveloper },
	} {
		c := testClaims()
		change(&c)
		if token, _, err := s.Sign(c, testNow); err == nil {
			t.Errorf("%s: signed %q", name, token)
		}
	}
}

func TestVerifyCrafted(t *testing.T) {
	k, other := testKey(t, 'a'), testKey(t, 'z')
	s := testSigner(t)
	good := craft(k, header(k), payload())
	if _, err := s.Verify(good, testNow); err != nil {
		t.Fatalf("the good token: %v", err)
	}
	parts := strings.Split(good, ".")
	hs256 := func(key []byte) string {
		text := b64(fmt.Appendf(nil, `{"alg":"HS256","kid":"%s","typ":"at+jwt"}`, k.ID)) + "." + parts[1]
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(text))
		return text + "." + b64(mac.Sum(nil))
	}
	flip := func(part, at int) string {
		p := strings.Split(good, ".")
		data, _ := base64.RawURLEncoding.DecodeString(p[part])
		data[at%len(data)] ^= 1
		p[part] = b64(data)
		return strings.Join(p, ".")
	}
	iat, exp := fmt.Sprint(testNow.Unix()), fmt.Sprint(testNow.Add(AccessLifetime).Unix())
	cases := map[string]string{
		"empty":                   "",
		"dots":                    "..",
		"one part":                parts[0],
		"no signature":            parts[0] + "." + parts[1] + ".",
		"two parts":               parts[0] + "." + parts[1],
		"four parts":              good + "." + parts[2],
		"truncated":               good[:len(good)-4],
		"longer signature":        good + "AAAA",
		"padded":                  good + "==",
		"line break":              good[:len(good)-5] + "\n" + good[len(good)-5:],
		"space":                   " " + good,
		"other last letter":       good[:len(good)-1] + otherSpelling(good[len(good)-1]),
		"flipped header":          flip(0, 9),
		"flipped payload":         flip(1, 40),
		"flipped signature":       flip(2, 0),
		"flipped signature's end": flip(2, 63),
		"zero signature":          parts[0] + "." + parts[1] + "." + b64(make([]byte, 64)),
		"too long":                craft(k, header(k), payload(`"one"`, `"`+strings.Repeat("x", maxToken)+`"`)),
		"a megabyte":              strings.Repeat("A", 1<<20),
		"none":                    b64([]byte(`{"alg":"none","typ":"at+jwt","kid":"`+k.ID+`"}`)) + "." + parts[1] + ".",
		"None":                    craft(k, strings.Replace(header(k), "EdDSA", "None", 1), payload()),
		"alg missing":             craft(k, `{"typ":"at+jwt","kid":"`+k.ID+`"}`, payload()),
		"alg not a string":        craft(k, `{"alg":1,"typ":"at+jwt","kid":"`+k.ID+`"}`, payload()),
		"HS256, public key":       hs256(k.Public),
		"HS256, public key text":  hs256([]byte(b64(k.Public))),
		"HS256, empty key":        hs256(nil),
		"RS256 name":              craft(k, strings.Replace(header(k), "EdDSA", "RS256", 1), payload()),
		"ES256 name":              craft(k, strings.Replace(header(k), "EdDSA", "ES256", 1), payload()),
		"another key":             craft(other, header(k), payload()),
		"unknown kid":             craft(other, header(other), payload()),
		"kid missing":             craft(k, `{"alg":"EdDSA","typ":"at+jwt"}`, payload()),
		"kid a path":              craft(k, `{"alg":"EdDSA","kid":"../../dev/null","typ":"at+jwt"}`, payload()),
		"kid a list":              craft(k, `{"alg":"EdDSA","kid":["`+k.ID+`"],"typ":"at+jwt"}`, payload()),
		"jwk in header":           craft(other, `{"alg":"EdDSA","kid":"`+k.ID+`","typ":"at+jwt","jwk":{"kty":"OKP","crv":"Ed25519","x":"`+b64(other.Public)+`"}}`, payload()),
		"crit":                    craft(k, `{"alg":"EdDSA","kid":"`+k.ID+`","typ":"at+jwt","crit":["b64"]}`, payload()),
		"typ JWT":                 craft(k, strings.Replace(header(k), "at+jwt", "JWT", 1), payload()),
		"typ missing":             craft(k, `{"alg":"EdDSA","kid":"`+k.ID+`"}`, payload()),
		"duplicate in header":     craft(k, `{"alg":"none","alg":"EdDSA","kid":"`+k.ID+`","typ":"at+jwt"}`, payload()),
		"refresh type":            craft(k, header(k), payload(`"access"`, `"refresh"`)),
		"wrong aud":               craft(k, header(k), payload("igny8-api", "other-api")),
		"aud a list":              craft(k, header(k), payload(`"igny8-api"`, `["igny8-api"]`)),
		"wrong iss":               craft(k, header(k), payload("https://igny8.example", "https://evil.example")),
		"expired":                 craft(k, header(k), payload(exp, fmt.Sprint(testNow.Unix()), iat, fmt.Sprint(testNow.Unix()-900))),
		"exp missing":             craft(k, header(k), payload(`"exp":`+exp+`,`, "")),
		"exp null":                craft(k, header(k), payload(exp, "null")),
		"exp text":                craft(k, header(k), payload(exp, `"`+exp+`"`)),
		"exp huge":                craft(k, header(k), payload(exp, "9223372036854775807")),
		"exp beyond the lifetime": craft(k, header(k), payload(exp, fmt.Sprint(testNow.Unix()+86400))),
		"exp a float":             craft(k, header(k), payload(exp, exp+".5")),
		"issued in the future":    craft(k, header(k), payload(iat, fmt.Sprint(testNow.Unix()+60))),
		"exp before iat":          craft(k, header(k), payload(exp, fmt.Sprint(testNow.Unix()+1), iat, fmt.Sprint(testNow.Unix()+2))),
		"sub missing":             craft(k, header(k), payload(`"sub":"`+testUser+`",`, "")),
		"sub an account":          craft(k, header(k), payload(testUser, testAccount)),
		"account missing":         craft(k, header(k), payload(`"account_id":"`+testAccount+`",`, "")),
		"account empty":           craft(k, header(k), payload(testAccount, "")),
		"sid missing":             craft(k, header(k), payload(`"sid":"`+testSession+`",`, "")),
		"jti missing":             craft(k, header(k), payload(`,"jti":"one"`, "")),
		"role bot":                craft(k, header(k), payload(`"owner"`, `"system_bot"`)),
		"role unknown":            craft(k, header(k), payload(`"owner"`, `"root"`)),
		"staff with an account":   craft(k, header(k), payload(`"owner"`, `"developer"`)),
		"duplicate claim":         craft(k, header(k), payload(`"role":"owner"`, `"role":"viewer","role":"owner"`)),
		"claim in capitals":       craft(k, header(k), payload(`"role":"owner"`, `"role":"owner","ROLE":"admin"`)),
		"nested claim":            craft(k, header(k), payload(`"jti":"one"`, `"jti":"one","x":{"y":1}`)),
		"payload a list":          craft(k, header(k), `[]`),
		"payload null":            craft(k, header(k), `null`),
		"trailing data":           craft(k, header(k), payload()+`{}`),
		"an API key":              "igny8_live_" + strings.Repeat("A", 43),
	}
	for name, token := range cases {
		t.Run(name, func(t *testing.T) {
			c, err := s.Verify(token, testNow)
			var e *igny8.Error
			if !errors.As(err, &e) || e.Kind != igny8.Unauthenticated || e.Code != "invalid_token" {
				t.Fatalf("Verify = %+v, %v, want Unauthenticated invalid_token", c, err)
			}
			if c != (Claims{}) {
				t.Errorf("a refused token still gave claims: %+v", c)
			}
		})
	}
}

// otherSpelling is a letter that decodes to the same byte in lax base64: only
// the unused low bits differ.
func otherSpelling(c byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[strings.IndexByte(letters, c)|1])
}

func TestKeyRotation(t *testing.T) {
	old := testSigner(t)
	token, _, err := old.Sign(testClaims(), testNow)
	if err != nil {
		t.Fatal(err)
	}
	next := testKey(t, 'b')
	rotated, err := NewSigner("https://igny8.example", "igny8-api", next, PublicKey(testKey(t, 'a').Public))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rotated.Verify(token, testNow); err != nil {
		t.Errorf("a token of the previous key: %v", err)
	}
	fresh, _, _ := rotated.Sign(testClaims(), testNow)
	if _, err := old.Verify(fresh, testNow); err == nil {
		t.Error("a signer without the new key accepts its token")
	}
	dropped, _ := NewSigner("https://igny8.example", "igny8-api", next)
	if _, err := dropped.Verify(token, testNow); err == nil {
		t.Error("a token of a dropped key is still accepted")
	}
	var doc struct{ Keys []map[string]string }
	if err := json.Unmarshal(rotated.JWKS(), &doc); err != nil || len(doc.Keys) != 2 {
		t.Fatalf("JWKS = %s, %v, want two keys", rotated.JWKS(), err)
	}
	first := doc.Keys[0]
	if first["kid"] != next.ID || first["kty"] != "OKP" || first["crv"] != "Ed25519" || first["alg"] != "EdDSA" || first["d"] != "" {
		t.Errorf("first key = %v", first)
	}
}

func TestNewSignerRefuses(t *testing.T) {
	if _, err := NewKey([]byte("short")); err == nil {
		t.Error("a short seed makes a key")
	}
	if _, err := NewSigner("i", "a", PublicKey(testKey(t, 'a').Public)); err == nil {
		t.Error("a public key signs")
	}
	if _, err := NewSigner("", "a", testKey(t, 'a')); err == nil {
		t.Error("no issuer is accepted")
	}
	if s := fmt.Sprintf("%v %s", testKey(t, 'a'), testKey(t, 'a')); strings.Contains(s, "[") {
		t.Errorf("a printed key shows its bytes: %s", s)
	}
}

// TestThumbprint checks the key's ID against the example of RFC 8037 appendix A.3.
func TestThumbprint(t *testing.T) {
	public, _ := base64.RawURLEncoding.DecodeString("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
	if got := PublicKey(public).ID; got != "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k" {
		t.Errorf("thumbprint = %s", got)
	}
}

// FuzzVerify: nobody without the key can make a token, so the only texts that
// pass are, byte for byte, those signed here.
func FuzzVerify(f *testing.F) {
	k := testKey(f, 'a')
	s := testSigner(f)
	good := craft(k, header(k), payload())
	signed := map[string]bool{good: true}
	f.Add(good)
	f.Add(craft(k, header(k), payload("owner", "root")))
	f.Add(craft(k, `{"alg":"none"}`, payload()))
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := s.Verify(token, testNow); (err == nil) != signed[token] {
			t.Errorf("Verify(%q) = %v", token, err)
		}
	})
}
