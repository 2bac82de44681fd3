package api_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"igny8"
	"igny8/internal/db"
)

// breakJob leaves a job as its worker left it after the last of three tries.
func (c *core) breakJob(id string) {
	c.Helper()
	err := c.d.System(c.Context(), "test.break", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q := `UPDATE river_job SET state = 'discarded', attempt = 3, max_attempts = 3, finalized_at = CURRENT_TIMESTAMP, errors = %s WHERE CAST(id AS text) = $1`
		one := `{"at":"2026-11-22T12:00:00Z","attempt":3,"error":"send letter: dial smtp://me:s3cret@host:25\nDear Ayesha","trace":"main.go:1"}`
		errs := `'[` + one + `]'`
		if tx.Postgres() {
			errs = `ARRAY['` + one + `']::jsonb[]`
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf(q, errs), id)
		return err
	})
	if err != nil {
		c.Fatal(err)
	}
}

func TestJobs(t *testing.T) {
	onCore(t, func(c *core) {
		staff := c.staff("staff@example.com")
		u := c.signUp("ayesha@example.com", "")
		c.signUp("bilal@example.com", "")
		c.v1("GET", "/admin/jobs", u.access, "", 403, "forbidden")
		all := c.v1("GET", "/admin/jobs?limit=1", staff, "", 200, "")
		c.is(all, map[string]string{"data/0/kind": `"mail.send"`, "data/0/state": `"available"`, "data/0/attempt": "0", "has_more": "true",
			"data/0/finalized_at": "null", "data/0/last_error": "null"})
		next := c.v1("GET", "/admin/jobs?limit=1&cursor="+all.text("next_cursor"), staff, "", 200, "")
		if next.at("data/0/id") == nil || next.at("data/0/id").(float64) >= all.at("data/0/id").(float64) {
			c.Errorf("the second page is not older:\n%s\n%s", all.Body, next.Body)
		}
		c.v1("GET", "/admin/jobs?state=available&limit=1&cursor="+all.text("next_cursor"), staff, "", 400, "bad_cursor")
		c.v1("GET", "/admin/jobs?state=broken", staff, "", 422, "validation_failed")

		id := fmt.Sprint(all.at("data/0/id"))
		c.is(c.v1("POST", "/admin/jobs/"+id+"/retry", staff, "", 409, "invalid_transition"), map[string]string{"current": `"available"`})
		c.breakJob(id)
		failed := c.v1("GET", "/admin/jobs?state=discarded", staff, "", 200, "")
		c.is(failed, map[string]string{"data/0/id": id, "data/0/attempt": "3", "has_more": "false",
			"data/0/last_error": `"send letter: dial smtp://…@host:25"`})
		for _, secret := range []string{"s3cret", "Dear", "main.go", "ayesha@example.com", u.text("account/id")} {
			if strings.Contains(failed.Body.String(), secret) {
				c.Errorf("the list of jobs shows %q: %s", secret, failed.Body)
			}
		}
		first := c.v1("POST", "/admin/jobs/"+id+"/retry", staff, "", 200, "", "Idempotency-Key: once-more")
		c.is(first, map[string]string{"id": id, "state": `"available"`, "max_attempts": "4", "finalized_at": "null"})
		again := c.v1("POST", "/admin/jobs/"+id+"/retry", staff, "", 200, "", "Idempotency-Key: once-more")
		if again.Body.String() != first.Body.String() {
			c.Errorf("the same key gets another answer: %s", again.Body)
		}
		c.v1("POST", "/admin/jobs/"+id+"/retry", staff, "", 409, "invalid_transition")
		for _, none := range []string{"999999", "0", "mail_1"} {
			c.v1("POST", "/admin/jobs/"+none+"/retry", staff, "", 404, "not_found")
		}
		c.is(c.v1("GET", "/admin/audit-events", staff, "", 200, ""), map[string]string{"data/0/action": `"job.retry"`,
			"data/0/actor/email": `"staff@example.com"`, "data/0/object/id": `"` + id + `"`, "data/0/details/kind": `"mail.send"`})
	})
}
