//go:build torture

package torture

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// fault is something that goes wrong, and is over when inject returns.
type fault struct {
	name   string
	inject func(*run)
}

// any server
var (
	killNode = fault{"kill -9 of a server", func(r *run) {
		n := r.node()
		n.kill()
		r.sleep(0, 500)
		n.start()
	}}
	stopNode = fault{"SIGTERM to a server", func(r *run) {
		n := r.node()
		begin := time.Now()
		n.signal(syscall.SIGTERM)
		if took := time.Since(begin); took > 10*time.Second || n.cmd.ProcessState.ExitCode() != 0 {
			r.fault("a server that was told to stop ended with %d after %v", n.cmd.ProcessState.ExitCode(), took)
		}
		n.start()
	}}
	takeBackup = fault{"a backup", func(r *run) {
		begin, file := time.Now(), filepath.Join(r.dir, fmt.Sprint("backup-", len(r.backups)))
		if err := r.nodes[0].run("backup", "-o", file); err != nil {
			r.fault("%v", err)
			return
		}
		r.backups = append(r.backups, saved{file, begin})
	}}
)

// SQLite alone
var (
	fullDisk = fault{"a full disk", func(r *run) {
		filler := filepath.Join(r.disk, "filler")
		fill(r, filler)
		r.sleep(1500, 1000)
		os.Remove(filler)
	}}
	badDisk = fault{"a disk that fails", func(r *run) {
		n := r.node()
		limit(r, n, 1)
		r.sleep(1000, 1000)
		limit(r, n, ^uint64(0))
	}}
)

// PostgreSQL alone
var (
	freeze = fault{"PostgreSQL frozen", func(r *run) {
		r.cluster.Freeze()
		time.Sleep(8 * time.Second) // longer than the servers wait
		r.cluster.Thaw()
	}}
	killPostgres = fault{"PostgreSQL killed", func(r *run) {
		r.cluster.Kill()
		r.sleep(500, 1500)
		r.cluster.Start()
	}}
	terminate = fault{"connections terminated", func(r *run) {
		for range 8 {
			r.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'torture' AND pid <> pg_backend_pid() AND random() < 0.4")
			time.Sleep(200 * time.Millisecond)
		}
	}}
	pauseNode = fault{"a server paused", func(r *run) {
		n := r.node()
		n.signal(syscall.SIGSTOP)
		r.sleep(3000, 2000)
		n.signal(syscall.SIGCONT)
	}}
	fullPostgres = fault{"the disk of PostgreSQL full", func(r *run) {
		filler := filepath.Join(r.disk, "filler")
		fill(r, filler)
		r.sleep(1500, 1000)
		os.Remove(filler)
		r.cluster.Start() // it may have ended, or recovers by itself
	}}
)

// fill writes a file until nothing more fits.
func fill(r *run, path string) {
	f, err := os.Create(path)
	if err != nil {
		r.fault("%v", err)
		return
	}
	defer f.Close()
	for _, piece := range []int{1 << 20, 4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, piece))
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		r.fault("fill the disk: %v", err)
	}
}

// limit lets a server write no file beyond so many bytes, which is an I/O error.
func limit(r *run, n *node, bytes uint64) {
	size := fmt.Sprint(bytes)
	if bytes == ^uint64(0) {
		size = "unlimited"
	}
	if out, err := exec.Command("prlimit", fmt.Sprint("--pid=", n.cmd.Process.Pid), "--fsize="+size+":").CombinedOutput(); err != nil {
		r.fault("prlimit: %v %s", err, out)
	}
}

// admin runs a statement beside the servers; it may fail while the database does.
func (r *run) admin(sql string) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if c, err := pgx.Connect(ctx, r.nodes[0].url); err == nil {
		defer c.Close(ctx)
		c.Exec(ctx, sql)
	}
}

// smallDisk mounts a file system of its own in memory; "" when we may not.
func smallDisk(t *testing.T, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", fmt.Sprintf("size=%dm,mode=0777", megabytes), "tmpfs", dir).CombinedOutput(); err != nil {
		t.Logf("no disk to fill, since nothing can be mounted here: %v %s", err, out)
		return ""
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Logf("umount: %v %s", err, out)
		}
	})
	return dir
}
