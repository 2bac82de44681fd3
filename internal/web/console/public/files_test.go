package public_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
)

// stored are the files that the server keeps.
func (w *world) stored() []string {
	w.Helper()
	files, err := filepath.Glob(filepath.Join(w.folder, "*", "*"))
	if err != nil {
		w.Fatal(err)
	}
	return files
}

// located is a JPEG that tells where it was taken.
func located(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 16, 16)), nil); err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*GPS 33.6844 N 73.0479 E"
	return append([]byte("\xff\xd8\xff\xe1\x00"+string(rune(len(exif)+2))+exif), b.Bytes()[2:]...)
}

func TestWhatIsNotAProofIsNeverStored(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "PK", "starter").to()
	fields := []string{"method", "raast", "reference", "RA-1", "payer_name", "Ayesha", "amount", "24,742", "paid_on", "1999-01-01"}
	for text, file := range map[string]string{
		"Only JPG, PNG and PDF files":   strings.Repeat("random", 1000),
		"This is a WebP picture":        "RIFF\x24\x00\x00\x00WEBPVP8 ",
		"This is an office document":    "PK\x03\x04\x14\x00\x06\x00[Content_Types].xml",
		"This is a HEIC picture":        "\x00\x00\x00\x24ftypheic\x00\x00\x00\x00mif1",
		"The file is larger than 8 MB.": strings.Repeat("x", 8<<20+1),
	} {
		p := w.upload(link, []byte(file), fields...)
		if (p.status != 415 && p.status != 422) || !strings.Contains(p.text(), text) || !strings.Contains(p.body, `href="#f-proof"`) || p.hidden("proof_kept") != "" {
			t.Errorf("%q: %d, %s", text, p.status, p.text())
		}
	}
	if files := w.stored(); len(files) > 0 {
		t.Errorf("stored: %v", files)
	}
	raw := located(t)
	refused := w.upload(link, raw, fields...)
	if refused.status != 422 || !strings.Contains(refused.body, "receipt.png") {
		t.Fatalf("got %d: %s", refused.status, refused.text())
	}
	fields[len(fields)-1] = "2026-11-22"
	if told := w.upload(link, nil, append(fields, "proof_kept", refused.hidden("proof_kept"))...); told.status != 303 {
		t.Fatalf("got %d: %s", told.status, told.text())
	}
	p := w.invoicePaidBy(link)
	if files := w.stored(); len(files) != 1 || len(p.Proofs) != 1 || filepath.Base(files[0]) != p.Proofs[0].Sha256 || p.Proofs[0].Sha256 == p.Proofs[0].OriginalSha256 {
		t.Errorf("stored: %v, want the clean file of %+v alone", files, p.Proofs)
	}
}

// A ticket that we did not seal for this form names no file.
func TestForgedTicketsNameNothing(t *testing.T) {
	w := newWorld(t)
	first, second := w.signUp("a@example.com", "PK", "starter").to(), ""
	w.fresh()
	second = w.signUp("b@example.com", "PK", "starter").to()
	fields := []string{"method", "raast", "payer_name", "Ayesha", "amount", "24,742", "paid_on", "2026-11-22"}
	sealed := w.upload(first, picture(t), append(fields, "reference", "")...).hidden("proof_kept")
	body, mac, _ := strings.Cut(sealed, ".")
	for name, kept := range map[string]string{"of another link": sealed, "without a seal": body + ".", "with another seal": body + "." + strings.Repeat("A", len(mac)), "nothing": "."} {
		link := second
		if name == "with another seal" {
			link = first
		}
		p := w.upload(link, nil, append(fields, "reference", "", "proof_kept", kept)...)
		if p.status != 422 || p.hidden("proof_kept") != "" || strings.Contains(p.body, "receipt.png") {
			t.Errorf("a ticket %s: %d, %q", name, p.status, p.hidden("proof_kept"))
		}
	}
}

// Most forms may come with files; then their sender waits, and what they sent is not
// read. Nobody else waits.
func TestRefusedFormsFillNoDisk(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "PK", "starter").to()
	w.fresh()
	other := w.signUp("b@example.com", "PK", "starter").to()
	seen := map[int]int{}
	for i := range 300 {
		p := w.upload(link, []byte(fmt.Sprint("random ", i)), "method", "raast", "reference", "RA-1", "amount", "24,742", "paid_on", "1999-01-01")
		seen[p.status]++
		if p.status == http.StatusTooManyRequests {
			wait, err := strconv.Atoi(p.header.Get("Retry-After"))
			if err != nil || wait < 1 || wait > 3600 || !strings.Contains(p.text(), "Try again in 60 minutes") {
				t.Fatalf("Retry-After %q, %s", p.header.Get("Retry-After"), p.text())
			}
		}
	}
	if seen[415] != 30 || seen[429] != 270 {
		t.Errorf("answered %v, want 30 refused and 270 put off", seen)
	}
	if files := w.stored(); len(files) > 0 {
		t.Errorf("stored: %v", files)
	}
	if p := w.upload(other, picture(t), "method", "raast", "reference", "RA-2", "amount", "24,742", "paid_on", "2026-11-22"); p.status != 303 {
		t.Errorf("somebody else: %d %s", p.status, p.text())
	}
}

// unread is a body that tells how much of it was read.
type unread struct {
	left int64
	read atomic.Int64 // the client goes on for a moment after the answer
}

func (u *unread) Read(b []byte) (int, error) {
	if u.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(b)), u.left)
	u.left -= n
	u.read.Add(n)
	return int(n), nil
}

// Only who has a link makes the server read files; every other page takes 64 KiB.
func TestStrangersMakeTheServerReadNothing(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "PK", "starter").to()
	w.fresh()
	const kind = "multipart/form-data; boundary=xyz"
	for _, path := range []string{"/login", "/signup", "/forgot", "/language", link + "A", "/pay/x", "/staff/login", "/verify/x", "/invite/x"} {
		for _, kind := range []string{kind, "application/x-www-form-urlencoded"} {
			body := &unread{left: 40 << 20}
			begun := io.MultiReader(strings.NewReader("--xyz\r\nContent-Disposition: form-data; name=\"proof\"; filename=\"a\"\r\n\r\n"), body)
			r, err := http.NewRequestWithContext(t.Context(), "POST", w.server.URL+path, begun)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", kind)
			res, err := w.client.Do(r)
			if err == nil {
				io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode < 400 || res.StatusCode >= 500 {
					t.Errorf("%s (%s): %d", path, kind, res.StatusCode)
				}
			}
			if body.read.Load() > 8<<20 { // what lies in the sockets between
				t.Errorf("%s (%s): %d bytes were taken", path, kind, body.read.Load())
			}
		}
	}
	var form bytes.Buffer
	m := multipart.NewWriter(&form)
	m.WriteField("email", strings.Repeat("x", 65<<10))
	m.Close()
	if p := w.do("POST", "/login", m.FormDataContentType(), &form); p.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of 65 KiB: %d", p.status)
	}
	if p := w.post("/login", "email", strings.Repeat("x", 65<<10)); p.status != http.StatusRequestEntityTooLarge {
		t.Errorf("a form of 65 KiB, urlencoded: %d", p.status)
	}
}

// What was sent with a payment comes back to the browser that sent it and to members
// of the account, and to nobody else who has the link.
func TestThePayLinkTellsNothingOfWhoPaid(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "IN", "starter").to()
	member := w.client
	w.fresh()
	payer := w.client
	if p := w.upload(link, picture(t), "method", "upi", "reference", "123456789012", "payer_name", "Uncle Omar", "notes", "from my uncle", "paid_on", "2026-11-22"); p.status != 303 {
		t.Fatal(p.status, p.text())
	}
	secrets := []string{"123456789012", "Uncle Omar", "from my uncle", "We see no such money of Omar", "proof_kept"}
	look := func(moment string, want map[string]bool) {
		t.Helper()
		for who, client := range map[string]*http.Client{"payer": payer, "member": member, "stranger": nil} {
			if w.client = client; client == nil {
				w.fresh()
			}
			p := w.get(link)
			live := w.get(link + "?method=upi")
			for secret, told := range want {
				if got := strings.Contains(p.body+live.body, secret); got != (told && who != "stranger") {
					t.Errorf("%s, %s: %q is shown: %v", moment, who, secret, got)
				}
			}
		}
	}
	look("while it waits", map[string]bool{secrets[0]: true, secrets[1]: false, secrets[2]: false})
	staff, err := w.auth.CreateStaff(t.Context(), "staff@example.com", password)
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.billing.Reject(t.Context(), igny8.Actor{User: staff.ID, Role: igny8.RoleDeveloper, Email: staff.Email}, w.invoicePaidBy(link).ID,
		billing.Rejection{Code: "not_received", Reason: secrets[3], Check: func(billing.Payment, []billing.Warning) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	look("after it was refused", map[string]bool{secrets[0]: true, secrets[1]: true, secrets[2]: true, secrets[3]: true, secrets[4]: true})

	w.fresh() // a cookie of another payment, and a forged one
	for _, value := range []string{"", "x.y", strings.Repeat("A", 40) + "." + strings.Repeat("A", 43)} {
		w.header.Set("Cookie", "igny8-sent="+value)
		if p := w.get(link); strings.Contains(p.body, "Uncle Omar") {
			t.Errorf("the cookie %q opens it", value)
		}
	}
}

// Whether a reference was used before is told to members, of their own account.
func TestReferencesAreToldToMembersAlone(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("a@example.com", "PK", "starter").to()
	if p := w.post(link, "method", "raast", "reference", "482913", "amount", "24,742", "paid_on", "2026-11-22"); p.status != 303 {
		t.Fatal(p.status, p.text())
	}
	w.fresh()
	other := w.signUp("b@example.com", "PK", "starter").to()
	w.header.Set("HX-Request", "true")
	for _, as := range []string{"the other account", "a stranger"} {
		if got, none := w.get(other+"/reference?reference=482913"), w.get(other+"/reference?reference=111111"); got.status != 200 || got.body != none.body {
			t.Errorf("%s learns that the reference was used: %d %q", as, got.status, got.body)
		}
		w.fresh()
	}
	if p := w.get(other); strings.Contains(p.body, "hx-get=\""+other+"/reference") {
		t.Error("the page of a stranger asks for references")
	}
}

func TestOneAddressHoldsTwentyStreams(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "PK", "starter").to()
	w.post(link, "method", "raast", "reference", "RA-1", "amount", "24,742", "paid_on", "2026-11-22")
	w.fresh()
	for range 20 {
		if status, messages := w.stream(link+"?live=1", ""); status != 200 {
			t.Fatal(status)
		} else if _, ok := next(t, messages, 5*time.Second); !ok {
			t.Fatal("no message")
		}
	}
	r, err := http.NewRequestWithContext(t.Context(), "GET", w.server.URL+link+"?live=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") == "" {
		t.Errorf("the twenty-first: %d, Retry-After %q", res.StatusCode, res.Header.Get("Retry-After"))
	}
	w.header.Set("HX-Request", "true")
	if p := w.get(link); p.status != 200 {
		t.Errorf("asking without a stream: %d", p.status)
	}
}

func TestSecretAddressesAreNotToBeFound(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "PK", "starter").to()
	for path, hidden := range map[string]bool{link: true, "/pay/x": true, "/verify/x": true, "/reset/x": true, "/invite/x": true, "/email/x": true,
		"/app/caf-karachi": true, "/staff": true, "/app/nothing/there": true, "/": false, "/pricing": false, "/login": false} {
		h := w.get(path).header
		if got := h.Get("X-Robots-Tag") == "noindex, nofollow" && h.Get("Referrer-Policy") == "no-referrer"; got != hidden {
			t.Errorf("%s: X-Robots-Tag %q, Referrer-Policy %q", path, h.Get("X-Robots-Tag"), h.Get("Referrer-Policy"))
		}
	}
	if p := w.get("/robots.txt"); p.status != 200 || !strings.HasPrefix(p.header.Get("Content-Type"), "text/plain") || !strings.Contains(p.body, "Disallow: /app/") {
		t.Errorf("/robots.txt: %d %s", p.status, p.body)
	}
	w.header.Set("User-Agent", "Mozilla/5.0 of 2015") // sends no Sec-Fetch-Site
	if h := w.get(link).header; h.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("an old browser could send no form: Referrer-Policy %q", h.Get("Referrer-Policy"))
	}
}
