package input

import (
	"errors"
	"strings"

	"golang.org/x/net/idna"
)

// hosts reads names as browsers do (WHATWG URL, "domain to ASCII", strict): hyphens at the
// third and fourth place are no fault of an ASCII name.
var hosts = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(true), idna.CheckHyphens(false))

var errDomain = errors.New("no domain name")

// Domain is the name of a host in lower case and punycode. A label that begins or ends
// with a hyphen is refused.
func Domain(s string) (string, error) {
	ascii, err := hosts.ToASCII(s)
	if err != nil {
		return "", err
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return "", errDomain
		}
	}
	return ascii, nil
}
