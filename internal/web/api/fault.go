package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"igny8"
	"igny8/internal/web"
)

// fromLibrary turns what the API library found wrong with a request into one of
// our errors. It never lets a rejected value through: of the library's texts only
// those pass that are made from the schema alone.
func fromLibrary(ctx context.Context, status int, msg string, errs []error) error {
	switch status {
	case 0:
		return igny8.E(igny8.Invalid, "validation_failed", msg) // asked for its type only
	case http.StatusRequestEntityTooLarge:
		return web.ErrBodyTooLarge
	case http.StatusUnsupportedMediaType:
		return errMediaType
	case http.StatusInternalServerError:
		return errors.Join(append(errs, errors.New(msg))...)
	}
	if status == http.StatusBadRequest && len(errs) == 0 {
		return errNoBody
	}
	var fields []igny8.FieldError
	for _, err := range errs {
		var d *huma.ErrorDetail
		if !errors.As(err, &d) {
			continue
		}
		if strings.HasPrefix(d.Location, "path.") {
			return igny8.ErrNotFound
		}
		if status == http.StatusBadRequest && !strings.HasPrefix(d.Message, semanticMark) {
			return errMalformed
		}
		fields = append(fields, fieldError(d))
	}
	if c := callFrom(ctx); c != nil && c.bound != nil {
		return c.refuse(ctx, c.sent, fields)
	}
	return validation(fields)
}

// validation is the 422 about these fields. If all of them are unknown, the code
// of the whole says so.
func validation(fields []igny8.FieldError) *igny8.Error {
	slices.SortFunc(fields, func(a, b igny8.FieldError) int {
		return cmp.Or(cmp.Compare(a.Pointer, b.Pointer), cmp.Compare(a.Code, b.Code))
	})
	fields = slices.Compact(fields)
	e := igny8.E(igny8.Invalid, "validation_failed", "Some of what was sent is not valid; see errors.")
	if len(fields) > 0 && (fields[0].Code == "unknown_field" || fields[0].Code == "unknown_parameter") &&
		!slices.ContainsFunc(fields, func(f igny8.FieldError) bool { return f.Code != fields[0].Code }) {
		e.Code, e.Detail = fields[0].Code, "Something was sent that this route does not know; see errors, and leave it out."
	}
	e.Fields = fields
	return e
}

// texts maps the beginnings of the library's messages to codes. Messages that may
// hold a part of the value have a detail of their own; "" keeps the message.
var texts = []struct{ begin, code, detail string }{
	{"unexpected property", "unknown_field", "This member is not known here; check its spelling and case, or leave it out."},
	{"unknown query parameter", "unknown_parameter", "This query parameter is not known here; check its spelling, or leave it out."},
	{"expected required property", "required", "This member is required."},
	{"required ", "required", "This is required."},
	{"expected boolean", "invalid_type", ""},
	{"expected number >", "out_of_range", ""},
	{"expected number <", "out_of_range", ""},
	{"expected number to be", "invalid", ""},
	{"expected number", "invalid_type", ""},
	{"expected integer", "invalid_type", ""},
	{"expected string to be RFC 5322", "invalid", "expected an e-mail address"},
	{"expected string to be RFC 3986", "invalid", "expected a URI"},
	{"expected string to be RFC 4122", "invalid", "expected a UUID"},
	{"expected string to be RFC 3339 date-time", "invalid", "expected an RFC 3339 time, such as 2026-01-31T09:00:00Z"},
	{"expected string to be RFC 3339 date", "invalid", "expected a date, such as 2026-01-31"},
	{"expected string to be regex", "invalid", "expected a regular expression"},
	{"expected duration", "invalid", "expected a duration"},
	{"expected string to ", "invalid", ""}, // match a pattern of the schema
	{"expected string", "invalid_type", ""},
	{"expected array length", "out_of_range", ""},
	{"expected array items", "invalid", ""},
	{"expected array", "invalid_type", ""},
	{"expected object with", "out_of_range", ""},
	{"expected object", "invalid_type", ""},
	{"expected length", "out_of_range", ""},
	{"expected value to be one of", "invalid", ""}, // the list is the schema's
	{"expected value", "invalid", ""},
	{"expected property ", "required", ""},
	{"invalid integer", "invalid_type", "expected an integer"},
	{"invalid float", "invalid_type", "expected a number"},
	{"invalid boolean", "invalid_type", "expected true or false"},
	{"invalid date/time", "invalid", "expected a time as the reference describes it"},
}

func fieldError(d *huma.ErrorDetail) igny8.FieldError {
	pointer := pointerOf(d.Location)
	if rest, ok := strings.CutPrefix(d.Message, semanticMark); ok {
		return igny8.FieldError{Pointer: "#" + rest, Code: "invalid", Detail: "This value cannot be read as what it should be."}
	}
	for _, t := range texts {
		if !strings.HasPrefix(d.Message, t.begin) {
			continue
		}
		if name, ok := strings.CutPrefix(d.Message, "expected required property "); ok {
			pointer += "/" + escape(strings.TrimSuffix(name, " to be present"))
		}
		return igny8.FieldError{Pointer: pointer, Code: t.code, Detail: cmp.Or(t.detail, d.Message)}
	}
	return igny8.FieldError{Pointer: pointer, Code: "invalid", Detail: "This value is not valid."}
}

// pointerOf turns "body.items[3].name" and "query.limit" into the JSON pointers
// "#/items/3/name" and "#/limit" (RFC 6901).
func pointerOf(location string) string {
	_, rest, ok := strings.Cut(location, ".")
	if !ok {
		if i := strings.IndexByte(location, '['); i >= 0 {
			rest = location[i:]
		}
	}
	if rest == "" {
		return "#"
	}
	rest = strings.NewReplacer("[", ".", "]", "").Replace(rest)
	var b strings.Builder
	b.WriteByte('#')
	for part := range strings.SplitSeq(strings.TrimPrefix(rest, "."), ".") {
		b.WriteString("/" + escape(part))
	}
	return b.String()
}

// once refuses a list that has an element twice. The library's own check (uniqueItems)
// panics on elements that are lists or objects.
func once[T comparable](location string, list []T) []error {
	seen := map[T]bool{}
	for _, one := range list {
		if seen[one] {
			return []error{&huma.ErrorDetail{Location: location, Message: "expected array items to be unique"}}
		}
		seen[one] = true
	}
	return nil
}

// escape writes a name as a reference token, cut to a sane length: the names of
// unknown members come from the caller.
func escape(name string) string {
	if r := []rune(name); len(r) > 64 {
		name = string(r[:64])
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}
