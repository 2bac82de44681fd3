package auth

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// keyRows are the rows of the most common keyboard, each set half a key further right than
// the one above it; shifted are the same keys with shift.
var (
	keyRows = []string{"1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"}
	shifted = []string{"!@#$%^&*()_+", "QWERTYUIOP{}", `ASDFGHJKL:"`, "ZXCVBNM<>?"}
)

// keyPlaces is where each character is on the keyboard.
var keyPlaces = func() map[rune][2]int {
	at := map[rune][2]int{}
	for y := range keyRows {
		for _, row := range []string{keyRows[y], shifted[y]} {
			for x, r := range row {
				at[r] = [2]int{x, y}
			}
		}
	}
	return at
}()

// nextTo reports whether one character follows from the one before it: the same, the next
// or previous in the alphabet or in counting, or a neighbour on the keyboard.
func nextTo(a, b rune) bool {
	a, b = unicode.ToLower(a), unicode.ToLower(b)
	if d := a - b; d >= -1 && d <= 1 {
		return true
	}
	p, okA := keyPlaces[a]
	q, okB := keyPlaces[b]
	if !okA || !okB {
		return false
	}
	dx, dy := q[0]-p[0], q[1]-p[1]
	return dy == 0 && (dx == 1 || dx == -1) || dy == 1 && (dx == 0 || dx == -1) || dy == -1 && (dx == 0 || dx == 1)
}

// mostly is which share of a password's steps may follow from each other.
const mostly = 0.7

// guessable reports what the strength estimate does not see: walks over the keyboard,
// counting and repeating, also two of them in turns (q1q2q3q4, 0192837465), and the
// product's own name.
func guessable(password string) bool {
	lower := strings.ToLower(password)
	if rest := strings.ReplaceAll(lower, "igny8", ""); rest != lower && utf8.RuneCountInString(rest) < 6 {
		return true
	}
	runes := []rune(password)
	if different(runes) < 5 || repeats(lower) {
		return true
	}
	for _, stride := range []int{1, 2} {
		steps, follow := 0, 0
		for i := stride; i < len(runes); i++ {
			steps++
			if nextTo(runes[i-stride], runes[i]) {
				follow++
			}
		}
		if steps > 0 && float64(follow) >= mostly*float64(steps) {
			return true
		}
	}
	return false
}

func different(runes []rune) int {
	seen := map[rune]bool{}
	for _, r := range runes {
		seen[r] = true
	}
	return len(seen)
}

// repeats reports whether the text is a short piece over and over.
func repeats(s string) bool {
	for n := 1; n <= len(s)/2 && n < MinPassword; n++ {
		if strings.HasPrefix(strings.Repeat(s[:n], len(s)/n+1), s) {
			return true
		}
	}
	return false
}
