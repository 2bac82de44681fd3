package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/job"
	"igny8/internal/mail"
)

func TestMailbox(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		if err := job.Migrate(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		err := d.System(t.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			return mail.Enqueue(ctx, tx, mail.Letter{To: `"<script>"@example.com`, Template: "verify", Key: "k",
				Data: map[string]any{"Name": "<script>alert(1)</script>\n\nhttps://evil.example/\"onclick=x", "Link": "https://igny8.example/verify/abc"}})
		})
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		RegisterMailbox(mux, d)
		h := Wrap(Config{Now: time.Now, Log: slog.New(slog.DiscardHandler)}, mux)
		ask := func(path, from, host, forwarded string) *httptest.ResponseRecorder {
			r := httptest.NewRequest("GET", path, nil)
			r.RemoteAddr, r.Host = from, host
			if forwarded != "" {
				r.Header.Set("X-Forwarded-For", forwarded)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			return w
		}
		list := ask("/dev/mail", "127.0.0.1:5", "localhost:8080", "")
		_, rest, _ := strings.Cut(list.Body.String(), `href="/dev/mail/`)
		id, _, _ := strings.Cut(rest, `"`)
		one := ask("/dev/mail/"+id, "[::1]:5", "[::1]:8080", "")
		for _, w := range []*httptest.ResponseRecorder{list, one} {
			if w.Code != 200 || strings.Contains(w.Body.String(), "<script>") || !strings.Contains(w.Body.String(), "&lt;script&gt;") ||
				strings.Contains(w.Body.String(), `"onclick`) || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		if !strings.Contains(one.Body.String(), `<a href="https://igny8.example/verify/abc">`) {
			t.Errorf("no link: %s", one.Body)
		}
		for _, tt := range []struct{ path, from, host, forwarded string }{
			{"/dev/mail", "192.0.2.1:5", "localhost", ""},
			{"/dev/mail", "127.0.0.1:5", "evil.example", ""}, // DNS that points at this machine
			{"/dev/mail", "127.0.0.1:5", "localhost", "192.0.2.1"},
			{"/dev/mail/" + id, "192.0.2.1:5", "localhost", ""},
			{"/dev/mail/mail_nothing", "127.0.0.1:5", "localhost", ""},
		} {
			if w := ask(tt.path, tt.from, tt.host, tt.forwarded); w.Code != 404 {
				t.Errorf("%v: %d", tt, w.Code)
			}
		}
	})
}
