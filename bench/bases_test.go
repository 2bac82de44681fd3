//go:build bench

package bench

import (
	"bufio"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"igny8/internal/db/dbtest"
)

// bareBody is the setting that makes this program the bare handler: the file
// whose bytes it answers.
const bareBody = "IGNY8_BENCH_BARE"

// startBare starts the bare handler as a process of its own, as the program is.
func startBare(t *testing.T, body []byte) *server {
	t.Helper()
	file := filepath.Join(t.TempDir(), "body")
	if err := os.WriteFile(file, body, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), bareBody+"="+file)
	in, err := cmd.StdinPipe() // it serves until this closes
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); cmd.Wait() })
	base, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &server{base: strings.TrimSpace(base), client: newClient()}
}

// serveBare is the whole of the bare handler.
func serveBare() {
	body, err := os.ReadFile(os.Getenv(bareBody))
	if err != nil {
		panic(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Write(body)
	}))
	fmt.Println(s.URL)
	io.Copy(io.Discard, os.Stdin)
}

// pgbench is PostgreSQL's own measure on the same cluster: an update, a select
// and an insert in each transaction.
func (b *run) pgbench() (measure func() float64, name string) {
	program := findPgbench()
	if program == "" {
		return nil, "pgbench was not found beside the server's programs"
	}
	url := dbtest.PostgresURL(b.T)
	if out, err := exec.Command(program, "-i", "-q", "-s", "10", url).CombinedOutput(); err != nil {
		b.Fatalf("pgbench: %v\n%s", err, out)
	}
	return func() float64 {
		seconds := max(1, int(math.Round(b.spell.Seconds())))
		out, err := exec.Command(program, "-N", "-M", "prepared", "-c", fmt.Sprint(callers), "-j", "2", "-n", "-T", fmt.Sprint(seconds), url).CombinedOutput()
		if err != nil {
			b.Fatalf("pgbench: %v\n%s", err, out)
		}
		for line := range strings.Lines(string(out)) {
			var tps float64
			if n, _ := fmt.Sscanf(line, "tps = %f", &tps); n == 1 {
				return tps
			}
		}
		b.Fatalf("pgbench says no tps:\n%s", out)
		return 0
	}, fmt.Sprintf("`pgbench -N -M prepared -c %d`", callers)
}

func findPgbench() string {
	if name, err := exec.LookPath("pgbench"); err == nil {
		return name
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
	if len(found) == 0 {
		return ""
	}
	return slices.Max(found)
}
