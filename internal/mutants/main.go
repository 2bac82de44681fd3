// Command mutants changes the code in small ways, one at a time, and asks whether a
// test sees it. All mutants of a run are compiled into the test binaries at once, by an
// overlay, and each is switched on by its number: the tree is never touched, and a
// mutant costs only the tests that reach it.
//
//	mutants [-seconds N] [-seed N] [-out FILE] [-then PACKAGES] PACKAGES   looks for survivors
//	mutants -sample N [-seed N] PACKAGES                                     checks mutants known to be seen
//
// What is changed: each part of a condition is taken as false and as true, bounds move by
// one, arithmetic and min and max are turned round, statements and checks are left out,
// errors are lost, and queries lose one condition.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

type options struct {
	seconds, sample, workers int
	seed                     uint64
	then, out, again         string
	dirs                     []string
}

func main() {
	var o options
	flag.IntVar(&o.seconds, "seconds", 3600, "how long to look, at most")
	flag.IntVar(&o.sample, "sample", 0, "check so many of the mutants that are known to be seen")
	flag.IntVar(&o.workers, "workers", 2, "how many at a time")
	flag.Uint64Var(&o.seed, "seed", 1, "decides the order and the sample")
	flag.StringVar(&o.then, "then", "", "PACKAGE or PACKAGE:REGEXP of tests that are asked about survivors, separated by blanks")
	flag.StringVar(&o.again, "again", "", "look at those of this list alone, as bin/mutants.survived is one")
	flag.StringVar(&o.out, "out", "", "the file to write what was found into")
	flag.Parse()
	o.dirs = flag.Args()
	if err := o.main(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (o options) main() error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	out, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(out)
	lists, err := readLists(filepath.Join(root, "internal/mutants"))
	if err != nil {
		return err
	}
	dirs := o.dirs
	for _, d := range o.dirs {
		if queries := d + "/" + filepath.Base(d) + "db"; exists(filepath.Join(root, queries)) {
			dirs = append(slices.Clone(dirs), queries)
		}
	}
	p, err := load(root, out, dirs)
	if err != nil {
		return err
	}
	if o.sample > 0 {
		return o.check(p, lists)
	}
	return o.look(p, lists)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// verdict is what became of a mutant.
type verdict struct {
	mutant
	seenBy  string // "folder.Test", "" when it survived
	reached bool
	tried   bool
}

// look tries every mutant until the time is over, and lists the survivors.
func (o options) look(p *program, lists lists) error {
	end := time.Now().Add(time.Duration(o.seconds) * time.Second)
	wanted, err := readList(o.again)
	if err != nil {
		return err
	}
	var all []verdict
	for _, m := range p.mutants {
		if m.key != "" && (o.again == "" || wanted[m.key] != "") {
			all = append(all, verdict{mutant: m})
		}
	}
	rand.New(rand.NewPCG(o.seed, 0)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	fmt.Printf("%d mutants, seed %d\n", len(all), o.seed)
	own := func(v verdict, dir string) bool { return v.dir == dir || v.dir == dir+"/"+filepath.Base(dir)+"db" }
	for _, dir := range o.dirs {
		if err := o.ask(p, dir, "", end, all, func(v verdict) bool { return own(v, dir) }); err != nil {
			return err
		}
	}
	for spec := range strings.FieldsSeq(o.then) {
		dir, tests, _ := strings.Cut(spec, ":")
		if err := o.ask(p, dir, tests, end, all, func(v verdict) bool { return !own(v, dir) }); err != nil {
			return err
		}
	}
	return o.report(all, lists)
}

// ask tries the mutants that still live with the tests of one package whose names match.
func (o options) ask(p *program, dir, tests string, end time.Time, all []verdict, about func(verdict) bool) error {
	if time.Now().After(end) {
		return nil
	}
	wanted, err := regexp.Compile(tests)
	if err != nil {
		return err
	}
	s, err := p.build(dir)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.explore(p.root, p.out, o.workers, wanted.MatchString); err != nil {
		return err
	}
	fmt.Printf("%s: %d tests, each run by itself in %s\n", dir, len(s.tests), time.Since(began).Round(time.Second))
	var progress sync.Mutex
	seen, tried := 0, 0
	each(len(all), o.workers, func(i int) {
		v := &all[i]
		if v.seenBy != "" || !about(*v) || time.Now().After(end) {
			return
		}
		v.tried = true
		if len(s.reaching(v.id)) == 0 {
			return
		}
		v.reached = true
		failed := s.try(p.root, v.id)
		progress.Lock()
		defer progress.Unlock()
		if tried++; failed != "" {
			v.seenBy = dir + "." + failed
			seen++
		}
	})
	fmt.Printf("%s: %d tried, %d seen, %s\n", dir, tried, seen, time.Since(began).Round(time.Second))
	return nil
}

// report prints the score of each package and writes down what was found.
func (o options) report(all []verdict, lists lists) error {
	slices.SortFunc(all, func(a, b verdict) int { return cmp.Compare(a.key, b.key) })
	var seen, survived strings.Builder
	score := map[string][4]int{} // seen, accepted, survived, never reached
	for _, v := range all {
		n := score[v.dir]
		switch {
		case !v.tried:
			continue
		case v.seenBy != "":
			n[0]++
			fmt.Fprintf(&seen, "%s\t%s\n", v.key, v.seenBy)
		case lists.accepted(v.key):
			n[1]++
		case v.reached:
			n[2]++
			fmt.Fprintf(&survived, "%s\t%s\n", v.key, v.at)
		default:
			n[3]++
			fmt.Fprintf(&survived, "%s\t%s\tno test gets there\n", v.key, v.at)
		}
		score[v.dir] = n
	}
	for _, dir := range slices.Sorted(maps.Keys(score)) {
		n := score[dir]
		fmt.Printf("%-36s %5d seen %5d accepted %5d survived %5d that no test gets to\n", dir, n[0], n[1], n[2], n[3])
	}
	for _, key := range lists.needless(all) {
		fmt.Printf("accepted.txt: %q is seen: delete the line\n", key)
	}
	if o.out == "" {
		fmt.Print(survived.String())
		return nil
	}
	if err := os.WriteFile(o.out+".survived", []byte(survived.String()), 0o644); err != nil {
		return err
	}
	return os.WriteFile(o.out+".seen", []byte(seen.String()), 0o644)
}
