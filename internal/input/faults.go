package input

import (
	"errors"
	"slices"

	"igny8"
)

// Faults collects what is wrong with one form, so that all of it is told at once. The zero
// value is ready.
type Faults struct{ err error }

// Add notes an error that a check answered. Faults of fields are told together, as
// validation_failed when there are several; any other error stands alone, and the first
// one wins.
func (f *Faults) Add(err error) {
	have, more := ofFields(f.err), ofFields(err)
	switch {
	case err == nil || f.err != nil && have == nil:
	case f.err == nil || more == nil:
		f.err = err
	default:
		all := igny8.InvalidField("", "", "")
		all.Fields = append(slices.Clone(have.Fields), more.Fields...)
		f.err = all
	}
}

// ofFields returns the error when it is one about fields.
func ofFields(err error) *igny8.Error {
	var e *igny8.Error
	if errors.As(err, &e) && e.Kind == igny8.Invalid && len(e.Fields) > 0 {
		return e
	}
	return nil
}

// Field notes that a field is not right.
func (f *Faults) Field(field, code, detail string) { f.Add(igny8.InvalidField(field, code, detail)) }

// Err is everything that was noted, nil when it is nothing.
func (f *Faults) Err() error { return f.err }
