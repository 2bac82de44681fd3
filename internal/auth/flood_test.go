package auth

import (
	"runtime"
	"testing"

	"igny8"
	"igny8/internal/kdf"
)

func TestLoginsLeaveCoresToOthers(t *testing.T) {
	if n, most := cap(NewHasher(0, kdf.Derive).slots), max(1, runtime.GOMAXPROCS(0)/2); n != most {
		t.Errorf("%d hashes at a time on %d cores, want %d", n, runtime.GOMAXPROCS(0), most)
	}
}

// A service without a database: who cannot be served is refused before anything
// is read or written for them.
func TestAFloodIsRefusedBeforeTheDatabaseIsAsked(t *testing.T) {
	s := New(Config{Hasher: NewHasher(1, kdf.Derive)})
	s.hasher.pending.Store(maxQueue + 1)
	if _, _, err := s.Login(t.Context(), Credentials{Email: "ayesha@example.com", Password: "wrong"}); igny8.CodeOf(err) != "busy" {
		t.Errorf("login in a flood: %v, want busy", err)
	}
}
