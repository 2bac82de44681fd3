package web

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"igny8"
)

// statuses is the one table from a kind of failure to its HTTP status (RFC 9110,
// and RFC 6585 for 428 and 429).
var statuses = map[igny8.Kind]int{
	igny8.Internal:         http.StatusInternalServerError,
	igny8.Malformed:        http.StatusBadRequest,
	igny8.Unauthenticated:  http.StatusUnauthorized,
	igny8.PaymentRequired:  http.StatusPaymentRequired,
	igny8.Forbidden:        http.StatusForbidden,
	igny8.NotFound:         http.StatusNotFound,
	igny8.MethodNotAllowed: http.StatusMethodNotAllowed,
	igny8.Conflict:         http.StatusConflict,
	igny8.Stale:            http.StatusPreconditionFailed,
	igny8.TooLarge:         http.StatusRequestEntityTooLarge,
	igny8.Unsupported:      http.StatusUnsupportedMediaType,
	igny8.Misdirected:      http.StatusMisdirectedRequest,
	igny8.Invalid:          http.StatusUnprocessableEntity,
	igny8.TooMany:          http.StatusTooManyRequests,
	igny8.Unavailable:      http.StatusServiceUnavailable,
}

// Status is the HTTP status of a kind, 500 for unknown ones.
func Status(k igny8.Kind) int {
	if s, ok := statuses[k]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// ContentTypeProblem is the media type of every error answer (RFC 9457).
const ContentTypeProblem = "application/problem+json"

// Problem is the body of every error answer (RFC 9457).
type Problem struct {
	Type      string             `json:"type" doc:"Address of a page about this code." example:"/docs/errors/not_found"`
	Title     string             `json:"title" doc:"The status in words."`
	Status    int                `json:"status" doc:"The HTTP status."`
	Detail    string             `json:"detail" doc:"What to do about it, for people."`
	Instance  string             `json:"instance,omitempty" doc:"The path that was asked for."`
	Code      string             `json:"code" doc:"A stable word for programs." example:"not_found"`
	RequestID string             `json:"request_id,omitempty" doc:"The X-Request-Id of this answer; give it to support."`
	Errors    []igny8.FieldError `json:"errors,omitempty" doc:"What is wrong where."`
	Facts     map[string]any     `json:"-"` // further members, beside the above

	header http.Header
}

// MarshalJSON writes the members, with Facts beside them. A fact never hides a
// member of the standard.
func (p Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	body, err := json.Marshal(plain(p))
	if err != nil || len(p.Facts) == 0 {
		return body, err
	}
	facts := make(map[string]any, len(p.Facts))
	for name, value := range p.Facts {
		switch name {
		case "type", "title", "status", "detail", "instance", "code", "request_id", "errors":
		default:
			facts[name] = value
		}
	}
	more, err := json.Marshal(facts)
	if err != nil || len(facts) == 0 {
		return body, err
	}
	return append(append(body[:len(body)-1], ','), more[1:]...), nil
}

// Error returns the code and the detail.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus returns the HTTP status, as the API library asks for it.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders returns the headers that belong to the answer.
func (p *Problem) GetHeaders() http.Header { return p.header }

// ContentType returns the media type of a problem, whatever was negotiated.
func (p *Problem) ContentType(string) string { return ContentTypeProblem }

// errHungUp is for the log: the caller went away before the answer was ready.
var errHungUp = igny8.E(igny8.Unavailable, "cancelled", "The request was given up.").Retry(2 * time.Second)

// ProblemFor turns an error into the document that may be shown. What is no
// igny8.Error is logged with its cause and shown as code "internal".
func ProblemFor(ctx context.Context, err error) *Problem {
	in := infoFrom(ctx)
	var e *igny8.Error
	if !errors.As(err, &e) && errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = errHungUp.Because(err) // nobody reads the answer, and nothing of ours failed
	}
	if !errors.As(err, &e) || e.Kind == igny8.Internal {
		in.log.LogAttrs(ctx, slog.LevelError, "internal error", append(in.attrs(), slog.Any("error", err))...)
		e = igny8.E(igny8.Internal, "internal",
			"Something went wrong on our side; try again, and give support the request id if it stays.")
	} else if e.Kind == igny8.Unavailable {
		in.log.LogAttrs(ctx, slog.LevelWarn, "unavailable", append(in.attrs(), slog.Any("error", err))...)
	}
	status := Status(e.Kind)
	p := &Problem{
		Type: in.publicURL + "/docs/errors/" + e.Code, Title: http.StatusText(status), Status: status,
		Detail: e.Detail, Instance: in.path, Code: e.Code, RequestID: in.id, Errors: e.Fields, Facts: e.Facts,
		header: http.Header{},
	}
	if e.RetryAfter > 0 {
		p.header.Set("Retry-After", seconds(e.RetryAfter))
	}
	return p
}

// seconds rounds up, so that who waits as told is not too early.
func seconds(d time.Duration) string {
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

// WriteError answers with the problem document of err, or with a page where
// Config.ErrorPage makes one. A 401 always carries
// WWW-Authenticate (RFC 9110, 11.6.1); a more precise one that is already set
// stays.
func WriteError(w http.ResponseWriter, r *http.Request, err error) {
	p := ProblemFor(r.Context(), err)
	h := w.Header()
	for name, values := range p.header {
		h[name] = values
	}
	if p.Status == http.StatusUnauthorized && h.Get("WWW-Authenticate") == "" {
		h.Set("WWW-Authenticate", `Bearer realm="igny8"`)
	}
	h.Del("Content-Length")
	h.Del("Content-Encoding")
	h.Del("ETag")
	h.Set("Cache-Control", "no-store")
	if page := infoFrom(r.Context()).errorPage; page != nil && page(w, r, p) {
		return
	}
	h.Set("Content-Type", ContentTypeProblem)
	body, merr := json.Marshal(p)
	if merr != nil { // a fact that has no JSON: the rest is still worth sending
		p.Facts = nil
		body, _ = json.Marshal(p)
	}
	w.WriteHeader(p.Status)
	w.Write(append(body, '\n'))
}
