//go:build unix

package dbtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a PostgreSQL server of one test, which may be stopped, frozen and
// killed without harm to other tests.
type Cluster struct {
	testing.TB
	URL string // of the database "postgres"

	bin, dir string
	port     int
	as       *syscall.Credential
	server   *exec.Cmd
	ended    chan struct{}
}

// NewCluster makes and starts a server on a free loopback port, and ends it with
// the test. settings are lines of postgresql.conf. Without PostgreSQL's programs it
// skips with -short, and fails otherwise.
func NewCluster(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("-short: needs a PostgreSQL of its own")
	}
	c := &Cluster{TB: t, bin: serverPrograms(t), port: FreePort(t), as: ServerUser(t)}
	c.dir = folderFor(t, c.as)
	out, err := c.command("initdb", "-D", c.dir+"/data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N").CombinedOutput()
	if err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	lines := append([]string{"listen_addresses = '127.0.0.1'", fmt.Sprint("port = ", c.port), "unix_socket_directories = ''", "max_connections = 100", "fsync = off"}, settings...)
	conf, err := os.OpenFile(c.dir+"/data/postgresql.conf", os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = conf.WriteString("\n" + strings.Join(lines, "\n") + "\n")
		err = errors.Join(err, conf.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	c.URL = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", c.port)
	t.Cleanup(func() {
		c.Thaw()
		c.Kill()
	})
	c.Start()
	return c
}

// Port is where the server listens on 127.0.0.1.
func (c *Cluster) Port() int { return c.port }

func (c *Cluster) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, program), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.as, Setpgid: true}
	return cmd
}

// Start starts the server and waits until it answers.
func (c *Cluster) Start() {
	c.Helper()
	log, err := os.OpenFile(c.dir+"/log", os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		c.Fatal(err)
	}
	defer log.Close()
	for try := 1; ; try++ {
		if c.server == nil || !c.running() { // after a kill the old processes may still be ending
			c.server, c.ended = c.command("postgres", "-D", c.dir+"/data"), make(chan struct{})
			c.server.Stdout, c.server.Stderr = log, log
			if err := c.server.Start(); err != nil {
				c.Fatal(err)
			}
			go func(cmd *exec.Cmd, ended chan struct{}) {
				cmd.Wait()
				close(ended)
			}(c.server, c.ended)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		conn, err := pgx.Connect(ctx, c.URL)
		if err == nil {
			conn.Close(ctx)
		}
		cancel()
		if err == nil {
			return
		}
		if try == 300 {
			said, _ := os.ReadFile(c.dir + "/log")
			c.Fatalf("PostgreSQL does not start: %v\n%s", err, said)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (c *Cluster) running() bool {
	select {
	case <-c.ended:
		return false
	default:
		return true
	}
}

// Kill ends the server's first process as kill -9 does; the others follow.
func (c *Cluster) Kill() {
	if c.server == nil {
		return
	}
	for _, pid := range c.processes() {
		syscall.Kill(pid, syscall.SIGKILL)
	}
	<-c.ended
}

// Freeze stops all of the server's processes where they stand.
func (c *Cluster) Freeze() {
	for range 3 { // the list may have changed while it was read
		for _, pid := range c.processes() {
			syscall.Kill(pid, syscall.SIGSTOP)
		}
	}
}

// Thaw lets them go on.
func (c *Cluster) Thaw() {
	for _, pid := range c.processes() {
		syscall.Kill(pid, syscall.SIGCONT)
	}
}

// Log is what the server logged.
func (c *Cluster) Log() string {
	text, _ := os.ReadFile(c.dir + "/log")
	return string(text)
}

// Do runs a statement as the owner, behind the program's back.
func (c *Cluster) Do(sql string) {
	c.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.URL)
	if err == nil {
		defer conn.Close(ctx)
		_, err = conn.Exec(ctx, sql)
	}
	if err != nil {
		c.Errorf("%s: %v", sql, err)
	}
}

// Database makes a database and returns its URL.
func (c *Cluster) Database(name string) string {
	c.Helper()
	c.Do("CREATE DATABASE " + name)
	return strings.Replace(c.URL, "/postgres?", "/"+name+"?", 1)
}

// processes are the server's, the first one in front.
func (c *Cluster) processes() []int {
	if c.server == nil || c.server.Process == nil || !c.running() {
		return nil
	}
	first := c.server.Process.Pid
	list := []int{first}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, name := range stats {
		data, _ := os.ReadFile(name)
		// "pid (name) state parent …", and the name may hold anything.
		_, rest, _ := strings.Cut(string(data), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(first) {
			if pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name))); err == nil {
				list = append(list, pid)
			}
		}
	}
	return list
}

// serverPrograms is the folder of initdb and postgres.
func serverPrograms(t testing.TB) string {
	t.Helper()
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.Reverse(folders)
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			folders = slices.Insert(folders, 0, filepath.Dir(path))
		}
	}
	for _, dir := range folders {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); err == nil {
			return dir
		}
	}
	t.Fatal("no PostgreSQL server programs are installed: run the test by scripts/with-postgres, or with -short")
	return ""
}

// ServerUser is whom servers run as that refuse root; nil when we are not root.
func ServerUser(t testing.TB) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("root cannot run PostgreSQL, and there is no user postgres or nobody")
	return nil
}

// folderFor makes a folder that the user reaches, and removes it with the test.
func folderFor(t testing.TB, as *syscall.Credential) string {
	t.Helper()
	for _, base := range []string{os.TempDir(), "/tmp"} {
		dir, err := os.MkdirTemp(base, "igny8-cluster")
		if err != nil {
			continue
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		if as == nil {
			return dir
		}
		os.Chown(dir, int(as.Uid), int(as.Gid))
		probe := exec.Command("test", "-w", dir)
		probe.SysProcAttr = &syscall.SysProcAttr{Credential: as}
		if probe.Run() == nil {
			return dir
		}
	}
	t.Fatal("no temporary folder that the server's user can write to")
	return ""
}

// FreePort is a port of 127.0.0.1 that nobody listens on at this moment.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
