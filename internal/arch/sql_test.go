package arch

import (
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// table is one CREATE TABLE of the migrations.
type table struct {
	name    string
	columns []string
}

// tenant reports whether its rows are one account's.
func (t table) tenant() bool { return t.name == "account" || slices.Contains(t.columns, "account_id") }

var (
	createTable = regexp.MustCompile(`(?ms)^CREATE TABLE (\w+) \((.*?)^\);`)
	addColumn   = regexp.MustCompile(`(?m)^ALTER TABLE (\w+) ADD COLUMN (\w+) `)
	columnLine  = regexp.MustCompile(`(?m)^  ([a-z_]\w*) `)
)

// tables reads the tables out of PostgreSQL's migrations.
func tables(t *testing.T) map[string]table {
	t.Helper()
	names, err := filepath.Glob(root + "/internal/db/migrations/postgres/*.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no migrations: %v", err)
	}
	all := map[string]table{}
	for _, name := range names {
		for _, m := range createTable.FindAllStringSubmatch(upPart(read(t, name)), -1) {
			tab := table{name: m[1]}
			for _, c := range columnLine.FindAllStringSubmatch(m[2], -1) {
				tab.columns = append(tab.columns, c[1])
			}
			all[tab.name] = tab
		}
		for _, m := range addColumn.FindAllStringSubmatch(upPart(read(t, name)), -1) {
			tab := all[m[1]]
			tab.columns = append(tab.columns, m[2])
			all[tab.name] = tab
		}
	}
	return all
}

func upPart(sql string) string {
	up, _, _ := strings.Cut(sql, "-- +goose Down")
	return up
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// query is one named query of a queries.sql.
type query struct {
	file, name, comment, text string
}

var queryHead = regexp.MustCompile(`(?m)^-- name: (\w+) :\w+$`)

func queries(t *testing.T) []query {
	t.Helper()
	names, err := filepath.Glob(root + "/internal/*/queries.sql")
	if err != nil || len(names) == 0 {
		t.Fatalf("no queries: %v", err)
	}
	var out []query
	for _, name := range names {
		text := read(t, name)
		heads := queryHead.FindAllStringSubmatchIndex(text, -1)
		for i, h := range heads {
			end := len(text)
			if i+1 < len(heads) {
				end = heads[i+1][0]
			}
			q := query{file: filepath.ToSlash(strings.TrimPrefix(name, root+"/")), name: text[h[2]:h[3]]}
			q.comment, q.text = split(text[h[1]:end])
			out = append(out, q)
		}
	}
	return out
}

// split parts comments from SQL and makes all space one blank.
func split(s string) (comment, sql string) {
	var comments, lines []string
	for line := range strings.Lines(s) {
		code, c, _ := strings.Cut(line, "--")
		comments, lines = append(comments, c), append(lines, code)
	}
	return strings.Join(strings.Fields(strings.Join(comments, " ")), " "), strings.Join(strings.Fields(strings.Join(lines, " ")), " ")
}

var (
	touches     = regexp.MustCompile(`\b(?:FROM|JOIN|INTO|UPDATE|USING) (\w+)`)
	insertHead  = regexp.MustCompile(`\bINSERT INTO (\w+) \((\w+)`)
	ownCompared = regexp.MustCompile(`\b(?:account_id|account\.id) = ?(?:@|\$|sqlc\.arg)`)
	ownJoined   = regexp.MustCompile(`\b(?:account_id|account\.id) = (?:\w+\.)(?:account_id|id)\b`)
	ownID       = regexp.MustCompile(`\bid = (?:@account_id|\$\d+)`)
	systemScope = regexp.MustCompile(`system scope: ?\S+`)
)

// tenantTables lists the tenant tables that the query touches, each as often as
// it names it.
func tenantTables(q query, all map[string]table) []string {
	var out []string
	for _, m := range touches.FindAllStringSubmatch(q.text, -1) {
		if all[m[1]].tenant() {
			out = append(out, m[1])
		}
	}
	return out
}

// predicateFault says what is missing for the query to stay within one account,
// "" when nothing is.
func predicateFault(q query, all map[string]table) string {
	named := tenantTables(q, all)
	if len(named) == 0 || systemScope.MatchString(q.comment) {
		return ""
	}
	if m := insertHead.FindStringSubmatch(q.text); m != nil {
		if m[2] == "account_id" || m[1] == "account" && m[2] == "id" {
			return ""
		}
		return "inserts without account_id as the first column"
	}
	compared := len(ownCompared.FindAllString(q.text, -1))
	if slices.Equal(named, []string{"account"}) {
		compared += len(ownID.FindAllString(q.text, -1))
	}
	if compared == 0 {
		return "does not compare account_id with a parameter"
	}
	if joined := len(ownJoined.FindAllString(q.text, -1)); compared+joined < len(named) {
		return "names " + strings.Join(named, ", ") + " but ties not all of them to the account"
	}
	return ""
}

func TestEveryQueryHasItsTenantPredicate(t *testing.T) {
	all := tables(t)
	if !all["payment"].tenant() || all["plan"].tenant() {
		t.Fatal("the tables cannot be read out of the migrations; this test needs CREATE TABLE at a line's start, columns two blanks in")
	}
	for _, q := range queries(t) {
		if fault := predicateFault(q, all); fault != "" {
			t.Errorf("%s: %s %s. Add `account_id = @account_id`, or a comment `-- system scope: <why it must see all accounts>`", q.file, q.name, fault)
		}
	}
}

// Removing any one tenant predicate must be seen by the test above.
func TestAMissingTenantPredicateIsSeen(t *testing.T) {
	all, n := tables(t), 0
	for _, q := range queries(t) {
		if len(tenantTables(q, all)) == 0 || systemScope.MatchString(q.comment) || insertHead.MatchString(q.text) {
			continue
		}
		places := append(ownCompared.FindAllStringIndex(q.text, -1), ownJoined.FindAllStringIndex(q.text, -1)...)
		for _, at := range places {
			mutant := q
			mutant.text, n = q.text[:at[0]]+"TRUE"+q.text[at[1]:], n+1
			if predicateFault(mutant, all) == "" {
				t.Errorf("%s: %s without %q is not seen as unsafe", q.file, q.name, q.text[at[0]:at[1]])
			}
		}
	}
	if n < 30 {
		t.Errorf("only %d predicates were removed; the patterns no longer find them", n)
	}
	t.Logf("%d tenant predicates were taken away one at a time; each was seen", n)
}

var rawSQL = regexp.MustCompile(`(?s)^\s*(?:SELECT\s+\S|INSERT INTO |UPDATE \w+ SET |DELETE FROM |CREATE |ALTER |DROP |GRANT |WITH \w+ AS |PRAGMA )`)

// rawSQLIn lists who writes SQL in Go. Everything else is in queries.sql, where
// sqlc checks it and the test above sees it.
var rawSQLIn = excuses{
	"internal/backup":    "asks a server about itself, and ends what was issued in a copy that nobody works on yet",
	"internal/db":        "scope, versions and settings of the databases themselves; no table of the domain",
	"internal/db/dbtest": "makes and drops the databases under test",
	"internal/job":       "grants on River's tables and the lock of its migration",
	"internal/offboard":  "copies and empties the tables of the register for one account, as many as there are",
	"internal/doctor":    "looks across all tables for broken invariants, in system scope",
}

func TestSQLIsWrittenInQueryFiles(t *testing.T) {
	used := map[string]bool{}
	for _, f := range files(t, handwritten) {
		f.literals(func(at token.Pos, text string) {
			if !rawSQL.MatchString(text) {
				return
			}
			if used[f.dir] = true; rawSQLIn[f.dir] == "" {
				t.Errorf("%s: SQL in a string; put the query into %s/queries.sql and run `make generate`", f.at(at), f.dir)
			}
		})
	}
	for _, dir := range planned {
		used[dir] = true
	}
	rawSQLIn.check(t, used)
}
