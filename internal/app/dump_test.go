package app

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"igny8/internal/db"
)

// volatile are tables that are no part of what happened: throttling, stored
// answers, the tools' own, and the catalogue, which nobody but Seed writes yet.
var volatile = []string{"throttle", "counter", "idempotency_record", "goose_db_version", "river_", "country", "currency", "credit_cost",
	"credit_package", "exchange_rate", "industry", "payment_method", "plan", "seed_keyword"}

// dump writes every row of every table of the domain, and the jobs in the queue,
// in a canonical order.
func (w *world) dump() string {
	w.Helper()
	var lines []string
	var err error
	if d := w.app.db; d.Postgres() {
		err = d.ReadSystem(w.Context(), func(ctx context.Context, tx *db.Tx) error {
			query, err := postgresDump(ctx, tx)
			if err != nil {
				return err
			}
			lines, err = texts(tx.QueryContext(ctx, query))
			return err
		})
	} else {
		if w.rows == nil { // to parse it takes longer than to run it
			w.rows = w.prepareDump(d)
		}
		lines, err = texts(w.rows.QueryContext(w.Context()))
	}
	if err != nil {
		w.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}

func postgresDump(ctx context.Context, tx *db.Tx) (string, error) {
	names, err := texts(tx.QueryContext(ctx, "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"))
	var parts []string
	for _, name := range domain(names) {
		parts = append(parts, fmt.Sprintf("SELECT '%s|' || t::text FROM %s t", name, name))
	}
	parts = append(parts, "SELECT 'river_job|' || kind || '|' || args::text FROM river_job")
	return strings.Join(parts, " UNION ALL "), err
}

func (w *world) prepareDump(d *db.DB) *sql.Stmt {
	w.Helper()
	names, err := texts(d.Writer().Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))
	if err != nil {
		w.Fatal(err)
	}
	var parts []string
	for _, name := range domain(names) {
		columns, err := texts(d.Writer().Query("SELECT 'ifnull(' || CASE WHEN name LIKE 'body_%' THEN 'length(' || name || ')' ELSE name END || ', ''NULL'')' FROM pragma_table_info($1) ORDER BY cid", name))
		if err != nil {
			w.Fatal(err)
		}
		parts = append(parts, fmt.Sprintf("SELECT '%s|' || %s FROM %s", name, strings.Join(columns, " || '|' || "), name))
	}
	parts = append(parts, "SELECT 'river_job|' || kind || '|' || args FROM river_job")
	s, err := d.Writer().Prepare(strings.Join(parts, " UNION ALL "))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { s.Close() })
	return s
}

// domain leaves out the volatile tables.
func domain(names []string) []string {
	kept := slices.DeleteFunc(names, func(name string) bool {
		return slices.ContainsFunc(volatile, func(v string) bool { return strings.HasPrefix(name, v) })
	})
	if len(kept) < 25 {
		panic(fmt.Sprint("only these tables were found: ", kept))
	}
	return kept
}

// texts reads a query of one text column.
func texts(rows *sql.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, rows.Err()
}

// difference lists lines that only one of two dumps has, at most ten.
func difference(a, b string) string {
	have := map[string]int{}
	for l := range strings.Lines(a) {
		have[l]++
	}
	var out []string
	for l := range strings.Lines(b) {
		if have[l]--; have[l] < 0 {
			out = append(out, "+ "+l)
		}
	}
	for l, n := range have {
		if n > 0 {
			out = append(out, "- "+l)
		}
	}
	return strings.Join(out[:min(len(out), 10)], "")
}
