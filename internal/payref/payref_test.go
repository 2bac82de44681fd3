package payref

import (
	"errors"
	"strings"
	"testing"

	"igny8"
)

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"TRX001234":         "TRX001234",
		"trx-00 123.4":      "TRX001234",
		"ＴＲＸ００１２３４":         "TRX001234",
		" #TRX/001234\t":    "TRX001234",
		"trx_001\u20091234": "TRX0011234",
		"000123":            "123",
		"00-0123":           "123",
		"123000":            "123000",
		"000":               "0",
		"①②③":               "123",
		"ﬁ 12":              "FI12",
		"café":              "CAFÉ",
		"cafe\u0301":        "CAFÉ",
		"حوالہ ۱۲۳":         "حوالہ۱۲۳",
		"---":               "",
		"":                  "",
	} {
		if got := Normalize(in); got != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, got, want)
		}
	}
	if Normalize("TRX1") == Normalize("TRX01") {
		t.Error("zeros inside a reference do not count")
	}
}

func TestCheck(t *testing.T) {
	for in, want := range map[string]string{
		"TRX-1":                              "",
		"  123  ":                            "",
		"حوالہ 12":                           "",
		strings.Repeat("é", 100):             "",
		"12":                                 "reference_too_short",
		"   1   ":                            "reference_too_short",
		"":                                   "reference_too_short",
		strings.Repeat("é", 101):             "reference_too_long",
		"---":                                "invalid_reference",
		"TRX\n1":                             "invalid_reference",
		"TRX\x001":                           "invalid_reference",
		"TRX\u202e1":                         "",
		"\u200eTRX\u200b1":                   "",
		"\u200e\u200f":                       "reference_too_short",
		"TRX\xff1":                           "invalid_reference",
		"TRX\u20281":                         "invalid_reference",
		strings.Repeat("\x07", MaxLength+10): "invalid_reference",
	} {
		err := Check("reference", in)
		got := ""
		var e *igny8.Error
		if errors.As(err, &e) && e.Kind == igny8.Invalid && len(e.Fields) == 1 && e.Fields[0].Pointer == "#/reference" {
			got = e.Fields[0].Code
		}
		if got != want || (err == nil) != (want == "") {
			t.Errorf("Check(%q) = %v, want %q", in, err, want)
		}
	}
}

func FuzzNormalize(f *testing.F) {
	f.Add("trx-00 123.4")
	f.Add("0\u03010")
	f.Add("ŉ ǰ ΐ")
	f.Add("\xf5ŀ") // NFKC leaves what follows a byte that is not UTF-8 as it is
	f.Fuzz(func(t *testing.T, s string) {
		once := Normalize(s)
		if twice := Normalize(once); twice != once {
			t.Errorf("Normalize(%q) = %q, again %q", s, once, twice)
		}
		if strings.ContainsAny(once, " -./\t\n") {
			t.Errorf("Normalize(%q) = %q", s, once)
		}
	})
}
