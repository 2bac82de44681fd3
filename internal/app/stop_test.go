package app

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A client that sends one byte a second and a live page would each hold a server up
// for as long as they like.
func TestSIGTERMEndsAllInTime(t *testing.T) {
	installations(t, func(t *testing.T, i installation) {
		p := i.start(t)
		u := p.signUp(starter)
		trickle(t, p.base)
		live, err := http.Get(p.base + payPath(u.signup.text("invoice/pay_url")) + "?live=1")
		if err != nil {
			t.Fatal(err)
		}
		defer live.Body.Close()
		if kind := live.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/event-stream") {
			t.Fatalf("no live page: %d %s", live.StatusCode, kind)
		}
		bufio.NewReader(live.Body).ReadByte()

		begin := time.Now()
		p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.exited:
		case <-time.After(30 * time.Second):
			t.Fatal("it goes on")
		}
		took, code := time.Since(begin), p.cmd.ProcessState.ExitCode()
		t.Logf("ended with %d after %v", code, took.Round(time.Millisecond))
		if took > 10*time.Second || code != 0 {
			t.Errorf("ended with %d after %v, want 0 within 10 s", code, took)
		}
		healthy(t, i.open(t))
	})
}

// payPath is an address without scheme and host.
func payPath(address string) string {
	_, rest, _ := strings.Cut(address, "://")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + path
}

// trickle begins a request whose body comes a byte a second until the test ends.
func trickle(t *testing.T, base string) {
	t.Helper()
	host := strings.TrimPrefix(base, "http://")
	c, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	fmt.Fprintf(c, "POST /api/v1/auth/login HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{", host)
	go func() {
		for range 60 {
			if _, err := c.Write([]byte(" ")); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}()
	time.Sleep(200 * time.Millisecond) // until it is read
}
