// Package picture draws receipts.
package picture

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
)

// PNG is a small picture; each n has one of its own.
func PNG(n uint8) []byte {
	img := image.NewRGBA(image.Rect(0, 0, 64, 64))
	for i := range 64 {
		img.Set(i, i, color.RGBA{n, uint8(i), 200, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic(err)
	}
	return b.Bytes()
}
