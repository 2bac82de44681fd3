// Package input owns how text comes in, from people and from programs: what no database
// can keep, what cannot be seen, how people write numbers and names, and how several
// faults of one form are told together. It knows no form and no database.
package input

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"igny8"
)

// Keepable reports whether both databases can store the text: valid UTF-8 without U+0000.
func Keepable(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// severalLines are the fields in which people write more than one line. All others take
// one. Fields of one name mean the same in the API and on the pages.
var severalLines = map[string]bool{"notes": true, "note": true, "reason": true, "evidence": true, "description": true, "message": true}

// secret are the fields whose characters are their owner's business.
func secret(field string) bool { return strings.Contains(field, "password") || field == "current" }

// Check tells what is wrong with the text of a field: characters that cannot be kept
// (code invalid_text), control characters (control_character) or line breaks in a field
// of one line (one_line). The pointer of the answer is the caller's to set; ok is true
// when nothing is wrong.
func Check(field, s string) (fault igny8.FieldError, ok bool) {
	switch {
	case !Keepable(s):
		return igny8.FieldError{Code: "invalid_text", Detail: "This is no text: send UTF-8 without the character U+0000."}, false
	case secret(field):
	case strings.ContainsFunc(s, control):
		return igny8.FieldError{Code: "control_character", Detail: "This holds characters that cannot be shown; type it again instead of pasting it."}, false
	case !severalLines[field] && strings.ContainsFunc(strings.TrimSpace(s), breaks):
		return igny8.FieldError{Code: "one_line", Detail: "Write this on one line."}, false
	}
	return fault, true
}

func breaks(r rune) bool {
	return r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029' || r == '\u0085'
}

func control(r rune) bool { return unicode.IsControl(r) && !breaks(r) }

// mark reports characters that are not seen and that people paste with what they copied
// from a chat or a PDF: direction marks, joiners, soft hyphens and byte order marks.
func mark(r rune) bool {
	switch {
	case r >= 0x200B && r <= 0x200F, r >= 0x202A && r <= 0x202E, r == 0x2060, r >= 0x2066 && r <= 0x2069, r == 0xFEFF, r == 0x00AD:
		return true
	}
	return false
}

// Machine is the text without invisible marks and without spaces around it, for all that
// a machine reads: a reference, a domain, an address, an amount, a code, a tax number.
func Machine(s string) string { return without(s, mark) }

// without takes characters out of a text, and the spaces around it. What is not UTF-8
// stays as it is, to be refused.
func without(s string, drop func(rune) bool) string {
	if !utf8.ValidString(s) {
		return s
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if drop(r) {
			return -1
		}
		return r
	}, s))
}

// Name is the text of a name without spaces around it and without marks that may turn
// what is read: overrides and embeddings of direction, byte order marks, soft hyphens.
// Joiners stay: Persian and Hindi names are written with them.
func Name(s string) string {
	return without(s, func(r rune) bool { return mark(r) && r != '\u200c' && r != '\u200d' })
}

// fillers are letters by Unicode's table that show nothing.
const fillers = "\u115f\u1160\u3164\uffa0"

// Visible reports whether a name has at least one letter or digit that can be seen.
func Visible(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool {
		return (unicode.IsLetter(r) || unicode.IsNumber(r)) && !strings.ContainsRune(fillers, r)
	})
}

// Header makes the value of a header fit to be stored: what is not UTF-8 goes, and it is
// cut to at most n bytes at the end of a character.
func Header(s string, n int) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, s)
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
