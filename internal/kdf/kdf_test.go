package kdf

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"igny8/internal/worker"
)

// TestMain is also the process that derives.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "derive" {
		if err := Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func job(password string) Job {
	return Job{Password: []byte(password), Salt: []byte("somesalt"), Time: 2, Memory: 64, Threads: 1, Length: 32}
}

// A derivation is never lost, whatever becomes of the process: it dies at once, says
// what is no key, or cannot be started.
func TestAKeyIsDerivedWhateverHappens(t *testing.T) {
	self, err := worker.Self()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		command []string
		log     string
	}{
		"in the other process":  {[]string{self, "derive"}, ""},
		"the other one dies":    {[]string{"/bin/true"}, "failed"},
		"the other one babbles": {[]string{"/bin/cat"}, "failed"},
		"there is no other one": {[]string{filepath.Join(t.TempDir(), "nothing")}, "can be started"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			p := NewProcesses(slog.New(slog.NewTextHandler(&log, nil)), c.command...)
			for _, password := range []string{"one", "two"} {
				if got := p.Derive(job(password)); !bytes.Equal(got, Derive(job(password))) {
					t.Errorf("the key of %q is %x, want %x", password, got, Derive(job(password)))
				}
			}
			if (c.log == "") != (log.Len() == 0) || !strings.Contains(log.String(), c.log) {
				t.Errorf("the log says %q", &log)
			}
		})
	}
}
