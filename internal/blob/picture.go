package blob

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
)

const (
	maxDecoded  = 160 << 20  // bytes of a picture in memory: width × height × bytes of a pixel
	maxStored   = 12_000_000 // pixels of a picture that is stored
	maxSide     = 30_000     // pixels
	jpegQuality = 85
	bigPNG      = 2_000_000 // pixels from which speed goes before size
)

// decoded is how many bytes a picture takes in memory when it is decoded, as its
// header says; errPixels when that is too much.
func decoded(c image.Config, perPixel float64) (int64, error) {
	n := float64(c.Width) * float64(c.Height) * perPixel
	switch {
	case c.Width < 1 || c.Height < 1:
		return 0, errType
	case c.Width > maxSide || c.Height > maxSide || n > maxDecoded:
		return 0, errPixels
	}
	return int64(n), nil
}

// costPNG reads the size of a PNG. Interlaced ones are decoded pass by pass beside
// the whole; a gray one may come with a transparent value, which makes it coloured.
func costPNG(r io.Reader) (int64, error) {
	head := make([]byte, 29)
	if _, err := io.ReadFull(r, head); err != nil {
		return 0, errType
	}
	c, err := png.DecodeConfig(io.MultiReader(bytes.NewReader(head), r))
	if err != nil {
		return 0, errType.Because(err)
	}
	perPixel := 4.0
	switch c.ColorModel {
	case color.Gray16Model, color.RGBA64Model, color.NRGBA64Model:
		perPixel = 8
	}
	if _, palette := c.ColorModel.(color.Palette); palette {
		perPixel = 1
	}
	if head[28] != 0 {
		perPixel *= 2
	}
	return decoded(c, perPixel)
}

// costJPEG reads the size of a JPEG from its frame header (ITU T.81, B.2.2). A
// progressive one is held as coefficients of four bytes beside the samples, one
// with four components in three kinds.
func costJPEG(r io.Reader) (int64, error) {
	head := &prefix{}
	c, err := jpeg.DecodeConfig(io.TeeReader(r, head))
	if err != nil {
		return 0, errType.Because(err)
	}
	frame, components := frameOf(head.data)
	if len(components) == 0 {
		return 0, errType
	}
	perPixel := samples(components)
	if len(components) == 4 {
		perPixel += 8
	}
	if frame == 0xc2 {
		perPixel += 4 * samples(components)
	}
	return decoded(c, perPixel)
}

// prefix keeps the beginning of what is written, as far as a header may reach.
type prefix struct{ data []byte }

func (p *prefix) Write(b []byte) (int, error) {
	p.data = append(p.data, b[:min(len(b), max(0, MaxUpload-len(p.data)))]...)
	return len(b), nil
}

// frameOf finds the frame header: its marker, and the sampling factors of each
// component, horizontal in the upper half of the byte and vertical in the lower.
func frameOf(data []byte) (marker byte, factors []byte) {
	for i := 2; i+4 <= len(data); {
		if data[i] != 0xff || data[i+1] == 0xff {
			i++ // fill bytes
			continue
		}
		marker, size := data[i+1], int(binary.BigEndian.Uint16(data[i+2:]))
		if marker >= 0xc0 && marker <= 0xc2 {
			for n, at := int(data[min(i+9, len(data)-1)]), i+11; n > 0 && at < len(data); n, at = n-1, at+3 {
				factors = append(factors, data[at])
			}
			return marker, factors
		}
		if marker == 0xda || size < 2 {
			break
		}
		i += 2 + size
	}
	return 0, nil
}

// samples is how many samples a picture has for each of its pixels.
func samples(factors []byte) (n float64) {
	widest, tallest := byte(1), byte(1)
	for _, f := range factors {
		widest, tallest = max(widest, f>>4), max(tallest, f&15)
	}
	for _, f := range factors {
		n += float64(max(f>>4, 1)) * float64(max(f&15, 1)) / (float64(widest) * float64(tallest))
	}
	return n
}

func inspectPNG(data []byte) (Clean, error) {
	if _, err := costPNG(bytes.NewReader(data)); err != nil {
		return Clean{}, err
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return Clean{}, errType.Because(err)
	}
	img = stored(img)
	enc := png.Encoder{}
	if b := img.Bounds(); b.Dx()*b.Dy() > bigPNG {
		enc.CompressionLevel = png.BestSpeed
	}
	var out bytes.Buffer
	if err := enc.Encode(&out, img); err != nil {
		return Clean{}, errType.Because(err)
	}
	return Clean{ContentType: TypePNG, Data: out.Bytes(), Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}, nil
}

func inspectJPEG(data []byte) (Clean, error) {
	if _, err := costJPEG(bytes.NewReader(data)); err != nil {
		return Clean{}, err
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return Clean{}, errType.Because(err)
	}
	img = upright(stored(img), orientation(data))
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return Clean{}, errType.Because(err)
	}
	return Clean{ContentType: TypeJPEG, Data: out.Bytes(), Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}, nil
}

// stored is the picture as it is kept: with 8 bits a channel, and maxStored pixels
// at most. Each new pixel is the mean of those that it stands for.
func stored(img image.Image) image.Image {
	b := img.Bounds()
	scale := math.Sqrt(maxStored / (float64(b.Dx()) * float64(b.Dy())))
	if scale >= 1 {
		switch img.(type) {
		case *image.Gray16, *image.RGBA64, *image.NRGBA64:
			scale = 1
		default:
			return img
		}
	}
	w, h := max(1, int(float64(b.Dx())*scale)), max(1, int(float64(b.Dy())*scale))
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	at := pixels(img)
	for y := range h {
		top, bottom := b.Min.Y+y*b.Dy()/h, b.Min.Y+(y+1)*b.Dy()/h
		for x := range w {
			left, right := b.Min.X+x*b.Dx()/w, b.Min.X+(x+1)*b.Dx()/w
			out.SetRGBA(x, y, mean(at, left, top, right, bottom))
		}
	}
	return out
}

func mean(at func(x, y int) color.RGBA, left, top, right, bottom int) color.RGBA {
	var r, g, b, a, n uint32
	for y := top; y < bottom; y++ {
		for x := left; x < right; x++ {
			c := at(x, y)
			r, g, b, a, n = r+uint32(c.R), g+uint32(c.G), b+uint32(c.B), a+uint32(c.A), n+1
		}
	}
	return color.RGBA{byte(r / n), byte(g / n), byte(b / n), byte(a / n)}
}
