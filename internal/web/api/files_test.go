package api_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http/httptest"
	"strings"
	"testing"
)

// Who has no pay link makes the server read no files, and what is no proof is
// refused by its name; who has one is told nothing that search engines may keep.
func TestPayLinkTakesProofs(t *testing.T) {
	onCore(t, func(c *core) {
		u := c.paying("ayesha@example.com")
		path := payPath(u.answer, "invoice/pay_url")
		page := c.v1("GET", path, "", "", 200, "")
		if h := page.Header(); h.Get("X-Robots-Tag") != "noindex, nofollow" || h.Get("Referrer-Policy") != "no-referrer" {
			c.Errorf("headers %v", h)
		}
		form := func(file string) (string, string) {
			var b bytes.Buffer
			m := multipart.NewWriter(&b)
			for _, f := range []string{"method=jazzcash", "reference=TID 6001", "payer_name=Ayesha", "paid_on=2026-11-22"} {
				name, value, _ := strings.Cut(f, "=")
				m.WriteField(name, value)
			}
			f, err := m.CreateFormFile("proof", "receipt")
			if err != nil {
				c.Fatal(err)
			}
			io.WriteString(f, file)
			m.Close()
			return b.String(), "Content-Type: " + m.FormDataContentType()
		}
		for file, code := range map[string]string{"hello": "unsupported_type", "\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1": "file_heic", "RIFF\x24\x00\x00\x00WEBPVP8 ": "file_webp",
			"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml": "file_office", "%PDF-1.7\n%%EOF": "unsupported_type"} {
			body, header := form(file)
			c.v1("POST", path+"/payments", "", body, 415, code, header)
		}
		body, header := form(strings.Repeat("x", 1<<20))
		read := &counting{Reader: strings.NewReader(body)}
		r := httptest.NewRequest("POST", "/api/v1"+path+"x/payments", read)
		name, value, _ := strings.Cut(header, ": ")
		r.Header.Set(name, value)
		r.Header.Set("Idempotency-Key", "stranger")
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, r)
		if w.Code != 404 || read.n > 0 {
			c.Errorf("a stranger: %d, and %d bytes were read", w.Code, read.n)
		}
	})
}

// counting counts what is read.
type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += n
	return n, err
}
