// Package payref compares payment references: the text a bank or wallet gives
// for a transfer, as people copy it from a receipt. It owns how two spellings are
// recognised as one reference; whose reference it is, package billing knows.
package payref

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"igny8"
	"igny8/internal/input"
)

// The length of a reference, in characters.
const (
	MinLength = 3
	MaxLength = 100
)

// Check tells whether a reference can be taken: 3 to 100 characters, none of
// them a control character, at least one a letter or digit. Spaces around it do
// not count. It fails with a 422 on the given field.
func Check(field, reference string) error {
	reference = input.Machine(reference)
	n := utf8.RuneCountInString(reference)
	switch {
	case !utf8.ValidString(reference) || strings.ContainsFunc(reference, hidden):
		return igny8.InvalidField(field, "invalid_reference",
			"Type the reference as it stands on the receipt, on one line.")
	case n < MinLength:
		return igny8.InvalidField(field, "reference_too_short",
			"Give the whole reference from the receipt; it has at least 3 characters.")
	case n > MaxLength:
		return igny8.InvalidField(field, "reference_too_long",
			"Give the reference alone; it has at most 100 characters.")
	case Normalize(reference) == "":
		return igny8.InvalidField(field, "invalid_reference",
			"Give the reference from the receipt; it has at least one letter or digit.")
	}
	return nil
}

// hidden reports characters that cannot be seen and may reorder what can:
// controls, and Unicode's format characters and line separators.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// Normalize returns the form in which two spellings of one reference are equal:
// Unicode's compatibility form (NFKC) in upper case, letters and digits only, no
// zeros in front. "trx-00 123.4" and "ＴＲＸ001234" are "TRX001234", and "000123"
// is "123". It is for comparing, never for showing, and empty for a reference
// without letters or digits. A reference of zeros alone stays "0".
func Normalize(reference string) string {
	kept := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) {
			return r
		}
		return -1
	}, strings.ToUpper(norm.NFKC.String(strings.ToValidUTF8(reference, ""))))
	// Taking a character out, or making one a capital, can bring two together
	// that compose.
	kept = norm.NFKC.String(kept)
	bare := strings.TrimLeftFunc(kept, func(r rune) bool { return r == '0' || unicode.IsMark(r) })
	if bare == "" && strings.Contains(kept, "0") {
		return "0"
	}
	return bare
}
