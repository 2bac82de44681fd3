package input

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"igny8"
)

// Digits turns the digits of every script into 0 to 9, and leaves the rest. Unicode keeps
// the ten digits of a script side by side, zero first, and lists them so.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII || !unicode.IsDigit(r) {
			return r
		}
		for _, t := range unicode.Nd.R16 {
			if r >= rune(t.Lo) && r <= rune(t.Hi) {
				return '0' + (r-rune(t.Lo))%10
			}
		}
		for _, t := range unicode.Nd.R32 {
			if r >= rune(t.Lo) && r <= rune(t.Hi) {
				return '0' + (r-rune(t.Lo))%10
			}
		}
		return r
	}, s)
}

// Code is what a person types of a code or a date: without invisible marks, in the digits
// 0 to 9.
func Code(s string) string { return Digits(Machine(s)) }

// Reading tells how a number that a person typed could be read.
type Reading uint8

// The readings of a number.
const (
	Unreadable Reading = iota // not a number
	Ambiguous                 // two numbers: 1,234 may be one and a bit, or a thousand
	Read                      // one number
)

// Amount reads an amount as people write it, in minor units of a currency: 24742,
// 24,742.00, 24.742,00, 2,47,420, 24 742, 24742/-, €80,10 and ۲۴۷۴۲٫۵۰.
//
// A separator with one or two digits behind it is a decimal mark, one with three sets
// thousands apart. For currencies with three decimals a single separator with three digits
// behind it can be both, and is Ambiguous. Signs are refused.
func Amount(s string, c igny8.Currency) (minor int64, as Reading) {
	s = bare(Code(s), c)
	whole, frac, as := parts(s, c.Exponent())
	if as != Read {
		return 0, as
	}
	m, err := igny8.ParseAmount(strings.TrimSuffix(whole+"."+frac, "."), c)
	if err != nil {
		return 0, Unreadable
	}
	return m.Minor, Read
}

// bare takes away what people write around an amount: the currency in front or behind,
// and the dash or stroke that says "and nothing more".
func bare(s string, c igny8.Currency) string {
	around := func(r rune) bool { return unicode.IsLetter(r) || unicode.Is(unicode.Sc, r) || unicode.IsSpace(r) }
	first := strings.TrimLeftFunc(s, around)
	if len(first) < len(s) {
		first = strings.TrimLeft(first, ". ") // "Rs. 500"
	}
	s = strings.TrimRightFunc(first, around)
	for _, tail := range []string{"/-", "/=", ",-", ".-", ",–", ".–"} {
		if cut, ok := strings.CutSuffix(s, tail); ok {
			return cut
		}
	}
	return s
}

// spaces are what sets groups apart and is never a decimal mark: spaces of all widths,
// apostrophes, and the Arabic mark of thousands.
const spaces = " \u00a0\u202f\u2009'’\u066c"

// parts splits a number at its decimal mark and takes the marks of groups away.
func parts(s string, decimals int) (whole, frac string, as Reading) {
	last := strings.LastIndexAny(s, ".,\u066b")
	if last < 0 {
		return grouped(s)
	}
	mark := []rune(s[last:])[0]
	before, after := s[:last], s[last+len(string(mark)):]
	other := strings.ContainsAny(before, strings.ReplaceAll(".,\u066b", string(mark), ""))
	switch again := strings.ContainsRune(before, mark); {
	case mark == '\u066b' || other && !again, !again && strings.ContainsAny(before, spaces):
		return decimal(before, after, decimals)
	case again:
		if other {
			return "", "", Unreadable
		}
		return grouped(s)
	case len(after) == 1 || len(after) == 2:
		return decimal(before, after, decimals)
	case len(after) == 3 && decimals == 3:
		if before == "0" {
			return decimal(before, after, decimals)
		}
		return "", "", Ambiguous
	}
	return grouped(s)
}

// decimal is a number with a decimal mark that is known.
func decimal(before, after string, decimals int) (whole, frac string, as Reading) {
	whole, _, as = grouped(before)
	if as != Read || after == "" || !digits(after) || len(after) > decimals {
		return "", "", Unreadable
	}
	return whole, after, Read
}

// grouped reads digits in groups: of three, or as in India of two with three at the end.
func grouped(s string) (whole, frac string, as Reading) {
	groups := strings.FieldsFunc(s, func(r rune) bool { return r == '.' || r == ',' || strings.ContainsRune(spaces, r) })
	if len(groups) == 0 || len(groups) > 1 && strings.HasPrefix(groups[0], "0") || !digits(strings.Join(groups, "")) {
		return "", "", Unreadable
	}
	if marks := strings.Count(strings.Join(groups, ""), "") - 1; len([]rune(s)) != marks+len(groups)-1 {
		return "", "", Unreadable // a mark at an end, or two beside each other
	}
	for i, g := range groups[1:] {
		middle := i < len(groups)-2
		if len(g) != 3 && !(middle && len(g) == 2) {
			return "", "", Unreadable
		}
	}
	return strings.Join(groups, ""), "", Read
}

func digits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// Whole reads a whole number as people write it, with a sign: 1,000, −5, +20, ۱۰۰۰.
func Whole(s string) (n int64, ok bool) {
	s = strings.ReplaceAll(Code(s), "−", "-")
	sign := ""
	if rest, minus := strings.CutPrefix(s, "-"); minus {
		sign, s = "-", rest
	} else {
		s = strings.TrimPrefix(s, "+")
	}
	whole, frac, as := parts(strings.TrimSpace(s), 0)
	if as != Read || frac != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(sign+whole, 10, 64)
	return n, err == nil && n != math.MinInt64
}
