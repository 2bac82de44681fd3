package account_test

import (
	"strings"
	"testing"

	"igny8"
	"igny8/internal/account"
)

// grants says for each actor who may be moved from which role to which: + allowed.
// A line is the role of before, a column the one of after; "-" is nobody, so the last
// column is to be removed and the last line to be invited.
const grants = `
owner      owner admin editor viewer -
owner      +     +     +      +      +
admin      +     +     +      +      +
editor     +     +     +      +      +
viewer     +     +     +      +      +
-          .     +     +      +      .

admin      owner admin editor viewer -
owner      .     .     .      .      .
admin      .     .     .      .      .
editor     .     .     +      +      +
viewer     .     .     +      +      +
-          .     .     +      +      .

editor     owner admin editor viewer -
owner      .     .     .      .      .
admin      .     .     .      .      .
editor     .     .     .      .      .
viewer     .     .     .      .      .
-          .     .     .      .      .

self       owner admin editor viewer -
owner      +     +     +      +      +
admin      .     +     +      +      +
editor     .     .     +      +      +
viewer     .     .     .      +      +
`

func TestWhoMayGiveWhichRole(t *testing.T) {
	role := func(s string) igny8.Role { return igny8.Role(strings.TrimPrefix(s, "-")) }
	cells := 0
	for block := range strings.SplitSeq(strings.TrimSpace(grants), "\n\n") {
		lines := strings.Split(block, "\n")
		head := strings.Fields(lines[0])
		for _, line := range lines[1:] {
			f := strings.Fields(line)
			for i, want := range f[1:] {
				from, to := role(f[0]), role(head[i+1])
				actors := []igny8.Role{igny8.Role(head[0])}
				switch head[0] {
				case "self":
					actors = []igny8.Role{from}
				case "editor":
					actors = []igny8.Role{igny8.RoleEditor, igny8.RoleViewer, igny8.RoleBot, igny8.RoleDeveloper, ""}
				}
				if from == "" && to == "" {
					continue // is no change
				}
				for _, actor := range actors {
					cells++
					err := account.MayGrant(actor, head[0] == "self", from, to)
					if (err == nil) != (want == "+") || err != nil && igny8.CodeOf(err) != "role_not_grantable" {
						t.Errorf("%s (self %v) moves %q to %q: %v, want %s", actor, head[0] == "self", from, to, err, want)
					}
				}
			}
		}
	}
	for _, platform := range []igny8.Role{igny8.RoleDeveloper, igny8.RoleBot, "root"} {
		for _, actor := range igny8.Roles() {
			if account.MayGrant(actor, false, igny8.RoleViewer, platform) == nil || account.MayGrant(actor, true, actor, platform) == nil {
				t.Errorf("%s gives the role %s", actor, platform)
			}
		}
	}
	t.Logf("%d cells", cells)
}
