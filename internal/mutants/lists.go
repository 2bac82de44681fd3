package main

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lists are what is known of mutants, in files beside this one.
type lists struct {
	seen      map[string]string // key: "folder.Test" that sees it
	survivors map[string]string // key, or its beginning with *: why nobody need see it
}

func readLists(dir string) (l lists, err error) {
	if l.seen, err = readList(filepath.Join(dir, "seen.txt")); err != nil {
		return l, err
	}
	l.survivors, err = readList(filepath.Join(dir, "accepted.txt"))
	return l, err
}

// readList reads lines of a key, a tab and what is said of it.
func readList(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := map[string]string{}
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		line := scan.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, about, ok := strings.Cut(line, "\t")
		if !ok || strings.TrimSpace(about) == "" {
			return nil, fmt.Errorf("%s: %q says nothing after a tab", name, key)
		}
		out[key] = about
	}
	return out, scan.Err()
}

// accepted reports whether a reason is written down why the mutant may live.
func (l lists) accepted(key string) bool { return l.survivors[key] != "" }

// needless are the accepted mutants that a test sees.
func (l lists) needless(all []verdict) []string {
	var out []string
	for _, v := range all {
		if v.seenBy != "" && l.accepted(v.key) {
			out = append(out, v.key)
		}
	}
	return out
}

// check switches on a sample of the mutants that are known to be seen, each with the
// test that saw it, and fails when no test does any more. A mutant whose code is no
// longer there is counted and left out.
func (o options) check(p *program, l lists) error {
	byKey := map[string]mutant{}
	for _, m := range p.mutants {
		byKey[m.key] = m
	}
	var here []string
	for key := range l.seen {
		if _, ok := byKey[key]; ok {
			here = append(here, key)
		}
	}
	gone := len(l.seen) - len(here)
	slices.Sort(here)
	rand.New(rand.NewPCG(o.seed, 0)).Shuffle(len(here), func(i, j int) { here[i], here[j] = here[j], here[i] })
	here = here[:min(o.sample, len(here))]
	suites, err := p.suitesOf(here, l)
	if err != nil {
		return err
	}
	lost := make([]string, len(here))
	each(len(here), o.workers, func(i int) {
		lost[i] = p.lost(byKey[here[i]], suites, l.seen[here[i]])
	})
	lost = slices.DeleteFunc(lost, func(s string) bool { return s == "" })
	fmt.Printf("%d of %d mutants switched on, seed %d: %d seen, %d not seen; the code of %d on the list is gone\n",
		len(here), len(l.seen), o.seed, len(here)-len(lost), len(lost), gone)
	if len(lost) > 0 {
		return errors.New(strings.Join(lost, "\n") + "\nWrite a test that sees it, or put it into internal/mutants/accepted.txt with the reason, and out of seen.txt.")
	}
	return nil
}

// suitesOf builds the tests that saw these mutants.
func (p *program) suitesOf(keys []string, l lists) (map[string]*suite, error) {
	suites := map[string]*suite{}
	for _, key := range keys {
		dir, _ := testOf(l.seen[key])
		if suites[dir] != nil {
			continue
		}
		var err error
		if suites[dir], err = p.build(dir); err != nil {
			return nil, err
		}
	}
	return suites, nil
}

// lost says that no test of the package sees a mutant any more, "" when one does: the
// test that is known to, or another, since it may have another name now.
func (p *program) lost(m mutant, suites map[string]*suite, seenBy string) string {
	dir, test := testOf(seenBy)
	for _, names := range []string{test, ".*"} {
		if suites[dir].run(p.root, m.id, sampleLimit, "", names) != "" {
			return ""
		}
	}
	return fmt.Sprintf("%s: %s\n\tis no longer seen by %s, nor by another test of %s", m.at, m.key, test, dir)
}

func testOf(seenBy string) (dir, test string) {
	i := strings.LastIndex(seenBy, ".")
	return seenBy[:i], seenBy[i+1:]
}
