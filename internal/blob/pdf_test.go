package blob

import (
	"bytes"
	"encoding/ascii85"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"igny8"
)

// document writes a PDF: the catalogue is object 1 with the entries given, 2 to 4
// are one page with a text, the others begin with 5. Cross references are exact.
func document(catalogue string, others ...string) []byte {
	text := "BT /F1 18 Tf 72 720 Td (Paid Rs 24,742 for TypeScript/JavaScript course) Tj ET"
	objects := append([]string{
		"<</Type/Catalog/Pages 2 0 R" + catalogue + ">>",
		"<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text),
	}, others...)
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	var at []int
	for i, o := range objects {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, start)
	return b.Bytes()
}

// packedDocument is a PDF whose catalogue (object 1) and object 9 stand in an object
// stream (object 5). dict is put before the stream's own entries; filter and encode
// say how it is written.
func packedDocument(catalogue, action, dict, filter string, encode func([]byte) []byte) []byte {
	text := "BT /F1 18 Tf 72 720 Td (Paid) Tj ET"
	one := "<</Type/Catalog/Pages 2 0 R" + catalogue + ">>"
	head := fmt.Sprintf("1 0 9 %d ", len(one)+1)
	packed := encode([]byte(head + one + " " + action))
	objects := map[int]string{
		2: "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		3: "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
		4: fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(text), text),
		5: fmt.Sprintf("<<%s/Type/ObjStm/N 2/First %d/Filter%s/Length %d>>\nstream\n%s\nendstream", dict, len(head), filter, len(packed), packed),
	}
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	at := map[int]int{}
	for n := 2; n <= 5; n++ {
		at[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, objects[n])
	}
	start := b.Len()
	var rows []byte
	row := func(kind, field, index int) {
		rows = append(rows, byte(kind), byte(field>>16), byte(field>>8), byte(field), byte(index))
	}
	row(0, 0, 255)
	row(2, 5, 0)
	for n := 2; n <= 5; n++ {
		row(1, at[n], 0)
	}
	row(1, start, 0) // 6: this stream
	row(0, 0, 0)
	row(0, 0, 0)
	row(2, 5, 1) // 9
	fmt.Fprintf(&b, "6 0 obj\n<</Type/XRef/Size 10/W[1 3 1]/Root 1 0 R/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n",
		len(rows), rows, start)
	return b.Bytes()
}

func asHex(b []byte) []byte { return append([]byte(hex.EncodeToString(b)), '>') }

func as85(b []byte) []byte {
	out := make([]byte, ascii85.MaxEncodedLen(len(b)))
	return append(out[:ascii85.Encode(out, b)], "~>"...)
}

func deflated(b []byte) []byte {
	_, after, _ := strings.Cut(stream("", string(b)), "stream\n")
	return []byte(strings.TrimSuffix(after, "\nendstream\nendobj"))
}

func TestHarmlessPDFsAreTaken(t *testing.T) {
	plain := document("")
	for name, data := range map[string][]byte{
		"plain":                                      plain,
		"text that says JavaScript":                  plain,
		"opens at the first page (jsPDF)":            document("/OpenAction [3 0 R /FitH null]"),
		"opens at the first page (LibreOffice)":      document("/OpenAction [3 0 R /XYZ null null 0]"),
		"opens with an action that shows a page":     document("/OpenAction <</S/GoTo/D[3 0 R /Fit]>>"),
		"byte order mark in front":                   append([]byte("\xef\xbb\xbf"), plain...),
		"blanks and a line in front":                 append([]byte(" \n"), plain...),
		"5,000 NULs behind":                          append(bytes.Clone(plain), make([]byte, 5000)...),
		"blank lines behind":                         append(bytes.Clone(plain), strings.Repeat("\r\n", 900)...),
		"HTML behind":                                append(bytes.Clone(plain), "\n<html><script>alert(1)</script>"...),
		"a link to the bank's site":                  document("", "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(https://bank.example)>>>>"),
		"a structure with attributes":                document("", "<</Type/StructElem/S/Table/A<</O/Layout/Width 9>>>>"),
		"a form without actions":                     document("/AcroForm<</Fields[]>>"),
		"objects in a stream":                        packedDocument("", "<</Nothing 1>>", "", "/FlateDecode", deflated),
		"objects in a stream written as hexadecimal": packedDocument("", "<</Nothing 1>>", "", "/ASCIIHexDecode", asHex),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Inspect(data)
			if err != nil {
				t.Fatal(err)
			}
			if got.ContentType != TypePDF || !bytes.HasPrefix(got.Data, []byte("%PDF-1.")) || !bytes.HasSuffix(bytes.TrimSpace(got.Data), []byte("%%EOF")) {
				t.Errorf("got %s, %q…%q", got.ContentType, got.Data[:8], got.Data[len(got.Data)-8:])
			}
			for _, gone := range []string{"<html", "\xef\xbb\xbf%PDF", strings.Repeat("\x00", 100)} {
				if bytes.Contains(got.Data, []byte(gone)) {
					t.Errorf("%q is still in the file", gone)
				}
			}
			again, err := Inspect(got.Data)
			if err != nil || again.ContentType != TypePDF {
				t.Errorf("the cleaned file itself: %v", err)
			}
		})
	}
}

func TestActivePDFsAreRefused(t *testing.T) {
	const script = "<</S/JavaScript/JS(app.alert\\(1\\))>>"
	cases := map[string][]byte{}
	for name, object := range map[string]string{
		"JavaScript":             script,
		"JavaScript, escaped":    "<</S/J#61va#53cript>>",
		"JS alone":               "<</JS(app.alert(1))>>",
		"JS, escaped":            "<</#4aS(x)>>",
		"JS, all escaped":        "<</#4A#53(x)>>",
		"Launch":                 "<</S/Launch/F(calc.exe)>>",
		"submitting a form":      "<</S/SubmitForm/F(https://evil.example)>>",
		"importing data":         "<</S/ImportData/F(x)>>",
		"another file":           "<</S/GoToR/F(x.pdf)/D[0/Fit]>>",
		"a file inside":          "<</S/GoToE/D[0/Fit]>>",
		"an embedded file":       "<</Type/EmbeddedFile>>",
		"a file specification":   "<</Type/Filespec/F(x)/EF<</F 4 0 R>>>>",
		"an attached file":       "<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]>>",
		"additional actions":     "<</AA<</O 6 0 R>>>>",
		"XFA":                    "<</XFA 6 0 R>>",
		"a film":                 "<</Type/Annot/Subtype/Movie/Rect[0 0 9 9]>>",
		"rich media":             "<</Type/Annot/Subtype/RichMedia/Rect[0 0 9 9]>>",
		"a link to a script":     "<</A<</S/URI/URI(javascript:alert\\(1\\))>>>>",
		"a link, in hexadecimal": "<</A<</S/URI/URI<66696c653a2f2f2f657463>>>>>",
		"deep within":            "[[<</X[<</Y" + script + ">>]>>]]",
		"an unknown action":      "<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/Whatever>>>>",
		"content elsewhere":      "<</Length 1/F(other.bin)>>\nstream\nx\nendstream",
	} {
		cases[name] = document("", object)
	}
	cases["a script at opening"] = document("/OpenAction 5 0 R", script)
	cases["an address at opening"] = document("/OpenAction<</S/URI/URI(https://evil.example)>>")
	cases["an address after the page that is opened"] = document("/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next<</S/URI/URI(https://evil.example)>>>>")
	cases["scripts by name"] = document("/Names<</JavaScript<</Names[(x) 5 0 R]>>>>", "<</X 1>>")
	cases["files by name"] = document("/Names<</Embedded#46iles<</Names[]>>>>")
	cases["a portfolio"] = document("/Collection<<>>")
	for name, c := range map[string]struct {
		dict, filter string
		encode       func([]byte) []byte
	}{
		"deflated":                        {"", "/FlateDecode", deflated},
		"hexadecimal":                     {"", "/ASCIIHexDecode", asHex},
		"hexadecimal behind (obj)":        {"/X (obj)", "/ASCIIHexDecode", asHex},
		"hexadecimal behind a comment":    {"%obj\n", "/ASCIIHexDecode", asHex},
		"hexadecimal behind 2,100 blanks": {strings.Repeat(" ", 2100), "/ASCIIHexDecode", asHex},
		"escaped hexadecimal":             {"", "/ASCII#48exDecode", asHex},
		"base 85":                         {"", "/ASCII85Decode", as85},
		"hexadecimal of deflated":         {"", "[/ASCIIHexDecode/FlateDecode]", func(b []byte) []byte { return asHex(deflated(b)) }},
	} {
		cases["in an object stream, "+name] = packedDocument("/OpenAction 9 0 R", script, c.dict, c.filter, c.encode)
	}
	for name, data := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := Inspect(data)
			if code := igny8.CodeOf(err); code != "pdf_active" && !(strings.Contains(name, "escaped hexadecimal") && code == "unsupported_type") || got.Data != nil {
				t.Errorf("Inspect = %d bytes, %v, want pdf_active", len(got.Data), err)
			}
		})
	}
}

func TestBrokenPDFsAreRefused(t *testing.T) {
	bomb := packedDocument("", strings.Repeat(" ", 2*pdfInflate), "", "/FlateDecode", deflated)
	for name, data := range map[string][]byte{
		"the header alone":      []byte("%PDF-1.7"),
		"no object":             []byte("%PDF-1.7\n1 0 obj\n%%EOF\n"),
		"26 bytes":              []byte("%PDF-1.4\nstartxref\n0\n%%EOF"),
		"no page":               bytes.Replace(document(""), []byte("/Kids[3 0 R]/Count 1"), []byte("/Kids[     ]/Count 0"), 1),
		"no page, one claimed":  bytes.Replace(document(""), []byte("/Kids[3 0 R]/Count 1"), []byte("/Kids[     ]/Count 1"), 1),
		"cut":                   document("")[:200],
		"version x":             bytes.Replace(document(""), []byte("1.7"), []byte("<a>"), 1),
		"a bomb of objects":     bomb,
		"a header far behind":   append(make([]byte, 2*pdfWithin), document("")...),
		"a page that is itself": document("", "<</Type/Pages/Kids[5 0 R]/Count 1>>")[:300],
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Inspect(data)
			if igny8.KindOf(err) != igny8.Unsupported || got.Data != nil {
				t.Errorf("Inspect = %d bytes, %v, want 415", len(got.Data), err)
			}
		})
	}
}

// TestProtectedPDFs reads what `qpdf --encrypt USER OWNER 128|256 --` made of
// document("").
func TestProtectedPDFs(t *testing.T) {
	for name, want := range map[string]string{"owner-rc4.pdf": "", "owner-aes256.pdf": "", "user-aes256.pdf": "pdf_password"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Inspect(data)
		if igny8.CodeOf(err) != want && !(err == nil && want == "") {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if want == "" && (bytes.Contains(got.Data, []byte("/Encrypt")) || got.ContentType != TypePDF) {
			t.Errorf("%s is still encrypted", name)
		}
	}
}
