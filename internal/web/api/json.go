package api

import (
	"bytes"
	"errors"
	"io"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	jsonv1 "github.com/go-json-experiment/json/v1"

	"igny8"
)

// format is our JSON. Reading is strict: exact case, no name twice, valid UTF-8,
// nothing after the document. Writing gives [] for a list without elements, never
// null, keeps Go's usual meaning of omitempty, and is the same for the same value,
// so that an entity tag can be made of it.
var format = huma.Format{Marshal: writeJSON, Unmarshal: readJSON}

var writeOptions = json.JoinOptions(json.Deterministic(true), jsonv1.OmitEmptyWithLegacySemantics(true))

func writeJSON(w io.Writer, v any) error {
	if err := json.MarshalWrite(w, v, writeOptions); err != nil {
		return err
	}
	_, err := w.Write([]byte{'\n'})
	return err
}

func render(v any) ([]byte, error) {
	var b bytes.Buffer
	err := writeJSON(&b, v)
	return b.Bytes(), err
}

// semanticMark begins the text of an error that fromLibrary turns into a field
// error; the library hands on nothing but the text.
const semanticMark = "json-pointer "

func readJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	var se *json.SemanticError
	if errors.As(err, &se) {
		return errors.New(semanticMark + string(se.JSONPointer))
	}
	return err
}

var errMalformed = igny8.E(igny8.Malformed, "malformed_json",
	"The body must be one JSON document: check its syntax, that no member is named twice and that nothing follows it.")

// checkJSON refuses what is not exactly one JSON document. Texts that are not Unicode
// are not its business: they are refused with the name of their member.
func checkJSON(body []byte) error {
	if !jsontext.Value(body).IsValid(jsontext.AllowInvalidUTF8(true)) {
		return errMalformed
	}
	return nil
}

// members returns the names in a JSON object, in their order; ok is false for any
// other document.
func members(body []byte) (names []string, ok bool) {
	dec := jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowInvalidUTF8(true))
	if tok, err := dec.ReadToken(); err != nil || tok.Kind() != '{' {
		return nil, false
	}
	for dec.PeekKind() != '}' {
		tok, err := dec.ReadToken()
		if err != nil {
			return nil, false
		}
		names = append(names, tok.String())
		if err := dec.SkipValue(); err != nil {
			return nil, false
		}
	}
	return names, true
}
