package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"
	"mime"
	"net/http"
	"strings"

	"igny8"
	"igny8/internal/web"
)

// maxJSON is the limit of a body in bytes where the route names none.
const maxJSON = 1 << 20

var (
	errMediaType = igny8.E(igny8.Unsupported, "unsupported_media_type", "Send the body as application/json in UTF-8.")
	errEncoding  = igny8.E(igny8.Unsupported, "unsupported_encoding", "Send the body as it is, without Content-Encoding.")
	errNoBody    = igny8.E(igny8.Malformed, "body_required", "This route needs a body; send a JSON object.")
	errUnread    = igny8.E(igny8.Malformed, "body_unreadable", "The body ended too early; send it again.")
)

// readBody reads the body once, refuses what is no strict JSON or form, makes the
// fingerprint and hands the library a body of JSON.
func (c *call) readBody(r *http.Request) error {
	if r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodDelete && !c.hasBody {
		return nil
	}
	if e := r.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return errEncoding
	}
	h := c.fingerprint(r)
	ct := r.Header.Get("Content-Type")
	var body []byte
	var err error
	if c.route.Files != "" && mediaType(ct) == "multipart/form-data" {
		body, err = c.readForm(r, h)
		ct = "application/json"
	} else {
		if r.ContentLength > c.route.MaxBody {
			return web.ErrBodyTooLarge
		}
		body, err = io.ReadAll(http.MaxBytesReader(nil, r.Body, c.route.MaxBody))
		if c.route.Raw {
			h.Write(body)
		} else {
			h.Write(canonical(body))
		}
	}
	switch {
	case tooLarge(err):
		return web.ErrBodyTooLarge
	case igny8.KindOf(err) != igny8.Internal:
		return err
	case err != nil:
		return errUnread.Because(err)
	}
	h.Sum(c.print[:0])
	c.sent = body
	if !c.route.Raw {
		if err := c.checkBody(r.Context(), body, ct); err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	r.ContentLength = int64(len(body))
	return nil
}

// checkBody refuses another media type, and what is not one strict JSON document.
// A route without a body takes none, or an empty object.
func (c *call) checkBody(ctx context.Context, body []byte, contentType string) error {
	if len(body) == 0 {
		return nil // the library knows whether one is required
	}
	t, params, err := mime.ParseMediaType(contentType)
	if err != nil || t != "application/json" || params["charset"] != "" && !strings.EqualFold(params["charset"], "utf-8") {
		return errMediaType
	}
	if err := checkJSON(body); err != nil {
		return err
	}
	if c.hasBody {
		return c.checkMembers(ctx, body)
	}
	names, ok := members(body)
	if !ok {
		return errMalformed
	}
	var fields []igny8.FieldError
	for _, name := range names {
		fields = append(fields, unknownField(name))
	}
	if len(fields) > 0 {
		return validation(fields)
	}
	return nil
}

func unknownField(name string) igny8.FieldError {
	return igny8.FieldError{Pointer: "#/" + escape(name), Code: "unknown_field", Detail: texts[0].detail}
}

// fingerprint begins the hash that tells two requests apart: method, concrete
// path, query; the body follows.
func (c *call) fingerprint(r *http.Request) hash.Hash {
	h := sha256.New()
	hashText(h, r.Method)
	hashText(h, r.URL.EscapedPath())
	hashText(h, r.URL.RawQuery)
	return h
}

// hashText adds a text with its length, so that no two sequences of texts are the
// same bytes.
func hashText(h hash.Hash, s string) {
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(s)))
	h.Write(n[:])
	io.WriteString(h, s)
}
