package blob

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"igny8"
	"igny8/internal/worker"
)

// TestMain is also the process that inspects.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "inspect" {
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// intakes are one that inspects in other processes, and one that does in this one.
func intakes(t *testing.T) (map[string]*Intake, string) {
	t.Helper()
	f, dir := openTest(t)
	self, err := worker.Self()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	return map[string]*Intake{"in another process": NewIntake(f, Processes(log, self, "inspect")), "in this one": NewIntake(f, nil),
		"when no other starts": NewIntake(f, Processes(log, filepath.Join(dir, "nothing")))}, dir
}

func stored1(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestOnlyTheCleanFileIsKept(t *testing.T) {
	ins, dir := intakes(t)
	raw := withSegment(jpegBytes(t), 0xe1, exif(binary.BigEndian, "MM", 6))
	for name, in := range ins {
		kept, err := in.Keep(t.Context(), "link", Bytes("receipt.jpg", raw))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		data, err := in.store.Get(t.Context(), kept.SHA256)
		if err != nil || bytes.Contains(data, []byte("GPS")) || kept.OriginalSHA256 != Hash(raw) || kept.SHA256 == Hash(raw) ||
			kept.ContentType != TypeJPEG || kept.Name != "receipt.jpg" || kept.Size != int64(len(data)) {
			t.Errorf("%s: %+v, %v", name, kept, err)
		}
		for _, bad := range [][]byte{nil, []byte("hello"), make([]byte, MaxUpload+1), jpegBytes(t)[:200], document("", "<</S/JavaScript>>"), pngOf(20000, 20000)} {
			want := Inspection(bad)
			if _, err := in.Keep(t.Context(), "link", Bytes("x", bad)); igny8.CodeOf(err) != igny8.CodeOf(want) || igny8.KindOf(err) != igny8.KindOf(want) {
				t.Errorf("%s: %v, want %v", name, err, want)
			}
		}
	}
	if files := stored1(t, dir); len(files) != 1 {
		t.Errorf("stored: %v, want the clean file alone", files)
	}
}

// Inspection is the error of Inspect.
func Inspection(data []byte) error {
	_, err := Inspect(data)
	return err
}

func TestAKeptFileIsMadeNew(t *testing.T) {
	ins, dir := intakes(t)
	in := ins["in this one"]
	kept, err := in.Keep(t.Context(), "link", Bytes("x.png", pngBytes(t)))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name(kept.SHA256))
	old := time.Now().Add(-3 * time.Hour)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if err := in.Again(t.Context(), kept); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || time.Since(info.ModTime()) > time.Minute {
		t.Errorf("it is still old: %v, %v", info, err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := in.Again(t.Context(), kept); !errors.Is(err, errGone) {
		t.Errorf("what was swept: %v", err)
	}
}

// photo is a JPEG with something in it, of so many pixels.
func photo(t testing.TB, w, h int) []byte {
	img := image.NewYCbCr(image.Rect(0, 0, w, h), image.YCbCrSubsampleRatio420)
	for i := range img.Y {
		img.Y[i] = byte(i % w >> 4)
	}
	for i := range img.Cb {
		img.Cb[i], img.Cr[i] = 90, byte(i>>14)
	}
	return encode(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, &jpeg.Options{Quality: 40}) })
}

// claiming writes another size into the header of a JPEG.
func claiming(jpg []byte, w, h uint16) []byte {
	i := bytes.Index(jpg, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(jpg[i+5:], h)
	binary.BigEndian.PutUint16(jpg[i+7:], w)
	return jpg
}

// bombPNG is the dearest PNG that is let in: 16 bits a channel, and all of one colour.
func bombPNG(t testing.TB, w, h int) []byte {
	img := image.NewNRGBA64(image.Rect(0, 0, w, h))
	for i := range img.Pix {
		img.Pix[i] = 0x77
	}
	return encode(t, func(b *bytes.Buffer) error {
		return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(b, img)
	})
}

// What may be large is made smaller within 256 MiB, and what is larger is refused by
// its header.
func TestLargePictures(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("takes seconds, and ten times as many under the race detector, which is more than a file may take; make proofs runs it")
	}
	ins, _ := intakes(t)
	in := ins["in another process"]
	for name, c := range map[string]struct {
		data []byte
		code string
	}{
		"a phone's photo of 50 million pixels": {photo(t, 8160, 6144), ""},
		"20 million pixels of 64 bits":         {bombPNG(t, 4500, 4500), ""},
		"a screenshot of 30,000 lines":         {encode(t, func(b *bytes.Buffer) error { return png.Encode(b, image.NewGray(image.Rect(0, 0, 1080, 30000))) }), ""},
		"40 million pixels of 64 bits":         {pngKind(6300, 6300, 16, 6), "image_too_large"},
		"120 million pixels of a photo":        {claiming(photo(t, 640, 480), 12000, 10000), "image_too_large"},
	} {
		start := time.Now()
		kept, err := in.Keep(t.Context(), "link", Bytes("x", c.data))
		t.Logf("%s: %d bytes became %d in %s", name, len(c.data), kept.Size, time.Since(start))
		if igny8.CodeOf(err) != c.code && !(err == nil && c.code == "") {
			t.Errorf("%s: %v, want %q", name, err, c.code)
		}
		if err != nil {
			continue
		}
		data, err := in.store.Get(t.Context(), kept.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		size, _, err := image.DecodeConfig(bytes.NewReader(data))
		if err != nil || size.Width*size.Height > maxStored {
			t.Errorf("%s: stored with %d × %d pixels, %v", name, size.Width, size.Height, err)
		}
		if size.ColorModel == color.NRGBA64Model || size.ColorModel == color.RGBA64Model {
			t.Errorf("%s: stored with 16 bits a channel", name)
		}
	}
}

func TestTheCostOfAPictureIsKnownBeforeItIsOpened(t *testing.T) {
	progressive := bytes.Clone(photo(t, 640, 480))
	progressive[bytes.Index(progressive, []byte{0xff, 0xc0})+1] = 0xc2
	for name, c := range map[string]struct {
		data []byte
		want int64
	}{
		"RGBA of 8 bits":          {pngKind(100, 100, 8, 6), 40_000},
		"RGBA of 16 bits":         {pngKind(100, 100, 16, 6), 80_000},
		"JPEG with half colour":   {photo(t, 640, 480), 640 * 480 * 3 / 2},
		"a progressive one":       {progressive, 640 * 480 * 15 / 2},
		"a PDF, by its own bytes": {document(""), pdfFactor * int64(len(document("")))},
	} {
		if got, err := cost(bytes.NewReader(c.data), int64(len(c.data))); got != c.want || err != nil {
			t.Errorf("%s: %d, %v, want %d", name, got, err, c.want)
		}
	}
}
