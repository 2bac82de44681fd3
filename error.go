package igny8

import (
	"errors"
	"maps"
	"slices"
	"time"
)

// Kind says what class of failure an Error is. internal/web has the one table
// from Kind to HTTP status. An error of no known kind is internal: it is logged
// with its cause and shown as nothing.
type Kind uint8

// The kinds, with the status that internal/web gives them.
const (
	Internal         Kind = iota // 500
	Malformed                    // 400: cannot be read
	Unauthenticated              // 401
	PaymentRequired              // 402: payment or credits needed
	Forbidden                    // 403
	NotFound                     // 404: absent, or another tenant's
	MethodNotAllowed             // 405
	Conflict                     // 409: the state does not allow it
	Stale                        // 412: the object changed since it was seen
	TooLarge                     // 413
	Misdirected                  // 421: meant for another server
	Unsupported                  // 415
	Invalid                      // 422: well-formed, but wrong
	TooMany                      // 429
	Unavailable                  // 503: try again later
)

// Error is a failure that may be shown to the caller. Code is a stable word for
// programs, Detail a sentence that says what to do; neither holds a rejected
// value, another tenant's data, SQL or a path.
type Error struct {
	Kind       Kind
	Code       string
	Detail     string
	Fields     []FieldError   // what is wrong where, for Invalid and Malformed
	Facts      map[string]any // further members of the problem document, e.g. needed and available
	RetryAfter time.Duration  // for TooMany and Unavailable
	cause      error
}

// FieldError points at one member of the request with a JSON pointer (RFC 6901)
// in a fragment, such as "#/amount_minor".
type FieldError struct {
	Pointer string `json:"pointer"`
	Code    string `json:"code"`
	Detail  string `json:"detail"`
}

// E makes an Error.
func E(kind Kind, code, detail string) *Error {
	return &Error{Kind: kind, Code: code, Detail: detail}
}

// InvalidField makes an Invalid error about one member of the body.
func InvalidField(field, code, detail string) *Error {
	return E(Invalid, "validation_failed", "Some of what was sent is not valid; see errors.").
		WithField(field, code, detail)
}

// ErrNotFound is the one answer for what does not exist and for what belongs to
// another tenant, so that the two cannot be told apart.
var ErrNotFound = E(NotFound, "not_found", "There is no such object, or it is not yours.")

// ErrWrongSite refuses a site of the account that the actor is not let reach.
var ErrWrongSite = E(Forbidden, "wrong_site", "You are limited to certain sites of this account, and this is none of them; ask an owner or admin.")

// Error returns the code and the text, and the cause for logs.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Detail
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether target is an Error with the same code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// With returns a copy that carries one more fact.
func (e *Error) With(name string, value any) *Error {
	c := *e
	c.Facts = maps.Clone(e.Facts)
	if c.Facts == nil {
		c.Facts = map[string]any{}
	}
	c.Facts[name] = value
	return &c
}

// WithField returns a copy with one more field error; field is the member's
// name, or a path with slashes.
func (e *Error) WithField(field, code, detail string) *Error {
	c := *e
	c.Fields = append(slices.Clone(e.Fields), FieldError{Pointer: "#/" + field, Code: code, Detail: detail})
	return &c
}

// Because returns a copy with a cause for the log. The cause is never shown.
func (e *Error) Because(err error) *Error {
	c := *e
	c.cause = err
	return &c
}

// Retry returns a copy that says when to try again.
func (e *Error) Retry(after time.Duration) *Error {
	c := *e
	c.RetryAfter = after
	return &c
}

// KindOf returns the kind of err, Internal for foreign errors.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf returns the stable word of err, "internal" for foreign errors.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "internal"
}
