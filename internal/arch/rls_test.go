package arch

import (
	"database/sql"
	"slices"
	"strings"
	"testing"
)

// appendOnly are the tables whose rows never change: ledgers, the audit log, what
// was issued, what was proved.
var appendOnly = []string{"account_balance_entry", "audit_event", "credit_burn", "credit_transaction", "invoice_line",
	"payment_allocation", "payment_proof"}

func TestEveryTenantTableHasRowLevelSecurity(t *testing.T) {
	s, d := postgresSchema(t)
	for table := range s.columns {
		if !s.tenant(table) {
			continue
		}
		checkSecured(t, d, table)
		checkPolicy(t, d, table)
	}
}

func checkSecured(t *testing.T, d *sql.DB, table string) {
	t.Helper()
	got := rows(t, d, "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass", table)
	if got[0][0] != "true" || got[0][1] != "true" {
		t.Errorf("table %s: ENABLE and FORCE ROW LEVEL SECURITY are missing; add it to the list in the newest migration of guards", table)
	}
}

func checkPolicy(t *testing.T, d *sql.DB, table string) {
	t.Helper()
	own := "account_id"
	if table == "account" {
		own = "id"
	}
	found := false
	for _, p := range rows(t, d, `SELECT policyname, cmd, coalesce(qual, ''), coalesce(with_check, ''), permissive FROM pg_policies
		WHERE schemaname = current_schema() AND tablename = $1 AND 'igny8_tenant' = ANY (roles)`, table) {
		name, cmd, using, check := p[0], p[1], p[2], p[3]
		for _, expr := range []string{using, check} {
			if !strings.HasPrefix(expr, "("+own+" = ") || !strings.Contains(expr, "NULLIF(current_setting('app.account'::text, true), ''::text)") {
				t.Errorf("table %s: the policy %s lets igny8_tenant see %q; it must compare %s with app.account in USING and in CHECK", table, name, expr, own)
			}
		}
		found = found || cmd == "ALL"
	}
	if !found {
		t.Errorf("table %s: there is no policy for igny8_tenant with USING and WITH CHECK for all commands", table)
	}
	if got := rows(t, d, "SELECT 1 FROM pg_policies WHERE tablename = $1 AND (roles && ARRAY['public', current_user]::name[])", table); len(got) > 0 {
		t.Errorf("table %s has a policy for everybody or for the owner; name igny8_tenant or igny8_system", table)
	}
}

func TestRolesOfTheServerAreWeak(t *testing.T) {
	_, d := postgresSchema(t)
	for _, role := range []string{"igny8_tenant", "igny8_system"} {
		for _, r := range rows(t, d, `SELECT rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb, rolreplication FROM pg_roles WHERE rolname = $1`, role) {
			if slices.Contains(r, "true") {
				t.Errorf("role %s has one of SUPERUSER, BYPASSRLS, LOGIN, CREATEROLE, CREATEDB, REPLICATION (%v); take it away", role, r)
			}
		}
		if owned := rows(t, d, "SELECT relname FROM pg_class WHERE relowner = $1::regrole", role); len(owned) > 0 {
			t.Errorf("role %s owns %v; an owner escapes grants. The migrating user owns everything", role, owned)
		}
		if may := rows(t, d, "SELECT 1 WHERE has_schema_privilege($1, current_schema(), 'CREATE')", role); len(may) > 0 {
			t.Errorf("role %s may create tables in the schema; REVOKE CREATE", role)
		}
		if in := rows(t, d, "SELECT roleid::regrole FROM pg_auth_members WHERE member = $1::regrole", role); len(in) > 0 {
			t.Errorf("role %s is a member of %v and so has their rights; revoke it", role, in)
		}
	}
}

func TestTheTenantRoleCannotRewriteHistory(t *testing.T) {
	s, d := postgresSchema(t)
	for table := range s.columns {
		for _, right := range []string{"UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"} {
			has := len(rows(t, d, "SELECT 1 WHERE has_table_privilege('igny8_tenant', $1, $2) OR $2 = 'UPDATE' AND has_any_column_privilege('igny8_tenant', $1, $2)", table, right)) > 0
			switch {
			case has && slices.Contains(appendOnly, table):
				t.Errorf("igny8_tenant may %s %s, which is append-only: grant SELECT and INSERT alone", right, table)
			case has && right != "UPDATE" && right != "DELETE":
				t.Errorf("igny8_tenant may %s %s: no code needs it, revoke it", right, table)
			}
		}
	}
}

func TestHistoryIsGuardedByTriggers(t *testing.T) {
	_, d := postgresSchema(t)
	var got []string
	for _, r := range rows(t, d, `SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'igny8_append_only'::regproc
		AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 1 = 1 AND tgtype & 2 = 2 AND tgtype & 8 = 8 AND tgtype & 16 = 16 ORDER BY 1`) {
		got = append(got, r[0])
	}
	if !slices.Equal(got, appendOnly) {
		t.Errorf("PostgreSQL guards %v against UPDATE and DELETE, want %v; add the triggers to both migrations and the table to appendOnly", got, appendOnly)
	}
	lite := sqliteTriggers(t)
	for _, table := range appendOnly {
		for _, what := range []string{"UPDATE", "DELETE"} {
			if !strings.Contains(lite, "BEFORE "+what+" ON "+table+" BEGIN SELECT RAISE(ABORT") {
				t.Errorf("SQLite does not refuse %s of %s: add the trigger", what, table)
			}
		}
	}
}

// What a person may see of other persons goes by shared accounts, and never
// includes the password.
func TestTheTenantRoleSeesNoSecretsOfPeople(t *testing.T) {
	s, d := postgresSchema(t)
	if len(rows(t, d, "SELECT 1 WHERE has_column_privilege('igny8_tenant', 'app_user', 'password_hash', 'SELECT')")) > 0 {
		t.Error("igny8_tenant may read app_user.password_hash: grant the columns that colleagues may see")
	}
	for _, table := range []string{"session", "refresh_token", "email_token", "trial_claim"} {
		if len(rows(t, d, "SELECT 1 WHERE has_any_column_privilege('igny8_tenant', $1, 'SELECT,INSERT,UPDATE')", table)) > 0 && !s.tenant(table) {
			t.Errorf("igny8_tenant may touch %s, which belongs to login alone: revoke it", table)
		}
	}
}
