package api

import (
	"bytes"
	"context"
	"encoding/hex"
	"hash"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"igny8"
	"igny8/internal/blob"
)

// The limits of an upload.
const (
	MaxFiles     = 5
	MaxFileBytes = 8 << 20
	maxFields    = 100
)

// maxForm is the limit of a form with files, in bytes.
const maxForm = MaxFiles*(MaxFileBytes+4096) + maxJSON

// FilesFrom returns the files of a form, none for JSON. They are there until the
// handler returns.
func FilesFrom(ctx context.Context) []blob.Upload {
	if c := callFrom(ctx); c != nil {
		return c.files
	}
	return nil
}

var (
	errFileTooLarge = igny8.E(igny8.TooLarge, "file_too_large", "A file may have 8 MB at most; send a smaller one.")
	errTooManyFiles = igny8.E(igny8.TooLarge, "too_many_files", "At most 5 files may be sent at once.")
	errForm         = igny8.E(igny8.Malformed, "malformed_form", "The form cannot be read as multipart/form-data; check its boundary.")
)

// readForm reads a form part by part and returns its fields as a JSON object, so
// that they are checked exactly as a JSON body is. Fields left empty count as not
// given, as browsers send them. The fingerprint is of names and contents, not of
// the raw bytes: clients choose a new boundary for each try.
func (c *call) readForm(r *http.Request, h hash.Hash) ([]byte, error) {
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, errForm
	}
	if err := c.api.cfg.Uploads.Allow(r.Context(), c.sender(r)); err != nil {
		return nil, err
	}
	if c.spool, err = c.api.cfg.Uploads.Begin(r, maxForm); err != nil {
		return nil, err
	}
	mr := multipart.NewReader(c.spool, params["boundary"])
	f := &form{schema: c.body, values: map[string][]string{}, room: maxJSON}
	for n := 0; ; n++ {
		part, err := mr.NextRawPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			if tooLarge(err) {
				return nil, err
			}
			return nil, errForm
		}
		if n == maxFields {
			return nil, igny8.E(igny8.TooLarge, "too_many_parts", "The form has too many parts.")
		}
		if err := c.readPart(f, part, h); err != nil {
			return nil, err
		}
	}
	return f.json()
}

func (c *call) readPart(f *form, part *multipart.Part, h hash.Hash) error {
	name := part.FormName()
	if part.FileName() == "" {
		return f.field(name, part, h)
	}
	if name != c.route.Files {
		return validation([]igny8.FieldError{unknownField(name)})
	}
	if len(c.files) == MaxFiles {
		return errTooManyFiles
	}
	file, ok, err := c.spool.File(part.FileName(), part, MaxFileBytes)
	switch {
	case igny8.KindOf(err) == igny8.Unavailable:
		return err
	case tooLarge(err) || err == nil && !ok:
		return errFileTooLarge
	case err != nil:
		return errForm
	}
	hashText(h, "file")
	hashText(h, name)
	hashText(h, part.FileName())
	sum, _ := hex.DecodeString(file.SHA256)
	h.Write(sum)
	c.files = append(c.files, file)
	return nil
}

// sender is whose allowance a form with files is taken from: the secret link of a
// route that has one, else the account.
func (c *call) sender(r *http.Request) string {
	if token := r.PathValue("token"); token != "" {
		return "link " + token
	}
	return "account " + c.actor.Account.String()
}

// forget lets go of the files that were sent.
func (c *call) forget() {
	if c.spool != nil {
		c.spool.Close()
	}
}

// form collects the fields of a form.
type form struct {
	schema *huma.Schema
	values map[string][]string
	room   int // bytes that may still come
}

func (f *form) field(name string, part io.Reader, h hash.Hash) error {
	data, err := io.ReadAll(io.LimitReader(part, int64(f.room)+1))
	switch {
	case tooLarge(err):
		return err
	case err != nil:
		return errForm
	case len(data) > f.room:
		return igny8.E(igny8.TooLarge, "body_too_large", "The fields of the form are too long.")
	}
	f.room -= len(data)
	hashText(h, "field")
	hashText(h, name)
	hashText(h, string(data))
	if len(data) > 0 {
		f.values[name] = append(f.values[name], string(data))
	}
	return nil
}

// json writes the fields as an object, each as its schema wants it.
func (f *form) json() ([]byte, error) {
	out := make(map[string]any, len(f.values))
	for name, values := range f.values {
		s := f.property(name)
		switch {
		case s != nil && s.Type == huma.TypeArray:
			out[name] = values
		case len(values) > 1:
			return nil, validation([]igny8.FieldError{{Pointer: "#/" + escape(name), Code: "invalid",
				Detail: "This field is given more than once."}})
		default:
			out[name] = convert(s, values[0])
		}
	}
	body, err := json.Marshal(out, json.Deterministic(true))
	if err != nil {
		return nil, errForm // not UTF-8
	}
	return body, nil
}

func (f *form) property(name string) *huma.Schema {
	if f.schema == nil {
		return nil
	}
	return f.schema.Properties[name]
}

// convert reads a text as what the schema wants; what does not fit stays a text
// and is refused with the other fields.
func convert(s *huma.Schema, text string) any {
	if s == nil {
		return text
	}
	switch s.Type {
	case huma.TypeInteger:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n
		}
	case huma.TypeNumber:
		if v := jsontext.Value(text); v.IsValid() && v.Kind() == '0' {
			return v
		}
	case huma.TypeBoolean:
		if b, err := strconv.ParseBool(text); err == nil {
			return b
		}
	case huma.TypeObject, "":
		if v := jsontext.Value(bytes.TrimSpace([]byte(text))); v.IsValid() {
			return v
		}
	}
	return text
}

// formSchema is the schema of the form: the JSON body's members and the files.
func formSchema(body *huma.Schema, files string) *huma.Schema {
	most := MaxFiles
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}}
	if body != nil {
		maps.Copy(s.Properties, body.Properties)
		s.Required = body.Required
	}
	s.Properties[files] = &huma.Schema{Type: huma.TypeArray, MaxItems: &most,
		Description: "JPEG, PNG or PDF, each 8 MB at most.",
		Items:       &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	return s
}
