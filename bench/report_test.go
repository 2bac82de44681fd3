//go:build bench

package bench

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// report is the file of results.
func (b *run) report() string {
	var out strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&out, format+"\n", args...) }
	line("# Results of `make bench`\n")
	line("Written by the run itself; do not edit. A ratio is the median of %d pairs, measured in turn in one run (smallest–largest", b.pairs)
	line("in brackets); \"made of\" are the medians of its two sides. [docs/benchmarks.md](../docs/benchmarks.md) says what each line")
	line("means and how it is taken.\n")
	line("| | |\n|---|---|")
	line("| date | %s |", time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	line("| machine | %d cores, %s, %s memory; load averages at the end %s (1, 5, 15 minutes; other programs count too) |", runtime.NumCPU(), cpuModel(), memory(), load())
	line("| system | %s/%s, %s |", runtime.GOOS, runtime.GOARCH, said("uname", "-sr"))
	line("| versions | igny8 %s, %s, PostgreSQL %s |", said("git", "describe", "--always", "--dirty"), runtime.Version(), postgres("server_version"))
	line("| data | %d accounts, %d of them with a waiting payment; filled in %s |", b.accounts, b.waiting, strings.Join(b.filled, ", "))
	line("| PostgreSQL | a cluster of its own on loopback, default settings; `fsync` is %s, for both sides of a ratio |", postgres("fsync"))
	line("| length of the run | %.0f s |", b.took.Seconds())
	for _, kind := range []string{"SQLite", "PostgreSQL", "both"} {
		line("\n## %s\n", map[string]string{"both": "The program"}[kind]+strings.TrimPrefix(kind, "both"))
		line("| Work | against | ratio or value | goal | made of | how |\n|---|---|---|---|---|---|")
		for _, r := range b.results {
			if r.database == kind {
				line("| %s | %s | %s | %s | %s | %s |", r.work, r.base, r.seen(), r.verdict(), r.absolute(), r.note)
			}
		}
	}
	return out.String()
}

func said(name string, args ...string) string {
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}

// field finds "name : value" in a file of the system.
func field(file, name string) string {
	data, _ := os.ReadFile(file)
	for l := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(l, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

func cpuModel() string { return field("/proc/cpuinfo", "model name") }

func memory() string {
	var kib float64
	fmt.Sscanf(field("/proc/meminfo", "MemTotal"), "%f", &kib)
	return fmt.Sprintf("%.0f GiB", kib/1024/1024)
}

func load() string {
	data, _ := os.ReadFile("/proc/loadavg")
	return strings.Join(strings.Fields(string(data))[:min(3, len(strings.Fields(string(data))))], " ")
}

// postgres shows a setting of the server.
func postgres(setting string) (value string) {
	d, err := sql.Open("pgx", os.Getenv("IGNY8_TEST_DATABASE_URL"))
	if err == nil {
		defer d.Close()
		err = d.QueryRow("SHOW " + setting).Scan(&value)
	}
	if err != nil {
		return "unknown"
	}
	return value
}
