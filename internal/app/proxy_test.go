package app

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// proxied is what docs/operate.md shows for one proxy, and how a test runs it.
type proxied struct {
	program string   // looked for on PATH and in /usr/sbin
	block   string   // language of the block in the page
	config  string   // around the block: %[1]s folder, %[2]d port, %[3]s the block
	args    []string // %s is the file
}

var proxies = []proxied{
	{"nginx", "nginx", `daemon off; master_process off; pid %[1]s/pid; error_log stderr; events {}
http {
  access_log off;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/f; uwsgi_temp_path %[1]s/u; scgi_temp_path %[1]s/s;
  server {
    listen 127.0.0.1:%[2]d;
%[3]s
  }
}`, []string{"-c", "%s"}},
	{"caddy", "caddy", "{\n\tadmin off\n\tauto_https off\n}\n:%[2]d {\n\tbind 127.0.0.1\n%[3]s\n}\n",
		[]string{"run", "--adapter", "caddyfile", "--config", "%s"}},
}

// behind starts the proxy as the page of the operator shows it, in front of upstream, and
// returns its address.
func (p proxied) behind(t *testing.T, upstream string) string {
	t.Helper()
	name, err := exec.LookPath(p.program)
	if err != nil {
		if name, err = exec.LookPath("/usr/sbin/" + p.program); err != nil {
			t.Fatalf("%s is not installed: run `make test`, or go test -short", p.program)
		}
	}
	page, err := os.ReadFile("../../docs/operate.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```"+p.block+"\n")
	block, _, ok := strings.Cut(rest, "```")
	if !ok || !strings.Contains(block, "127.0.0.1:8080") {
		t.Fatalf("docs/operate.md has no block for %s", p.program)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	dir := t.TempDir()
	file := filepath.Join(dir, "config")
	text := fmt.Sprintf(p.config, dir, port, strings.ReplaceAll(block, "127.0.0.1:8080", strings.TrimPrefix(upstream, "http://")))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	args := append([]string{}, p.args...)
	args[len(args)-1] = file
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	var said strings.Builder
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	for range 100 {
		if c, err := net.Dial("tcp", strings.TrimPrefix(base, "http://")); err == nil {
			c.Close()
			return base
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not listen: %s", p.program, said.String())
	return ""
}

// from makes a client that calls from an address of its own on this machine.
func from(t *testing.T, base, ip string) *client {
	c := newClient(t, base)
	c.http.Transport.(*http.Transport).DialContext = (&net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(ip)}}).DialContext
	return c
}

// mainJob walks from the signup to spent credits: a trial, a paid signup, the payment
// with its proof, the approval, a site, credits.
func (c *client) mainJob(headers ...string) customer {
	c.Helper()
	c.must(201, "POST", "/auth/register", "", form(newEmail(), ""), headers...)
	u := customer{email: newEmail()}
	u.signup = c.must(201, "POST", "/auth/register", "", form(u.email, starter), headers...)
	u.token, u.invoice = u.signup.text("tokens/access"), u.signup.text("invoice/id")
	u.paid = c.must(201, "POST", "/billing/invoices/"+u.invoice+"/payments", u.token, submission(""), headers...).text("id")
	staff := c.must(200, "POST", "/auth/login", "", `{"email":"`+staffEmail+`","password":"`+password+`"}`, headers...).text("tokens/access")
	c.must(200, "POST", "/admin/payments/"+u.paid+"/approve", staff, `{"evidence":"statement"}`, headers...)
	c.must(201, "POST", "/sites", u.token, `{"name":"Shop","domain":"shop.example.com","industry":"fitness-and-sport"}`, headers...)
	c.must(201, "POST", "/credits/spend", u.token, `{"credits":10,"reference":"one"}`, headers...)
	if n := c.must(200, "GET", "/credits/balance", u.token, "", headers...).body["available"]; n != 990.0 {
		c.Errorf("%v credits, want 990", n)
	}
	return u
}

// TestBehindAProxy runs the main job through nginx and Caddy as docs/operate.md shows
// them: every visitor counts as themselves whatever they claim to be, and nobody's
// letters are shown.
func TestBehindAProxy(t *testing.T) {
	if testing.Short() {
		t.Skip("needs nginx and Caddy: run `make test`")
	}
	const host = "Host: app.example.com"
	installations(t, func(t *testing.T, i installation) {
		p := i.start(t, "IGNY8_RATE_LIMITS=on", "IGNY8_PUBLIC_URL=https://app.example.com", "IGNY8_TRUSTED_PROXIES=127.0.0.1",
			"IGNY8_STAFF_SECOND_FACTOR=optional")
		for n, one := range proxies {
			t.Run(one.program, func(t *testing.T) {
				base := one.behind(t, p.base)
				ip := fmt.Sprintf("127.0.7.%d", n+1)
				c := from(t, base, ip)
				u := c.mainJob(host, "X-Forwarded-For: 203.0.113.9")
				if a := c.must(200, "GET", "/me/sessions", u.token, "", host); !strings.Contains(a.raw, ip) {
					t.Errorf("the session was not begun from %s: %s", ip, a.raw)
				}
				if a := c.must(421, "GET", "/me", u.token, "", "Host: evil.example"); a.text("code") != "wrong_host" {
					t.Error(a)
				}
				manyVisitors(t, base, 20*(n+1), host)
				for _, path := range []string{"/dev/mail", "/dev/components"} {
					if status := c.page(path, host); status != 404 {
						t.Errorf("%s of a server with a public address: %d", path, status)
					}
				}
			})
		}
	})
}

// manyVisitors signs twenty people up, each from another address.
func manyVisitors(t *testing.T, base string, first int, host string) {
	for n := range 20 {
		from(t, base, fmt.Sprintf("127.0.8.%d", first+n)).must(201, "POST", "/auth/register", "", form(newEmail(), ""), host)
	}
}

// page asks for a page and not for a route of the API.
func (c *client) page(path, host string) int {
	r, err := http.NewRequestWithContext(c.Context(), "GET", c.base+path, nil)
	if err != nil {
		c.Fatal(err)
	}
	r.Host = strings.TrimPrefix(host, "Host: ")
	res, err := c.http.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	res.Body.Close()
	return res.StatusCode
}
