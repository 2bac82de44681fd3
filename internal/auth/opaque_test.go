package auth

import (
	"strings"
	"testing"
)

var kinds = []OpaqueKind{RefreshToken, ConsoleToken, VerifyToken, ResetToken, InviteToken, SetupToken, APIKey}

func TestOpaque(t *testing.T) {
	seen := map[string]bool{}
	for _, kind := range kinds {
		token, hash := NewOpaque(kind)
		if !strings.HasPrefix(token, string(kind)) || len(hash) != 64 || strings.Contains(hash, token) || seen[token] {
			t.Errorf("NewOpaque(%s) = %q, %q", kind, token, hash)
		}
		seen[token] = true
		for _, as := range kinds {
			got, ok := HashOpaque(as, token)
			if ok != (as == kind) || ok && got != hash {
				t.Errorf("a %s token as %s = %q, %v", kind, as, got, ok)
			}
		}
	}
}

func TestHashOpaqueRefuses(t *testing.T) {
	token, _ := NewOpaque(RefreshToken)
	for _, bad := range []string{"", string(RefreshToken), token[:len(token)-1], token + "A", " " + token,
		strings.ToUpper(token), token[:20] + "\n" + token[21:], token[:20] + "=" + token[21:],
		token[:len(token)-1] + "B" /* stray low bits */} {
		if hash, ok := HashOpaque(RefreshToken, bad); ok {
			t.Errorf("HashOpaque(%q) = %s, want refusal", bad, hash)
		}
	}
}
