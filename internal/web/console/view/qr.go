package view

import (
	"fmt"
	"strings"

	"rsc.io/qr"
)

// qrPath draws a code as one path, one unit per module, and returns its size in
// modules; 0 for a text that is too long for a code.
func qrPath(text string) (path string, size int) {
	c, err := qr.Encode(text, qr.M)
	if err != nil {
		return "", 0
	}
	var b strings.Builder
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			from := x
			for x < c.Size && c.Black(x, y) {
				x++
			}
			if x > from {
				fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from, y, x-from, x-from)
			}
		}
	}
	return b.String(), c.Size
}

// qrBox is the view box with the quiet zone of four modules (ISO/IEC 18004).
func qrBox(size int) string { return fmt.Sprintf("-4 -4 %d %d", size+8, size+8) }

func qrBack(size int) string { return fmt.Sprintf("M-4 -4h%dv%dh-%dz", size+8, size+8, size+8) }
