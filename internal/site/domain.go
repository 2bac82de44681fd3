package site

import (
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/publicsuffix"

	"igny8"
	"igny8/internal/input"
)

const (
	maxPasted = 2048 // bytes of what may be pasted
	maxDomain = 253  // characters (RFC 1035 section 3.1)
	maxLabel  = 63   // characters
)

// localSuffixes are names that never mean the same place twice: reserved by RFC
// 2606, 6761, 6762 and 8375, by ICANN (internal, 2024), or common in homes and
// offices.
var localSuffixes = []string{"localhost", "localdomain", "local", "internal", "intranet", "lan", "home.arpa", "test", "invalid", "onion"}

func domainError(code string) error {
	detail := "Give the domain of a web site, such as example.com."
	switch code {
	case "public_suffix":
		detail = "This is an ending under which anyone can register; give a whole domain, such as example.com."
	case "ip_address":
		detail = "Give the site's name, such as example.com, not its IP address."
	case "port_not_allowed":
		detail = "Leave out the port: give the name alone, such as example.com."
	case "local_name":
		detail = "This name works on a local network only; give the public domain, such as example.com."
	}
	return igny8.InvalidField("domain", code, detail)
}

// NormalizeDomain makes a domain of whatever a person pasted:
// "https://Www.Example.com/x?y#z" gives "example.com". Scheme, path, query,
// fragment, a trailing dot and a leading "www." go; other sub-domains stay;
// international names become punycode (UTS #46, the lookup profile). Normalising
// twice gives what once gives.
//
// It fails with a 422 on the field `domain`: public_suffix, ip_address in any
// spelling, port_not_allowed, local_name, and invalid_domain for the rest.
func NormalizeDomain(pasted string) (string, error) {
	host, err := pastedHost(pasted)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(host, "[") || strings.Count(host, ":") > 1 && isIPv6(host) {
		return "", domainError("ip_address")
	}
	host, port, hasPort := strings.Cut(host, ":")
	if strings.Trim(port, "0123456789") != "" {
		return "", domainError("invalid_domain")
	}
	domain, err := input.Domain(host)
	if err != nil {
		return "", domainError("invalid_domain")
	}
	domain = strings.TrimSuffix(domain, ".")
	if err := checkDomain(domain); err != nil {
		return "", err
	}
	if hasPort {
		return "", domainError("port_not_allowed")
	}
	for rest, ok := strings.CutPrefix(domain, "www."); ok && registrable(rest); rest, ok = strings.CutPrefix(domain, "www.") {
		domain = rest
	}
	return domain, nil
}

// pastedHost cuts host and port out of what was pasted. A user name, a
// backslash or a blank inside is refused: programs disagree on where such a host
// ends.
func pastedHost(s string) (string, error) {
	s = input.Machine(s)
	if s == "" || len(s) > maxPasted || !utf8.ValidString(s) {
		return "", domainError("invalid_domain")
	}
	if scheme, rest, ok := strings.Cut(s, "://"); ok && !strings.ContainsAny(scheme, "/?#.") {
		if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
			return "", domainError("invalid_domain")
		}
		s = rest
	} else {
		s = strings.TrimPrefix(s, "//")
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	odd := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '@' || r == '\\' }
	if s == "" || strings.ContainsFunc(s, odd) {
		return "", domainError("invalid_domain")
	}
	return s, nil
}

func isIPv6(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil
}

// checkDomain looks at a name in lower-case ASCII without its trailing dot.
func checkDomain(domain string) error {
	if domain == "" || len(domain) > maxDomain {
		return domainError("invalid_domain")
	}
	labels := strings.Split(domain, ".")
	for _, l := range labels {
		if l == "" || len(l) > maxLabel {
			return domainError("invalid_domain")
		}
	}
	if numeric(labels[len(labels)-1]) {
		return domainError("ip_address")
	}
	for _, local := range localSuffixes {
		if domain == local || strings.HasSuffix(domain, "."+local) {
			return domainError("local_name")
		}
	}
	suffix, managed := publicsuffix.PublicSuffix(domain)
	switch {
	case len(labels) == 1 && !managed:
		return domainError("local_name")
	case suffix == domain:
		return domainError("public_suffix")
	}
	return nil
}

// numeric reports whether a last label makes the whole name an IPv4 address for
// a browser (WHATWG URL, "ends in a number"): digits, or 0x and hex digits. So
// 127.1, 0x7f000001, 0177.0.0.1 and 2130706433 are all addresses.
func numeric(label string) bool {
	if hex, ok := strings.CutPrefix(label, "0x"); ok {
		return strings.Trim(hex, "0123456789abcdef") == ""
	}
	return strings.Trim(label, "0123456789") == ""
}

// registrable reports whether a domain is more than a public suffix.
func registrable(domain string) bool {
	_, err := publicsuffix.EffectiveTLDPlusOne(domain)
	return err == nil
}
