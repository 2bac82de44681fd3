package api

import (
	"bytes"
	"mime"
	"net/http"
	"strconv"
)

// recorder holds an answer in JSON, or one without a body, back until send. Any
// other media type (files, event streams) passes through as it is written.
type recorder struct {
	http.ResponseWriter
	status int
	body   bytes.Buffer
	passes bool
}

func (w *recorder) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	w.status = status
	switch mediaType(w.Header().Get("Content-Type")) {
	case "", "application/json", "application/problem+json":
	default:
		w.passes = true
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.passes {
		return w.ResponseWriter.Write(b)
	}
	return w.body.Write(b)
}

// Flush sends what was written of an answer that passes through.
func (w *recorder) Flush() {
	if w.passes {
		http.NewResponseController(w.ResponseWriter).Flush()
	}
}

// Unwrap serves http.ResponseController.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// json reports whether an answer in plain JSON is held.
func (w *recorder) json() bool {
	return !w.passes && mediaType(w.Header().Get("Content-Type")) == "application/json"
}

func (w *recorder) send() {
	if w.passes {
		return
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	if w.body.Len() > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(w.body.Len()))
	}
	w.ResponseWriter.WriteHeader(w.status)
	w.ResponseWriter.Write(w.body.Bytes())
}

func mediaType(header string) string {
	t, _, _ := mime.ParseMediaType(header)
	return t
}
