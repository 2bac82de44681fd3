package web

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/blob"
)

var noon = time.Date(2026, 11, 22, 12, 20, 0, 0, time.UTC)

func uploads(t *testing.T, lease Lease) (*Uploads, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "uploads")
	u, err := NewUploads(dir, lease, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	return u, dir
}

// from is a request of an address with a body of a length, -1 for unknown.
func from(ip string, length int64) *http.Request {
	r := httptest.NewRequest("POST", "/", nil)
	r.RemoteAddr, r.ContentLength = ip+":1", length
	return r.WithContext(contextWith(r, newInfo(&Config{Now: time.Now}, r)))
}

func TestBytesInFlightHaveABudget(t *testing.T) {
	u, _ := uploads(t, nil)
	var open []*Spool
	begin := func(ip string, length int64) error {
		s, err := u.Begin(from(ip, length), 41<<20)
		if err == nil {
			open = append(open, s)
		}
		return err
	}
	if err := begin("192.0.2.1", 42<<20); !errors.Is(err, ErrBodyTooLarge) {
		t.Errorf("more than a form may have: %v", err)
	}
	fill := func(ips ...string) {
		for i, ip := range ips {
			if err := begin(ip, []int64{40 << 20, -1}[i%2]); err != nil {
				t.Fatalf("form %d: %v", i, err)
			}
		}
	}
	fill("192.0.2.1", "192.0.2.1", "192.0.2.1")
	half := begin("192.0.2.1", 40<<20)
	fill("192.0.2.2", "192.0.2.2")
	for what, err := range map[string]error{"half of all by one network": half, "all but the reserve": begin("192.0.2.3", 40<<20)} {
		var e *igny8.Error
		if !errors.As(err, &e) || e.Code != "too_many_uploads" || Status(e.Kind) != 503 || e.RetryAfter <= 0 {
			t.Errorf("%s: %v, want 503 too_many_uploads with a time", what, err)
		}
	}
	if err := begin("192.0.2.1", 1<<20); err != nil {
		t.Errorf("a small form finds no room: %v", err)
	}
	for _, s := range open {
		s.Close()
	}
	if u.all != 0 || len(u.networks) != 0 {
		t.Errorf("after all are closed %d bytes are taken, %v", u.all, u.networks)
	}
}

func TestFilesAreOnDiskWhileTheyAreWorkedOn(t *testing.T) {
	u, dir := uploads(t, nil)
	s, err := u.Begin(from("192.0.2.1", 100), 1000)
	if err != nil {
		t.Fatal(err)
	}
	up, ok, err := s.File("receipt.png", strings.NewReader("content"), 7)
	if err != nil || !ok || up.SHA256 != blob.Hash([]byte("content")) || up.Size != 7 || up.Name != "receipt.png" {
		t.Errorf("got %+v, %v, %v", up, ok, err)
	}
	data, err := io.ReadAll(io.NewSectionReader(up.Content, 0, up.Size))
	if err != nil || string(data) != "content" {
		t.Errorf("read %q, %v", data, err)
	}
	if _, ok, err := s.File("x", strings.NewReader("content!"), 7); ok || err != nil {
		t.Errorf("a byte too many: %v, %v", ok, err)
	}
	if _, _, err := s.File("x", io.MultiReader(strings.NewReader("con"), brokenReader{}), 7); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a sender who goes away: %v", err)
	}
	s.Close()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.File("x", strings.NewReader("content"), 7); Status(igny8.KindOf(err)) != 503 {
		t.Errorf("without a disk: %v, want 503", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestSendersAndNetworksHaveAnAllowance(t *testing.T) {
	given := map[string]int64{}
	u, _ := uploads(t, func(_ context.Context, key string, window time.Time, chunk, quota int64) (int64, error) {
		if strings.Contains(key, "secret") || !window.Equal(noon.Truncate(time.Hour)) {
			t.Errorf("counted as %q in the window of %s", key, window)
		}
		if given[key] += chunk; given[key] > quota {
			return 0, nil
		}
		return chunk, nil
	})
	tries := func(ip, sender string, n int) (passed int, last error) {
		for range n {
			if last = u.Allow(from(ip, 1).Context(), sender); last == nil {
				passed++
			}
		}
		return passed, last
	}
	n, err := tries("192.0.2.1", "link secret", 40)
	var e *igny8.Error
	if n != uploadsByLink || !errors.As(err, &e) || Status(e.Kind) != 429 || e.Code != "upload_limit" || e.RetryAfter != 40*time.Minute {
		t.Errorf("one link: %d passed, then %v", n, err)
	}
	all := n
	for _, sender := range []string{"b", "c", "d", "e", "f"} {
		n, _ := tries("192.0.2.1", sender, 30)
		all += n
	}
	if all > uploadsByNetwork || all < uploadsByNetwork-30 {
		t.Errorf("one network: %d passed, want %d at most", all, uploadsByNetwork)
	}
	if n, _ := tries("192.0.2.2", "g", 1); n != 1 {
		t.Error("another network waits as well")
	}
}
