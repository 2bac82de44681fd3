package arch

import (
	"slices"
	"strings"
	"testing"

	"igny8/internal/tenant"
)

// TestTheRegisterHasEveryTenantTable compares the register of tenant tables with the
// migrations: a new table or column must be in it, shown or hidden, before anybody can
// forget it in an export.
func TestTheRegisterHasEveryTenantTable(t *testing.T) {
	all, known := tables(t), map[string]bool{}
	for _, reg := range tenant.Tables() {
		known[reg.Name] = true
		tab, ok := all[reg.Name]
		if !ok || !tab.tenant() {
			t.Errorf("%s is in the register, and no table of tenants", reg.Name)
			continue
		}
		listed := reg.All()
		for _, c := range tab.columns {
			if n := len(slices.DeleteFunc(slices.Clone(listed), func(one string) bool { return one != c })); n != 1 {
				t.Errorf("%s.%s is %d times in internal/tenant, want once: shown, or hidden", reg.Name, c, n)
			}
		}
		for _, c := range listed {
			if !slices.Contains(tab.columns, c) {
				t.Errorf("the register names %s.%s, which is no column", reg.Name, c)
			}
		}
		if reg.Staff != (reg.Shown == "") {
			t.Errorf("%s: a table of staff's own shows nothing, and any other something", reg.Name)
		}
		for _, l := range reg.Links {
			if _, ok := tenant.Named(l.Parent); !ok || !slices.Contains(tab.columns, l.Column) {
				t.Errorf("%s.%s points at %s", reg.Name, l.Column, l.Parent)
			}
		}
	}
	for name, tab := range all {
		if tab.tenant() && !known[name] {
			t.Errorf("table %s is one of tenants: write it into internal/tenant", name)
		}
	}
}

// TestStaffsOwnIsInNoExport names the kinds of columns that are never an account's.
func TestStaffsOwnIsInNoExport(t *testing.T) {
	for _, reg := range tenant.Tables() {
		for _, c := range reg.Columns() {
			for _, word := range []string{"hash", "note", "evidence", "decided_email", "decided_by", "claimed", "overridden", "held_", "given_", "second_", "body"} {
				if strings.Contains(c, word) && c != "notes" && !strings.HasPrefix(c, "sha256") {
					t.Errorf("%s.%s is shown in the export", reg.Name, c)
				}
			}
		}
	}
}
