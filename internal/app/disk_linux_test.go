package app

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"
)

// limitFiles lets a running process write no file beyond so many bytes; above all
// it is told "file too large", which SQLite calls an I/O error.
func limitFiles(t *testing.T, pid int, bytes uint64) {
	t.Helper()
	limit := syscall.Rlimit{Cur: bytes, Max: ^uint64(0)}
	_, _, errno := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
}

func TestADiskThatFailsIsUnavailableAndNothingIsLost(t *testing.T) {
	i := installation{data: filepath.Join(t.TempDir(), "data")}
	p := i.start(t)
	u := p.signUp("")
	p.must(201, "POST", "/credits/spend", u.token, `{"credits":1}`)
	limitFiles(t, p.cmd.Process.Pid, 1)
	for _, path := range []string{"/credits/spend", "/sites", "/auth/register"} {
		body := map[string]string{"/credits/spend": `{"credits":1}`, "/sites": siteForm(), "/auth/register": form(newEmail(), "")}[path]
		a := p.ask("POST", path, u.token, body, "Idempotency-Key: disk-"+strings.ReplaceAll(path, "/", "-"))
		if a.status != 503 || a.text("code") != "storage_unavailable" || a.header.Get("Retry-After") == "" {
			t.Errorf("%s: want 503 storage_unavailable with Retry-After, got %s", path, a)
		}
	}
	p.must(200, "GET", "/credits/balance", u.token, "") // reads go on
	limitFiles(t, p.cmd.Process.Pid, ^uint64(0))
	for range 2 {
		p.must(201, "POST", "/credits/spend", u.token, `{"credits":1}`, "Idempotency-Key: disk--credits-spend")
	}
	d := i.open(t)
	if n := countIn(t, d, "SELECT count(*) FROM credit_transaction WHERE source = 'spend'"); n != 2 {
		t.Errorf("%d ledger lines, want 2", n)
	}
	healthy(t, d)
}
