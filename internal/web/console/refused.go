package console

import (
	"context"
	"errors"
	"strings"

	"igny8"
	"igny8/internal/web"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// RefusedAnyway is Refused for errors of every kind, for pages where even "wrong
// password" is an answer within the form.
func (r *Request) RefusedAnyway(ctx context.Context, err error) view.Form {
	f := r.Form()
	f.Status = web.Status(igny8.KindOf(err))
	var e *igny8.Error
	if !errors.As(err, &e) {
		return f
	}
	t := text.From(ctx)
	for _, one := range e.Fields {
		f.Errors = append(f.Errors, view.FieldError{Field: fieldName(one.Pointer), Text: t.Error(one.Code, one.Detail)})
	}
	if len(e.Fields) == 0 {
		f.Detail = t.Error(e.Code, e.Detail)
	}
	if e.RetryAfter > 0 {
		f.Detail += " " + again(t, int64(e.RetryAfter.Seconds()+0.999))
	}
	return f
}

// again says when to try again, in so many seconds or in minutes.
func again(t text.Texts, seconds int64) string {
	if seconds > 120 {
		return t.N("error.retry_minutes", (seconds+59)/60)
	}
	return t.N("error.retry", seconds)
}

// fieldName is the form's name of a member: the last part of its pointer.
func fieldName(pointer string) string {
	name := strings.TrimPrefix(pointer, "#/")
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	return name
}
