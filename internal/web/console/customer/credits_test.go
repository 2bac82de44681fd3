package customer

import "testing"

// A description or reference that a customer's program sent must not run as a
// formula in a spreadsheet.
func TestCellsOfTheFileAreHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "order 17": "order 17", "a=b": "a=b", "7-8": "7-8",
		`=HYPERLINK("https://evil.example","x")`: `'=HYPERLINK("https://evil.example","x")`,
		"+1+1":                                   "'+1+1", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
	} {
		if got := harmless(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
