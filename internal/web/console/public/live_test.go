package public_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
)

// stream opens a live page's stream and returns its messages, id first. The
// channel is closed when the server ends the stream.
func (w *world) stream(path, has string) (status int, messages <-chan [2]string) {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, w.server.URL+path, nil)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Last-Event-ID", has)
	res, err := w.client.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	out := make(chan [2]string, 8)
	go func() {
		defer close(out)
		defer res.Body.Close()
		lines, m := bufio.NewScanner(res.Body), [2]string{}
		for lines.Scan() {
			switch line := lines.Text(); {
			case strings.HasPrefix(line, "id: "):
				m[0] = line[4:]
			case strings.HasPrefix(line, "data: "):
				m[1] += line[6:] + "\n"
			case line == "" && m[1] != "":
				out <- m
				m = [2]string{}
			}
		}
	}()
	return res.StatusCode, out
}

func next(t *testing.T, messages <-chan [2]string, patience time.Duration) (m [2]string, ok bool) {
	t.Helper()
	select {
	case m, ok = <-messages:
		return m, ok
	case <-time.After(patience):
		return m, false
	}
}

func TestTheOpenPayPageTurnsIntoTheReceiptByItsStream(t *testing.T) {
	w := newWorld(t)
	link := w.signUp("ayesha@example.com", "PK", "starter").to()
	if told := w.upload(link, picture(t), "method", "raast", "reference", "RA-1", "payer_name", "Ayesha", "paid_on", "2026-11-22", "amount", "24,742"); told.status != 303 {
		t.Fatalf("got %d: %s", told.status, told.text())
	}
	payment := w.invoicePaidBy(link)
	status, messages := w.stream(link+"?live=1", "")
	first, ok := next(t, messages, 5*time.Second)
	if status != 200 || !ok || !strings.Contains(first[1], "We are checking your payment") || strings.Contains(first[1], "<html") {
		t.Fatalf("the stream begins with %d %v %q", status, ok, first)
	}
	_, again := w.stream(link+"?live=1", first[0])
	if m, ok := next(t, again, 700*time.Millisecond); ok {
		t.Errorf("who has it already gets it again: %q", m)
	}
	staff, err := w.auth.CreateStaff(t.Context(), "staff@example.com", password)
	if err != nil {
		t.Fatal(err)
	}
	actor := igny8.Actor{User: staff.ID, Email: staff.Email, Role: igny8.RoleDeveloper}
	if _, err := w.billing.Approve(t.Context(), actor, payment.ID, billing.Approval{}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []<-chan [2]string{messages, again} {
		if m, ok := next(t, c, 2*time.Second); !ok || !strings.Contains(m[1], "Paid. Thank you.") {
			t.Errorf("two seconds after approval the open page has %v %q", ok, m)
		}
	}
	w.console.Close()
	if _, ok := <-messages; ok {
		t.Error("the stream goes on when the server stops")
	}
}

func TestAStreamIsRefusedAsItsPageIs(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]int{"/pay/nothing?live=1": 404, "/app/nobody?live=1": 401, "/pricing?live=1": 404} {
		if status, _ := w.stream(path, ""); status != want {
			t.Errorf("%s: got %d, want %d", path, status, want)
		}
	}
}
