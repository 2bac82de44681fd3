package auth

import (
	"strings"
	"unicode/utf8"

	"igny8"
	"igny8/internal/input"
)

// The bounds of an e-mail address (RFC 5321 section 4.5.3.1, RFC 3696 erratum 1690).
const (
	maxEmail = 254
	maxLocal = 64
)

// localLetters are the characters of a dot-atom beside letters and digits
// (RFC 5322 section 3.2.3).
const localLetters = "!#$%&'*+-/=?^_`{|}~"

const domainLetters = "abcdefghijklmnopqrstuvwxyz0123456789-"

// An Email is one address in its two forms.
type Email struct {
	// Address is where mail goes: the local part as it was typed, the domain in
	// lower case and punycode.
	Address string
	// Login is the address in lower case, by which a person is found. No
	// provider of note tells local parts apart by case.
	Login string
}

// ParseEmail reads an address conservatively: a dot-atom of ASCII at a domain of
// at least two labels. Quoted local parts, comments, address literals and
// non-ASCII local parts are refused, the domain may be international. Spaces
// around it and invisible marks are ignored. It fails with a 422 `invalid_email` on the given field.
func ParseEmail(field, s string) (Email, error) {
	invalid := igny8.InvalidField(field, "invalid_email", "Give one e-mail address, such as name@example.com.")
	s = input.Machine(s)
	at := strings.LastIndexByte(s, '@')
	if at < 1 || len(s) > 4*maxEmail || !utf8.ValidString(s) || !validLocal(s[:at]) {
		return Email{}, invalid
	}
	domain, ok := mailDomain(s[at+1:])
	if !ok || at+1+len(domain) > maxEmail {
		return Email{}, invalid
	}
	e := Email{Address: s[:at] + "@" + domain}
	e.Login = strings.ToLower(e.Address)
	return e, nil
}

// NormalizeEmail is the form by which a person is found at login, "" for what is
// no address.
func NormalizeEmail(s string) string {
	e, err := ParseEmail("email", s)
	if err != nil {
		return ""
	}
	return e.Login
}

func validLocal(s string) bool {
	if len(s) > maxLocal || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if r != '.' && !asciiAlnum(r) && !strings.ContainsRune(localLetters, r) {
			return false
		}
	}
	return true
}

func asciiAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// mailDomain returns the domain in lower case and punycode.
func mailDomain(s string) (string, bool) {
	domain, err := input.Domain(s)
	if err != nil || len(domain) > 253 {
		return "", false
	}
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return "", false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.Trim(l, domainLetters) != "" {
			return "", false
		}
	}
	// A last label in digits makes it an IP address, never a domain.
	return domain, strings.Trim(labels[len(labels)-1], "0123456789") != ""
}

// canonicalProvider maps the domains that deliver to one mailbox onto one of them.
func canonicalProvider(domain string) string {
	switch domain {
	case "googlemail.com":
		return "gmail.com"
	case "pm.me", "protonmail.com", "protonmail.ch":
		return "proton.me"
	case "ya.ru", "yandex.com", "yandex.by", "yandex.kz":
		return "yandex.ru"
	case "me.com", "mac.com":
		return "icloud.com"
	}
	return domain
}

// TrialKey is what one person has one of, for the rule of one free trial each:
// the address in lower case without its +tag, at the provider's first domain,
// and without dots where the provider ignores them. "" for what is no address.
// It is for comparing only: mail never goes there.
func TrialKey(s string) string {
	login := NormalizeEmail(s)
	if login == "" {
		return ""
	}
	local, domain, _ := strings.Cut(login, "@")
	if tagged, _, ok := strings.Cut(local, "+"); ok && tagged != "" {
		local = tagged
	}
	domain = canonicalProvider(domain)
	bare := local
	switch {
	case domain == "gmail.com":
		bare = strings.ReplaceAll(local, ".", "")
	case domain == "proton.me":
		bare = strings.NewReplacer(".", "", "-", "", "_", "").Replace(local)
	case domain == "yandex.ru":
		bare = strings.ReplaceAll(local, ".", "-")
	case strings.HasPrefix(domain, "yahoo.") || domain == "ymail.com" || domain == "rocketmail.com":
		bare, _, _ = strings.Cut(local, "-") // disposable addresses there are base-word
	}
	if bare == "" {
		bare = local
	}
	return bare + "@" + domain
}
