package app

import (
	"strings"
	"testing"

	"igny8"
)

func TestForeignAndAbsentCannotBeToldApart(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		now := w.app.db.Now()
		theirs, ours, team := w.signUp(""), w.paidUp(), crowded(w)
		ours.member, ours.invite = team.member, team.invite
		absent := &tenant{customer: customer{signup: ours.signup, account: igny8.NewID[igny8.AccountID](now).String(), invoice: igny8.NewID[igny8.InvoiceID](now).String(),
			paid: igny8.NewID[igny8.PaymentID](now).String()}, site: igny8.NewID[igny8.SiteID](now).String(),
			member: igny8.NewID[igny8.MembershipID](now).String(), invite: igny8.NewID[igny8.InvitationID](now).String(), key: igny8.NewID[igny8.APIKeyID](now).String()}
		asked := 0
		for _, rt := range w.app.api.Routes() {
			if rt.Public || rt.Perm.Platform() || !strings.Contains(rt.Path, "{") && rt.ID != "spendCredits" && rt.ID != "switchAccount" {
				continue
			}
			asked++
			a := w.ask(rt.Method, pathOf(rt, ours), theirs.token, bodyOf(w, rt, ours))
			b := w.ask(rt.Method, pathOf(rt, absent), theirs.token, bodyOf(w, rt, absent))
			if a.status != 404 || !same(a, b) {
				t.Errorf("%s: an object of another tenant and one that never was must be alike:\n%s %v\n%s %v", rt.Pattern(), a, a.header, b, b.header)
			}
		}
		if asked < 8 {
			t.Errorf("only %d routes were asked", asked)
		}
	})
}
