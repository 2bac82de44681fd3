package blob

import (
	"bytes"
	"strings"

	"igny8"
)

// stranger is a kind of file that is known, and not let in.
type stranger struct{ name, code, todo string }

const (
	saveAsPNG = "open it, and save it as a PNG or JPEG, or send a screenshot of it."
	printIt   = "open it, and save it as a PDF, or send a screenshot of it."
)

var (
	aHeic    = stranger{"a HEIC picture", "file_heic", "set the phone's camera to Most Compatible, or send a screenshot of it."}
	anAvif   = stranger{"an AVIF picture", "file_avif", saveAsPNG}
	aWebp    = stranger{"a WebP picture", "file_webp", saveAsPNG}
	aGif     = stranger{"a GIF picture", "file_gif", saveAsPNG}
	aTiff    = stranger{"a TIFF picture", "file_tiff", saveAsPNG}
	aBmp     = stranger{"a BMP picture", "file_bmp", saveAsPNG}
	aSvg     = stranger{"an SVG picture", "file_svg", saveAsPNG}
	anOffice = stranger{"an office document", "file_office", printIt}
	aZip     = stranger{"a ZIP archive", "file_archive", "unpack it, and send the picture or PDF that is in it."}
	aHtml    = stranger{"a web page", "file_html", printIt}
	aFilm    = stranger{"a film", "file_video", "send a screenshot of it."}
	aLetter  = stranger{"an e-mail", "file_email", printIt}
)

// beginnings tells kinds of files by their first bytes.
var beginnings = []struct {
	start string
	kind  stranger
}{
	{"GIF87a", aGif}, {"GIF89a", aGif}, {"II*\x00", aTiff}, {"MM\x00*", aTiff}, {"II+\x00", aTiff}, {"BM", aBmp},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", anOffice}, {"{\\rtf", anOffice},
	{"Rar!", aZip}, {"7z\xbc\xaf\x27\x1c", aZip}, {"\x1f\x8b", aZip}, {"\x1aE\xdf\xa3", aFilm},
}

// brands are the kinds of the ISO base media file format (ISO/IEC 14496-12), by
// the first brand in the box ftyp.
var brands = map[string]stranger{
	"heic": aHeic, "heix": aHeic, "heim": aHeic, "heis": aHeic, "hevc": aHeic, "hevx": aHeic, "mif1": aHeic, "msf1": aHeic,
	"avif": anAvif, "avis": anAvif,
}

// refusal is the error for a file that is none of those let in: it names the kind
// when that is known.
func refusal(data []byte) error {
	if kind, ok := strangerOf(data); ok {
		return igny8.E(igny8.Unsupported, kind.code, "This is "+kind.name+"; "+kind.todo)
	}
	return errType
}

func strangerOf(data []byte) (stranger, bool) {
	for _, b := range beginnings {
		if bytes.HasPrefix(data, []byte(b.start)) {
			return b.kind, true
		}
	}
	head := data[:min(len(data), 1024)]
	switch {
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		if kind, ok := brands[string(head[8:12])]; ok {
			return kind, true
		}
		return aFilm, true
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return aWebp, true
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return packed(head), true
	}
	return textual(head)
}

// packed tells the office documents that are ZIP archives from others, by the name
// of their first file.
func packed(head []byte) stranger {
	for _, name := range []string{"[Content_Types].xml", "_rels/", "docProps/", "word/", "xl/", "ppt/", "mimetypeapplication/vnd.oasis"} {
		if bytes.Contains(head, []byte(name)) {
			return anOffice
		}
	}
	return aZip
}

func textual(head []byte) (stranger, bool) {
	text := strings.ToLower(string(bytes.TrimPrefix(bytes.TrimSpace(head), []byte("\xef\xbb\xbf"))))
	switch {
	case strings.HasPrefix(text, "<svg"), strings.HasPrefix(text, "<?xml") && strings.Contains(text, "<svg"):
		return aSvg, true
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return aHtml, true
	case strings.HasPrefix(text, "received:"), strings.HasPrefix(text, "return-path:"), strings.HasPrefix(text, "delivered-to:"):
		return aLetter, true
	}
	return stranger{}, false
}
