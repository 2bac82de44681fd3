// Package doctortest asserts in tests of other packages that all invariants hold.
package doctortest

import (
	"context"
	"testing"

	"igny8/internal/db"
	"igny8/internal/doctor"
)

// Assert fails the test with every finding of the doctor.
func Assert(t testing.TB, d *db.DB) {
	t.Helper()
	r, err := doctor.Run(context.Background(), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range r.Checks {
		for _, f := range c.Findings {
			t.Errorf("invariant %q is broken: %s %s", c.Name, f.Account, f.Detail)
		}
	}
}
