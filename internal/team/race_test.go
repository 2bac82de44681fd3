package team_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/team"
)

// atOnce calls f n times at the same moment and counts the codes.
func atOnce(n int, f func(i int) error) map[string]int {
	codes, start := make([]string, n), make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			if err := f(i); err != nil {
				codes[i] = igny8.CodeOf(err)
			}
		})
	}
	close(start)
	done.Wait()
	out := map[string]int{}
	for _, c := range codes {
		out[c]++
	}
	return out
}

func TestTenInvitationsOnTheLastSeat(t *testing.T) {
	run(t, 2, func(w *world) {
		got := atOnce(10, func(i int) error {
			_, err := w.s.Invite(w.ctx, w.owner, team.Invitee{Email: string(rune('a'+i)) + "@example.com", Role: igny8.RoleViewer})
			return err
		})
		if got[""] != 1 || got["limit_reached"] != 9 {
			w.Errorf("ten invitations on one seat: %v", got)
		}
	})
}

func TestTenAcceptsOfOneInvitation(t *testing.T) {
	run(t, 2, func(w *world) {
		sana := w.person("sana@example.com", "")
		i := w.invite("sana@example.com", igny8.RoleEditor)
		got := atOnce(10, func(int) error {
			_, err := w.s.Accept(w.ctx, sana, tail(i.URL))
			return err
		})
		if got[""] != 1 || got[""]+got["link_invalid"]+got["already_member"] != 10 {
			w.Errorf("ten accepts of one invitation: %v", got)
		}
	})
}

// The plan became smaller after ten were invited: the last seat goes to one of them.
func TestTenAcceptsOnTheLastSeat(t *testing.T) {
	run(t, 20, func(w *world) {
		people, links := make([]igny8.Actor, 10), make([]string, 10)
		for i := range people {
			email := string(rune('a'+i)) + "@example.com"
			people[i] = w.person(email, "")
			links[i] = tail(w.invite(email, igny8.RoleEditor).URL)
		}
		w.seats(2)
		got := atOnce(10, func(i int) error {
			_, err := w.s.Accept(w.ctx, people[i], links[i])
			return err
		})
		if got[""] != 1 || got["limit_reached"] != 9 {
			w.Errorf("ten accepts on one seat: %v", got)
		}
		if n := w.count("SELECT count(*) FROM membership WHERE account_id = $1", w.owner.Account); n != 2 {
			w.Errorf("%d members on two seats", n)
		}
	})
}

func TestRevokeAgainstAccept(t *testing.T) {
	run(t, 9, func(w *world) {
		sana := w.person("sana@example.com", "")
		i := w.invite("sana@example.com", igny8.RoleEditor)
		got := atOnce(2, func(n int) error {
			if n == 0 {
				return w.s.Revoke(w.ctx, w.owner, i.ID)
			}
			_, err := w.s.Accept(w.ctx, sana, tail(i.URL))
			return err
		})
		if got[""] != 1 {
			w.Errorf("revoke against accept: %v", got)
		}
	})
}

func TestTwoOwnersDemoteEachOther(t *testing.T) {
	run(t, 9, func(w *world) {
		second := w.person("second@example.com", igny8.RoleOwner)
		keep := func(account.Member) error { return nil }
		ids := []igny8.MembershipID{w.member(second).ID, w.member(w.owner).ID}
		for _, act := range []func(a igny8.Actor, id igny8.MembershipID) error{
			func(a igny8.Actor, id igny8.MembershipID) error {
				viewer := igny8.RoleViewer
				_, err := w.members.ChangeMember(w.ctx, a, id, keep, account.MemberPatch{Role: &viewer})
				return err
			},
			func(a igny8.Actor, id igny8.MembershipID) error { return w.members.RemoveMember(w.ctx, a, id) },
		} {
			w.exec("UPDATE membership SET role = 'owner' WHERE account_id = $1", w.owner.Account)
			got := atOnce(2, func(i int) error { return act([]igny8.Actor{w.owner, second}[i], ids[i]) })
			if got[""] != 1 || got["role_not_grantable"]+got["last_owner"] != 1 {
				w.Errorf("two owners at once: %v", got)
			}
			if n := w.count("SELECT count(*) FROM membership WHERE account_id = $1 AND role = 'owner'", w.owner.Account); n != 1 {
				w.Errorf("%d owners, want one", n)
			}
		}
	})
}

func TestOwnershipMovesWhenItIsAccepted(t *testing.T) {
	run(t, 9, func(w *world) {
		giver, editor, admin := w.person("giver@example.com", igny8.RoleOwner), w.person("editor@example.com", igny8.RoleEditor), w.person("admin@example.com", igny8.RoleAdmin)
		if err := w.members.RemoveMember(w.ctx, giver, w.member(w.owner).ID); err != nil {
			w.Fatal(err)
		}
		to := w.member(editor).ID
		offer := func(a igny8.Actor, to igny8.MembershipID, pass string) error {
			w.clock.Advance(time.Second)
			_, err := w.s.OfferOwnership(w.ctx, a, to, pass)
			return err
		}
		w.code(offer(giver, to, "not-the-password"), "wrong_password", "without the password")
		w.code(offer(admin, to, password), "role_not_grantable", "by an admin")
		w.code(offer(giver, w.member(giver).ID, password), "owner_already", "to an owner")
		w.code(offer(giver, igny8.NewID[igny8.MembershipID](w.clock.Now()), password), "not_found", "to nobody")
		w.code(offer(giver, to, password), "", "to an editor")
		old := w.letter("ownership", "editor@example.com")
		w.code(offer(giver, to, password), "", "once more")
		token := w.letter("ownership", "editor@example.com")
		w.code(w.s.TakeOwnership(w.ctx, editor, old), "link_invalid", "an offer before the newest")
		w.code(w.s.TakeOwnership(w.ctx, admin, token), "link_invalid", "by somebody else")
		if o, err := w.s.OpenOffer(w.ctx, giver); err != nil || o.To.Email != "editor@example.com" {
			w.Errorf("%+v, %v", o, err)
		}
		w.code(w.s.CancelOffer(w.ctx, admin), "role_not_grantable", "cancelled by an admin")
		w.code(w.s.CancelOffer(w.ctx, giver), "", "cancelled")
		w.code(w.s.CancelOffer(w.ctx, giver), "not_found", "cancelled again")
		w.code(w.s.TakeOwnership(w.ctx, editor, token), "link_invalid", "a cancelled offer")
		w.code(offer(giver, to, password), "", "again")
		token = w.letter("ownership", "editor@example.com")
		w.clock.Advance(team.TransferWithin)
		w.code(w.s.TakeOwnership(w.ctx, editor, token), "link_invalid", "after seven days")
		w.code(offer(giver, to, password), "", "again")
		token = w.letter("ownership", "editor@example.com")
		got := atOnce(5, func(int) error { return w.s.TakeOwnership(w.ctx, editor, token) })
		if got[""] != 1 || got["link_invalid"] != 4 {
			w.Errorf("taken five times: %v", got)
		}
		if a, b := w.member(editor).Role, w.member(giver).Role; a != igny8.RoleOwner || b != igny8.RoleAdmin {
			w.Errorf("the receiver is %s and the giver %s", a, b)
		}
		w.code(w.members.RemoveMember(w.ctx, editor, w.member(editor).ID), "last_owner", "the only owner leaves")
	})
}

func TestSwitchingAndRemoval(t *testing.T) {
	run(t, 9, func(w *world) {
		sana := w.person("sana@example.com", "")
		if _, err := w.s.Accept(w.ctx, sana, tail(w.invite("sana@example.com", igny8.RoleEditor).URL)); err != nil {
			w.Fatal(err)
		}
		err := w.d.System(w.ctx, "test", sana.Account, func(ctx context.Context, tx *db.Tx) error {
			t, err := w.auth.StartSession(ctx, tx, sana.User, sana.Account, sana.Role, auth.Device{Remember: true})
			if err != nil {
				return err
			}
			sana.Network = t.Access
			return nil
		})
		if err != nil {
			w.Fatal(err)
		}
		home, err := w.auth.Authenticate(w.ctx, sana.Network, "")
		if err != nil {
			w.Fatal(err)
		}
		w.clock.Advance(time.Minute)
		there, err := w.auth.Switch(w.ctx, home, w.owner.Account, auth.Device{})
		if err != nil || there.Account.ID != w.owner.Account {
			w.Fatalf("%+v, %v", there, err)
		}
		if n := w.count("SELECT count(DISTINCT expires_at) FROM session WHERE user_id = $1", sana.User); n != 1 {
			w.Error("switching made the login last longer")
		}
		second, err := w.auth.Authenticate(w.ctx, there.Tokens.Access, "")
		if err != nil || second.Role != igny8.RoleEditor {
			w.Fatalf("%+v, %v", second, err)
		}
		stranger := billingtest.Trial(w.T, w.d)
		_, foreign := w.auth.Switch(w.ctx, home, stranger.Account, auth.Device{})
		_, absent := w.auth.Switch(w.ctx, home, igny8.NewID[igny8.AccountID](w.clock.Now()), auth.Device{})
		w.code(foreign, "not_found", "an account that is not hers")
		if foreign.Error() != absent.Error() {
			w.Errorf("foreign %v, absent %v", foreign, absent)
		}
		w.code(w.members.RemoveMember(w.ctx, second, w.member(w.owner).ID), "role_not_grantable", "an editor removes the owner")
		if err := w.members.RemoveMember(w.ctx, w.owner, w.member(second).ID); err != nil {
			w.Fatal(err)
		}
		_, err = w.auth.Authenticate(w.ctx, there.Tokens.Access, "")
		w.code(err, "invalid_token", "the access token after removal")
		_, err = w.auth.Refresh(w.ctx, there.Tokens.Refresh)
		w.code(err, "invalid_token", "the refresh token after removal")
		_, err = w.auth.Authenticate(w.ctx, sana.Network, "")
		w.code(err, "", "the other account after removal")
	})
}
