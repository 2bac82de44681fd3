// Package db opens the database, runs transactions and translates errors.
//
// It owns: SQLite and PostgreSQL behind one *Tx, tenant and system scope, the
// refusal of nested transactions, migrations, the clock and the making of ids.
// It knows no table of the domain: every query lives in the feature that needs it.
//
// The two databases differ in one way that matters to a reader. On PostgreSQL a
// tenant transaction runs under the role igny8_tenant with row level security,
// so a forgotten account_id shows nothing; on SQLite it would show everything.
// Every store test runs on both: the weaker database is the stricter test.
package db
