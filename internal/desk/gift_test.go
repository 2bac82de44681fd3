package desk_test

import (
	"sync"
	"testing"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/desk"
)

// colleague is a member of staff whom the operator made long ago.
func (b *bureau) colleague(email string) igny8.Actor {
	b.Helper()
	b.clock.Advance(-2 * day)
	_, err := b.auth.CreateStaff(b.Context(), email, password)
	b.clock.Advance(2 * day)
	b.must(err)
	return b.login(email)
}

// A gift above the limit waits for somebody else who means the same; nothing is given
// before.
func TestGiftsAboveTheLimitNeedTwo(t *testing.T) {
	on(t, func(b *bureau) {
		ctx, tim, ann := t.Context(), billingtest.Trial(t, b.d), b.colleague("ann@example.com")
		give := func(who igny8.Actor, n int64) (desk.Outcome, error) {
			return b.desk.AdjustCredits(ctx, who, tim.Account, n, "", "for the outage")
		}
		out, err := give(b.chief, 10_001)
		if b.stands(out, err, igny8.AccountTrial, 500); out.Waiting == nil || out.Waiting.Credits != 10_001 || out.Waiting.GivenEmail != b.chief.Email {
			t.Errorf("%+v", out.Waiting)
		}
		if got := b.audited(tim.Account, "account.adjust_credits_first"); got["credits"] != 10_001.0 {
			t.Errorf("%v", got)
		}
		_, err = give(b.chief, 10_001)
		b.refused("second_approver_required", err)
		out, err = give(ann, 20_000) // another wish takes its place
		if b.stands(out, err, igny8.AccountTrial, 500); out.Waiting == nil || out.Waiting.GivenEmail != ann.Email {
			t.Errorf("%+v", out.Waiting)
		}
		if list, err := b.desk.Waiting(ctx, tim.Account); err != nil || len(list) != 1 || list[0].Credits != 20_000 {
			t.Errorf("%+v %v", list, err)
		}
		out, err = give(b.chief, 20_000)
		if b.stands(out, err, igny8.AccountTrial, 20_500); out.Waiting != nil {
			t.Errorf("%+v", out.Waiting)
		}
		if got := b.audited(tim.Account, "account.adjust_credits"); got["first"] != ann.Email {
			t.Errorf("%v", got)
		}
		out, err = give(ann, -20_500) // to take needs nobody
		b.stands(out, err, igny8.AccountTrial, 0)

		plan := func(who igny8.Actor, months int) (desk.Outcome, error) {
			return b.desk.AssignPlan(ctx, who, tim.Account, billing.Gift{Plan: "enterprise", Cycle: "monthly", Months: months}, "by contract")
		}
		if out, err = plan(b.chief, 36); err != nil || out.Waiting == nil || out.Account.Status != igny8.AccountTrial {
			t.Errorf("%+v %v", out, err)
		}
		if out, err = plan(ann, 36); err != nil || out.Account.Status != igny8.AccountActive {
			t.Errorf("%+v %v", out, err)
		}
	})
}

// What one gives alone is summed over a day and over all accounts, also when it is given
// all at once.
func TestGiftsOfADayAreSummed(t *testing.T) {
	on(t, func(b *bureau) {
		b.colleague("ann@example.com")
		accounts := make([]igny8.AccountID, 8)
		for i := range accounts {
			accounts[i] = billingtest.Trial(t, b.d).Account
		}
		var wg sync.WaitGroup
		done := make([]bool, len(accounts))
		for i, id := range accounts {
			wg.Go(func() {
				for {
					out, err := b.desk.AdjustCredits(t.Context(), b.chief, id, 4_000, "", "a little each")
					if igny8.KindOf(err) == igny8.Unavailable {
						continue
					}
					if done[i] = err == nil && out.Waiting == nil; err != nil {
						t.Error(err)
					}
					return
				}
			})
		}
		wg.Wait()
		n := 0
		for _, d := range done {
			if d {
				n++
			}
		}
		if n != 2 {
			t.Errorf("%d gifts of 4,000 were done alone within a day, want 2", n)
		}
		b.clock.Advance(25 * hour)
		tim := billingtest.Trial(t, b.d)
		if out, err := b.desk.AdjustCredits(t.Context(), b.chief, tim.Account, 10_000, "", "another day"); err != nil || out.Waiting != nil {
			t.Errorf("%+v %v", out.Waiting, err)
		}
	})
}

const hour = day / 24

// Whoever is the only one gives alone, and the log says so. Sending the others away does
// not make one the only one, within a day.
func TestOneAloneGivesAlone(t *testing.T) {
	on(t, func(b *bureau) {
		tim := billingtest.Trial(t, b.d)
		out, err := b.desk.AdjustCredits(t.Context(), b.chief, tim.Account, 50_000, "", "nobody else is here")
		b.stands(out, err, igny8.AccountTrial, 50_500)
		if got := b.audited(tim.Account, "account.adjust_credits"); got["one_approver"] != true {
			t.Errorf("%v", got)
		}
		ann, status := b.colleague("ann@example.com"), desk.Disabled
		_, err = b.desk.ChangeStaff(t.Context(), b.chief, ann.User, desk.StaffPatch{Status: &status})
		b.must(err)
		if out, err = b.desk.AdjustCredits(t.Context(), b.chief, tim.Account, 50_000, "", "sent her away"); err != nil || out.Waiting == nil {
			t.Errorf("%+v %v", out, err)
		}
		b.clock.Advance(25 * hour)
		out, err = b.desk.AdjustCredits(t.Context(), b.chief, tim.Account, 50_001, "", "she is gone")
		b.stands(out, err, igny8.AccountTrial, 100_501)
	})
}

// The second person is not of the first one's making, whichever of them begins, and not
// by way of a third either; and no login of yesterday.
func TestTheSecondPersonIsNobodysMaking(t *testing.T) {
	on(t, func(b *bureau) {
		ctx, tim := t.Context(), billingtest.Trial(t, b.d)
		b.hire("sock@example.com", igny8.StaffPermissions()...)
		made := b.login("sock@example.com")
		_, err := b.desk.AddStaff(ctx, made, desk.NewStaff{Email: "further@example.com", Password: password, Permissions: igny8.StaffPermissions()})
		b.must(err)
		ann := b.colleague("ann@example.com")
		b.clock.Advance(3 * day)
		give := func(who igny8.Actor, n int64) error {
			_, err := b.desk.AdjustCredits(ctx, who, tim.Account, n, "", "two of one kind")
			return err
		}
		b.must(give(b.chief, 50_000))
		b.refused("second_approver_not_independent", give(b.actor(made), 50_000))
		b.refused("second_approver_not_independent", give(b.login("further@example.com"), 50_000))
		b.must(give(b.actor(made), 60_000))
		b.refused("second_approver_not_independent", give(b.chief, 60_000))

		status, active := desk.Disabled, desk.Active
		for _, s := range []*string{&status, &active} {
			_, err := b.desk.ChangeStaff(ctx, b.chief, ann.User, desk.StaffPatch{Status: s})
			b.must(err)
		}
		again := b.login("ann@example.com")
		b.must(give(b.chief, 70_000))
		b.refused("second_approver_not_independent", give(again, 70_000)) // enabled by the first

		_, err = b.auth.CreateStaff(ctx, "fresh@example.com", password)
		b.must(err)
		b.refused("second_approver_too_new", give(b.login("fresh@example.com"), 70_000))
		b.clock.Advance(day + hour)
		b.must(give(b.login("fresh@example.com"), 70_000))
		if account.SettledAfter != day {
			t.Error("a day is what the texts promise")
		}
	})
}

// actor is somebody who logged in before and does so again, since sessions end.
func (b *bureau) actor(a igny8.Actor) igny8.Actor { return b.login(a.Email) }
