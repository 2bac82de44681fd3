package api

import (
	"bytes"

	"github.com/go-json-experiment/json/jsontext"
)

// canonical is a JSON document in the one form that all documents of the same value
// have: members in the order of their names, no spaces, each text and number in its
// usual form. Whole numbers keep all their digits. What is no JSON stays as it is.
func canonical(body []byte) []byte {
	v := jsontext.Value(bytes.Clone(body))
	err := v.Format(jsontext.ReorderRawObjects(true), jsontext.CanonicalizeRawFloats(true), jsontext.CanonicalizeRawInts(false),
		jsontext.AllowInvalidUTF8(true))
	if err != nil {
		return body
	}
	return v
}
