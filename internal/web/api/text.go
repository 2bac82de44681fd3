package api

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"igny8"
	"igny8/internal/input"
)

// checkMembers looks at every text and every null of a JSON document that is well formed
// but for texts that are not Unicode: text that cannot be kept is refused, and null
// where the schema takes none. What else is wrong with the body is told in the same
// answer.
func (c *call) checkMembers(ctx context.Context, body []byte) error {
	m := memberCheck{dec: jsontext.NewDecoder(bytes.NewReader(body), jsontext.AllowInvalidUTF8(true)), follow: c.schemaOf}
	if err := m.value(c.body, "#", ""); err != nil {
		return errMalformed.Because(err)
	}
	if len(m.faults) == 0 {
		return nil
	}
	return c.refuse(ctx, body, append(m.faults, c.schemaFaults(body)...))
}

func (c *call) schemaOf(s *huma.Schema) *huma.Schema {
	return follow(c.api.huma.OpenAPI().Components.Schemas, s)
}

// schemaFaults is what the library's validation says of the body.
func (c *call) schemaFaults(body []byte) (fields []igny8.FieldError) {
	var v any
	if c.body == nil || json.Unmarshal(body, &v, jsontext.AllowInvalidUTF8(true)) != nil {
		return nil
	}
	path, res := huma.NewPathBuffer(nil, 0), &huma.ValidateResult{}
	path.Push("body")
	huma.Validate(c.api.huma.OpenAPI().Components.Schemas, c.body, path, huma.ModeWriteToServer, v, res)
	for _, err := range res.Errors {
		if d := (*huma.ErrorDetail)(nil); errors.As(err, &d) {
			fields = append(fields, fieldError(d))
		}
	}
	return fields
}

// memberCheck walks over a document beside its schema.
type memberCheck struct {
	dec    *jsontext.Decoder
	follow func(*huma.Schema) *huma.Schema
	faults []igny8.FieldError
}

func (m *memberCheck) blame(pointer, code, detail string) {
	m.faults = append(m.faults, igny8.FieldError{Pointer: pointer, Code: code, Detail: detail})
}

// value reads one value; name is the member it belongs to. Elements of a list have the
// list's name.
func (m *memberCheck) value(s *huma.Schema, pointer, name string) error {
	orNull := s != nil && slices.ContainsFunc(s.AnyOf, func(one *huma.Schema) bool { return one.Type == "null" })
	s = m.follow(s)
	switch m.dec.PeekKind() {
	case '{':
		return m.object(s, pointer)
	case '[':
		return m.array(s, pointer, name)
	case '"':
		raw, err := m.dec.ReadValue()
		if err != nil {
			return err
		}
		m.text(raw, pointer, name)
		return nil
	case 'n':
		if s != nil && !s.Nullable && !orNull && s.Type != "" {
			m.blame(pointer, "not_null", "This cannot be null: leave it out, or send a value.")
		}
	}
	return m.dec.SkipValue()
}

func (m *memberCheck) text(raw jsontext.Value, pointer, name string) {
	text, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		text = []byte{0} // bytes or escapes that are no Unicode
	}
	if fault, ok := input.Check(name, string(text)); !ok {
		m.blame(pointer, fault.Code, fault.Detail)
	}
}

func (m *memberCheck) object(s *huma.Schema, pointer string) error {
	if _, err := m.dec.ReadToken(); err != nil {
		return err
	}
	for m.dec.PeekKind() != '}' {
		tok, err := m.dec.ReadToken()
		if err != nil {
			return err
		}
		name := tok.String()
		var member *huma.Schema
		if s != nil {
			member = s.Properties[name]
		}
		if !input.Keepable(name) {
			m.blame(pointer, "invalid_text", "The name of a member is no text.")
		}
		if err := m.value(member, pointer+"/"+escape(name), name); err != nil {
			return err
		}
	}
	_, err := m.dec.ReadToken()
	return err
}

func (m *memberCheck) array(s *huma.Schema, pointer, name string) error {
	if _, err := m.dec.ReadToken(); err != nil {
		return err
	}
	var items *huma.Schema
	if s != nil {
		items = s.Items
	}
	for n := 0; m.dec.PeekKind() != ']'; n++ {
		if err := m.value(items, pointer+"/"+strconv.Itoa(n), name); err != nil {
			return err
		}
	}
	_, err := m.dec.ReadToken()
	return err
}

// refuse is the 422 about these fields, with what the service finds wrong besides: of a
// field that is blamed already nothing more is said.
func (c *call) refuse(ctx context.Context, body []byte, fields []igny8.FieldError) error {
	blamed := map[string]bool{}
	for _, f := range fields {
		blamed[f.Pointer] = true
	}
	var more *igny8.Error
	if c.route.Check != nil && errors.As(c.route.Check(ctx, body), &more) {
		for _, f := range more.Fields {
			if !blamed[f.Pointer] {
				fields = append(fields, f)
			}
		}
	}
	return validation(fields)
}

// checking makes a Route.Check of a service's own check: the body is read as the handler
// would read it, as far as it can be read.
func checking[Body any](check func(context.Context, Body) error) func(context.Context, []byte) error {
	return func(ctx context.Context, data []byte) error {
		var body Body
		if json.Unmarshal(data, &body, jsontext.AllowInvalidUTF8(true)) != nil {
			return nil
		}
		return check(ctx, body)
	}
}
