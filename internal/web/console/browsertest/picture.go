package browsertest

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/page"
)

// shrink makes a picture of a page small: pages have few colours, so a palette of
// the 256 most frequent ones is enough to look at.
func shrink(data []byte) ([]byte, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	small := image.NewPaletted(img.Bounds(), palette(img))
	known := map[color.Color]uint8{}
	for y := img.Bounds().Min.Y; y < img.Bounds().Max.Y; y++ {
		for x := img.Bounds().Min.X; x < img.Bounds().Max.X; x++ {
			c := img.At(x, y)
			i, ok := known[c]
			if !ok {
				i = uint8(small.Palette.Index(c))
				known[c] = i
			}
			small.SetColorIndex(x, y, i)
		}
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, small)
	return out.Bytes(), err
}

// palette returns the most frequent colours, most frequent first.
func palette(img image.Image) color.Palette {
	count := map[color.RGBA]int{}
	b := img.Bounds()
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			count[color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)]++
		}
	}
	list := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	var p color.Palette
	for _, c := range list[:min(len(list), 256)] {
		p = append(p, c)
	}
	return p
}

// Screenshot keeps a picture of the top of the page: with IGNY8_PICTURES=1 as
// docs/pictures/NAME-WIDTH.png of the repository (-dark, and the language unless it
// is English, follow the width), else with the test's artifacts.
func (p *Page) Screenshot(name string) *Page {
	p.t.Helper()
	name += fmt.Sprintf("-%d", p.width)
	if p.dark {
		name += "-dark"
	}
	if p.language != "en" {
		name += "-" + p.language
	}
	folder := p.t.ArtifactDir()
	if os.Getenv("IGNY8_PICTURES") == "1" {
		folder = filepath.Join(repository(p.t), "docs", "pictures")
	}
	Eval[bool](p, `scrollTo({top: 0, behavior: 'instant'}), true`)
	if err := p.picture(filepath.Join(folder, name+".png")); err != nil {
		p.t.Errorf("%s: picture: %v", p.where(), err)
	}
	return p
}

func (p *Page) picture(path string) error {
	shot, err := try(p, page.CaptureScreenshot, page.CaptureScreenshotParams{})
	if err != nil {
		return err
	}
	small, err := shrink(shot.Data)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, small, 0o644)
}

// keepPicture shows what a failed test saw last; go test -artifacts keeps it.
func (p *Page) keepPicture() {
	name := filepath.Join(p.t.ArtifactDir(), "failed.png")
	if err := p.picture(name); err == nil {
		p.t.Logf("%s looked like %s (kept by go test -artifacts)", p.where(), name)
	}
}

// repository is the folder of go.mod.
func repository(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		if _, e := os.Stat(filepath.Join(dir, "go.mod")); e == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatalf("no go.mod above this folder: %v", err)
	return ""
}
