package app

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"igny8/internal/db"
)

// tableNames lists the tables of the domain.
func tableNames(ctx context.Context, tx *db.Tx) (names []string, err error) {
	query := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	if tx.Postgres() {
		query = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename"
	}
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(volatile, func(v string) bool { return strings.HasPrefix(name, v) }) {
			names = append(names, name)
		}
	}
	if len(names) < 30 && err == nil {
		return nil, fmt.Errorf("only %d tables found", len(names))
	}
	return names, rows.Err()
}

// dumpPostgres reads all tables by one statement: there are many, and it is asked
// often.
func dumpPostgres(ctx context.Context, tx *db.Tx, out *bytes.Buffer, names []string) error {
	var all []string
	for _, name := range names {
		all = append(all, fmt.Sprintf("SELECT '%s|' || t::text FROM %s t", name, name))
	}
	all = append(all, "SELECT 'river_job|' || kind || '|' || args::text FROM river_job")
	return dumpTable(ctx, tx, out, "", strings.Join(all, " UNION ALL "))
}

func dumpTable(ctx context.Context, tx *db.Tx, out *bytes.Buffer, name, query string) error {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return fmt.Errorf("dump %s: %w", name, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	var lines []string
	for rows.Next() {
		values, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			to[i] = &values[i]
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		lines = append(lines, line(name, values))
	}
	slices.Sort(lines)
	for _, l := range lines {
		out.WriteString(l)
	}
	return rows.Err()
}

func line(name string, values []any) string {
	var b strings.Builder
	b.WriteString(name)
	for _, v := range values {
		switch v := v.(type) {
		case []byte:
			fmt.Fprintf(&b, "|%s", v)
		case time.Time:
			b.WriteString("|" + v.UTC().Format(time.RFC3339Nano))
		default:
			fmt.Fprintf(&b, "|%v", v)
		}
	}
	b.WriteByte('\n')
	return b.String()
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
