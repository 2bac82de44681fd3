package auth

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/kdf"
)

func TestHashVerifies(t *testing.T) {
	h := NewHasher(1, kdf.Derive)
	ctx := context.Background()
	stored, err := h.Hash(ctx, "plum kettle orbit café")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(stored, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("stored = %q, want an argon2id PHC string at the documented cost", stored)
	}
	for password, want := range map[string]bool{
		"plum kettle orbit café":       true,
		"plum kettle orbit cafe\u0301": true, // the same, decomposed
		"plum kettle orbit cafe":       false,
		"":                             false,
		strings.Repeat("x", 1000):      false,
	} {
		if ok, err := h.Verify(ctx, password, stored); err != nil || ok != want {
			t.Errorf("Verify(%.30q) = %v, %v, want %v", password, ok, err, want)
		}
	}
	if Outdated(stored) {
		t.Error("a fresh hash counts as outdated")
	}
	if !Outdated(strings.Replace(stored, "t=2", "t=1", 1)) {
		t.Error("a cheaper hash does not count as outdated")
	}
	again, _ := h.Hash(ctx, "plum kettle orbit café")
	if again == stored {
		t.Error("two hashes of one password are equal: no salt")
	}
	if err := h.VerifyDummy(ctx, "plum kettle orbit café"); err != nil {
		t.Error(err)
	}
}

func TestHashKnownAnswer(t *testing.T) {
	// Made by the reference implementation's command line:
	// echo -n password | argon2 somesalt -id -t 2 -m 16 -p 1 -l 32
	const stored = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	ok, err := NewHasher(1, kdf.Derive).Verify(context.Background(), "password", stored)
	if err != nil || !ok {
		t.Errorf("Verify = %v, %v, want true: other implementations' hashes must stay readable", ok, err)
	}
}

func TestHashUnreadable(t *testing.T) {
	h := NewHasher(1, kdf.Derive)
	for _, stored := range []string{
		"", "x", "$argon2i$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=16$m=19456,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=19456,t=0,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
		"$argon2id$v=19$m=19456,t=2,p=1$$",
		"$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$!!!!",
	} {
		if ok, err := h.Verify(context.Background(), "password", stored); ok || igny8.KindOf(err) != igny8.Internal || err == nil {
			t.Errorf("Verify(%.40q) = %v, %v, want an internal error", stored, ok, err)
		}
	}
}

func TestHasherQueueIsBounded(t *testing.T) {
	h := NewHasher(1, kdf.Derive)
	h.slots <- struct{}{} // someone hashes for ever
	h.pending.Add(1)
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range maxQueue {
		wg.Go(func() {
			if err := h.VerifyDummy(ctx, "x"); !errors.Is(err, context.Canceled) {
				t.Errorf("a waiting call got %v, want the context's error", err)
			}
		})
	}
	for h.pending.Load() < maxQueue+1 {
		time.Sleep(time.Millisecond)
	}
	_, err := h.Hash(ctx, "one too many")
	for _, err := range []error{err, h.Full()} {
		var e *igny8.Error
		if !errors.As(err, &e) || e.Kind != igny8.Unavailable || e.Code != "busy" || e.RetryAfter <= 0 {
			t.Errorf("beyond the queue: %v, want Unavailable busy with a time to retry", err)
		}
	}
	cancel()
	wg.Wait()
	h.leave()
	if n := h.pending.Load(); n != 0 {
		t.Errorf("%d calls are still counted after all left", n)
	}
	if err := errors.Join(h.Full(), h.VerifyDummy(context.Background(), "x")); err != nil {
		t.Errorf("after the rush: %v", err)
	}
}

func TestCheckPassword(t *testing.T) {
	const email = "maryam.siddiqui@blueharbour.example"
	for _, c := range []struct{ password, want string }{
		{"short", "password_too_short"},
		{"éééééé", "password_too_short"},
		{strings.Repeat("ab1-", 33), "password_too_long"},
		{strings.Repeat("漢", 200), "password_too_long"},
		{"abcdefgh\xff\xfe", "password_not_text"},
		{"password12", "password_too_common"},
		{"1234567890", "password_too_common"},
		{"qwertyuiop", "password_too_common"},
		{"aaaaaaaaaa", "password_too_common"},
		{strings.Repeat("a", 128), "password_too_common"},
		{"Password123", "password_too_common"},
		{"p@ssw0rd12", "password_too_common"},
		{"maryam.siddiqui", "password_contains_email"},
		{"Maryam.Siddiqui@BlueHarbour.example", "password_contains_email"},
		{"maryamsiddiqui1", "password_contains_email"},
		{"blueharbour2024", "password_contains_email"},
		{"FatimaFatima", "password_too_common"},
		{"plum kettle orbit", ""},
		{"tR7#kq9!vLm2", ""},
		{"пароль-ночной-трамвай", ""},
		{"漢字仮名交漢字文章例", ""},
		{"maryam likes green kettles", ""},
		{strings.Repeat("kettle orbit plum", 7), ""},
	} {
		err := CheckPassword(c.password, email, "Fatima", "Siddiqui")
		got := fieldCode(t, err, "#/password")
		if got != c.want {
			t.Errorf("CheckPassword(%.30q) = %q, want %q", c.password, got, c.want)
		}
		if err != nil && len(c.password) > 5 && strings.Contains(err.Error(), c.password) {
			t.Errorf("the error repeats the password: %v", err)
		}
	}
}

// fieldCode returns the code of an Invalid error's only field, "" for nil.
func fieldCode(t *testing.T, err error, pointer string) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *igny8.Error
	if !errors.As(err, &e) || e.Kind != igny8.Invalid || len(e.Fields) != 1 || e.Fields[0].Pointer != pointer {
		t.Fatalf("error = %v, want one Invalid field at %s", err, pointer)
	}
	return e.Fields[0].Code
}

func TestCheckPasswordIsQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("measures time")
	}
	for _, p := range []string{strings.Repeat("@4({<3681!|1$5+70%2z", 6), strings.Repeat("11/11/1111", 12),
		strings.Repeat("abcABC123", 14)} {
		start := time.Now()
		_ = CheckPassword(p, "a@b.example")
		if d := time.Since(start); d > 3*time.Second {
			t.Errorf("%.20q… took %v", p, d)
		}
	}
}

func FuzzCheckPassword(f *testing.F) {
	f.Add("plum kettle orbit", "me@example.com")
	f.Add("İİİİİİİİİİİİİ", "İ@example.com")
	f.Add("\x00\xff 12/12/2012", "")
	f.Fuzz(func(t *testing.T, password, email string) {
		if len(password) > 200 || len(email) > 100 {
			return
		}
		err := CheckPassword(password, email)
		if err == nil && (len([]rune(password)) < MinPassword || len([]rune(password)) > MaxPassword) {
			t.Errorf("accepted %q", password)
		}
	})
}
