//go:build unix

package dbtest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// bouncerSettings are those that docs/operate.md shows, besides where things are.
const bouncerSettings = `pool_mode = transaction
default_pool_size = 20
max_client_conn = 200
`

// PgBouncer starts a pooler in transaction mode in front of the cluster, and returns
// the URL of one of its databases through it.
func (c *Cluster) PgBouncer(database string) (url string) {
	c.Helper()
	program, err := exec.LookPath("pgbouncer")
	if err != nil {
		program = "/usr/sbin/pgbouncer"
	}
	if _, err := os.Stat(program); err != nil {
		c.Fatal("PgBouncer is not installed: run the test by scripts/with-pgbouncer, or with -short")
	}
	dir, port := folderFor(c.TB, c.as), FreePort(c.TB)
	// auth_type any wants the server's user named.
	ini := fmt.Sprintf("[databases]\n* = user=postgres host=127.0.0.1 port=%d\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir =\n"+
		"auth_type = any\nlogfile = %s/log\n%s", c.port, port, dir, bouncerSettings)
	file := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(file, []byte(ini), 0o644); err != nil {
		c.Fatal(err)
	}
	cmd := exec.Command(program, file)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as, Setpgid: true}
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	waitFor(c.TB, port)
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", port, database)
}

// waitFor waits until somebody listens on the port.
func waitFor(t testing.TB, port int) {
	t.Helper()
	for range 100 {
		if c, err := net.DialTimeout("tcp", fmt.Sprint("127.0.0.1:", port), time.Second); err == nil {
			c.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("nobody listens on port %d", port)
}
