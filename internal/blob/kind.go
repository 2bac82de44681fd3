package blob

import (
	"bytes"
	"strings"

	"igny8"
)

const (
	saveIt     = "open it and save it as a PNG or JPEG, or send a screenshot of it."
	printIt    = "open it and save it as a PDF, or send a screenshot of it."
	screenshot = "send a screenshot of it."
)

// The kinds of files that are known, and not let in.
var (
	aHeic     = igny8.E(igny8.Unsupported, "file_heic", "This is a HEIC picture; set the camera to Most Compatible, or "+screenshot)
	anAvif    = igny8.E(igny8.Unsupported, "file_avif", "This is an AVIF picture; "+saveIt)
	aWebp     = igny8.E(igny8.Unsupported, "file_webp", "This is a WebP picture; "+saveIt)
	aGif      = igny8.E(igny8.Unsupported, "file_gif", "This is a GIF picture; "+saveIt)
	aTiff     = igny8.E(igny8.Unsupported, "file_tiff", "This is a TIFF picture; "+saveIt)
	aBmp      = igny8.E(igny8.Unsupported, "file_bmp", "This is a BMP picture; "+saveIt)
	aSvg      = igny8.E(igny8.Unsupported, "file_svg", "This is an SVG picture; "+saveIt)
	anOffice  = igny8.E(igny8.Unsupported, "file_office", "This is an office document; "+printIt)
	aHtml     = igny8.E(igny8.Unsupported, "file_html", "This is a web page; "+printIt)
	aLetter   = igny8.E(igny8.Unsupported, "file_email", "This is an e-mail; "+printIt)
	anArchive = igny8.E(igny8.Unsupported, "file_archive", "This is an archive; unpack it, and send the picture or PDF that is in it.")
	aFilm     = igny8.E(igny8.Unsupported, "file_video", "This is a film; "+screenshot)
)

// beginnings tells kinds of files by their first bytes.
var beginnings = []struct {
	start string
	kind  *igny8.Error
}{
	{"GIF87a", aGif}, {"GIF89a", aGif}, {"II*\x00", aTiff}, {"MM\x00*", aTiff}, {"II+\x00", aTiff}, {"BM", aBmp},
	{"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", anOffice}, {"{\\rtf", anOffice},
	{"Rar!", anArchive}, {"7z\xbc\xaf\x27\x1c", anArchive}, {"\x1f\x8b", anArchive}, {"\x1aE\xdf\xa3", aFilm},
}

// brands are the kinds of the ISO base media file format (ISO/IEC 14496-12), by
// the first brand in the box ftyp.
var brands = map[string]*igny8.Error{
	"heic": aHeic, "heix": aHeic, "heim": aHeic, "heis": aHeic, "hevc": aHeic, "hevx": aHeic, "mif1": aHeic, "msf1": aHeic,
	"avif": anAvif, "avis": anAvif,
}

// refusal is the error for a file that is none of those let in: it names the kind
// when that is known.
func refusal(data []byte) *igny8.Error {
	for _, b := range beginnings {
		if bytes.HasPrefix(data, []byte(b.start)) {
			return b.kind
		}
	}
	head := data[:min(len(data), 1024)]
	switch {
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		if kind, ok := brands[string(head[8:12])]; ok {
			return kind
		}
		return aFilm
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return aWebp
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return packed(head)
	}
	return textual(head)
}

// packed tells the office documents that are ZIP archives from others, by the name
// of their first file.
func packed(head []byte) *igny8.Error {
	for _, name := range []string{"[Content_Types].xml", "_rels/", "docProps/", "word/", "xl/", "ppt/", "mimetypeapplication/vnd.oasis"} {
		if bytes.Contains(head, []byte(name)) {
			return anOffice
		}
	}
	return anArchive
}

func textual(head []byte) *igny8.Error {
	text := strings.ToLower(string(bytes.TrimPrefix(bytes.TrimSpace(head), []byte("\xef\xbb\xbf"))))
	switch {
	case strings.HasPrefix(text, "<svg"), strings.HasPrefix(text, "<?xml") && strings.Contains(text, "<svg"):
		return aSvg
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return aHtml
	case strings.HasPrefix(text, "received:"), strings.HasPrefix(text, "return-path:"), strings.HasPrefix(text, "delivered-to:"):
		return aLetter
	}
	return errType
}
