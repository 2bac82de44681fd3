package input

import (
	"strings"
	"testing"

	"igny8"
)

func TestAmounts(t *testing.T) {
	for _, tt := range []struct {
		typed string
		in    igny8.Currency
		minor int64
		as    Reading
	}{
		{"80,10", "EUR", 8010, Read}, {"80.10", "EUR", 8010, Read}, {"80,1", "EUR", 8010, Read}, {"80", "EUR", 8000, Read},
		{"1.234,56", "EUR", 123456, Read}, {"1,234.56", "EUR", 123456, Read}, {"1 234,56", "EUR", 123456, Read},
		{"1.234", "EUR", 123400, Read}, {"1,234", "USD", 123400, Read}, {"1.234.567", "EUR", 123456700, Read},
		{"24,742.00", "PKR", 2474200, Read}, {"2,47,420", "INR", 24742000, Read}, {"1,23,456.78", "INR", 12345678, Read},
		{"24742/-", "PKR", 2474200, Read}, {"Rs. 24,742/-", "PKR", 2474200, Read}, {"PKR 24742", "PKR", 2474200, Read}, {"80,- €", "EUR", 8000, Read},
		{"€80,10", "EUR", 8010, Read}, {"1'234.50", "EUR", 123450, Read}, {"24\u00a0742", "PKR", 2474200, Read}, {"1\u202f234,5", "EUR", 123450, Read},
		{"۲۴۷۴۲", "PKR", 2474200, Read}, {"٢٤٬٧٤٢٫٥٠", "AED", 2474250, Read}, {"२४,७४२", "INR", 2474200, Read}, {"২৪৭৪২", "BDT", 2474200, Read},
		{"\u200e24742\u202c", "PKR", 2474200, Read}, {"１２３", "USD", 12300, Read},
		{"1234", "JPY", 1234, Read}, {"1,234", "JPY", 1234, Read}, {"80,10", "JPY", 0, Unreadable},
		{"1.234", "KWD", 0, Ambiguous}, {"1,234", "KWD", 0, Ambiguous}, {"0.250", "KWD", 250, Read}, {"1,234.500", "KWD", 1234500, Read}, {"12.5", "KWD", 12500, Read},
		{"", "USD", 0, Unreadable}, {"-5", "USD", 0, Unreadable}, {"1e3", "USD", 0, Unreadable}, {"1,2,3", "USD", 0, Unreadable}, {"12.345,6.7", "EUR", 0, Unreadable},
		{"0,500", "EUR", 0, Unreadable}, {"1,2345", "EUR", 0, Unreadable}, {"5.", "EUR", 0, Unreadable}, {".5", "EUR", 0, Unreadable}, {"1..2", "EUR", 0, Unreadable},
		{"1,23,456,7", "INR", 0, Unreadable}, {"99999999999999999999", "USD", 0, Unreadable}, {"abc", "USD", 0, Unreadable}, {"12 €  34", "EUR", 0, Unreadable},
	} {
		minor, as := Amount(tt.typed, tt.in)
		if minor != tt.minor || as != tt.as {
			t.Errorf("%s %q: %d, %d, want %d, %d", tt.in, tt.typed, minor, as, tt.minor, tt.as)
		}
	}
}

func TestWholeNumbers(t *testing.T) {
	for typed, want := range map[string]int64{"1,000": 1000, "-5": -5, "−5": -5, "+20": 20, "۱۰۰۰": 1000, "1 000": 1000, "0": 0} {
		if n, ok := Whole(typed); !ok || n != want {
			t.Errorf("%q: %d, %v, want %d", typed, n, ok, want)
		}
	}
	for _, typed := range []string{"", "-", "1.5", "1,5", "--5", "1e3", "99999999999999999999", "ten"} {
		if n, ok := Whole(typed); ok {
			t.Errorf("%q: %d, want it refused", typed, n)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct{ field, text, code string }{
		{"name", "Käse & Söhne – عائشہ", ""}, {"name", "a\x00b", "invalid_text"}, {"name", "a\xffb", "invalid_text"},
		{"name", "a\x1bb", "control_character"}, {"name", "a\nb", "one_line"}, {"name", "a\u2028b", "one_line"}, {"name", " a \n", ""},
		{"notes", "a\nb\tc", ""}, {"notes", "a\x07b", "control_character"}, {"notes", "a\x00b", "invalid_text"},
		{"password", "a\tb\x01", ""}, {"password", "a\x00b", "invalid_text"},
	} {
		fault, ok := Check(tt.field, tt.text)
		if fault.Code != tt.code || ok != (tt.code == "") || (fault.Detail == "") != ok {
			t.Errorf("%s %q: %q, want %q", tt.field, tt.text, fault.Code, tt.code)
		}
	}
}

func TestMarksGo(t *testing.T) {
	for _, mark := range []string{"\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u2060", "\u2066", "\u2069", "\ufeff", "\u00ad"} {
		if got := Machine(mark + " TRX" + mark + "123 " + mark); got != "TRX123" {
			t.Errorf("%+q: %+q", mark, got)
		}
	}
	if got := Name("\u202eعلی\u200cرضا\ufeff "); got != "علی\u200cرضا" {
		t.Errorf("%+q", got)
	}
}

func TestVisible(t *testing.T) {
	for text, want := range map[string]bool{"A": true, "عائشہ": true, "7": true, "\u200b": false, "\u3164": false, " ": false, "\u2800": false, "–": false, "": false} {
		if Visible(text) != want {
			t.Errorf("%+q: %v", text, !want)
		}
	}
}

func TestHeadersAreCutAtACharacter(t *testing.T) {
	if got := Header(strings.Repeat("a", 299)+"é", 300); got != strings.Repeat("a", 299) {
		t.Errorf("%q", got[290:])
	}
	if got := Header("Br\xe9ve \xff\x01 Phone", 300); got != "Brve  Phone" {
		t.Errorf("%q", got)
	}
}

func TestFaultsAreToldTogether(t *testing.T) {
	var f Faults
	if f.Err() != nil {
		t.Fatal(f.Err())
	}
	f.Add(nil)
	f.Field("email", "invalid_email", "Give one.")
	f.Field("billing/city", "required", "Give it.")
	if e, ok := f.Err().(*igny8.Error); !ok || len(e.Fields) != 2 || e.Fields[1].Pointer != "#/billing/city" {
		t.Errorf("%v", f.Err())
	}
	f.Add(igny8.ErrNotFound)
	f.Field("x", "y", "z")
	if f.Err() != error(igny8.ErrNotFound) {
		t.Errorf("an error that is no field's stands alone: %v", f.Err())
	}
}

func FuzzAmount(f *testing.F) {
	for _, s := range []string{"80,10", "1.234,56", "Rs. 24,742/-", "٢٤٬٧٤٢٫٥٠", "1\u202f234,5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, c := range []igny8.Currency{"EUR", "JPY", "KWD"} {
			minor, as := Amount(s, c)
			if as != Read && minor != 0 || minor < 0 {
				t.Errorf("%s %q: %d as %d", c, s, minor, as)
			}
			again := igny8.Money{Minor: minor, Currency: c}.Amount()
			if n, how := Amount(again, c); as == Read && how != Ambiguous && (n != minor || how != Read) {
				t.Errorf("%s %q is %d, and %q is %d", c, s, minor, again, n)
			}
		}
	})
}

func TestDomains(t *testing.T) {
	for typed, want := range map[string]string{"Example.COM": "example.com", "uk--shop.example.com": "uk--shop.example.com", "bücher.de": "xn--bcher-kva.de",
		"xn--bcher-kva.de": "xn--bcher-kva.de", "-a.com": "", "a-.com": "", "xn--a--.com": "", "a b.com": "", "a_b.com": ""} {
		if got, err := Domain(typed); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v, want %q", typed, got, err, want)
		}
	}
}
