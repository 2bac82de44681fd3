package blob

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
)

// orientation returns the EXIF orientation of a JPEG, 1 to 8 (CIPA DC-008, tag
// 0x0112), and 1 when there is none or it cannot be read. Cameras store the
// picture as the sensor lay and say here how to turn it; encoding anew loses
// the tag, so it is applied first.
func orientation(data []byte) int {
	for i := 2; i+4 <= len(data) && data[i] == 0xff; {
		marker, size := data[i+1], int(binary.BigEndian.Uint16(data[i+2:]))
		if marker == 0xda || size < 2 || i+2+size > len(data) {
			break
		}
		if tiff, ok := bytes.CutPrefix(data[i+4:i+2+size], []byte("Exif\x00\x00")); ok && marker == 0xe1 {
			return tiffOrientation(tiff)
		}
		i += 2 + size
	}
	return 1
}

func tiffOrientation(tiff []byte) int {
	const tag, entry, short = 0x0112, 12, 3
	if len(tiff) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.BigEndian
	if string(tiff[:2]) == "II" {
		order = binary.LittleEndian
	}
	at := int64(order.Uint32(tiff[4:]))
	if at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < entry {
			break
		}
		if order.Uint16(entries) == tag && order.Uint16(entries[2:]) == short {
			if v := int(order.Uint16(entries[8:])); v >= 1 && v <= 8 {
				return v
			}
			break
		}
		entries = entries[entry:]
	}
	return 1
}

// upright turns and mirrors a picture as its orientation asks.
func upright(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 { // the axes are swapped
		size = image.Rect(0, 0, h, w)
	}
	out := image.NewRGBA(size)
	at := pixels(img)
	for y := range size.Dy() {
		for x := range size.Dx() {
			sx, sy := x, y
			if orientation >= 5 {
				sx, sy = y, x
			}
			switch orientation {
			case 2, 3, 7, 8:
				sx = w - 1 - sx
			}
			switch orientation {
			case 3, 4, 6, 7:
				sy = h - 1 - sy
			}
			out.SetRGBA(x, y, at(b.Min.X+sx, b.Min.Y+sy))
		}
	}
	return out
}

// pixels returns a function that reads one pixel without an allocation.
func pixels(img image.Image) func(x, y int) color.RGBA {
	switch m := img.(type) {
	case *image.YCbCr:
		return func(x, y int) color.RGBA {
			c := m.YCbCrAt(x, y)
			r, g, b := color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
			return color.RGBA{r, g, b, 255}
		}
	case *image.Gray:
		return func(x, y int) color.RGBA {
			v := m.GrayAt(x, y).Y
			return color.RGBA{v, v, v, 255}
		}
	}
	if m, ok := img.(image.RGBA64Image); ok { // all others of the standard library
		return func(x, y int) color.RGBA {
			c := m.RGBA64At(x, y)
			return color.RGBA{byte(c.R >> 8), byte(c.G >> 8), byte(c.B >> 8), byte(c.A >> 8)}
		}
	}
	return func(x, y int) color.RGBA { return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA) }
}
