package console

import (
	"bytes"
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
	"time"

	"igny8"
	"igny8/internal/blob"
	"igny8/internal/web"
	"igny8/internal/web/console/view"
)

// The limits of a form.
const (
	maxFields  = 200     // parts
	maxText    = 1 << 20 // bytes of all fields together
	maxUploads = 5       // files
	maxForm    = maxUploads*(blob.MaxUpload+4096) + maxText
	keptFor    = 2 * time.Hour
)

// upload is a file as it came: nobody has looked into it yet.
type upload struct {
	name string
	data []byte
}

var errForm = igny8.E(igny8.Malformed, "malformed_form", "The form could not be read; go back and send it again.")

// readForm reads what a POST brings. A file that is too large is left out and
// noted, so that the form can be shown again with everything else in it.
func (r *Request) readForm() error {
	if r.HTTP.Method != http.MethodPost {
		return nil
	}
	kind, params, err := mime.ParseMediaType(r.HTTP.Header.Get("Content-Type"))
	switch {
	case err != nil:
		return errForm
	case kind == "application/x-www-form-urlencoded":
		body, err := io.ReadAll(io.LimitReader(r.HTTP.Body, maxText+1))
		if err != nil || len(body) > maxText {
			return web.ErrBodyTooLarge
		}
		if r.values, err = url.ParseQuery(string(body)); err != nil {
			return errForm
		}
		return r.checkText()
	case kind != "multipart/form-data" || params["boundary"] == "":
		return errForm
	}
	return r.readMultipart(params["boundary"])
}

// checkText refuses text that cannot be kept, naming the field.
func (r *Request) checkText() error { return web.CheckValues(r.values) }

func (r *Request) readMultipart(boundary string) error {
	r.values, r.uploads, r.tooBig = url.Values{}, map[string][]upload{}, map[string]bool{}
	mr := multipart.NewReader(http.MaxBytesReader(nil, r.HTTP.Body, maxForm), boundary)
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
		if err != nil || len(data) > *room {
			return formError(err)
		}
		*room -= len(data)
		if part.Header.Get("Content-Type") == "" || len(data) > 0 { // an empty file field has a type and no bytes
			r.values.Add(name, string(data))
		}
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(part, blob.MaxUpload+1))
	if err != nil {
		return formError(err)
	}
	if len(data) > blob.MaxUpload {
		r.tooBig[name] = true
		_, err := io.Copy(io.Discard, part)
		if err != nil {
			return formError(err)
		}
		return nil
	}
	if len(r.uploads[name]) < maxUploads {
		r.uploads[name] = append(r.uploads[name], upload{part.FileName(), data})
	}
	return nil
}

// forget lets go of the files' memory.
func (r *Request) forget() { r.uploads = nil }

// ticket names files that the server keeps while a form is being mended.
type ticket struct {
	Path  string // of the form they came with
	Until int64  // Unix seconds
	Files []StoredFile
}

// StoredFile is a file that the server has, under the name it is shown by.
type StoredFile struct {
	SHA256, Name string
	Size         int64 // bytes
}

// Files returns the files of a field: those that were sent now, and those that
// came with an earlier try and were kept. They are kept again, for two hours, so
// that a refused form shows them (Form.Kept) and nobody sends a file twice.
func (r *Request) Files(ctx context.Context, field string) ([][]byte, error) {
	t, out := r.openTicket(field), [][]byte{}
	var files []StoredFile
	add := func(f StoredFile, data []byte) {
		for _, have := range files {
			if have.SHA256 == f.SHA256 {
				return
			}
		}
		if len(files) < maxUploads {
			files, out = append(files, f), append(out, data)
		}
	}
	for _, f := range t.Files {
		data, err := r.c.cfg.Files.Get(ctx, f.SHA256)
		if err != nil {
			continue // swept meanwhile: it is asked for again
		}
		add(f, data)
	}
	for _, u := range r.uploads[field] {
		ref, err := r.c.cfg.Files.Put(ctx, u.data)
		if err != nil {
			return nil, err
		}
		add(StoredFile{ref.SHA256, u.name, ref.Size}, u.data)
	}
	if len(files) > 0 {
		if r.kept == nil {
			r.kept = map[string]view.Kept{}
		}
		r.kept[field] = r.keep(files)
	}
	if r.tooBig[field] {
		return nil, igny8.InvalidField(field, "file_too_large", "The file is larger than 8 MB; send a smaller scan or picture.")
	}
	return out, nil
}

// Offer makes a form begin with files that came before, so that they need not be
// sent again.
func (r *Request) Offer(f *view.Form, field string, files []StoredFile) {
	if len(files) > 0 {
		f.Kept = map[string]view.Kept{field: r.keep(files)}
	}
}

func (r *Request) keep(files []StoredFile) view.Kept {
	var k view.Kept
	for _, f := range files {
		k.Files = append(k.Files, view.KeptFile{Name: f.Name, Size: f.Size})
	}
	body, _ := json.Marshal(ticket{Path: r.HTTP.URL.Path, Until: r.c.cfg.Now().Add(keptFor).Unix(), Files: files}) // strings and numbers
	k.Token = base64.RawURLEncoding.EncodeToString(body) + "." + base64.RawURLEncoding.EncodeToString(r.c.mac(body))
	return k
}

// openTicket reads what the form says was kept; nothing when it was not us who
// said so, for another form, or too long ago.
func (r *Request) openTicket(field string) (t ticket) {
	text, sum, _ := bytes.Cut([]byte(r.Value(field+"_kept")), []byte("."))
	body, err1 := base64.RawURLEncoding.DecodeString(string(text))
	mac, err2 := base64.RawURLEncoding.DecodeString(string(sum))
	if err1 != nil || err2 != nil || !hmac.Equal(mac, r.c.mac(body)) || json.Unmarshal(body, &t) != nil {
		return ticket{}
	}
	if t.Path != r.HTTP.URL.Path || r.c.cfg.Now().Unix() > t.Until {
		return ticket{}
	}
	return t
}

func (c *Console) mac(body []byte) []byte {
	h := hmac.New(sha256.New, c.cfg.Key)
	h.Write([]byte("kept files\x00"))
	h.Write(body)
	return h.Sum(nil)
}
