package view

import (
	"net/url"
	"strings"
)

// Form is what a form is drawn from: the values it holds and what is wrong with
// them. The zero value is an empty form without errors.
type Form struct {
	Values url.Values
	Errors []FieldError
	Detail string          // what is wrong as a whole
	Status int             // HTTP status of the page that shows it; 0 is 200
	Kept   map[string]Kept // files that need not be sent again, per field
}

// FieldError is one thing wrong. Field is "" when it is about the whole form.
type FieldError struct{ Field, Text string }

// Kept are the files of one field that the server has already.
type Kept struct {
	Token string // proves what was kept; goes back in a hidden field
	Files []KeptFile
}

// KeptFile is a file the server has.
type KeptFile struct {
	Name string
	Size int64 // bytes
}

// Filled makes a form of names and values, to begin with: Filled("country", "PK").
func Filled(pairs ...string) Form {
	f := Form{Values: url.Values{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Values.Set(pairs[i], pairs[i+1])
	}
	return f
}

// Value is the value of a field.
func (f Form) Value(name string) string { return f.Values.Get(name) }

// Is reports whether the field has the value, for radios and options.
func (f Form) Is(name, value string) bool { return f.Values.Get(name) == value }

// Error is what is wrong with a field, "" when nothing is.
func (f Form) Error(name string) string {
	for _, e := range f.Errors {
		if e.Field == name {
			return e.Text
		}
	}
	return ""
}

// Failed reports whether anything is wrong.
func (f Form) Failed() bool { return len(f.Errors) > 0 || f.Detail != "" }

// Rename moves errors to a field of another name, where the form calls a member
// differently than the service does.
func (f Form) Rename(from, to string) Form {
	for i, e := range f.Errors {
		if e.Field == from {
			f.Errors[i].Field = to
		}
	}
	return f
}

// Blame puts an error that names no field at one: a file that is too large at the
// file's field.
func (f Form) Blame(field string) Form {
	if len(f.Errors) == 0 && f.Detail != "" {
		f.Errors, f.Detail = []FieldError{{field, f.Detail}}, ""
	}
	return f
}

// id is the HTML id of a field.
func id(name string) string { return "f-" + strings.ReplaceAll(name, "_", "-") }

// FieldProps describe a field of a form.
type FieldProps struct {
	Name         string
	Label        string
	Type         string // text when empty; email, tel, password, date, search, number
	Hint         string // one sentence under the label
	Optional     bool   // says so; what is not optional is required
	Plain        bool   // does not say that it is optional: a filter is always
	Autocomplete string // token of HTML: email, given-name, new-password, off
	InputMode    string // numeric, decimal, tel …
	Machine      bool   // left to right whatever the language: references, domains, numbers
	Prefix       string // stands before the input: Rs, https://
	Narrow       bool   // as wide as a short value needs
	MaxLength    int
	Rows         int // of a TextArea
}

func (p FieldProps) kind() string {
	if p.Type == "" {
		return "text"
	}
	return p.Type
}

func (p FieldProps) dir() string {
	if p.Machine || p.Type == "email" || p.Type == "tel" || p.Type == "password" {
		return "ltr"
	}
	return "auto"
}

// describedBy lists the ids of hint and error, for aria-describedby.
func (p FieldProps) describedBy(f Form) string {
	var ids []string
	if p.Hint != "" {
		ids = append(ids, id(p.Name)+"-hint")
	}
	if f.Error(p.Name) != "" {
		ids = append(ids, id(p.Name)+"-error")
	}
	return strings.Join(ids, " ")
}

// Option is one choice of a Select or of Radios.
type Option struct {
	Value, Label string
	Hint         string // of Radios
}

func (p FieldProps) secret() FieldProps {
	p.Type = "password"
	return p
}
