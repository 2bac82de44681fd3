package arch

import (
	"maps"
	"path"
	"slices"
	"strings"
	"testing"
)

// ladder says on which rung each package stands. A package imports lower rungs
// only. To add a package, put it here first: as low as what it speaks of allows.
// Generated packages (internal/x/xdb) belong to their parent and are not listed.
var ladder = map[string]int{
	".": 0, "docs": 0, // the glossary; the documentation's files

	"internal/config": 1, "internal/durable": 1, "internal/input": 1, "internal/tenant": 1, "internal/worker": 1, "internal/db": 1, "internal/db/dbtest": 1,

	"internal/payref": 2,

	"internal/audit": 2, "internal/blob": 2, "internal/event": 2, "internal/idem": 2, "internal/job": 2, "internal/kdf": 2, "internal/rate": 2,

	"internal/account": 3, "internal/factor": 3, "internal/mail": 3,

	"internal/auth": 4, "internal/catalog": 4, "internal/credit": 4,

	"internal/billing": 5, "internal/billing/billingtest": 5,

	"internal/document": 6, "internal/reconcile": 6, "internal/site": 6,

	"internal/content": 7,

	"internal/backup": 8, "internal/desk": 8, "internal/doctor": 8, "internal/doctor/doctortest": 8, "internal/offboard": 8, "internal/ops": 8, "internal/search": 8, "internal/signup": 8, "internal/team": 8,

	"internal/web": 9, "internal/web/api": 9, "internal/web/api/apitest": 9, "internal/web/docs": 9,
	"internal/web/console/text": 1, "internal/web/console/view": 9, // they know no HTTP and no service

	"internal/gateway/smtp": 10, "internal/demo": 10, "internal/web/console": 10,

	"internal/web/console/person": 11, "internal/web/console/public": 11, "internal/web/console/customer": 11, "internal/web/console/staff": 11,

	"internal/app": 12, "internal/arch": 12, "internal/web/console/browsertest": 12,

	"cmd/igny8": 13, "internal/docgen": 13, "internal/mutants": 13,
}

// planned packages are on the ladder before they exist.
var planned = []string{"internal/document", "internal/reconcile", "internal/content"}

// sameRung are imports within one rung, with their reasons. A folder inside a
// package's folder may import its parent without being listed.
var sameRung = excuses{}

const module = "igny8"

// local turns an import path into a folder of the module; ok is false for
// packages of others.
func local(importPath string) (dir string, ok bool) {
	if importPath == module {
		return ".", true
	}
	dir, ok = strings.CutPrefix(importPath, module+"/")
	return dir, ok
}

// generatedPackage reports a package that sqlc wrote: internal/x/xdb.
func generatedPackage(dir string) bool {
	parent := path.Dir(dir)
	return parent != "." && path.Base(dir) == path.Base(parent)+"db"
}

// rung finds a package's rung.
func rung(dir string) (int, bool) {
	if generatedPackage(dir) {
		dir = path.Dir(dir)
	}
	n, ok := ladder[dir]
	return n, ok
}

// imports maps each package to the packages of ours that it imports, outside its
// tests.
func imports(t *testing.T) map[string]map[string]bool {
	t.Helper()
	graph := map[string]map[string]bool{}
	for _, f := range files(t, product) {
		if graph[f.dir] == nil {
			graph[f.dir] = map[string]bool{}
		}
		for _, p := range f.imports() {
			if dir, ok := local(p); ok {
				graph[f.dir][dir] = true
			}
		}
	}
	return graph
}

func TestEveryPackageStandsOnTheLadder(t *testing.T) {
	exists := map[string]bool{}
	for dir := range imports(t) {
		exists[dir] = true
		if _, ok := rung(dir); !ok {
			t.Errorf("package %s is on no rung: put it into the table ladder in internal/arch/ladder_test.go", dir)
		}
	}
	for dir := range ladder {
		if !exists[dir] && !slices.Contains(planned, dir) {
			t.Errorf("package %s is on the ladder but does not exist: delete it from the table", dir)
		}
	}
}

func TestPackagesImportLowerRungsOnly(t *testing.T) {
	used := map[string]bool{}
	for dir, imported := range imports(t) {
		from, ok := rung(dir)
		if !ok {
			continue // told by the test above
		}
		for _, to := range slices.Sorted(maps.Keys(imported)) {
			edge := dir + " → " + to
			switch there, ok := rung(to); {
			case !ok || there < from:
			case path.Dir(dir) == to, path.Dir(to) == dir && generatedPackage(to):
			case there == from && sameRung[edge] != "":
				used[edge] = true
			default:
				t.Errorf("%s: rung %d must not import rung %d. Take a value, or declare a one-method interface that app fills, or leave a job", edge, from, there)
			}
		}
	}
	sameRung.check(t, used)
}

func TestGeneratedQueriesBelongToTheirPackage(t *testing.T) {
	for dir, imported := range imports(t) {
		for to := range imported {
			if generatedPackage(to) && path.Dir(to) != dir {
				t.Errorf("%s imports %s: only %s may run its queries; ask it for a function", dir, to, path.Dir(to))
			}
			if generatedPackage(dir) && to != "." {
				t.Errorf("%s imports %s: generated queries know the glossary only; change the override in sqlc.yaml", dir, to)
			}
		}
	}
}

func TestTheGlossaryImportsTheStandardLibraryOnly(t *testing.T) {
	for _, f := range files(t, func(f file) bool { return f.dir == "." && !f.test }) {
		for _, p := range f.imports() {
			if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") || first == module {
				t.Errorf("%s imports %q: the root package imports the standard library only; move the code down into a package of its own", f.path, p)
			}
		}
	}
}

func TestTheMainPackageOnlyStartsTheProgram(t *testing.T) {
	for _, f := range files(t, func(f file) bool { return strings.HasPrefix(f.dir, "cmd/") && !f.test }) {
		if n := f.lines(); n > 40 {
			t.Errorf("%s has %d lines, more than 40: move the work into internal/app", f.path, n)
		}
		for _, p := range f.imports() {
			if dir, ok := local(p); ok && dir != "internal/app" {
				t.Errorf("%s imports %s: a command imports internal/app and nothing else of ours", f.path, dir)
			}
		}
	}
}

// belongs are packages of others that only some of ours may import.
var belongs = []struct {
	what    string // prefixes of import paths, separated by spaces
	to      []string
	why     string
	reasons excuses
}{
	{"net/http net/http/", []string{"internal/web", "internal/web/api", "internal/web/docs", "internal/web/console", "internal/web/console/person", "internal/web/console/public", "internal/web/console/customer", "internal/web/console/staff", "internal/gateway/smtp", "internal/demo", "internal/app"},
		"only web and below it serve HTTP, only gateways and the demonstration call it; return a value or an *igny8.Error instead", excuses{
			"internal/web/api/apitest": "holds answers of tests against the document"}},
	{"html/template github.com/a-h/templ", []string{"internal/web", "internal/web/api", "internal/web/docs", "internal/web/console", "internal/web/console/view",
		"internal/web/console/person", "internal/web/console/public", "internal/web/console/customer", "internal/web/console/staff"},
		"pages are made in web", nil},
	{"github.com/danielgtaylor/huma", []string{"internal/web/api"}, "the API library stays in web/api", nil},
	{"github.com/jackc/pgx modernc.org/sqlite github.com/lib/pq github.com/mattn/go-sqlite3", []string{"internal/db"},
		"only db knows database drivers; take a *db.Tx", excuses{
			"internal/backup":    "reaches the server that pg_dump and psql work on, without a pool and before there are tables",
			"internal/db/dbtest": "makes and drops the databases under test",
			"internal/job":       "names pgx.Tx, the transaction that River's client is typed by",
		}},
	{"github.com/pressly/goose", []string{"internal/db"}, "only db migrates", nil},
	{"github.com/riverqueue/river", []string{"internal/job"}, "only job knows the queue's library; use job.Enqueue and job.Handle", nil},
	{"github.com/spf13", []string{"internal/app"}, "only app has a command line", excuses{"internal/docgen": "writes the reference of the commands"}},
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	for _, rule := range belongs {
		used := map[string]bool{}
		for _, f := range files(t, product) {
			for _, p := range f.imports() {
				if !matches(p, rule.what) || slices.Contains(rule.to, f.dir) {
					continue
				}
				if rule.reasons[f.dir] != "" {
					used[f.dir] = true
					continue
				}
				t.Errorf("%s imports %q: %s", f.path, p, rule.why)
			}
		}
		rule.reasons.check(t, used)
	}
}

func matches(importPath, prefixes string) bool {
	return slices.ContainsFunc(strings.Fields(prefixes), func(p string) bool {
		return importPath == p || strings.HasPrefix(importPath, strings.TrimSuffix(p, "/")+"/") && p != "net/http"
	})
}

func TestOnlyAppImportsGateways(t *testing.T) {
	for dir, imported := range imports(t) {
		for to := range imported {
			if strings.HasPrefix(to, "internal/gateway/") && dir != "internal/app" {
				t.Errorf("%s imports %s: declare the interface you need and let app fill it", dir, to)
			}
		}
	}
}

func TestImportChainsAreShort(t *testing.T) {
	const longest = 10
	graph, memo := imports(t), map[string][]string{}
	var chain func(string) []string
	chain = func(dir string) []string {
		if c, ok := memo[dir]; ok {
			return c
		}
		memo[dir] = []string{dir} // also ends a cycle, which the compiler refuses anyway
		var best []string
		for to := range graph[dir] {
			if c := chain(to); len(c) > len(best) {
				best = c
			}
		}
		memo[dir] = append([]string{dir}, best...)
		return memo[dir]
	}
	for dir := range graph {
		if c := chain(dir); len(c) > longest {
			t.Errorf("the import chain %s has %d packages, more than %d: hand a value down instead", strings.Join(c, " → "), len(c), longest)
		}
	}
}
