package blob

import (
	"bytes"
	"io"

	"igny8"
)

// MaxUpload is how many bytes one file may have.
const MaxUpload = 8 << 20

// The content types that are let in.
const (
	TypeJPEG = "image/jpeg"
	TypePNG  = "image/png"
	TypePDF  = "application/pdf"
)

var (
	errEmpty = igny8.E(igny8.Invalid, "file_empty", "The file is empty; choose it again and send it once more.")
	errBig   = igny8.E(igny8.TooLarge, "file_too_large", "The file is larger than 8 MB; send a smaller scan or picture.")
	errType  = igny8.E(igny8.Unsupported, "unsupported_type",
		"Only JPEG, PNG and PDF files that open without errors are accepted; save it as one of these and send it again.")
	errPixels = igny8.E(igny8.Unsupported, "image_too_large",
		"The picture has too many pixels to be opened safely. Make it smaller, or take a screenshot of it, and send that.")
)

// Clean is an upload after inspection.
type Clean struct {
	ContentType   string
	Data          []byte // to be stored instead of what was sent
	Width, Height int    // pixels, of images
}

// Inspect decides by content alone what data is, and returns a clean copy:
// images are decoded and encoded anew, so metadata and anything behind the
// picture are gone, and those of more than 12 million pixels are made smaller; a
// PDF is parsed and written anew. It fails with file_empty (422), file_too_large
// (413), and with unsupported_type, image_too_large, pdf_active, pdf_password or
// the name of the kind that it is, such as file_heic (415).
func Inspect(data []byte) (Clean, error) {
	switch {
	case len(data) == 0:
		return Clean{}, errEmpty
	case len(data) > MaxUpload:
		return Clean{}, errBig
	case isPNG(data):
		return inspectPNG(data)
	case isJPEG(data):
		return inspectJPEG(data)
	case isPDF(data):
		return inspectPDF(data)
	}
	return Clean{}, refusal(data)
}

func isPNG(data []byte) bool  { return bytes.HasPrefix(data, []byte("\x89PNG\r\n\x1a\n")) }
func isJPEG(data []byte) bool { return bytes.HasPrefix(data, []byte("\xff\xd8\xff")) }

// isPDF looks where readers look for the header (ISO 32000-1, annex H, note 13).
func isPDF(data []byte) bool {
	return bytes.Contains(data[:min(len(data), pdfWithin)], []byte("%PDF-"))
}

// cost is how many bytes of memory inspecting takes, as far as the beginning of a
// file tells; an error when it will be refused whatever follows.
func cost(content io.ReaderAt, size int64) (int64, error) {
	if size == 0 {
		return 0, errEmpty
	}
	if size > MaxUpload {
		return 0, errBig
	}
	head := make([]byte, min(size, pdfWithin))
	if _, err := content.ReadAt(head, 0); err != nil && err != io.EOF {
		return 0, err
	}
	whole := io.NewSectionReader(content, 0, size)
	switch {
	case isPNG(head):
		return costPNG(whole)
	case isJPEG(head):
		return costJPEG(whole)
	case isPDF(head):
		return pdfFactor * size, nil
	}
	return 0, refusal(head)
}
