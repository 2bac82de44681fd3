package web

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/input"
)

// readable is the edge for all text that does not come in a body: a path that no database
// can keep is no path of ours (404), a parameter is refused with its name (422), and
// headers are made valid, since nobody chooses what their browser calls itself.
func readable(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, values := range r.Header {
			for i, v := range values {
				values[i] = input.Header(v, len(v))
			}
		}
		if !input.Keepable(r.URL.Path) {
			infoFrom(r.Context()).path = strings.ToValidUTF8(r.URL.Path, "")
			WriteError(w, r, igny8.ErrNotFound)
			return
		}
		if r.URL.RawQuery != "" {
			if err := CheckValues(r.URL.Query()); err != nil {
				WriteError(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// CheckValues tells which fields of a form or query hold what is no text, in the order of
// their names; nil when all is well. Its errors are those of the API: 422, with pointers.
func CheckValues(values url.Values) error {
	var faults input.Faults
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if !input.Keepable(name) {
			faults.Field("", "invalid_text", "The name of a field is no text: send UTF-8 without the character U+0000.")
			continue
		}
		for _, v := range values[name] {
			if fault, ok := input.Check(name, v); !ok {
				faults.Field(name, fault.Code, fault.Detail)
				break
			}
		}
	}
	return faults.Err()
}
