package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// suite is the test binary of one package, with all mutants in it.
type suite struct {
	dir    string // from the root
	binary string
	tests  []test
}

// test is one test function, as it ran without a mutant.
type test struct {
	name    string
	took    time.Duration
	reaches map[int]bool
}

// sampleLimit is how long one test of the sample may take.
const sampleLimit = 2 * time.Minute

// build compiles the tests of a package once, with every mutant in them.
func (p *program) build(dir string) (*suite, error) {
	s := &suite{dir: dir, binary: filepath.Join(p.out, strings.ReplaceAll(dir, "/", "_")+".test")}
	cmd := exec.Command("go", "test", "-c", "-vet=off", "-overlay", p.overlayFile(), "-o", s.binary, "./"+dir)
	cmd.Dir = p.root
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the tests of %s: %w\n%s", dir, err, text)
	}
	return s, nil
}

// run runs tests with a mutant, 0 for none. failed is the test that saw it: "" when none
// did, "timeout" when they did not end in time.
func (s *suite) run(root string, mutant int, limit time.Duration, reached string, names ...string) (failed string) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.binary, "-test.short", "-test.failfast", "-test.run", "^("+strings.Join(names, "|")+")$")
	cmd.Dir = filepath.Join(root, s.dir)
	cmd.Env = append(os.Environ(), "MUTANT="+strconv.Itoa(mutant), "MUTANTS_REACHED="+reached, "IGNY8_TEST_DATABASE_URL=")
	cmd.WaitDelay = time.Second
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	switch {
	case err == nil:
		return ""
	case ctx.Err() != nil:
		return "timeout"
	}
	if m := failure.FindStringSubmatch(out.String()); m != nil {
		return m[1]
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return "cannot run: " + err.Error()
	}
	return "the process"
}

var failure = regexp.MustCompile(`(?m)^--- FAIL: (\w+)`)

// explore runs each test by itself and learns what it reaches. A test that fails
// without a mutant is left out, and named.
func (s *suite) explore(root, out string, workers int, wanted func(string) bool) error {
	cmd := exec.Command(s.binary, "-test.list", ".")
	cmd.Dir = filepath.Join(root, s.dir)
	list, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("list the tests of %s: %w", s.dir, err)
	}
	var names []string
	for name := range strings.Lines(string(list)) {
		if name = strings.TrimSpace(name); strings.HasPrefix(name, "Test") && wanted(name) {
			names = append(names, name)
		}
	}
	found := make([]test, len(names))
	each(len(names), workers, func(i int) {
		file := filepath.Join(out, fmt.Sprintf("reached-%s-%d", filepath.Base(s.binary), i))
		began := time.Now()
		if failed := s.run(root, 0, 2*time.Minute, file, names[i]); failed != "" {
			fmt.Printf("%s: %s fails without a mutant (%s): left out\n", s.dir, names[i], failed)
			return
		}
		found[i] = test{name: names[i], took: time.Since(began), reaches: reached(file)}
	})
	s.tests = slices.DeleteFunc(found, func(t test) bool { return len(t.reaches) == 0 })
	slices.SortFunc(s.tests, func(a, b test) int { return int(a.took - b.took) })
	return nil
}

func reached(name string) map[int]bool {
	data, _ := os.ReadFile(name) // a test that reaches nothing leaves none
	ids := map[int]bool{}
	for line := range strings.Lines(string(data)) {
		if id, err := strconv.Atoi(strings.TrimSpace(line)); err == nil {
			ids[id] = true
		}
	}
	return ids
}

// try runs every test that reaches the mutant, quick ones first, until one sees it.
func (s *suite) try(root string, id int) (failed string) {
	for batch := range slices.Chunk(s.reaching(id), 8) {
		limit := 10 * time.Second
		var names []string
		for _, t := range batch {
			names, limit = append(names, t.name), limit+5*t.took
		}
		if failed = s.run(root, id, limit, "", names...); failed != "" {
			return failed
		}
	}
	return ""
}

func (s *suite) reaching(id int) (out []test) {
	for _, t := range s.tests {
		if t.reaches[id] {
			out = append(out, t)
		}
	}
	return out
}

// each calls f for 0…n-1, some at a time.
func each(n, workers int, f func(int)) {
	next := make(chan int)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	all.Wait()
}
