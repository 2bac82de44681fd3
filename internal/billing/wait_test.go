package billing_test

import (
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
)

func TestTheUsualWaitIsTheMedianOfLately(t *testing.T) {
	inOffice(t, func(o office) {
		usual := func() (time.Duration, bool) {
			o.Helper()
			d, known, err := o.s.UsualWait(o.Context())
			if err != nil {
				o.Fatal(err)
			}
			return d, known
		}
		for i, wait := range []time.Duration{3 * time.Hour, 20 * time.Minute, 40 * time.Minute} {
			if _, known := usual(); known {
				o.Errorf("%d payments tell how long it usually takes", i)
			}
			owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
			p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
			o.clock.Advance(wait)
			if _, err := o.approve(o.one, p.ID, billing.Approval{}); err != nil {
				o.Fatal(err)
			}
		}
		if d, known := usual(); !known || d != 40*time.Minute {
			o.Errorf("the usual wait is %s, %v; want 40 minutes", d, known)
		}
		o.clock.Advance(31 * 24 * time.Hour)
		if _, known := usual(); known {
			o.Error("payments of more than 30 days ago still count")
		}
	})
}

// A reference is known by its letters and digits to the account that used it, and to
// no other: neither to whoever has a pay link alone, nor to its own invoice.
func TestAReferenceThatCameBefore(t *testing.T) {
	inOffice(t, func(o office) {
		owner, inv := billingtest.Unpaid(o, o.d, "starter", "PK")
		p := billingtest.Submit(o, o.d, o.s, owner, inv, 0)
		_, other := billingtest.Unpaid(o, o.d, "starter", "PK")
		next := inv // another invoice of the same account, as far as its link tells
		next.ID = other.ID
		used := func(actor igny8.Actor, inv billing.Invoice, reference string) bool {
			o.Helper()
			yes, err := o.s.ReferenceUsed(o.Context(), actor, o.s.PayToken(inv), reference)
			if err != nil {
				o.Fatal(err)
			}
			return yes
		}
		if !used(owner, next, " "+p.Reference+"-") {
			o.Errorf("the reference %s of the same account is not known", p.Reference)
		}
		if used(owner, inv, p.Reference) || used(owner, next, p.Reference+"0") {
			o.Error("a reference of the same invoice or another is said to be used")
		}
		stranger, foreign := billingtest.Unpaid(o, o.d, "starter", "PK")
		if used(stranger, foreign, p.Reference) || used(stranger, next, p.Reference) || used(igny8.Actor{}, next, p.Reference) {
			o.Error("a reference of another account is told")
		}
		if _, err := o.s.Reject(o.Context(), o.one, p.ID, billing.Rejection{Code: "not_received", Reason: "Nothing arrived."}); err != nil {
			o.Fatal(err)
		}
		if used(owner, next, p.Reference) {
			o.Error("a refused payment keeps its reference")
		}
		if _, err := o.s.ReferenceUsed(o.Context(), owner, "nothing", p.Reference); err == nil {
			o.Error("a link that is not ours is answered")
		}
	})
}
