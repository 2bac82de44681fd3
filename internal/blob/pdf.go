package blob

import (
	"bytes"
	"compress/zlib"
	"io"
	"regexp"
	"strings"

	"igny8"
)

var errActive = igny8.E(igny8.Unsupported, "unsupported_type",
	"The PDF holds scripts, actions, attachments or protection, which are not accepted; print it to a new PDF or send a picture of it.")

// Names of a PDF (ISO 32000-1) that make it act, carry other files, or hide what
// it carries. The long ones are looked for in every byte, also inside data; the
// short ones come up in compressed data by chance, so they are looked for
// between the streams only. None of them acts without a long one.
var (
	longNames  = []string{"JavaScript", "Launch", "EmbeddedFile", "EmbeddedFiles", "OpenAction", "RichMedia", "SubmitForm", "ImportData", "Encrypt"}
	shortNames = []string{"JS", "AA", "XFA", "GoToE", "GoToR"}
)

const (
	pdfTail     = 1024     // %%EOF stands within this many bytes of the end
	maxInflated = 32 << 20 // bytes that all streams of one PDF may inflate to
	dictionary  = 2048     // bytes before a stream that are taken for its dictionary
)

var (
	pdfStart    = regexp.MustCompile(`^%PDF-[12]\.[0-9]`)
	streamStart = regexp.MustCompile(`stream\r?\n`)
	pdfEnd      = []byte("%%EOF")
)

// cleanPDF checks a PDF's frame and searches it for names that act. It returns
// the file up to its end mark, without what was appended.
func cleanPDF(data []byte) ([]byte, error) {
	end := bytes.LastIndex(data, pdfEnd)
	if !pdfStart.Match(data) || end < len(data)-pdfTail || !bytes.Contains(data[:max(end, 0)], []byte("startxref")) {
		return nil, errType
	}
	if hasName(data, longNames) {
		return nil, errActive
	}
	between, err := inflate(data)
	if err != nil {
		return nil, err
	}
	if hasName(between, shortNames) {
		return nil, errActive
	}
	return append(bytes.Clone(data[:end+len(pdfEnd)]), '\n'), nil
}

// inflate looks into every compressed stream, since objects may lie in there, and
// returns what stands between the streams.
func inflate(data []byte) (between []byte, err error) {
	budget := maxInflated
	for {
		at := streamStart.FindIndex(data)
		if at == nil {
			return append(between, data...), nil
		}
		dict := data[max(0, at[0]-dictionary):at[0]]
		if i := bytes.LastIndex(dict, []byte("obj")); i >= 0 {
			dict = dict[i:]
		}
		between = append(append(between, data[:at[0]]...), '\n')
		data = data[at[1]:]
		if bytes.HasSuffix(dict, []byte("end")) { // endstream
			continue
		}
		used, err := inflateOne(dict, data, &budget)
		if err != nil {
			return nil, err
		}
		if used == 0 { // not compressed: everything up to its end is data
			used = max(0, bytes.Index(data, []byte("endstream")))
		}
		data = data[used:]
	}
}

// inflateOne inflates the stream at the beginning of data and searches it. It
// returns how many bytes the stream took, 0 when it is no such stream. Objects
// in a stream that cannot be looked into are refused.
func inflateOne(dict, data []byte, budget *int) (used int, err error) {
	objects := hasName(dict, []string{"ObjStm"})
	picture := hasName(dict, []string{"Image"})
	r := bytes.NewReader(data)
	z, err := zlib.NewReader(r)
	if err != nil || picture && !objects {
		if objects && hasName(dict, []string{"Filter", "F"}) {
			return 0, errActive
		}
		return 0, nil
	}
	content, err := io.ReadAll(io.LimitReader(z, int64(*budget)+1))
	*budget -= len(content)
	switch {
	case *budget < 0:
		return 0, errType
	case hasName(content, longNames), objects && hasName(content, shortNames):
		return 0, errActive
	case objects && (err != nil || hasName(dict, []string{"LZWDecode", "ASCII85Decode", "ASCIIHexDecode", "RunLengthDecode", "Crypt", "DecodeParms"})):
		return 0, errActive
	case err != nil:
		return 0, nil
	}
	return len(data) - r.Len(), nil
}

// hasName reports whether data holds one of the names, in any spelling: a
// character of a PDF name may be written as # and two hex digits.
func hasName(data []byte, names []string) bool {
	for {
		i := bytes.IndexByte(data, '/')
		if i < 0 {
			return false
		}
		data = data[i+1:]
		got := pdfName(data)
		for _, want := range names {
			if got == want {
				return true
			}
		}
	}
}

// pdfName reads the name at the beginning of data, as far as the longest name
// that is looked for.
func pdfName(data []byte) string {
	const longest = 20
	var b strings.Builder
	for i := 0; i < len(data) && b.Len() < longest; i++ {
		c := data[i]
		if c <= ' ' || strings.IndexByte("()<>[]{}/%", c) >= 0 {
			break
		}
		if c == '#' && i+2 < len(data) {
			if hi, lo := hexDigit(data[i+1]), hexDigit(data[i+2]); hi >= 0 && lo >= 0 {
				c = byte(hi<<4 | lo)
				i += 2
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
