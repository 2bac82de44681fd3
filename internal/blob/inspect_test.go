package blob

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"runtime"
	"strings"
	"testing"

	"igny8"
)

// picture is 16 × 8: red at the left, blue at the right.
func picture() image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 16, 8))
	for y := range 8 {
		for x := range 16 {
			c := color.RGBA{255, 0, 0, 255}
			if x >= 8 {
				c = color.RGBA{0, 0, 255, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func encode(t testing.TB, f func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngBytes(t testing.TB) []byte {
	return encode(t, func(b *bytes.Buffer) error { return png.Encode(b, picture()) })
}

func jpegBytes(t testing.TB) []byte {
	return encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, picture(), &jpeg.Options{Quality: 95}) })
}

// chunk makes a PNG chunk.
func chunk(kind string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[4:]))
}

// pngOf makes a PNG that claims a size and holds next to nothing.
func pngOf(w, h uint32) []byte { return pngKind(w, h, 1, 0) } // one bit, gray

func pngKind(w, h uint32, bits, kind byte) []byte {
	header := binary.BigEndian.AppendUint32(nil, w)
	header = binary.BigEndian.AppendUint32(header, h)
	header = append(header, bits, kind, 0, 0, 0)
	var z bytes.Buffer
	zw := zlib.NewWriter(&z)
	zw.Write(make([]byte, 4096))
	zw.Close()
	out := append([]byte("\x89PNG\r\n\x1a\n"), chunk("IHDR", header)...)
	return append(append(out, chunk("IDAT", z.Bytes())...), chunk("IEND", nil)...)
}

// withSegment puts an APP segment behind a JPEG's first marker.
func withSegment(jpg []byte, marker byte, data []byte) []byte {
	out := append([]byte{0xff, 0xd8, 0xff, marker}, byte((len(data)+2)>>8), byte(len(data)+2))
	return append(append(out, data...), jpg[2:]...)
}

// exif makes an Exif segment with an orientation and a place.
func exif(order binary.AppendByteOrder, name string, orientation uint16) []byte {
	b := append([]byte("Exif\x00\x00"), name...)
	b = order.AppendUint16(b, 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	for _, e := range [][2]uint16{{0x010f, 1}, {0x0112, orientation}} {
		b = order.AppendUint16(b, e[0])
		b = order.AppendUint16(b, 3)
		b = order.AppendUint32(b, 1)
		b = order.AppendUint16(b, e[1])
		b = order.AppendUint16(b, 0)
	}
	return append(b, "GPS 33.6844 N 73.0479 E"...)
}

// stream makes a compressed stream object.
func stream(dict, content string) string {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write([]byte(content))
	w.Close()
	return fmt.Sprintf("7 0 obj\n<<%s/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj", dict, z.Len(), z.String())
}

func TestInspectPictures(t *testing.T) {
	const html = "<html><script>alert(1)</script></html>"
	comment := append([]byte("\x89PNG\r\n\x1a\n"), pngBytes(t)[8:33]...)
	comment = append(append(comment, chunk("tEXt", []byte("Comment\x00"+html))...), pngBytes(t)[33:]...)
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"PNG":                 {pngBytes(t), TypePNG},
		"PNG with HTML tail":  {append(pngBytes(t), html...), TypePNG},
		"PNG with text chunk": {comment, TypePNG},
		"JPEG":                {jpegBytes(t), TypeJPEG},
		"JPEG with HTML tail": {append(jpegBytes(t), html...), TypeJPEG},
		"JPEG with comment":   {withSegment(jpegBytes(t), 0xfe, []byte(html)), TypeJPEG},
		"JPEG with ZIP tail":  {append(jpegBytes(t), "PK\x03\x04"+html...), TypeJPEG},
		"JPEG with place":     {withSegment(jpegBytes(t), 0xe1, exif(binary.LittleEndian, "II", 1)), TypeJPEG},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Inspect(c.data)
			if err != nil {
				t.Fatal(err)
			}
			if got.ContentType != c.want || got.Width != 16 || got.Height != 8 {
				t.Errorf("got %s %d × %d, want %s 16 × 8", got.ContentType, got.Width, got.Height, c.want)
			}
			for _, gone := range []string{"script", "html", "GPS", "Exif", "PK\x03\x04"} {
				if bytes.Contains(got.Data, []byte(gone)) {
					t.Errorf("%q is still in the file", gone)
				}
			}
			again, err := Inspect(got.Data)
			if err != nil || again.ContentType != c.want {
				t.Errorf("the cleaned file itself: %v, %v", again.ContentType, err)
			}
			img, _, err := image.Decode(bytes.NewReader(got.Data))
			if err != nil || !reddish(img, 1, 4) || reddish(img, 14, 4) {
				t.Errorf("the picture is not what it was: %v", err)
			}
		})
	}
}

func reddish(img image.Image, x, y int) bool {
	r, _, b, _ := img.At(x, y).RGBA()
	return r > 0x8000 && b < 0x8000
}

func TestOrientation(t *testing.T) {
	// Where the left, red half of the stored picture is to be seen.
	for o, want := range map[uint16]string{1: "left", 2: "right", 3: "right", 4: "left", 5: "top", 6: "top", 7: "bottom", 8: "bottom", 9: "left", 0: "left"} {
		for order, bytesOrder := range map[string]binary.AppendByteOrder{"II": binary.LittleEndian, "MM": binary.BigEndian} {
			got, err := Inspect(withSegment(jpegBytes(t), 0xe1, exif(bytesOrder, order, o)))
			if err != nil {
				t.Fatal(err)
			}
			img, err := jpeg.Decode(bytes.NewReader(got.Data))
			if err != nil {
				t.Fatal(err)
			}
			w, h := got.Width, got.Height
			seen := "nowhere"
			for side, at := range map[string]image.Point{"left": {1, h / 2}, "right": {w - 2, h / 2}, "top": {w / 2, 1}, "bottom": {w / 2, h - 2}} {
				across := (side == "left" || side == "right") == (w > h)
				if across && reddish(img, at.X, at.Y) {
					seen = side
				}
			}
			if seen != want {
				t.Errorf("orientation %d (%s): red is at the %s, want %s", o, order, seen, want)
			}
		}
	}
}

// TestUprightExactly checks all eight orientations pixel by pixel on a picture of
// 2 × 3 whose pixels are numbered 0 to 5, row by row.
func TestUprightExactly(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 2, 3))
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	for o, want := range []string{1: "01 23 45", 2: "10 32 54", 3: "54 32 10", 4: "45 23 01",
		5: "024 135", 6: "420 531", 7: "531 420", 8: "135 024"} {
		if o == 0 {
			continue
		}
		out := upright(img, o)
		var rows []string
		for y := range out.Bounds().Dy() {
			row := ""
			for x := range out.Bounds().Dx() {
				row += fmt.Sprint(color.GrayModel.Convert(out.At(x, y)).(color.Gray).Y)
			}
			rows = append(rows, row)
		}
		if got := strings.Join(rows, " "); got != want {
			t.Errorf("orientation %d: %s, want %s", o, got, want)
		}
	}
}

func TestInspectRefuses(t *testing.T) {
	gifBytes := encode(t, func(b *bytes.Buffer) error { return gif.Encode(b, picture(), nil) })
	for name, c := range map[string]struct {
		data []byte
		kind igny8.Kind
		code string
	}{
		"nothing":               {nil, igny8.Invalid, "file_empty"},
		"8 MB and a byte":       {make([]byte, MaxUpload+1), igny8.TooLarge, "file_too_large"},
		"20000 × 20000 PNG":     {pngOf(20000, 20000), igny8.Unsupported, "image_too_large"},
		"30001 × 1 PNG":         {pngOf(30001, 1), igny8.Unsupported, "image_too_large"},
		"6300 × 6300 of 64 bit": {pngKind(6300, 6300, 16, 6), igny8.Unsupported, "image_too_large"},
		"10000 × 4200 PNG":      {pngOf(10000, 4200), igny8.Unsupported, "image_too_large"},
		"65535 × 65535 JPEG":    {hugeJPEG(t), igny8.Unsupported, "image_too_large"},
		"PNG without its rows":  {pngOf(10000, 4000), igny8.Unsupported, "unsupported_type"},
		"PNG magic, HTML":       {[]byte("\x89PNG\r\n\x1a\n<html><script>alert(1)</script>"), igny8.Unsupported, "unsupported_type"},
		"PNG cut":               {pngBytes(t)[:60], igny8.Unsupported, "unsupported_type"},
		"JPEG cut":              {jpegBytes(t)[:200], igny8.Unsupported, "unsupported_type"},
		"JPEG magic":            {[]byte("\xff\xd8\xff\xe0"), igny8.Unsupported, "unsupported_type"},
		"GIF":                   {gifBytes, igny8.Unsupported, "file_gif"},
		"SVG":                   {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), igny8.Unsupported, "file_svg"},
		"SVG with a prolog":     {[]byte(`<?xml version="1.0"?><svg/>`), igny8.Unsupported, "file_svg"},
		"HEIC":                  {[]byte("\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1"), igny8.Unsupported, "file_heic"},
		"AVIF":                  {[]byte("\x00\x00\x00\x20ftypavif\x00\x00\x00\x00"), igny8.Unsupported, "file_avif"},
		"MP4":                   {[]byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00"), igny8.Unsupported, "file_video"},
		"WebP":                  {[]byte("RIFF\x24\x00\x00\x00WEBPVP8 "), igny8.Unsupported, "file_webp"},
		"TIFF":                  {[]byte("II*\x00\x08\x00\x00\x00"), igny8.Unsupported, "file_tiff"},
		"BMP":                   {[]byte("BM\x00\x00"), igny8.Unsupported, "file_bmp"},
		"DOCX":                  {[]byte("PK\x03\x04\x14\x00\x06\x00[Content_Types].xml"), igny8.Unsupported, "file_office"},
		"ODT":                   {[]byte("PK\x03\x04\x14\x00\x00\x00mimetypeapplication/vnd.oasis.opendocument.text"), igny8.Unsupported, "file_office"},
		"DOC":                   {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), igny8.Unsupported, "file_office"},
		"HTML":                  {[]byte("<!doctype html><p>"), igny8.Unsupported, "file_html"},
		"HTML before a PNG":     {append([]byte("<html>"), pngBytes(t)...), igny8.Unsupported, "file_html"},
		"ZIP":                   {[]byte("PK\x03\x04"), igny8.Unsupported, "file_archive"},
		"e-mail":                {[]byte("Return-Path: <a@example.com>\r\n"), igny8.Unsupported, "file_email"},
		"text":                  {[]byte("hello"), igny8.Unsupported, "unsupported_type"},
		"one byte":              {[]byte{0}, igny8.Unsupported, "unsupported_type"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Inspect(c.data)
			if igny8.KindOf(err) != c.kind || igny8.CodeOf(err) != c.code || got.Data != nil {
				t.Errorf("Inspect = %d bytes, %v, want %s", len(got.Data), err, c.code)
			}
		})
	}
}

// hugeJPEG is a small JPEG whose header claims the largest size there is.
func hugeJPEG(t *testing.T) []byte {
	data := bytes.Clone(jpegBytes(t))
	i := bytes.Index(data, []byte{0xff, 0xc0})
	copy(data[i+5:], "\xff\xff\xff\xff")
	return data
}

func TestHeaderBombCostsNothing(t *testing.T) {
	data := pngOf(20000, 20000)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = Inspect(data)
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("refusing it took %d bytes: it was decoded first", n)
	}
}

func FuzzInspect(f *testing.F) {
	f.Add(pngBytes(f))
	f.Add(jpegBytes(f))
	f.Add(withSegment(jpegBytes(f), 0xe1, exif(binary.BigEndian, "MM", 6)))
	f.Add(document("/OpenAction [3 0 R /FitH null]"))
	f.Add(document("", "<</#4aS(x)>>"))
	f.Add(packedDocument("/OpenAction 9 0 R", "<</S/JavaScript>>", "", "/ASCIIHexDecode", asHex))
	f.Add([]byte("<svg/>"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := png.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width*c.Height > 1<<20 {
			return // allowed, but slow
		}
		if c, err := jpeg.DecodeConfig(bytes.NewReader(data)); err == nil && c.Width*c.Height > 1<<20 {
			return
		}
		clean, err := Inspect(data)
		if err != nil {
			if k := igny8.KindOf(err); k != igny8.Unsupported && k != igny8.Invalid && k != igny8.TooLarge {
				t.Errorf("an error of kind %v: %v", k, err)
			}
			return
		}
		again, err := Inspect(clean.Data)
		if err != nil || again.ContentType != clean.ContentType {
			t.Errorf("what came out is not accepted: %v", err)
		}
	})
}
