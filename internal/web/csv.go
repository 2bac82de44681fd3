package web

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// CSV writes a table as a file (RFC 4180). A cell that a spreadsheet would run as a
// formula gets an apostrophe in front.
func CSV(header []string, rows [][]string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write(header) // to memory: cannot fail
	for _, row := range rows {
		for i, cell := range row {
			row[i] = harmless(cell)
		}
		w.Write(row)
	}
	w.Flush()
	return b.Bytes()
}

// harmless is a cell that stays text (OWASP, "CSV Injection"). A number stays a
// number.
func harmless(cell string) string {
	if cell == "" || !strings.ContainsRune("=+-@\t\r", rune(cell[0])) || strings.Trim(cell[1:], "0123456789.") == "" && cell[0] == '-' {
		return cell
	}
	return "'" + cell
}
