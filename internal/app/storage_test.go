package app

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"igny8/internal/db/dbtest"
	"igny8/internal/durable"
)

// ran is the end of one command.
type ran struct {
	code     int
	out, err string
}

// command runs the program's command line in this process, without settings of the
// environment. A server that starts is ended after a while.
func command(t *testing.T, args ...string) ran {
	t.Helper()
	for _, kv := range os.Environ() {
		if name, _, _ := strings.Cut(kv, "="); strings.HasPrefix(name, "IGNY8_") && name != "IGNY8_TEST_DATABASE_URL" {
			t.Setenv(name, "")
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var out, talk bytes.Buffer
	code := Main(ctx, args, strings.NewReader(""), &out, &talk)
	return ran{code, out.String(), talk.String()}
}

// served makes a folder in which a server has run.
func served(t *testing.T) installation {
	t.Helper()
	i := installation{data: filepath.Join(t.TempDir(), "data")}
	p := i.start(t, "IGNY8_SECRET=")
	p.paying()
	p.stop()
	return i
}

func refusedToServe(t *testing.T, data string, want ...string) {
	t.Helper()
	r := command(t, "serve", "--data", data, "--addr", "127.0.0.1:0")
	if r.code != 2 {
		t.Errorf("ended with %d, want 2: %s", r.code, r.err)
	}
	for _, w := range want {
		if !strings.Contains(r.err, w) {
			t.Errorf("%q is missing: %s", w, r.err)
		}
	}
}

// spoil overwrites a piece of each page.
func spoil(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := 2*4096 + 40; at+64 < len(data); at += 4096 {
		copy(data[at-40:], bytes.Repeat([]byte{0xa5}, 64))
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedSQLiteFileIsToldAsWhatItIs(t *testing.T) {
	i := served(t)
	path := filepath.Join(i.data, databaseFile)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// A page that nobody reads at the start.
	page := countIn(t, i.open(t), "SELECT rootpage FROM sqlite_schema WHERE name = 'outbox_event'")
	copy(whole[(page-1)*4096:], bytes.Repeat([]byte{0xa5}, 64))
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	refusedToServe(t, i.data, "damaged", "igny8 restore")

	spoil(t, path)
	damaged, _ := os.ReadFile(path)
	refusedToServe(t, i.data, "damaged", "igny8 restore")
	r := command(t, "doctor", "--data", i.data)
	if r.code != 1 || !strings.Contains(r.out, "BAD   database file") || !strings.Contains(r.out, "igny8 restore") || strings.Contains(r.out, "igny8 migrate") {
		t.Errorf("doctor: %d\n%s%s", r.code, r.out, r.err)
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, damaged) {
		t.Error("the damaged file was changed")
	}
	os.WriteFile(path, bytes.Repeat([]byte("this is no database\n"), 400), 0o600)
	refusedToServe(t, i.data, "damaged", "igny8 restore")
}

func TestALostDatabaseIsNotBegunAnew(t *testing.T) {
	i := served(t)
	path := filepath.Join(i.data, databaseFile)
	os.Truncate(path, 0)
	refusedToServe(t, i.data, "empty (0 bytes)", "igny8 restore")
	os.Remove(path)
	os.MkdirAll(filepath.Join(i.data, filesName, "ab"), 0o700)
	refusedToServe(t, i.data, "missing", "igny8 restore", "IGNY8_DATABASE_URL")
	if r := command(t, "doctor", "--data", i.data); r.code != 2 || !strings.Contains(r.err, "missing") {
		t.Errorf("doctor: %d %s%s", r.code, r.out, r.err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("looking made an empty database")
	}
}

func TestAFolderThatCannotBeWrittenIsToldAsWhatItIs(t *testing.T) {
	built.Store(true)
	program, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	os.Chmod(filepath.Dir(program), 0o755)
	i := served(t)
	run := func(want string) { // as somebody who cannot write: root can, whatever the mode
		t.Helper()
		cmd := exec.Command(program, "serve", "--data", i.data, "--addr", "127.0.0.1:0")
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: dbtest.ServerUser(t)}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || strings.Contains(string(out), "another igny8") {
			t.Errorf("%v: %s", err, out)
		}
	}
	for dir := i.data; strings.Contains(dir, "igny8") || strings.Contains(dir, t.Name()); dir = filepath.Dir(dir) {
		os.Chmod(dir, 0o755)
	}
	os.Chmod(i.data, 0o555)
	run("cannot be written to")
	os.Chmod(i.data, 0o777)
	os.Chmod(filepath.Join(i.data, databaseFile+".lock"), 0o666)
	os.Chmod(filepath.Join(i.data, databaseFile), 0o444)
	run("cannot be written to")
}

func TestFilesAreForTheirOwnerAlone(t *testing.T) {
	i := installation{data: filepath.Join(t.TempDir(), "data")}
	old := syscall.Umask(0)
	p := i.start(t, "IGNY8_SECRET=")
	syscall.Umask(old)
	u := p.signUp(starter)
	body, kind := p.receipt()
	p.must(201, "POST", "/billing/invoices/"+u.invoice+"/payments", u.token, body, kind)
	n := 0
	filepath.WalkDir(i.data, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			t.Error(err)
			return nil
		}
		n++
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if info, err := e.Info(); err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if n < 8 { // folder, database, -wal, -shm, lock, secret, files, one of them
		t.Errorf("only %d files", n)
	}
	p.stop()
	wide := filepath.Join(i.data, secretName)
	os.Chmod(wide, 0o644)
	if r := command(t, "doctor", "--data", i.data); r.code != 1 || !strings.Contains(r.out, "others on this machine can reach "+wide) {
		t.Errorf("doctor: %d %s", r.code, r.out)
	}
	os.Chmod(filepath.Join(i.data, databaseFile), 0o644)
	i.start(t, "IGNY8_SECRET=").stop()
	if info, _ := os.Stat(filepath.Join(i.data, databaseFile)); info.Mode().Perm() != 0o600 {
		t.Errorf("an old database keeps mode %o", info.Mode().Perm())
	}
}

func TestAShortSecretIsRefusedFromTheFileToo(t *testing.T) {
	for _, text := range []string{"", "a", strings.Repeat("x", 31) + "\n"} {
		data := t.TempDir()
		path := filepath.Join(data, secretName)
		os.WriteFile(path, []byte(text), 0o600)
		refusedToServe(t, data, "at least 32", path)
		if now, _ := os.ReadFile(path); string(now) != text {
			t.Errorf("the secret was changed to %q", now)
		}
	}
}

func TestASecretIsWrittenWhollyOrNotAtAll(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, secretName)
	first := []byte(strings.Repeat("1", 64))
	if err := durable.Write(path, first); err != nil {
		t.Fatal(err)
	}
	if err := durable.Write(path, []byte("other")); err == nil {
		t.Error("a secret was written over another")
	}
	if now, _ := os.ReadFile(path); !bytes.Equal(now, first) {
		t.Errorf("the secret is now %q", now)
	}
	left, _ := os.ReadDir(dir)
	if len(left) != 1 {
		t.Errorf("temporary files stay: %v", left)
	}
}
