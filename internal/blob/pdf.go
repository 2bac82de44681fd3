package blob

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/types"

	"igny8"
)

const (
	pdfWithin  = 1024 // bytes from the beginning within which the header stands
	pdfFactor  = 8    // bytes of memory for each byte of a PDF, about
	pdfInflate = 64 << 20
	pdfObjects = 100_000
	pdfDepth   = 100 // of dictionaries within dictionaries
)

var (
	errActive = igny8.E(igny8.Unsupported, "pdf_active",
		"The PDF holds scripts, actions or attached files, which are not accepted; print it to a new PDF or send a picture of it.")
	errPassword = igny8.E(igny8.Unsupported, "pdf_password",
		"The PDF needs a password to open. Save it without one, or send a screenshot of it.")
)

// inspectPDF parses a PDF, looks at every object in it, and writes those that the
// document is made of anew: what was not understood cannot come through, and neither
// can what stands before, between and behind. One that opens without a password,
// whatever its owner's password forbids, is written without encryption.
func inspectPDF(data []byte) (clean Clean, err error) {
	defer func() { // the library is fed by strangers
		if v := recover(); v != nil {
			clean, err = Clean{}, errType.Because(fmt.Errorf("panic: %v", v))
		}
	}()
	doc, err := openPDF(data)
	if err != nil {
		return Clean{}, err
	}
	if err := examine(doc); err != nil {
		return Clean{}, err
	}
	var out bytes.Buffer
	if err := api.WriteContext(doc, &out); err != nil {
		return Clean{}, errType.Because(err)
	}
	written, err := openPDF(out.Bytes()) // a broken document may be written as one that does not open
	if err != nil {
		return Clean{}, err
	}
	if err := examine(written); err != nil {
		return Clean{}, err
	}
	return Clean{ContentType: TypePDF, Data: out.Bytes()}, nil
}

// openPDF parses a PDF that has pages. It reads nothing but data: no settings of
// the library, and nothing over the network.
func openPDF(data []byte) (*model.Context, error) {
	api.DisableConfigDir()
	conf := model.NewDefaultConfiguration()
	conf.Offline, conf.Optimize, conf.OptimizeBeforeWriting = true, false, false
	conf.ValidationMode = model.ValidationRelaxed
	limits := &conf.Limits
	limits.MaxStreamBytes, limits.MaxDecodeBytes, limits.MaxImageBytes = MaxUpload, pdfInflate, pdfInflate
	limits.MaxObjectCount, limits.MaxXRefEntries, limits.MaxRecursionDepth = pdfObjects, pdfObjects, pdfDepth
	doc, err := api.ReadContext(bytes.NewReader(file(data)), conf)
	switch {
	case errors.Is(err, pdfcpu.ErrWrongPassword):
		return nil, errPassword
	case err != nil:
		return nil, errType.Because(err)
	}
	if err := doc.EnsurePageCount(); err != nil || doc.PageCount < 1 {
		return nil, errType.Because(err)
	}
	if first, _, _, err := doc.PageDict(1, false); err != nil || first == nil { // the count is only a claim
		return nil, errType.Because(err)
	}
	doc.Cmd = model.DECRYPT // what is written is not encrypted
	return doc, nil
}

// file is the PDF in data: from its header on, since positions count from there, and
// without the blanks and NULs that programs add at the end.
func file(data []byte) []byte {
	data = data[max(0, bytes.Index(data, []byte("%PDF-"))):]
	end := bytes.LastIndex(data, []byte("%%EOF"))
	if end < 0 || len(bytes.Trim(data[end+5:], "\x00\t\r\n\f ")) > 0 {
		return data
	}
	return append(bytes.Clone(data[:end+5]), '\n')
}

// examine looks at all objects of the file, those in object streams included, and
// whether the catalogue refers to them or not.
func examine(doc *model.Context) error {
	l := look{doc, new(int)}
	for number, entry := range doc.Table {
		if entry == nil || entry.Free || entry.Object == nil {
			continue
		}
		generation := 0
		if entry.Generation != nil {
			generation = *entry.Generation
		}
		object, err := doc.Dereference(*types.NewIndirectRef(number, generation))
		if err != nil {
			return errType.Because(err)
		}
		if err := l.object(object, 0); err != nil {
			return err
		}
	}
	return nil
}

// The keys of dictionaries (ISO 32000-1) under which something acts or another file
// comes in, wherever they stand.
var activeKeys = set("JS", "JavaScript", "AA", "XFA", "EmbeddedFiles", "EF", "RF", "Launch", "SubmitForm", "ImportData",
	"RichMediaContent", "RichMediaSettings", "Collection")

// The values of Type and Subtype of what plays, carries files or comes from outside.
var activeTypes = set("EmbeddedFile", "FileAttachment", "RichMedia", "Movie", "Screen", "Sound", "3D", "Rendition", "PS")

// actionNames are values of S that no other dictionary has.
var actionNames = set("JavaScript", "Launch", "SubmitForm", "ImportData", "GoToR", "GoToE", "Rendition", "Movie", "RichMediaExecute",
	"GoTo3DView", "ResetForm", "SetOCGState")

// The actions that are let in: those that show another place of the document, and
// links, which somebody must press.
var (
	shown   = set("GoTo", "Named", "Thread")
	pressed = set("GoTo", "Named", "Thread", "URI")
)

func set(names ...string) map[string]bool {
	m := make(map[string]bool, len(names))
	for _, n := range names {
		m[n] = true
	}
	return m
}

// look examines objects of one document. steps is how many actions it followed.
type look struct {
	doc   *model.Context
	steps *int
}

func (l look) object(o types.Object, depth int) error {
	if depth > pdfDepth {
		return errType
	}
	switch o := o.(type) {
	case types.Dict:
		return l.dict(o, depth)
	case types.StreamDict:
		return l.stream(o, depth)
	case types.ObjectStreamDict:
		return l.stream(o.StreamDict, depth)
	case types.XRefStreamDict:
		return l.stream(o.StreamDict, depth)
	case types.Array:
		for _, one := range o {
			if err := l.object(one, depth+1); err != nil {
				return err
			}
		}
	case *types.StreamDict:
		return l.stream(*o, depth)
	case *types.ObjectStreamDict:
		return l.stream(o.StreamDict, depth)
	case *types.XRefStreamDict:
		return l.stream(o.StreamDict, depth)
	}
	return nil
}

// stream refuses streams whose content is in another file.
func (l look) stream(s types.StreamDict, depth int) error {
	for key, value := range s.Dict {
		if _, name := value.(types.Name); plain(key) == "F" && !name || plain(key) == "FFilter" {
			return errActive
		}
	}
	return l.dict(s.Dict, depth)
}

func (l look) dict(d types.Dict, depth int) error {
	for key, value := range d {
		key, value := plain(key), value
		if activeKeys[key] {
			return errActive
		}
		var err error
		switch key {
		case "Type", "Subtype":
			err = refuse(activeTypes[l.name(value)])
		case "S":
			err = refuse(actionNames[l.name(value)])
		case "OpenAction":
			err = l.action(value, shown)
		case "A", "Next", "PA":
			err = l.action(value, pressed)
		}
		if err == nil {
			err = l.object(value, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// action looks at what happens at opening or at a press: a destination, one action
// or a list of them. Dictionaries that are no actions stand under the same keys:
// attributes, and the next line of an outline.
func (l look) action(o types.Object, allowed map[string]bool) error {
	if *l.steps++; *l.steps > pdfObjects {
		return errType
	}
	o, err := l.doc.Dereference(o)
	if err != nil {
		return errType.Because(err)
	}
	switch o := o.(type) {
	case types.Array:
		for _, one := range o {
			if err := l.action(one, allowed); err != nil {
				return err
			}
		}
	case types.Dict:
		return l.one(o, allowed)
	}
	return nil
}

func (l look) one(d types.Dict, allowed map[string]bool) (err error) {
	kind, next := "", []types.Object{}
	for key, value := range d {
		switch plain(key) {
		case "S":
			kind = l.name(value)
			err = refuse(!allowed[kind])
		case "URI":
			err = l.address(value)
		case "Next":
			next = append(next, value)
		}
		if err != nil {
			return err
		}
	}
	if kind == "" {
		return nil
	}
	for _, o := range next {
		if err := l.action(o, allowed); err != nil {
			return err
		}
	}
	return nil
}

// address lets links to web pages, letters and telephones in.
func (l look) address(o types.Object) error {
	o, err := l.doc.Dereference(o)
	if err != nil {
		return errType.Because(err)
	}
	var s string
	switch o := o.(type) {
	case types.StringLiteral:
		s = o.Value()
	case types.HexLiteral:
		b, err := o.Bytes()
		if err != nil {
			return errActive
		}
		s = string(b)
	}
	scheme, _, ok := strings.Cut(strings.ToLower(strings.TrimSpace(s)), ":")
	return refuse(ok && !set("http", "https", "mailto", "tel")[scheme])
}

// name is the value of a name, decoded, "" for anything else.
func (l look) name(o types.Object) string {
	o, err := l.doc.Dereference(o)
	if err != nil {
		return ""
	}
	n, ok := o.(types.Name)
	if !ok {
		return ""
	}
	return plain(string(n))
}

// plain is a name without the spelling of characters as # and two digits.
func plain(name string) string {
	if decoded, err := types.DecodeName(name); err == nil {
		return decoded
	}
	return name
}

func refuse(active bool) error {
	if active {
		return errActive
	}
	return nil
}
