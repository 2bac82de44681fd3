package auth

import (
	"strings"
	"testing"
)

func TestParseEmail(t *testing.T) {
	for in, want := range map[string]string{
		"maryam@example.com":                          "maryam@example.com",
		"  maryam@example.com\n":                      "maryam@example.com",
		"Maryam.S@EXAMPLE.com":                        "Maryam.S@example.com",
		"a+b_c-d/e=f@sub.example.co.uk":               "a+b_c-d/e=f@sub.example.co.uk",
		"o'brien@example.ie":                          "o'brien@example.ie",
		"info@müller.example":                         "info@xn--mller-kva.example",
		"info@例え.example":                             "info@xn--r8jz45g.example",
		strings.Repeat("a", 64) + "@example.com":      strings.Repeat("a", 64) + "@example.com",
		"x@123.example":                               "x@123.example",
		"":                                            "",
		"maryam":                                      "",
		"@example.com":                                "",
		"maryam@":                                     "",
		"maryam@localhost":                            "",
		"maryam@example":                              "",
		"maryam@example.com.":                         "",
		"maryam@.example.com":                         "",
		"maryam@example..com":                         "",
		"maryam@-example.com":                         "",
		"maryam@exa_mple.com":                         "",
		"maryam@[127.0.0.1]":                          "",
		"maryam@127.0.0.1":                            "",
		"maryam@example.123":                          "",
		".maryam@example.com":                         "",
		"maryam.@example.com":                         "",
		"mar..yam@example.com":                        "",
		"mar yam@example.com":                         "",
		"mar@yam@example.com":                         "",
		`"mar yam"@example.com`:                       "",
		"Maryam <maryam@example.com>":                 "",
		"a@example.com,b@example.com":                 "",
		"maryam@example.com\r\nBcc: x@example.com":    "",
		"maryam\x00@example.com":                      "",
		"märyam@example.com":                          "",
		"maryam@exam\xffple.com":                      "",
		strings.Repeat("a", 65) + "@example.com":      "",
		"a@" + strings.Repeat("abcdefghi.", 26) + "c": "",
		"a@" + strings.Repeat("b", 64) + ".example":   "",
	} {
		e, err := ParseEmail("email", in)
		if code := fieldCode(t, err, "#/email"); e.Address != want || (code == "invalid_email") != (want == "") {
			t.Errorf("ParseEmail(%q) = %q, %q, want %q", in, e.Address, code, want)
		}
		if e.Login != strings.ToLower(want) || NormalizeEmail(in) != e.Login {
			t.Errorf("ParseEmail(%q).Login = %q", in, e.Login)
		}
	}
}

func TestTrialKey(t *testing.T) {
	same := [][]string{
		{"jo.smith@gmail.com", "JoSmith@Gmail.com", "j.o.s.m.i.t.h@googlemail.com", "josmith+igny8@gmail.com", "jo.smith+a+b@googlemail.com"},
		{"jo.smith@example.com", "Jo.Smith+trial@EXAMPLE.com"},
		{"josmith@example.com"},
		{"jo_smith@proton.me", "jo-smith@pm.me", "josmith@protonmail.com"},
		{"jo.smith@ya.ru", "jo-smith@yandex.ru"},
		{"josmith@yahoo.co.uk", "josmith-shop@yahoo.co.uk"},
		{"josmith@yahoo.com"},
		{"jo-smith@example.com"},
		{"+tag@example.com"},
	}
	owner := map[string]int{}
	for i, group := range same {
		for _, address := range group {
			key := TrialKey(address)
			if key == "" {
				t.Errorf("TrialKey(%q) is empty", address)
			}
			if other, ok := owner[key]; ok && other != i {
				t.Errorf("%q is taken for another person: %q", address, key)
			} else if !ok && address != group[0] {
				t.Errorf("%q is not recognised as %q", address, group[0])
			}
			owner[key] = i
		}
	}
	if TrialKey("nobody") != "" {
		t.Error("what is no address has a key")
	}
}

func FuzzEmail(f *testing.F) {
	f.Add("Jo.Smith+x@GMail.com")
	f.Add("info@müller.example")
	f.Fuzz(func(t *testing.T, s string) {
		e, err := ParseEmail("email", s)
		if err != nil {
			return
		}
		if again, err := ParseEmail("email", e.Address); err != nil || again != e {
			t.Errorf("%q gives %+v, which gives %+v, %v", s, e, again, err)
		}
		if len(e.Address) > maxEmail || strings.ContainsAny(e.Address, "\r\n\x00 <>,;") {
			t.Errorf("%q gives %q", s, e.Address)
		}
		if a, b := TrialKey(e.Address), TrialKey(e.Login); a != b || a == "" {
			t.Errorf("%q: keys %q and %q", s, a, b)
		}
	})
}
