package smtp_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	server "github.com/emersion/go-smtp"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/gateway/smtp"
	"igny8/internal/job"
	letters "igny8/internal/mail"
)

// inbox is a mail server on loopback that keeps what it gets and can refuse at
// first.
type inbox struct {
	mu      sync.Mutex
	got     []string
	refuse  int // so many deliveries are refused for now
	arrived chan struct{}
}

func (b *inbox) NewSession(*server.Conn) (server.Session, error) { return b, nil }
func (b *inbox) Mail(string, *server.MailOptions) error          { return nil }
func (b *inbox) Rcpt(string, *server.RcptOptions) error          { return nil }
func (b *inbox) Reset()                                          {}
func (b *inbox) Logout() error                                   { return nil }
func (b *inbox) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.refuse > 0 {
		b.refuse--
		return &server.SMTPError{Code: 451, Message: "try later"}
	}
	b.got = append(b.got, string(data))
	b.arrived <- struct{}{}
	return nil
}

func newInbox(t *testing.T) (*inbox, string) {
	t.Helper()
	b := &inbox{arrived: make(chan struct{}, 10)}
	s := server.NewServer(b)
	s.Domain = "localhost"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return b, "smtp://" + l.Addr().String() + "?from=billing@example.com"
}

func TestALetterOfACommitArrivesOnceAndOfARollbackNever(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		if err := job.Migrate(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		box, address := newInbox(t)
		box.refuse = 1 // a server that is busy is asked again
		sender, err := smtp.New(address)
		if err != nil {
			t.Fatal(err)
		}
		write := func(to, key string, after error) error {
			return d.System(t.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
				return errors.Join(letters.Enqueue(ctx, tx, letters.Letter{To: to, Template: "verify", Key: key,
					Data: map[string]any{"Name": "Zoë\r\nBcc: x@example.com", "Link": "https://example.com/verify/1"}}), after)
			})
		}
		if err := write("never@example.com", "k0", errors.New("rolled back")); err == nil {
			t.Fatal("the transaction should have failed")
		}
		for range 2 { // the same key twice: one letter
			if err := write("zoe@example.com", "k1", nil); err != nil {
				t.Fatal(err)
			}
		}
		w := job.NewWorkers()
		letters.Register(w, d, sender)
		runner, err := job.NewRunner(d, w, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		if err := runner.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer runner.Stop(context.Background(), time.Second)
		select {
		case <-box.arrived:
		case <-time.After(time.Minute):
			t.Fatal("no letter arrived")
		}
		box.mu.Lock()
		defer box.mu.Unlock()
		m, err := mail.ReadMessage(strings.NewReader(box.got[0]))
		if err != nil {
			t.Fatal(err)
		}
		if m.Header.Get("To") != "<zoe@example.com>" || m.Header.Get("Subject") != "Confirm your e-mail address" || m.Header.Get("Bcc") != "" {
			t.Errorf("headers %v", m.Header)
		}
		if id := m.Header.Get("Message-ID"); m.Header.Get("Auto-Submitted") != "auto-generated" || !strings.HasSuffix(id, "@example.com>") {
			t.Errorf("a letter that a machine wrote says so, and is of the sender's domain: %v", m.Header)
		}
		if !strings.HasPrefix(m.Header.Get("Content-Type"), "multipart/alternative") || !strings.Contains(box.got[0], "text/html") {
			t.Errorf("text and HTML beside each other: %v", m.Header)
		}
		if len(box.got) != 1 {
			t.Errorf("%d letters, want 1", len(box.got))
		}
	})
}

func TestAddressesThatCannotBeUsedAreRefused(t *testing.T) {
	for _, address := range []string{"smtp://localhost:25", "://", "smtp://localhost:25?from=nobody"} {
		if _, err := smtp.New(address); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}
