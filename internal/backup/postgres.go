package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// server is a PostgreSQL as its own tools are to reach it.
type server struct {
	url      string // without the password
	password string
	major    int
	tools    string
}

// reach connects once, and learns the version.
func reach(ctx context.Context, address, tools string) (*server, *pgx.Conn, error) {
	cfg, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, nil, errors.New("the database URL cannot be read")
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, nil, errors.New("the database URL cannot be read")
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	kept := url.Values{}
	for name, values := range u.Query() {
		switch name { // what libpq knows; the rest is for our pool
		case "sslmode", "sslrootcert", "sslcert", "sslkey", "host", "port", "options", "target_session_attrs":
			kept[name] = values
		}
	}
	u.RawQuery = kept.Encode()
	cfg.ConnectTimeout = 10 * time.Second
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return nil, nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	s := &server{url: u.String(), password: cfg.Password, tools: tools}
	var number, pid int
	err = conn.QueryRow(ctx, "SELECT current_setting('server_version_num')::int, pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&number, &pid)
	if err == nil && uint32(pid) != conn.PgConn().PID() {
		err = errors.New("a pooler such as PgBouncer stands before the database: name the server itself with --database-url")
	}
	if err != nil {
		conn.Close(context.WithoutCancel(ctx))
		return nil, nil, err
	}
	s.major = number / 10000
	return s, conn, nil
}

// tool finds a program of the server's own major version.
func (s *server) tool(ctx context.Context, name string) (string, error) {
	folders := []string{s.tools}
	if s.tools == "" {
		folders = []string{"", fmt.Sprintf("/usr/lib/postgresql/%d/bin", s.major), fmt.Sprintf("/usr/pgsql-%d/bin", s.major),
			fmt.Sprintf("/opt/homebrew/opt/postgresql@%d/bin", s.major), fmt.Sprintf("/usr/local/opt/postgresql@%d/bin", s.major)}
	}
	var others []string
	for _, dir := range folders {
		program := filepath.Join(dir, name)
		if dir == "" {
			var err error
			if program, err = exec.LookPath(name); err != nil {
				continue
			}
		}
		out, err := exec.CommandContext(ctx, program, "--version").Output()
		if err != nil {
			continue
		}
		if majorOf(string(out)) == s.major {
			return program, nil
		}
		others = append(others, strings.TrimSpace(string(out)))
	}
	found := ""
	if len(others) > 0 {
		found = " (found: " + strings.Join(others, ", ") + ")"
	}
	return "", fmt.Errorf("%s of PostgreSQL %d is needed, the server's own version%s: install its client programs, or name their folder with --pg-bin", name, s.major, found)
}

var versionNumber = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func majorOf(version string) int {
	m := versionNumber.FindStringSubmatch(version)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

// command prepares a tool. The password is not among its arguments, which everybody
// on the machine can read.
func (s *server) command(ctx context.Context, program string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+s.password, "PGCONNECT_TIMEOUT=10", "PGAPPNAME=igny8", "LC_ALL=C")
	cmd.WaitDelay = 5 * time.Second
	talk := &bytes.Buffer{}
	cmd.Stderr = talk
	return cmd, talk
}

// said is a tool's failure with the first lines of what it told.
func said(name string, err error, talk *bytes.Buffer) error {
	text := strings.TrimSpace(talk.String())
	if len(text) > 600 {
		text = text[:600] + "…"
	}
	return fmt.Errorf("%s: %w: %s", name, err, text)
}

// writePostgres adds a dump. Under row level security it must see every row, as the
// role igny8_system does.
func (s Source) writePostgres(ctx context.Context, w *writer, _ string) error {
	srv, conn, err := reach(ctx, s.URL, s.Tools)
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var all bool
	err = conn.QueryRow(ctx, "SELECT rolsuper OR rolbypassrls OR pg_has_role('igny8_system', 'USAGE') FROM pg_roles WHERE rolname = current_user").Scan(&all)
	if err == nil && !all {
		err = errors.New("the database's user is no member of the role igny8_system, so that a dump would lack rows: use the user that the server uses")
	}
	if err != nil {
		return fmt.Errorf("look at the database's user: %w", err)
	}
	program, err := srv.tool(ctx, "pg_dump")
	if err != nil {
		return err
	}
	cmd, talk := srv.command(ctx, program, "--format=custom", "--no-owner", "--no-comments", "--enable-row-security", "--no-password", "--dbname="+srv.url)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return fmt.Errorf("pg_dump: %w", err)
	}
	added := w.add(postgresName, true, out)
	if added != nil {
		io.Copy(io.Discard, out) // so that it can end
	}
	if err := cmd.Wait(); err != nil {
		return said("pg_dump", errors.Join(ctx.Err(), err), talk)
	}
	if added != nil {
		return fmt.Errorf("write the backup: %w", added)
	}
	return nil
}
