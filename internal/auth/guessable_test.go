package auth

import (
	"testing"

	"igny8"
)

func TestGuessablePasswords(t *testing.T) {
	for _, p := range []string{"1qaz2wsx3edc4rfv", "q1q2q3q4q5", "0192837465", "zaq12wsxcde3", "!QAZ@WSX#EDC", "qwertyuiop12", "aaaaaaaaaa",
		"1234567890", "9876543210", "abcdefghijkl", "abcabcabcabc", "igny8igny8", "igny8-2026", "Igny8!Igny8!", "poiuytrewq", "1a2b3c4d5e6f", "asdfghjkl;'"} {
		if err := CheckPassword(p, "somebody@example.com"); igny8.CodeOf(err) != "validation_failed" {
			t.Errorf("%s: %v, want it refused", p, err)
		}
	}
	for _, p := range []string{"correct-horse-battery-9", "quiet-harbour-lamp-7", "Tr0ub4dor&3xyz", "میرا-لمبا-پاس-ورڈ-۷", "look-around-4-demo", "vK8#mQ2$pL5x", "igny8-quiet-harbour-lamp"} {
		if err := CheckPassword(p, "somebody@example.com"); err != nil {
			t.Errorf("%s: %v", p, err)
		}
	}
}
