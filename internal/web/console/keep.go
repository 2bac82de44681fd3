package console

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"igny8"
	"igny8/internal/blob"
	"igny8/internal/web"
	"igny8/internal/web/console/view"
)

// The limits of a form.
const (
	maxFields  = 200      // parts
	maxText    = 64 << 10 // bytes of all fields together
	maxUploads = 5        // files
	maxForm    = maxUploads*(blob.MaxUpload+4096) + maxText
	keptFor    = 2 * time.Hour
)

var errForm = igny8.E(igny8.Malformed, "malformed_form", "The form could not be read; go back and send it again.")

// readForm reads what a POST brings: 64 KiB, and files on pages that take them, after
// those have said that they want this one. A file that is too large is left out and
// noted, so that the form can be shown again with everything else in it.
func (r *Request) readForm(ctx context.Context) error {
	if r.HTTP.Method != http.MethodPost {
		return nil
	}
	kind, params, err := mime.ParseMediaType(r.HTTP.Header.Get("Content-Type"))
	if r.before != nil {
		if err := r.before(ctx, r); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return errForm
	case kind == "multipart/form-data" && params["boundary"] != "":
		return r.readMultipart(params["boundary"])
	case kind != "application/x-www-form-urlencoded":
		return errForm
	}
	if r.HTTP.ContentLength > maxText {
		return web.ErrBodyTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.HTTP.Body, maxText))
	if err != nil {
		return formError(err)
	}
	if r.values, err = url.ParseQuery(string(body)); err != nil {
		return errForm
	}
	return r.checkText()
}

// checkText refuses text that cannot be kept, naming the field.
func (r *Request) checkText() error { return web.CheckValues(r.values) }

func (r *Request) readMultipart(boundary string) error {
	most := int64(maxText)
	if r.before != nil {
		most = maxForm
	}
	var err error
	if r.spool, err = r.c.cfg.Uploads.Begin(r.HTTP, most); err != nil {
		return err
	}
	r.values, r.uploads, r.tooBig = url.Values{}, map[string][]blob.Upload{}, map[string]bool{}
	mr := multipart.NewReader(r.spool, boundary)
	room := maxText
	for n := 0; ; n++ {
		part, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			return r.checkText()
		}
		if err != nil || n == maxFields {
			return formError(err)
		}
		if err := r.readPart(part, &room); err != nil {
			return err
		}
	}
}

func formError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return web.ErrBodyTooLarge
	}
	return errForm
}

func (r *Request) readPart(part *multipart.Part, room *int) error {
	name := part.FormName()
	if part.FileName() == "" {
		data, err := io.ReadAll(io.LimitReader(part, int64(*room)+1))
		switch {
		case err != nil:
			return formError(err)
		case len(data) > *room:
			return web.ErrBodyTooLarge
		}
		*room -= len(data)
		if part.Header.Get("Content-Type") == "" || len(data) > 0 { // an empty file field has a type and no bytes
			r.values.Add(name, string(data))
		}
		return nil
	}
	if r.before == nil || len(r.uploads[name]) == maxUploads {
		if _, err := io.Copy(io.Discard, part); err != nil {
			return formError(err)
		}
		return nil
	}
	file, ok, err := r.spool.File(part.FileName(), part, blob.MaxUpload)
	switch {
	case igny8.KindOf(err) == igny8.Unavailable:
		return err
	case err != nil:
		return formError(err)
	case ok:
		r.uploads[name] = append(r.uploads[name], file)
		return nil
	}
	r.tooBig[name] = true
	if _, err := io.Copy(io.Discard, part); err != nil {
		return formError(err)
	}
	return nil
}

// forget lets go of the files that were sent.
func (r *Request) forget() {
	if r.spool != nil {
		r.spool.Close()
	}
	r.spool, r.uploads = nil, nil
}

// ticket names files that the server keeps while a form is being mended.
type ticket struct {
	Path  string // of the form they came with
	Until int64  // Unix seconds
	Files []blob.Kept
}

// Files returns the files of a field: those that were sent now, and those that
// came with an earlier try and were kept. What was sent is inspected first, and only
// what is let in is kept: for two hours, so that a refused form shows it (Form.Kept)
// and nobody sends a file twice. One that is refused is the error; the others are
// kept all the same. sender is who waits for their turn.
func (r *Request) Files(ctx context.Context, sender, field string) ([]blob.Kept, error) {
	var files []blob.Kept
	add := func(f blob.Kept) {
		same := func(have blob.Kept) bool { return have.SHA256 == f.SHA256 || have.OriginalSHA256 == f.OriginalSHA256 }
		if len(files) < maxUploads && !slices.ContainsFunc(files, same) {
			files = append(files, f)
		}
	}
	for _, f := range r.openTicket(field).Files {
		switch err := r.c.cfg.Intake.Again(ctx, f); {
		case err == nil:
			add(f)
		case igny8.KindOf(err) != igny8.Invalid: // swept meanwhile: it is asked for again
			return nil, err
		}
	}
	var refused error
	for _, u := range r.uploads[field] {
		f, err := r.c.cfg.Intake.Keep(ctx, sender, u)
		if err != nil {
			refused = cmp.Or(refused, err)
			continue
		}
		add(f)
	}
	r.forget()
	if len(files) > 0 {
		if r.kept == nil {
			r.kept = map[string]view.Kept{}
		}
		r.kept[field] = r.keep(files)
	}
	if r.tooBig[field] {
		return nil, igny8.InvalidField(field, "file_too_large", "The file is larger than 8 MB; send a smaller scan or picture.")
	}
	return files, refused
}

// Offer makes a form begin with files that came before, so that they need not be
// sent again.
func (r *Request) Offer(f *view.Form, field string, files []blob.Kept) {
	if len(files) > 0 {
		f.Kept = map[string]view.Kept{field: r.keep(files)}
	}
}

func (r *Request) keep(files []blob.Kept) view.Kept {
	var k view.Kept
	for _, f := range files {
		k.Files = append(k.Files, view.KeptFile{Name: f.Name, Size: f.Size})
	}
	body, _ := json.Marshal(ticket{Path: r.HTTP.URL.Path, Until: r.c.cfg.Now().Add(keptFor).Unix(), Files: files}) // strings and numbers
	k.Token = r.Seal("kept files", body)
	return k
}

// openTicket reads what the form says was kept; nothing when it was not us who
// said so, for another form, or too long ago.
func (r *Request) openTicket(field string) (t ticket) {
	body, ok := r.Unseal("kept files", r.Value(field+"_kept"))
	if !ok || json.Unmarshal(body, &t) != nil || t.Path != r.HTTP.URL.Path || r.c.cfg.Now().Unix() > t.Until {
		return ticket{}
	}
	return t
}

// Seal signs data that goes through the browser, for a purpose.
func (r *Request) Seal(purpose string, data []byte) string {
	return base64.RawURLEncoding.EncodeToString(data) + "." + base64.RawURLEncoding.EncodeToString(r.c.mac(purpose, data))
}

// Unseal returns what Seal signed for the purpose; false for anything else.
func (r *Request) Unseal(purpose, text string) ([]byte, bool) {
	body, sum, _ := strings.Cut(text, ".")
	data, err1 := base64.RawURLEncoding.DecodeString(body)
	mac, err2 := base64.RawURLEncoding.DecodeString(sum)
	return data, err1 == nil && err2 == nil && hmac.Equal(mac, r.c.mac(purpose, data))
}

func (c *Console) mac(purpose string, body []byte) []byte {
	h := hmac.New(sha256.New, c.cfg.Key)
	h.Write([]byte(purpose + "\x00"))
	h.Write(body)
	return h.Sum(nil)
}
