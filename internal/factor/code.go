package factor

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp/hotp"

	"igny8"
	"igny8/internal/input"
)

// The shape of codes: RFC 6238 with what every app knows (SHA-1, six digits, 30 s).
const (
	totpStep      = 30 // seconds
	totpDigits    = 6
	totpBytes     = 20 // of the secret
	recoveryCodes = 10
	recoveryBytes = 10 // 80 random bits, so that a plain hash hides them
)

// letters write secrets as apps and people read them (RFC 4648).
var letters = base32.StdEncoding.WithPadding(base32.NoPadding)

// Enrolment is a secret that an authenticator app has to be given.
type Enrolment struct {
	Secret string // base32
	URI    string // otpauth://, for a QR code
}

// NewSecret makes a secret for an authenticator app.
func NewSecret() string {
	raw := make([]byte, totpBytes)
	rand.Read(raw)
	return letters.EncodeToString(raw)
}

// Enrol writes a secret as apps take it (the key URI format they share).
func Enrol(email, secret string) Enrolment {
	q := url.Values{"secret": {secret}, "issuer": {"igny8"}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	uri := url.URL{Scheme: "otpauth", Host: "totp", Path: "/igny8:" + email, RawQuery: q.Encode()}
	return Enrolment{Secret: secret, URI: uri.String()}
}

// plain is a code without what people put between its letters.
func plain(code string) string {
	return strings.ToLower(strings.NewReplacer(" ", "", "-", "", "\u00a0", "").Replace(input.Code(code)))
}

// Short reports whether this can be an app's code; a recovery code is longer.
func Short(code string) bool { return len(plain(code)) <= totpDigits }

// Step is the time step that a code is of: this one, or one before or after, since
// clocks differ. 0 for a code that is wrong.
func Step(secret, code string, now time.Time) (int64, error) {
	at, found := now.Unix()/totpStep, int64(0)
	for step := at - 1; step <= at+1; step++ {
		want, err := hotp.GenerateCode(secret, uint64(step))
		if err != nil {
			return 0, fmt.Errorf("make a code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(plain(code))) == 1 {
			found = step
		}
	}
	return found, nil
}

// RecoveryCodes makes ten codes, in groups of four letters.
func RecoveryCodes() []string {
	codes := make([]string, recoveryCodes)
	for i := range codes {
		raw := make([]byte, recoveryBytes)
		rand.Read(raw)
		text := strings.ToLower(letters.EncodeToString(raw))
		codes[i] = text[:4] + "-" + text[4:8] + "-" + text[8:12] + "-" + text[12:]
	}
	return codes
}

// RecoveryHash is what is stored of a person's recovery code.
func RecoveryHash(user igny8.UserID, code string) string {
	sum := sha256.Sum256([]byte("recovery code\x00" + user.String() + "\x00" + plain(code)))
	return hex.EncodeToString(sum[:])
}
