//go:build bench

package bench

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"igny8"
	"igny8/internal/auth"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

const (
	secret     = "0123456789abcdef0123456789abcdef0123456789abcdef"
	staffEmail = "staff@bench.example"
	password   = "look-around-4-bench"
)

// buildBinary builds the program as `make build` does.
func buildBinary(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "igny8")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", name, "igny8/cmd/igny8")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return name
}

// installation is a data folder and a database.
type installation struct {
	binary, data, url string // url is empty for SQLite in data
	paid, waits       person // the accounts that all others are copies of
}

func newInstallation(t *testing.T, binary, kind string) *installation {
	t.Helper()
	i := &installation{binary: binary, data: t.TempDir()}
	if kind == "PostgreSQL" {
		i.url = dbtest.PostgresURL(t)
	}
	return i
}

// raw opens the database beside the program, for statements of ours.
func (i *installation) raw(t *testing.T) *sql.DB {
	t.Helper()
	driver, name := "pgx", i.url
	if i.url == "" {
		driver, name = "sqlite", "file:"+filepath.Join(i.data, "igny8.db")+"?_pragma=busy_timeout(60000)&_pragma=synchronous(off)"
	}
	d, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	d.SetMaxOpenConns(1)
	return d
}

// open opens the database as the program does.
func (i *installation) open(t *testing.T) *db.DB {
	t.Helper()
	name := i.url
	if name == "" {
		name = filepath.Join(i.data, "igny8.db")
	}
	d, err := db.Open(t.Context(), db.Options{URL: name})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// server is the running program, with a client of many connections.
type server struct {
	*installation
	base   string
	cmd    *exec.Cmd
	client *http.Client
	staff  string // access token
}

// start runs `igny8 serve` without limits on requests and waits for its first answer.
func (i *installation) start(t *testing.T) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	log, err := os.Create(filepath.Join(i.data, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command(i.binary, "serve", "--addr", addr)
	cmd.Stderr = log
	cmd.Env = []string{"IGNY8_DATA=" + i.data, "IGNY8_DATABASE_URL=" + i.url, "IGNY8_RATE_LIMITS=off", "IGNY8_SECRET=" + secret,
		"IGNY8_STAFF_EMAIL=" + staffEmail, "IGNY8_STAFF_PASSWORD=" + password}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s := &server{installation: i, base: "http://" + addr, cmd: cmd, client: newClient()}
	t.Cleanup(s.stop)
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		if res, err := s.client.Get(s.base + "/readyz"); err == nil {
			res.Body.Close()
			return s
		}
		if time.Now().After(end) {
			said, _ := os.ReadFile(log.Name())
			t.Fatalf("the server does not answer:\n%s", said)
		}
	}
}

func newClient() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConns: 600, MaxIdleConnsPerHost: 600},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// stop ends the server as an operator does. It may be called again.
func (s *server) stop() {
	if s.cmd.ProcessState != nil {
		return
	}
	s.cmd.Process.Signal(syscall.SIGTERM)
	s.cmd.Wait()
}

// loginStaff gets the staff's access token, and a client with their cookie.
func (s *server) loginStaff(t *testing.T) *http.Client {
	t.Helper()
	var in struct{ Tokens struct{ Access string } }
	s.must(t, "", "POST", "/auth/login", map[string]string{"email": staffEmail, "password": password}, &in)
	s.staff = in.Tokens.Access
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := newClient()
	c.Jar = jar
	res, err := c.PostForm(s.base+"/staff/login", url.Values{"email": {staffEmail}, "password": {password}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("staff login answered %d", res.StatusCode)
	}
	return c
}

// must calls the API, which must succeed, and decodes the answer into out.
func (s *server) must(t *testing.T, token, method, path string, body, out any) {
	t.Helper()
	status, answer, err := s.api(token, method, path, body)
	if err != nil || status >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, status, answer, err)
	}
	if err := json.Unmarshal(answer, out); err != nil {
		t.Fatal(err)
	}
}

func (s *server) api(token, method, path string, body any) (int, []byte, error) {
	var data io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		data = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, s.base+"/api/v1"+path, data)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if method != http.MethodGet {
		req.Header.Set("Idempotency-Key", nextKey())
	}
	return do(s.client, req)
}

func do(c *http.Client, req *http.Request) (int, []byte, error) {
	res, err := c.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// wants calls the API and reports any other status.
func (s *server) wants(status int, token, method, path string, body any) error {
	got, answer, err := s.api(token, method, path, body)
	if err == nil && got != status {
		err = fmt.Errorf("%s %s answered %d: %s", method, path, got, answer)
	}
	return err
}

// page gets a page of the console.
func page(c *http.Client, address string) error {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	status, answer, err := do(c, req)
	if err == nil && (status != 200 || len(answer) < 1000) {
		err = fmt.Errorf("%s answered %d: %.300s", address, status, answer)
	}
	return err
}

// signer makes access tokens as the program does.
func signer(t *testing.T) *auth.Signer {
	t.Helper()
	key, err := auth.NewKey(auth.Derive(secret, "access tokens"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := auth.NewSigner("igny8", "igny8/api", key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// tokens makes access tokens of n copies of a person.
func tokens(t *testing.T, p person, n int) []string {
	t.Helper()
	sign, list := signer(t), make([]string, n)
	for i := range list {
		c := p.copy(i + 1)
		token, _, err := sign.Sign(auth.Claims{User: c.user, Account: c.account, Role: igny8.RoleOwner, Session: c.session}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		list[i] = token
	}
	return list
}

// residentMiB is the memory that a process holds, 0 where the system does not say.
func residentMiB(pid int) (mib float64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, "VmRSS: %f kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	return 0
}
