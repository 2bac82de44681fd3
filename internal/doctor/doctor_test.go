package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/tenant"
)

// nobody is a uuid that no row has.
const nobody = "01900000-0000-7000-8000-00000000dead"

// mutations returns, for each invariant, corruptions that it must find.
func mutations() map[string][]string {
	m := map[string][]string{
		"1 balance is the ledger":   {"UPDATE credit_balance SET balance = balance + 1", "DELETE FROM credit_balance"},
		"1 balance is the lots":     {"UPDATE credit_lot SET remaining = remaining - 1 WHERE remaining > 0", "DELETE FROM credit_lot"},
		"1 held within the balance": {"UPDATE credit_balance SET held = balance + 1", "UPDATE credit_balance SET held = -1"},
		"1 lots are their burns": {"UPDATE credit_burn SET amount = amount + 1 WHERE amount > 0", "DELETE FROM credit_burn WHERE amount < 0",
			"UPDATE credit_lot SET remaining = remaining + 1", "UPDATE credit_burn SET amount = amount - 1 WHERE amount < 0"},
		"1 lines are their burns": {"UPDATE credit_transaction SET amount = amount - 1 WHERE type = 'deduction'", "DELETE FROM credit_burn"},
		"2 running balance":       {"UPDATE credit_transaction SET balance_after = balance_after + 1 WHERE seq = 1", "DELETE FROM credit_transaction WHERE seq = 1"},
		"2 ledger without holes":  {"UPDATE credit_transaction SET seq = seq + 10", "UPDATE credit_balance SET seq = seq + 1"},

		"3 total is the lines": {"UPDATE invoice_line SET amount_minor = amount_minor + 1", "DELETE FROM invoice_line",
			"UPDATE invoice_line SET quantity = 2", "UPDATE invoice SET tax_minor = 1"},
		"3 paid means paid": {"UPDATE invoice SET status = 'pending' WHERE status = 'paid'", "UPDATE invoice SET status = 'paid' WHERE status = 'pending'",
			"UPDATE invoice SET paid_at = NULL", "UPDATE invoice SET amount_paid_minor = amount_paid_minor - 1 WHERE status = 'paid'"},
		"3 paid sum is the allocations": {"UPDATE invoice SET amount_paid_minor = amount_paid_minor + 1", "DELETE FROM payment_allocation WHERE target = 'invoice'",
			"UPDATE payment SET status = 'failed' WHERE status = 'succeeded'"},
		"3 balance used is booked":         {"UPDATE invoice SET balance_used_minor = 1"},
		"3 received is allocated":          {"UPDATE payment_allocation SET amount_minor = amount_minor - 1", "UPDATE payment SET status = 'failed' WHERE status = 'succeeded'", "DELETE FROM payment_allocation WHERE target = 'balance'"},
		"3 account balance is its entries": {"UPDATE account_balance SET balance_minor = balance_minor + 1", "DELETE FROM account_balance_entry"},
		"3 surplus is booked once":         {"DELETE FROM account_balance_entry", "UPDATE account_balance_entry SET amount_minor = amount_minor + 1", "DELETE FROM payment_allocation WHERE target = 'balance'"},
		"3 one currency":                   {"UPDATE payment SET currency = 'XXX'"},

		"4 one period per paid invoice": {"DELETE FROM subscription_period", "UPDATE invoice SET status = 'pending' WHERE status = 'paid'",
			"UPDATE invoice SET type = 'addon'", "UPDATE invoice SET subscription_id = NULL", "UPDATE subscription_period SET subscription_id = '" + nobody + "'"},
		"4 periods come from payments": {"UPDATE subscription_period SET payment_id = '" + nobody + "'", "UPDATE payment SET status = 'failed'",
			"UPDATE payment SET invoice_id = '" + nobody + "' WHERE status = 'succeeded'"},
		"4 one grant per paid invoice": {"UPDATE credit_transaction SET amount = amount + 1 WHERE source = 'invoice'", "DELETE FROM credit_transaction WHERE source = 'invoice' AND pool = 'bonus'",
			"UPDATE invoice SET status = 'pending' WHERE status = 'paid'", "UPDATE credit_transaction SET pool = 'bonus' WHERE source = 'invoice'", "UPDATE invoice SET credits = credits + 1"},
		"4 one grant per trial":        {"UPDATE credit_transaction SET source_id = 'x' WHERE source = 'trial'", "UPDATE subscription SET trial = FALSE"},
		"4 one event per approval":     {"DELETE FROM outbox_event WHERE type = 'payment.approved'", "UPDATE outbox_event SET type = 'payment.approved' WHERE type = 'payment.submitted'"},
		"4 one audit row per approval": {"DELETE FROM audit_event WHERE action = 'payment.approve'", "UPDATE audit_event SET actor_email = 'x' WHERE action = 'payment.approve'", "UPDATE audit_event SET action = 'payment.approve' WHERE action = 'payment.reject'"},
		"4 decisions have their facts": {"UPDATE payment SET decided_email = '' WHERE status = 'succeeded'", "UPDATE payment SET receipt_number = NULL WHERE status = 'succeeded'",
			"UPDATE payment SET decided_at = NULL WHERE status = 'failed'", "UPDATE payment SET status = 'pending_approval' WHERE status = 'succeeded'",
			"UPDATE payment SET failure_code = NULL", "UPDATE payment SET received_minor = NULL"},
		"4 staff approve": {"UPDATE payment SET decided_by = submitted_by WHERE status = 'succeeded'", "UPDATE app_user SET staff = FALSE",
			"UPDATE payment SET first_approved_by = decided_by WHERE first_approved_by IS NOT NULL", "UPDATE payment SET submitted_by = decided_by"},
		"4 one payment waits": {"UPDATE payment SET status = 'pending_approval'", "UPDATE invoice SET status = 'void' WHERE status = 'pending'"},

		"5 active has its subscription": {"UPDATE subscription SET status = 'expired' WHERE status = 'active'", "UPDATE subscription SET trial = TRUE", "UPDATE account SET status = 'active'"},
		"5 trial has its subscription":  {"UPDATE subscription SET trial = FALSE", "UPDATE account SET status = 'trial'"},
		"5 pending has nothing yet": {"UPDATE subscription SET status = 'cancelled' WHERE status = 'incomplete'", "UPDATE account SET status = 'pending_payment'",
			"UPDATE subscription SET status = 'active'"},
		"5 who paid is let in":                 {"UPDATE account SET status = 'pending_payment'", "UPDATE invoice SET status = 'paid'"},
		"5 over means over":                    {"UPDATE account SET status = 'expired'", "UPDATE account SET status = 'cancelled'"},
		"5 one subscription runs":              {gather("subscription", "status = 'active'"), gather("subscription", "status = 'incomplete'"), gather("subscription", "1 = 1")},
		"5 subscription is in its last period": {"UPDATE subscription SET current_period_end = current_period_start", "UPDATE subscription_period SET ends_at = starts_at"},

		"6 numbers without gap": {"UPDATE invoice SET number = REPLACE(number, '-0001', '-0003')", "UPDATE payment SET receipt_number = REPLACE(receipt_number, '-0001', '-0009')",
			"DELETE FROM invoice WHERE number LIKE '%-0001'", "UPDATE invoice SET number = 'X' || number"},
		"6 series know their end":  {"UPDATE series SET last_value = last_value + 1", "DELETE FROM series", "DELETE FROM payment WHERE status = 'succeeded'"},
		"6 periods do not overlap": {gather("subscription_period", "1 = 1")},

		"7 accounts have an owner":               {"UPDATE membership SET role = 'admin'", "DELETE FROM membership", "UPDATE membership SET user_id = '" + nobody + "' WHERE role = 'owner'"},
		"7 one usable token per session":         {"UPDATE refresh_token SET used_at = NULL"},
		"7 one site per domain":                  {"UPDATE site SET domain = 'one.com'"},
		"7 sectors are of the site's industry":   {"UPDATE site SET industry_id = (SELECT id FROM industry WHERE slug = 'insurance')", "UPDATE site_sector SET active = TRUE"},
		"7 children have their parent's account": nil,
		"7 rows have an account":                 nil,
		"8 audit chains verify":                  {"UPDATE audit_event SET action = 'x'", "UPDATE audit_head SET seq = seq + 1", "DELETE FROM audit_event WHERE seq = 1", "UPDATE audit_event SET details = '{}'"},
		"8 audit rows have a head":               {"DELETE FROM audit_head"},
	}
	for _, t := range tenant.Tables() {
		for _, l := range t.Links {
			m["7 children have their parent's account"] = append(m["7 children have their parent's account"], fmt.Sprintf(
				"UPDATE %[1]s SET %[2]s = '%[3]s' WHERE %[2]s IN (SELECT %[2]s FROM %[1]s WHERE %[2]s IS NOT NULL ORDER BY %[2]s LIMIT 1)", t.Name, l.Column, nobody))
		}
		if t.Name != "account" {
			m["7 rows have an account"] = append(m["7 rows have an account"], fmt.Sprintf(
				"UPDATE %[1]s SET account_id = '%[2]s' WHERE account_id IN (SELECT account_id FROM %[1]s WHERE account_id <> '%[3]s' ORDER BY account_id LIMIT 1)",
				t.Name, nobody, igny8.Platform.UUID()))
		}
	}
	return m
}

// gather gives the rows of all accounts to one of them.
func gather(table, where string) string {
	return fmt.Sprintf("UPDATE %[1]s SET account_id = (SELECT account_id FROM %[1]s WHERE %[2]s ORDER BY account_id LIMIT 1) WHERE %[2]s", table, where)
}

var errRollback = errors.New("roll back")

func TestInvariants(t *testing.T) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		fill(t, d)
		healthy(t, d)
		loosen(t, d)
		healthy(t, d)
		all := mutations()
		for _, inv := range invariants() {
			if len(all[inv.name]) == 0 {
				t.Errorf("no mutation for invariant %q", inv.name)
			}
			for _, q := range all[inv.name] {
				mutate(t, d, inv, q)
			}
			delete(all, inv.name)
		}
		for name := range all {
			t.Errorf("a mutation for an invariant that is not there: %q", name)
		}
		healthy(t, d)
	})
}

// mutate corrupts the database, asks one invariant, and rolls back.
func mutate(t *testing.T, d *db.DB, inv invariant, q string) {
	t.Helper()
	err := d.System(t.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		res, err := tx.ExecContext(ctx, q)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n == 0 {
			t.Errorf("%q: the fixture has nothing for %s", inv.name, q)
		}
		found, err := inv.look(ctx, tx)
		if err != nil {
			return err
		}
		if len(found) == 0 {
			t.Errorf("%q does not find %s", inv.name, q)
		}
		for _, f := range found {
			if f.Detail == "" || f.Account != "" && f.Account != "platform" && !strings.HasPrefix(f.Account, "acc_") {
				t.Errorf("%q: a finding that says little: %+v", inv.name, f)
			}
		}
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		t.Errorf("%q: %s: %v", inv.name, q, err)
	}
}

func healthy(t *testing.T, d *db.DB) {
	t.Helper()
	r, err := Run(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			t.Errorf("a false alarm: %s: %+v", c.Name, f)
		}
	}
	if r.Count() != 0 && !t.Failed() {
		t.Errorf("counts %d", r.Count())
	}
}

// loosen takes away what the database itself refuses: triggers, checks, foreign
// and unique keys. The invariants must not lean on them.
func loosen(t *testing.T, d *db.DB) {
	t.Helper()
	if d.Postgres() {
		if _, err := d.Pool().Exec(t.Context(), loosenPostgres); err != nil {
			t.Fatal(err)
		}
		return
	}
	w := d.Writer() // one connection
	found, err := w.Query("SELECT 'DROP ' || type || ' ' || name FROM sqlite_master WHERE type = 'trigger' OR type = 'index' AND sql LIKE 'CREATE UNIQUE%'")
	if err != nil {
		t.Fatal(err)
	}
	steps := []string{"PRAGMA foreign_keys = OFF", "PRAGMA ignore_check_constraints = ON"}
	for found.Next() {
		var drop string
		if err := found.Scan(&drop); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, drop)
	}
	found.Close()
	for _, q := range steps {
		if _, err := w.Exec(q); err != nil {
			t.Fatal(q, err)
		}
	}
}

const loosenPostgres = `DO $$
DECLARE r record;
BEGIN
  FOR r IN SELECT conrelid::regclass AS t, conname FROM pg_constraint
    WHERE contype IN ('c', 'f', 'u') AND connamespace = 'public'::regnamespace AND conrelid <> 0 ORDER BY contype <> 'f' LOOP
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', r.t, r.conname);
  END LOOP;
  FOR r IN SELECT tgrelid::regclass AS t, tgname FROM pg_trigger WHERE NOT tgisinternal LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', r.tgname, r.t);
  END LOOP;
  FOR r IN SELECT indexrelid::regclass AS i FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
    WHERE x.indisunique AND NOT x.indisprimary AND c.relnamespace = 'public'::regnamespace LOOP
    EXECUTE format('DROP INDEX %s', r.i);
  END LOOP;
END $$`

func TestNamesAreUnique(t *testing.T) {
	var names []string
	for _, inv := range invariants() {
		if inv.name == "" || inv.text == "" || slices.Contains(names, inv.name) {
			t.Errorf("%q: %q", inv.name, inv.text)
		}
		names = append(names, inv.name)
	}
}

func TestReportCounts(t *testing.T) {
	r := Report{Checks: []Check{{Name: "a"}, {Name: "b", Findings: []Finding{{"acc", "x"}, {"acc", "y"}}}}}
	if r.Count() != 1 {
		t.Error(r.Count())
	}
	if got := accountName(igny8.Platform.UUID().String()); got != "platform" {
		t.Error(got)
	}
	if got := accountName("x"); got != "x" {
		t.Error(got)
	}
}
