package app

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// resident is how many MiB of memory the process has.
func (p *process) resident() int {
	p.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		p.Fatal(err)
	}
	_, after, _ := strings.Cut(string(data), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		p.Fatal(err)
	}
	return kib >> 10
}

// payPage is the path of the pay page of a new customer.
func (p *process) payPage() string {
	p.Helper()
	u, err := url.Parse(p.signUp(starter).signup.text("invoice/pay_url"))
	if err != nil {
		p.Fatal(err)
	}
	return u.Path
}

// hold sends so many bytes of a form that is announced to be longer, and leaves the
// connection open.
func hold(ctx context.Context, base, path string, n int) (io.Closer, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		return nil, err
	}
	head := "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=xyz\r\nContent-Length: %d\r\n\r\n" +
		"--xyz\r\nContent-Disposition: form-data; name=\"proof\"; filename=\"a.png\"\r\n\r\n"
	if _, err := fmt.Fprintf(c, head, path, n+100); err != nil {
		return c, err
	}
	c.SetWriteDeadline(time.Now().Add(20 * time.Second))
	part := []byte("\r\n--xyz\r\nContent-Disposition: form-data; name=\"proof\"; filename=\"a.png\"\r\n\r\n")
	for sent := 0; sent < n; sent += 1 << 20 {
		if sent%(8<<20) == 7<<20 {
			c.Write(part)
		}
		if _, err := c.Write(bytes.Repeat([]byte{'x'}, 1<<20-len(part))); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Twenty-four strangers at once who send 40 MiB each, and hold the last bytes back,
// take no memory: on no page, and by no pay link.
func TestFloodsOfFilesTakeNoMemory(t *testing.T) {
	if runtime.GOOS != "linux" || testing.Short() {
		t.Skip("reads /proc, and builds the program")
	}
	data := t.TempDir()
	p := installation{data: data}.start(t)
	link := p.payPage()
	idle := p.resident()
	for _, path := range []string{"/login", "/signup", link, link + "x", "/api/v1" + link + "/payments"} {
		var all sync.WaitGroup
		var lock sync.Mutex
		var open []io.Closer
		for range 24 {
			all.Go(func() {
				if c, _ := hold(t.Context(), p.base, path, 40<<20); c != nil { // most are cut off, as they should be
					lock.Lock()
					open = append(open, c)
					lock.Unlock()
				}
			})
		}
		all.Wait()
		if now := p.resident(); now > idle+100 {
			t.Errorf("%s: %d MiB, want at most 100 more than %d", path[:min(len(path), 20)], now, idle)
		}
		for _, c := range open {
			c.Close()
		}
	}
	if left, err := os.ReadDir(data + "/uploads"); err != nil || len(left) > 0 {
		t.Errorf("left on disk: %v, %v", left, err)
	}
}

// payForm is a form of the pay page, which is refused for its reference, with files.
func payForm(files ...[]byte) (body []byte, kind string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	m.WriteField("method", "jazzcash")
	m.WriteField("paid_on", "2026-11-22")
	for _, data := range files {
		f, _ := m.CreateFormFile("proof", "receipt.png")
		f.Write(data)
	}
	m.Close()
	return b.Bytes(), m.FormDataContentType()
}

// fill sends a form and returns the status and how long that took.
func (p *process) fill(ctx context.Context, path string, body []byte, kind string) (int, time.Duration) {
	r, err := http.NewRequestWithContext(ctx, "POST", p.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, 0
	}
	r.Header.Set("Content-Type", kind)
	start := time.Now()
	res, err := p.http.Do(r)
	if err != nil {
		return 0, time.Since(start)
	}
	defer res.Body.Close()
	io.Copy(io.Discard, res.Body)
	return res.StatusCode, time.Since(start)
}

// Three strangers who send pictures that are dear to open do not keep others waiting.
func TestHonestProofsBesideHostilePictures(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program, and takes seconds")
	}
	p := installation{data: t.TempDir()}.start(t)
	var dear, small bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&dear, image.NewNRGBA64(image.Rect(0, 0, 4500, 4500))); err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(&small, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	link := p.payPage()
	body, kind := payForm(small.Bytes())
	honest := func() time.Duration {
		var took []time.Duration
		for range 15 {
			status, d := p.fill(t.Context(), link, body, kind)
			if status != http.StatusUnprocessableEntity {
				t.Fatalf("an honest proof: %d", status)
			}
			took = append(took, d)
		}
		slices.Sort(took)
		return took[len(took)/2]
	}
	honest() // starts the process that inspects
	alone := honest()
	ctx, stop := context.WithCancel(t.Context())
	var strangers sync.WaitGroup
	for range 3 {
		path := p.payPage()
		hostile, kind := payForm(dear.Bytes(), dear.Bytes(), dear.Bytes(), dear.Bytes(), dear.Bytes())
		strangers.Go(func() {
			for ctx.Err() == nil {
				p.fill(ctx, path, hostile, kind)
			}
		})
	}
	time.Sleep(time.Second)
	beside := honest()
	stop()
	strangers.Wait()
	t.Logf("an honest proof takes %s alone, %s beside", alone, beside)
	// What lies below the granularity of a scheduler with fewer cores than work is no delay.
	if beside > 2*alone+100*time.Millisecond {
		t.Errorf("an honest proof takes %s beside hostile pictures, and %s alone", beside, alone)
	}
}
