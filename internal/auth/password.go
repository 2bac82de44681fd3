package auth

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/nbutton23/zxcvbn-go"
	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"igny8"
	"igny8/internal/kdf"
)

// The bounds of a password. Characters are what a person counts, code points;
// the bytes are bounded too, so that nobody makes us hash a novel.
const (
	MinPassword      = 10  // characters
	MaxPassword      = 128 // characters
	maxPasswordBytes = 512
)

// The cost of one hash: OWASP's small profile for argon2id (Password Storage
// Cheat Sheet). It takes about 25 ms and 19 MiB.
const (
	hashMemory  = 19 * 1024 // KiB
	hashTime    = 2
	hashThreads = 1
	hashLength  = 32 // bytes
	saltLength  = 16 // bytes
)

// maxQueue is how many hashes may wait; a further one is refused at once, so
// that a flood of logins cannot starve everything else.
const maxQueue = 20

var errBusy = igny8.E(igny8.Unavailable, "busy", "Too many logins at this moment; try again in a few seconds.").
	Retry(2 * time.Second)

var errHashFormat = errors.New("auth: stored password hash is not an argon2id PHC string")

// Hasher hashes passwords, as many at a time as it has slots. One Hasher serves
// a whole process.
type Hasher struct {
	slots   chan struct{}
	pending atomic.Int64
	cost    phc
	dummy   string
	derive  func(kdf.Job) []byte
}

// NewHasher returns a Hasher that runs slots hashes at a time, with derive; 0 or
// less means half as many as there are cores, so that other requests find one free
// however many log in.
func NewHasher(slots int, derive func(kdf.Job) []byte) *Hasher {
	return newHasher(slots, phc{memory: hashMemory, time: hashTime, threads: hashThreads}, derive)
}

// NewCheapHasher returns a Hasher for tests, which log in more often than anybody
// waits for: its hashes protect nothing.
func NewCheapHasher() *Hasher {
	return newHasher(0, phc{memory: 8, time: 1, threads: 1}, kdf.Derive)
}

func newHasher(slots int, cost phc, derive func(kdf.Job) []byte) *Hasher {
	if slots <= 0 {
		slots = max(1, runtime.GOMAXPROCS(0)/2)
	}
	dummy := cost
	dummy.salt, dummy.sum = make([]byte, saltLength), make([]byte, hashLength)
	rand.Read(dummy.salt)
	return &Hasher{slots: make(chan struct{}, slots), cost: cost, dummy: dummy.String(), derive: derive}
}

// Full refuses with `busy` when no more may wait, so that a caller who would be
// refused is told before anything else is done for them.
func (h *Hasher) Full() error {
	if h.pending.Load() >= int64(cap(h.slots)+maxQueue) {
		return errBusy
	}
	return nil
}

// enter waits for a slot; leave gives it back.
func (h *Hasher) enter(ctx context.Context) error {
	if h.pending.Add(1) > int64(cap(h.slots)+maxQueue) {
		h.pending.Add(-1)
		return errBusy
	}
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		h.pending.Add(-1)
		return ctx.Err()
	}
}

func (h *Hasher) leave() {
	<-h.slots
	h.pending.Add(-1)
}

// Hash returns the PHC string of a password that CheckPassword accepted. It
// fails with igny8.Unavailable `busy` when too many wait, and with the context.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if len(password) > maxPasswordBytes {
		return "", errTooLong()
	}
	if err := h.enter(ctx); err != nil {
		return "", err
	}
	defer h.leave()
	p := h.cost
	p.salt = make([]byte, saltLength)
	rand.Read(p.salt)
	p.sum = h.derive(p.job(password, hashLength))
	return p.String(), nil
}

// Verify reports whether the password is the one whose PHC string is stored. Its
// errors are those of Hash, and an internal one when stored cannot be read.
func (h *Hasher) Verify(ctx context.Context, password, stored string) (bool, error) {
	p, err := parsePHC(stored)
	if err != nil {
		return false, err
	}
	if len(password) > maxPasswordBytes {
		return false, nil
	}
	if err := h.enter(ctx); err != nil {
		return false, err
	}
	defer h.leave()
	sum := h.derive(p.job(password, uint32(len(p.sum))))
	return subtle.ConstantTimeCompare(sum, p.sum) == 1, nil
}

// VerifyDummy costs what Verify costs and never succeeds. It is called for
// unknown users, so that they cannot be told from a wrong password by time.
func (h *Hasher) VerifyDummy(ctx context.Context, password string) error {
	_, err := h.Verify(ctx, password, h.dummy)
	return err
}

// Outdated reports whether a stored hash was made at another cost than today's,
// so that it should be made anew at the next successful login.
func Outdated(stored string) bool {
	p, err := parsePHC(stored)
	return err != nil || p.memory != hashMemory || p.time != hashTime || p.threads != hashThreads ||
		len(p.sum) != hashLength
}

// phc is a password hash in the PHC string format,
// $argon2id$v=19$m=19456,t=2,p=1$salt$sum.
type phc struct {
	memory, time uint32
	threads      uint8
	salt, sum    []byte
}

// job is the password in Unicode's composed form, so that two keyboards that spell
// é differently mean one password.
func (p phc) job(password string, length uint32) kdf.Job {
	return kdf.Job{Password: []byte(norm.NFC.String(password)), Salt: p.salt, Time: p.time, Memory: p.memory, Threads: p.threads, Length: length}
}

// String writes the PHC string.
func (p phc) String() string {
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads,
		b64.EncodeToString(p.salt), b64.EncodeToString(p.sum))
}

// parsePHC reads what String wrote, with costs inside sane bounds only.
func parsePHC(s string) (phc, error) {
	var p phc
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, errHashFormat
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil {
		return p, errHashFormat
	}
	var err1, err2 error
	p.salt, err1 = base64.RawStdEncoding.DecodeString(parts[4])
	p.sum, err2 = base64.RawStdEncoding.DecodeString(parts[5])
	switch {
	case err1 != nil, err2 != nil, len(p.salt) < 8, len(p.salt) > 64, len(p.sum) < 16, len(p.sum) > 64,
		p.memory < 8, p.memory > 256*1024, p.time < 1, p.time > 16, p.threads < 1, p.threads > 16:
		return phc{}, errHashFormat
	}
	return p, nil
}

func errTooLong() error {
	return igny8.InvalidField("password", "password_too_long",
		fmt.Sprintf("Use at most %d characters.", MaxPassword))
}

// CheckPassword tells whether a new password is good enough for a person with
// this e-mail address and these names: 10 to 128 characters of any kind, not
// common, not made of the address. It fails with a 422 on the field `password`.
func CheckPassword(password, email string, names ...string) error {
	n := utf8.RuneCountInString(password)
	switch {
	case len(password) > maxPasswordBytes || n > MaxPassword:
		return errTooLong()
	case n < MinPassword:
		return igny8.InvalidField("password", "password_too_short",
			fmt.Sprintf("Use at least %d characters; a few unrelated words are easy to remember.", MinPassword))
	case !utf8.ValidString(password):
		return igny8.InvalidField("password", "password_not_text", "The password must be valid UTF-8 text.")
	}
	if madeOf(password, email) {
		return igny8.InvalidField("password", "password_contains_email",
			"The password is little more than the e-mail address; choose one that has nothing to do with it.")
	}
	if guessable(password) || score(password, append(inputs(email, names), "igny8")) < minScore {
		return igny8.InvalidField("password", "password_too_common",
			"This password is easy to guess; add a few unrelated words, or let a password manager make one.")
	}
	return nil
}

// madeOf reports whether less than six characters remain of the password when
// the parts of the e-mail address are taken out of it.
func madeOf(password, email string) bool {
	rest := strings.ToLower(password)
	found := false
	for _, part := range inputs(email, nil) {
		if strings.Contains(rest, part) {
			found = true
			rest = strings.ReplaceAll(rest, part, "")
		}
	}
	return found && utf8.RuneCountInString(rest) < 6
}

// inputs lists what an attacker who knows the person tries first, longest
// spellings first: the address, its two halves, their words, and the names.
func inputs(email string, names []string) []string {
	email = strings.ToLower(email)
	local, domain, _ := strings.Cut(email, "@")
	candidates := []string{email, local, domain}
	notWord := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	for _, s := range append([]string{local, domain}, names...) {
		candidates = append(candidates, strings.FieldsFunc(strings.ToLower(s), notWord)...)
	}
	var out []string
	for _, c := range candidates {
		if utf8.RuneCountInString(c) >= 3 {
			out = append(out, c)
		}
	}
	return out
}

const (
	minScore  = 2  // of 4; below it a password falls to about 10^4 s of guessing
	scoreSize = 64 // characters that are looked at: the estimate is quadratic and worse
)

// score estimates the strength of a password from 0 to 4. The library counts
// bytes in one place and characters in another, so it gets ASCII only: any other
// character is replaced by an ASCII one.
func score(password string, known []string) (points int) {
	defer func() {
		if recover() != nil { // a fault of the library is no reason to refuse anyone
			points = minScore
		}
	}()
	ascii := make([]byte, 0, scoreSize)
	for _, r := range password {
		if len(ascii) == scoreSize {
			break
		}
		if r < ' ' || r > '~' {
			r = '!' + r%94
		}
		ascii = append(ascii, byte(r))
	}
	return zxcvbn.PasswordStrength(string(ascii), known).Score
}
