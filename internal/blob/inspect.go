package blob

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"image/png"

	"igny8"
)

// The bounds of an upload.
const (
	MaxUpload = 8 << 20    // bytes
	maxPixels = 40_000_000 // of one image
	maxSide   = 12_000     // pixels
)

// The content types that are let in.
const (
	TypeJPEG = "image/jpeg"
	TypePNG  = "image/png"
	TypePDF  = "application/pdf"
)

const jpegQuality = 85

var (
	errEmpty = igny8.E(igny8.Invalid, "file_empty", "The file is empty; choose it again and send it once more.")
	errBig   = igny8.E(igny8.TooLarge, "file_too_large", "The file is larger than 8 MB; send a smaller scan or picture.")
	errType  = igny8.E(igny8.Unsupported, "unsupported_type",
		"Only JPEG, PNG and PDF files that open without errors are accepted; save it as one of these and send it again.")
	errPixels = igny8.E(igny8.Unsupported, "image_too_large",
		"The picture has too many pixels; at most 12,000 a side and 40 million in all. Make it smaller and send it again.")
)

// Clean is an upload after inspection.
type Clean struct {
	ContentType    string
	Data           []byte // to be stored instead of what was sent
	SHA256         string // of Data, lower-case hex
	OriginalSHA256 string // of what was sent: two equal uploads are equal here
	Width, Height  int    // pixels, of images
}

// Inspector looks at uploads. It decodes one at a time, since one picture may
// need some hundred megabytes; a process has one Inspector.
type Inspector struct {
	slot chan struct{}
}

// NewInspector returns an Inspector.
func NewInspector() *Inspector { return &Inspector{slot: make(chan struct{}, 1)} }

// Inspect decides by content alone what data is, and returns a clean copy:
// images are decoded and encoded anew, so metadata and anything behind the
// picture are gone; a PDF is checked and cut after its end. It fails with
// file_empty (422), file_too_large (413), unsupported_type or image_too_large
// (415), and with the context while it waits for its turn.
func (in *Inspector) Inspect(ctx context.Context, data []byte) (Clean, error) {
	switch {
	case len(data) == 0:
		return Clean{}, errEmpty
	case len(data) > MaxUpload:
		return Clean{}, errBig
	}
	select {
	case in.slot <- struct{}{}:
		defer func() { <-in.slot }()
	case <-ctx.Done():
		return Clean{}, ctx.Err()
	}
	clean, err := inspect(data)
	if err != nil {
		return Clean{}, err
	}
	clean.SHA256, clean.OriginalSHA256 = Hash(clean.Data), Hash(data)
	return clean, nil
}

func inspect(data []byte) (Clean, error) {
	switch {
	case bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")):
		return inspectPNG(data)
	case bytes.HasPrefix(data, []byte("\xff\xd8\xff")):
		return inspectJPEG(data)
	case bytes.HasPrefix(data, []byte("%PDF-")):
		out, err := cleanPDF(data)
		return Clean{ContentType: TypePDF, Data: out}, err
	}
	return Clean{}, errType
}

// checkSize looks at the header's dimensions, before anything is decoded.
func checkSize(c image.Config, err error) error {
	switch {
	case err != nil:
		return errType.Because(err)
	case c.Width < 1 || c.Height < 1:
		return errType
	case c.Width > maxSide || c.Height > maxSide || c.Width*c.Height > maxPixels:
		return errPixels
	}
	return nil
}

func inspectPNG(data []byte) (Clean, error) {
	if err := checkSize(png.DecodeConfig(bytes.NewReader(data))); err != nil {
		return Clean{}, err
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return Clean{}, errType.Because(err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		return Clean{}, errType.Because(err)
	}
	return Clean{ContentType: TypePNG, Data: out.Bytes(), Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}, nil
}

func inspectJPEG(data []byte) (Clean, error) {
	if err := checkSize(jpeg.DecodeConfig(bytes.NewReader(data))); err != nil {
		return Clean{}, err
	}
	img, err := jpeg.Decode(bytes.NewReader(data))
	if err != nil {
		return Clean{}, errType.Because(err)
	}
	img = upright(img, orientation(data))
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: jpegQuality}); err != nil {
		return Clean{}, errType.Because(err)
	}
	return Clean{ContentType: TypeJPEG, Data: out.Bytes(), Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}, nil
}
