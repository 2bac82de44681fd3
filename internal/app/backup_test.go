package app

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8/internal/db/dbtest"
)

const ownSecret = "IGNY8_SECRET=" // the one in the data folder

// args are a command's with where the installation is.
func (i installation) args(args ...string) []string {
	args = append(args, "--data", i.data)
	if i.url != "" {
		args = append(args, "--database-url", i.url)
	}
	return args
}

// elsewhere is an empty place of the same kind.
func (i installation) elsewhere(t *testing.T) installation {
	j := installation{data: filepath.Join(t.TempDir(), "data")}
	if i.url != "" {
		j.url = dbtest.PostgresURL(t)
	}
	return j
}

func TestABackupOfARunningServerIsRestoredAndEndsWhatWasIssued(t *testing.T) {
	installations(t, func(t *testing.T, i installation) {
		i.data = filepath.Join(i.data, "data")
		p := i.start(t, ownSecret)
		staff := p.login(staffEmail)
		u := p.signUp(starter)
		body, kind := p.receipt()
		u.paid = p.must(201, "POST", "/billing/invoices/"+u.invoice+"/payments", u.token, body, kind).text("id")
		p.must(200, "POST", "/admin/payments/"+u.paid+"/approve", staff, `{"evidence":"statement"}`)
		cookies, home := p.consoleLogin(u.email)
		p.must(202, "POST", "/auth/password/forgot", "", `{"email":"`+u.email+`"}`)
		p.must(201, "POST", "/account/invitations", u.token, `{"email":"`+newEmail()+`","role":"viewer"}`)

		if to := p.leadsTo(home, cookies); strings.Contains(to, "/login") {
			t.Errorf("the console's cookie leads to %q", to)
		}

		file := filepath.Join(t.TempDir(), "igny8.backup")
		whileSpending(p, u.token, func() {
			if r := command(t, i.args("backup", "-o", file, "--json")...); r.code != 0 {
				t.Fatalf("backup: %d %s", r.code, r.err)
			}
		})
		checkSaved(t, file)
		refresh := u.signup.text("tokens/refresh")
		p.must(204, "POST", "/auth/logout", "", `{"refresh":"`+refresh+`"}`) // after the backup: forgotten by it
		p.stop()

		j, restored := i.elsewhere(t), time.Now()
		if r := command(t, j.args("restore", file)...); r.code != 0 || !strings.Contains(r.err, "have ended") {
			t.Fatalf("restore: %d %s%s", r.code, r.out, r.err)
		}
		if r := command(t, j.args("restore", file)...); r.code != 2 || !strings.Contains(r.err, "not empty") {
			t.Errorf("a second restore: %d %s", r.code, r.err)
		}
		q := j.start(t, ownSecret)
		for what, a := range map[string]answer{
			"access token":         q.ask("GET", "/me", u.token, ""),
			"staff's access token": q.ask("GET", "/admin/payments", staff, ""),
			"refresh token":        q.ask("POST", "/auth/refresh", "", `{"refresh":"`+refresh+`"}`),
		} {
			if a.status != 401 {
				t.Errorf("the %s of before is good again: %s", what, a)
			}
		}
		if to := q.leadsTo(home, cookies); !strings.Contains(to, "/login") {
			t.Errorf("the console's cookie of before leads to %q", to)
		}
		d := j.open(t)
		for table, where := range map[string]string{"email_token": "created_at < $1", "session": "created_at < $1", "invitation": "created_at < $1 AND expires_at > created_at"} {
			if n := countIn(t, d, "SELECT count(*) FROM "+table+" WHERE "+where, restored); n != 0 {
				t.Errorf("%d rows of %s are still good", n, table)
			}
		}
		token := q.login(u.email)
		staff = q.login(staffEmail)
		q.must(200, "GET", "/admin/payments/"+u.paid+"/proofs/1", staff, "")
		q.must(201, "POST", "/credits/spend", token, `{"credits":1}`)
		healthy(t, d)
		if r := command(t, j.args("doctor", "--invariants")...); r.code != 0 {
			t.Errorf("doctor: %d %s%s", r.code, r.out, r.err)
		}
	})
}

// whileSpending runs f while a few clients write.
func whileSpending(p *process, token string, f func()) {
	over := make(chan struct{})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for {
				select {
				case <-over:
					return
				default:
					p.must(201, "POST", "/credits/spend", token, `{"credits":1}`)
				}
			}
		})
	}
	f()
	close(over)
	all.Wait()
}

// checkSaved verifies a backup, and one with a damaged byte.
func checkSaved(t *testing.T, file string) {
	t.Helper()
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v %v", info, err)
	}
	r := command(t, "backup", "verify", file, "--json")
	var got struct {
		OK      bool
		Entries []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(r.out), &got); err != nil || r.code != 0 || !got.OK || len(got.Entries) < 3 {
		t.Errorf("verify: %d %v %s%s", r.code, err, r.out, r.err)
	}
	data, _ := os.ReadFile(file)
	data[len(data)/3] ^= 4
	spoiled := filepath.Join(t.TempDir(), "spoiled")
	os.WriteFile(spoiled, data, 0o600)
	if r := command(t, "backup", "verify", spoiled); r.code != 1 || !strings.Contains(r.out, "damaged") {
		t.Errorf("verify of a damaged backup: %d %s%s", r.code, r.out, r.err)
	}
	if r := command(t, "backup", "verify", filepath.Join(t.TempDir(), "absent")); r.code != 2 {
		t.Errorf("verify of nothing: %d", r.code)
	}
}

// A disk that is full ends a backup with an error, and leaves nothing of it.
func TestABackupOnAFullDiskLeavesNothing(t *testing.T) {
	installations(t, func(t *testing.T, i installation) {
		i.data = filepath.Join(i.data, "data")
		i.start(t, ownSecret).stop()
		program, err := binary()
		if err != nil {
			t.Fatal(err)
		}
		to := t.TempDir()
		// No file may have more than 16 blocks, which is 8 or 16 KiB.
		cmd := exec.Command("sh", append([]string{"-c", `ulimit -f 16; exec "$@"`, "sh", program}, i.args("backup", "-o", filepath.Join(to, "b"))...)...)
		out, err := cmd.CombinedOutput()
		if cmd.ProcessState.ExitCode() != 2 {
			t.Errorf("%v: %s", err, out)
		}
		left, _ := os.ReadDir(to)
		for _, e := range left {
			t.Errorf("%s was left", e.Name())
		}
	})
}

// consoleLogin logs in on the page and returns the cookies, and the page that follows.
func (c *client) consoleLogin(email string) (cookies []*http.Cookie, home string) {
	c.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(c.Context(), "POST", c.base+"/login", strings.NewReader("email="+email+"&password="+password))
	if err != nil {
		c.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", c.base)
	res, err := stay.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	res.Body.Close()
	if len(res.Cookies()) == 0 {
		c.Errorf("login on the page: %d", res.StatusCode)
	}
	return res.Cookies(), res.Header.Get("Location")
}

// leadsTo is where a page sends a browser with these cookies; "" is nowhere.
func (c *client) leadsTo(page string, cookies []*http.Cookie) string {
	c.Helper()
	stay := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(c.Context(), "GET", c.base+page, nil)
	if err != nil {
		c.Fatal(err)
	}
	for _, cookie := range cookies {
		r.AddCookie(cookie)
	}
	res, err := stay.Do(r)
	if err != nil {
		c.Fatal(err)
	}
	res.Body.Close()
	return res.Header.Get("Location")
}
