package web

import "testing"

// What a customer or a program sent must not run as a formula in a spreadsheet.
func TestCellsOfAFileAreHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "order 17": "order 17", "a=b": "a=b", "7-8": "7-8", "-15": "-15", "-1.5": "-1.5",
		`=HYPERLINK("https://evil.example","x")`: `'=HYPERLINK("https://evil.example","x")`,
		"+1+1":                                   "'+1+1", "-2+3": "'-2+3", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
	} {
		if got := harmless(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got := string(CSV([]string{"a", "b"}, [][]string{{"=1", `x,"y"`}})); got != "a,b\n'=1,\"x,\"\"y\"\"\"\n" {
		t.Errorf("a file is %q", got)
	}
}
