package arch

import (
	"database/sql"
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"igny8/internal/db/dbtest"
)

// scans are queries that read a whole table that grows with the accounts, with
// the reason. "query table" names one.
var scans = excuses{
	"account/accountdb CountAccounts account": "asked once, when a demonstration begins",
	"account/accountdb ListStaff app_user":    "through the index that holds staff alone",
	"auth/authdb ActiveStaff app_user":        "through the index that holds staff alone",
	"auth/authdb SealedTotp app_user":         "once, at the start after the program's secret was replaced",
	"ops/opsdb LastEvent outbox_event":        "the newest entry of an index, and no more",
	"mail/maildb CountUnsent mail_message":    "through the index that holds unsent letters alone",
	"audit/auditdb Heads audit_head":          "doctor verifies every chain",
	"mail/maildb Latest mail_message":         "the mailbox of an installation without a mail server",
}

// statements are the queries that sqlc wrote into Go, by name.
func statements(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, f := range files(t, func(f file) bool { return generatedPackage(f.dir) }) {
		ast.Inspect(f.ast, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if m := queryHead.FindStringSubmatch(text); err == nil && m != nil {
				out[strings.TrimPrefix(f.dir, "internal/")+" "+m[1]] = text
			}
			return true
		})
	}
	return out
}

var (
	placeholder = regexp.MustCompile(`\$(\d+)`)
	ranged      = regexp.MustCompile(`^SEARCH .*\(\w+[<>]\?( AND \w+[<>]\?)?\)$`) // by bounds alone, no equality
	aliased     = regexp.MustCompile(`\b(?:FROM|JOIN) (\w+) (?:AS )?(\w+)\b`)
)

// arguments are as many values as the statement has parameters: the beginning of
// a text, so that LIKE may use an index.
func arguments(q string) []any {
	n := 0
	for _, m := range placeholder.FindAllStringSubmatch(q, -1) {
		i, _ := strconv.Atoi(m[1])
		n = max(n, i)
	}
	args := make([]any, n)
	for i := range args {
		args[i] = "ab%"
	}
	return args
}

// scansOf lists the tables that SQLite reads from end to end for a statement, or
// from a bound to the end to sort it all. Walking along an index to the first rows
// of a page is neither.
func scansOf(t *testing.T, d *sql.DB, name, q string) (out []string) {
	t.Helper()
	plan, err := d.Query("EXPLAIN QUERY PLAN "+q, arguments(q)...)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer plan.Close()
	alias := map[string]string{}
	for _, m := range aliased.FindAllStringSubmatch(q, -1) {
		alias[m[2]] = m[1]
	}
	bounded := map[int]string{} // by the step they belong to
	for plan.Next() {
		var id, parent, unused int
		var detail string
		if err := plan.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		if ranged.MatchString(detail) {
			bounded[parent] = detail
		}
		if detail == "USE TEMP B-TREE FOR ORDER BY" {
			detail = bounded[parent]
		} else if !strings.HasPrefix(detail, "SCAN ") {
			continue
		}
		if words := strings.Fields(detail); len(words) > 1 {
			table := words[1]
			if alias[table] != "" {
				table = alias[table]
			}
			out = append(out, table+"\t"+detail)
		}
	}
	return out
}

// Both databases have the same indexes (see TestMigrationsComeInPairs); SQLite
// tells on empty tables what it would do on full ones.
func TestNoQueryReadsAWholeGrowingTable(t *testing.T) {
	all, used := tables(t), map[string]bool{}
	d := dbtest.Open(t, dbtest.SQLiteURL(t)).Writer()
	grows := func(table string) bool {
		return all[table].tenant() || slices.Contains([]string{"app_user", "session", "refresh_token", "console_token", "email_token"}, table)
	}
	for name, q := range statements(t) {
		for _, found := range scansOf(t, d, name, q) {
			table, detail, _ := strings.Cut(found, "\t")
			if !grows(table) {
				continue
			}
			if what := name + " " + table; scans[what] == "" {
				t.Errorf("%s reads the whole table %s (%s). Add an index, or put %q into the list scans with the reason", name, table, detail, what)
			} else {
				used[what] = true
			}
		}
	}
	scans.check(t, used)
}

// An index serves LIKE 'x%' on PostgreSQL only when it is made for that, or when
// the database's collation is C.
var byBeginning = regexp.MustCompile(`Index Cond: .* ~?>=~? '1'`)

func TestPostgreSQLLooksUpBeginningsInIndexes(t *testing.T) {
	d, n := dbtest.Open(t, dbtest.MigratedURL(t)).Writer(), 0
	for name, q := range statements(t) {
		if !strings.Contains(q, " LIKE $") {
			continue
		}
		n++
		literal := strings.ReplaceAll(placeholder.ReplaceAllString(q, "'1%'"), " = '1%'", " = '1'")
		conn, err := d.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), "SET enable_seqscan = off"); err != nil {
			t.Fatal(err)
		}
		var plan []string
		lines, err := conn.QueryContext(t.Context(), "EXPLAIN "+literal)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for lines.Next() {
			var line string
			if err := lines.Scan(&line); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, line)
		}
		lines.Close()
		conn.Close()
		if text := strings.Join(plan, "\n"); !byBeginning.MatchString(text) {
			t.Errorf("%s finds no beginning by an index:\n%s", name, text)
		}
	}
	if n == 0 {
		t.Error("no query looks for a beginning; the pattern no longer finds them")
	}
}
