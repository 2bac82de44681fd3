package arch

import (
	"database/sql"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"igny8/internal/db/dbtest"
)

// columnTypes is how a type of PostgreSQL is called in SQLite's tables.
var columnTypes = map[string]string{"text": "TEXT", "bigint": "INTEGER", "boolean": "BOOLEAN", "uuid": "TEXT",
	"timestamp with time zone": "TIMESTAMP", "jsonb": "BLOB", "bytea": "BLOB"}

// key is one primary key, unique index or foreign key.
type key struct {
	kind    string // primary, unique, foreign
	columns string
	parent  string // of a foreign key: table (columns)
}

// schema is what a database says of itself.
type schema struct {
	columns map[string][]string // per table in order, "name TYPE NOT NULL"
	keys    map[string][]key
}

func (s schema) tenant(name string) bool {
	return name == "account" || slices.ContainsFunc(s.columns[name], func(c string) bool { return strings.HasPrefix(c, "account_id ") })
}

// rows runs a query and returns its rows as text.
func rows(t *testing.T, d *sql.DB, q string, args ...any) [][]string {
	t.Helper()
	r, err := d.Query(q, args...)
	if err != nil {
		t.Fatalf("%s: %v", q, err)
	}
	defer r.Close()
	cols, err := r.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for r.Next() {
		row, to := make([]sql.NullString, len(cols)), make([]any, len(cols))
		for i := range row {
			to[i] = &row[i]
		}
		if err := r.Scan(to...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(cols))
		for i := range row {
			line[i] = row[i].String
		}
		out = append(out, line)
	}
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

func sqliteSchema(t *testing.T) schema {
	t.Helper()
	d := dbtest.Open(t, dbtest.SQLiteURL(t)).Writer()
	s := schema{map[string][]string{}, map[string][]key{}}
	for _, r := range rows(t, d, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'goose_%'") {
		name := r[0]
		primary := map[string]string{}
		for _, c := range rows(t, d, "SELECT name, type, \"notnull\", pk FROM pragma_table_info($1) ORDER BY cid", name) {
			line := c[0] + " " + c[1]
			if c[2] == "1" || c[3] != "0" { // a primary key may be NULL in SQLite only by an old fault of it
				line += " NOT NULL"
			}
			s.columns[name] = append(s.columns[name], line)
			if c[3] != "0" {
				primary[c[3]] = c[0]
			}
		}
		var cols []string
		for _, n := range slices.Sorted(maps.Keys(primary)) {
			cols = append(cols, primary[n])
		}
		s.keys[name] = append(sqliteKeys(t, d, name), key{"primary", strings.Join(cols, ", "), ""})
	}
	return s
}

func sqliteKeys(t *testing.T, d *sql.DB, name string) []key {
	t.Helper()
	var out []key
	for _, i := range rows(t, d, "SELECT name, partial FROM pragma_index_list($1) WHERE \"unique\" AND origin <> 'pk'", name) {
		var cols []string
		for _, c := range rows(t, d, "SELECT name FROM pragma_index_info($1) ORDER BY seqno", i[0]) {
			cols = append(cols, c[0])
		}
		out = append(out, key{"unique", strings.Join(cols, ", "), ""})
	}
	foreign := map[string]*[3]string{}
	for _, f := range rows(t, d, "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list($1) ORDER BY id, seq", name) {
		if k := foreign[f[0]]; k != nil {
			k[0], k[2] = k[0]+", "+f[2], k[2]+", "+f[3]
		} else {
			foreign[f[0]] = &[3]string{f[2], f[1], f[3]}
		}
	}
	for _, k := range foreign {
		out = append(out, key{"foreign", k[0], k[1] + " (" + k[2] + ")"})
	}
	return out
}

func postgresSchema(t *testing.T) (schema, *sql.DB) {
	t.Helper()
	d := dbtest.Open(t, dbtest.MigratedURL(t)).Writer()
	s := schema{map[string][]string{}, map[string][]key{}}
	for _, c := range rows(t, d, `SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name NOT LIKE 'goose_%' ORDER BY table_name, ordinal_position`) {
		line := c[1] + " " + columnTypes[c[2]]
		if columnTypes[c[2]] == "" {
			t.Errorf("%s.%s is %s: use one of the types in columnTypes, which SQLite has too", c[0], c[1], c[2])
		}
		if c[3] == "NO" {
			line += " NOT NULL"
		}
		s.columns[c[0]] = append(s.columns[c[0]], line)
	}
	const columnsOf = `(SELECT string_agg(a.attname, ', ' ORDER BY k.n) FROM unnest(%s) WITH ORDINALITY k(num, n)
		JOIN pg_attribute a ON a.attrelid = %s AND a.attnum = k.num)`
	for _, i := range rows(t, d, fmt.Sprintf(`SELECT r.relname, i.indisprimary, %s FROM pg_index i JOIN pg_class r ON r.oid = i.indrelid
		WHERE i.indisunique AND r.relnamespace = current_schema()::regnamespace`, fmt.Sprintf(columnsOf, "i.indkey::int2[]", "i.indrelid"))) {
		kind := "unique"
		if i[1] == "true" {
			kind = "primary"
		}
		s.keys[i[0]] = append(s.keys[i[0]], key{kind, i[2], ""})
	}
	for _, f := range rows(t, d, fmt.Sprintf(`SELECT c.conrelid::regclass, %s, c.confrelid::regclass, %s FROM pg_constraint c
		WHERE c.contype = 'f' AND c.connamespace = current_schema()::regnamespace`,
		fmt.Sprintf(columnsOf, "c.conkey", "c.conrelid"), fmt.Sprintf(columnsOf, "c.confkey", "c.confrelid"))) {
		s.keys[f[0]] = append(s.keys[f[0]], key{"foreign", f[1], f[2] + " (" + f[3] + ")"})
	}
	return s, d
}

func sorted(keys []key) []string {
	var out []string
	for _, k := range keys {
		out = append(out, strings.TrimSpace(k.kind+" ("+k.columns+") "+k.parent))
	}
	slices.Sort(out)
	return out
}

func TestBothDatabasesHaveTheSameTables(t *testing.T) {
	lite := sqliteSchema(t)
	pg, _ := postgresSchema(t)
	names := map[string]bool{}
	for name := range lite.columns {
		names[name] = true
	}
	for name := range pg.columns {
		if strings.HasPrefix(name, "goose_") {
			continue
		}
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		// The order counts: generated code reads SELECT * by position.
		if a, b := lite.columns[name], pg.columns[name]; !slices.Equal(a, b) {
			t.Errorf("table %s differs; make both migrations alike\nSQLite:     %v\nPostgreSQL: %v", name, a, b)
		}
		if a, b := sorted(lite.keys[name]), sorted(pg.keys[name]); !slices.Equal(a, b) {
			t.Errorf("the keys of table %s differ; make both migrations alike\nSQLite:     %v\nPostgreSQL: %v", name, a, b)
		}
	}
}

// globalKeys are unique over all accounts although their table is a tenant's.
var globalKeys = excuses{
	"account (id)":     "the tenant itself",
	"account (number)": "invoice numbers carry it, so it is one series for all",
	"account (slug)":   "it stands in addresses",

	"invitation (hash)":         "who opens the link is of no account yet",
	"invitation (link_hash)":    "as its hash",
	"ownership_transfer (hash)": "the link names the account",
	"api_key (hash)":            "the key names the account",
}

func TestEveryKeyOfATenantTableBeginsWithTheAccount(t *testing.T) {
	used := map[string]bool{}
	for name, s := range map[string]schema{"SQLite": sqliteSchema(t), "PostgreSQL": first(postgresSchema(t))} {
		for table, keys := range s.keys {
			if !s.tenant(table) {
				continue
			}
			for _, k := range keys {
				global := table + " (" + k.columns + ")"
				switch parent, _, _ := strings.Cut(k.parent, " "); {
				case k.kind == "foreign" && !s.tenant(parent):
				case k.kind == "foreign" && parent != "account" && !strings.Contains(k.parent, "(account_id,"):
					t.Errorf("%s: %s references %s without account_id: then a row can point into another tenant", name, global, k.parent)
				case startsWithAccount(k.columns):
				case globalKeys[global] != "":
					used[global] = true
				default:
					t.Errorf("%s: the %s key %s does not begin with account_id; put it first, or list it in globalKeys with a reason", name, k.kind, global)
				}
			}
		}
	}
	globalKeys.check(t, used)
}

func startsWithAccount(columns string) bool {
	return columns == "account_id" || strings.HasPrefix(columns, "account_id, ")
}

func first[A, B any](a A, _ B) A { return a }

// differ are migrations whose two texts cannot be alike.
var differ = excuses{
	"0007_guards.sql": "triggers are written differently, and SQLite has neither roles nor policies",
	"0019_least.sql":  "SQLite has no roles to take rights from",
	"0014_speed.sql":  "SQLite needs indexes of their own for LIKE 'x%', where PostgreSQL has them since 0009",
	"0009_search.sql": "PostgreSQL needs indexes of their own for LIKE 'x%', whatever its collation",
}

var typeWords = regexp.MustCompile(`\b(uuid|bigint|timestamptz|jsonb|bytea|boolean|text)\b`)

var grants = regexp.MustCompile(`(?m)^(GRANT|REVOKE|CREATE POLICY|ALTER TABLE \w+ (ENABLE|FORCE) ROW LEVEL SECURITY).*\n`)

// asSQLite writes PostgreSQL's type names as SQLite's and leaves out its grants and
// policies.
func asSQLite(s string) string {
	s = grants.ReplaceAllString(s, "")
	to := map[string]string{"uuid": "TEXT", "bigint": "INTEGER", "timestamptz": "TIMESTAMP", "jsonb": "BLOB", "bytea": "BLOB",
		"boolean": "BOOLEAN", "text": "TEXT"}
	return typeWords.ReplaceAllStringFunc(s, func(w string) string { return to[w] })
}

// This sees what the databases do not tell alike: CHECKs, defaults, conditions
// of indexes.
func TestMigrationsComeInPairs(t *testing.T) {
	const dir = root + "/internal/db/migrations/"
	lite, pg := list(t, dir+"sqlite"), list(t, dir+"postgres")
	if !slices.Equal(lite, pg) {
		t.Fatalf("the two folders of migrations differ: every step is two files of the same name\nsqlite:   %v\npostgres: %v", lite, pg)
	}
	used := map[string]bool{}
	for i, name := range pg {
		if !strings.HasPrefix(name, fmt.Sprintf("%04d_", i+1)) {
			t.Errorf("migration %s: number the steps without gaps", name)
		}
		want, got := asSQLite(read(t, dir+"postgres/"+name)), read(t, dir+"sqlite/"+name)
		if want == asSQLite(got) {
			continue
		}
		if used[name] = true; differ[name] == "" {
			t.Errorf("migration %s says something else on SQLite than on PostgreSQL:\n%s", name, firstDifference(want, got))
		}
	}
	differ.check(t, used)
}

func list(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, path.Base(e.Name()))
	}
	return out
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n  PostgreSQL (as SQLite): %s\n  SQLite:                 %s", i+1, x[i], y[i])
		}
	}
	return "one has more lines"
}

func sqliteTriggers(t *testing.T) string {
	t.Helper()
	d := dbtest.Open(t, dbtest.SQLiteURL(t)).Writer()
	var all []string
	for _, r := range rows(t, d, "SELECT sql FROM sqlite_master WHERE type = 'trigger'") {
		all = append(all, r[0])
	}
	return strings.Join(all, "\n")
}
