package auth_test

import (
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/db/dbtest"
)

func (p *people) key(in auth.NewAPIKey) auth.NewSecret {
	p.Helper()
	out, err := p.s.CreateKey(p.Context(), p.owner(), in)
	if err != nil {
		p.Fatal(err)
	}
	return out
}

func (p *people) owner() igny8.Actor {
	return igny8.Actor{User: p.customer, Account: p.home, Role: igny8.RoleOwner, Email: ayesha, Status: igny8.AccountActive}
}

func TestAKeyIsABotOfItsAccount(t *testing.T) {
	onConsole(t, func(p *people) {
		made := p.key(auth.NewAPIKey{Name: " Plugin ", Scopes: []igny8.Permission{igny8.PermRead}})
		if made.Key.Name != "Plugin" || len(made.Secret) < 50 || made.Key.Start != made.Secret[:17] {
			p.Errorf("made %+v", made.Key)
		}
		a, err := p.s.Authenticate(p.Context(), made.Secret, "203.0.113.7")
		if err != nil || a.Account != p.home || a.Role != igny8.RoleBot || a.Key != made.Key.ID || !a.User.IsZero() || a.Status != igny8.AccountActive {
			p.Fatalf("came as %+v, %v", a, err)
		}
		for perm, want := range map[igny8.Permission]bool{igny8.PermRead: true, igny8.PermContentWrite: false, igny8.PermSiteWrite: false,
			igny8.PermBillingRead: false, igny8.PermAccountManage: false, igny8.PermSelf: false, igny8.PermPlatform: false} {
			if (account.Admit(a, perm, account.NeedRead) == nil) != want {
				p.Errorf("a key for reading and %s: want %v", perm, want)
			}
		}
		list, err := p.s.Keys(p.Context(), p.owner(), igny8.Page{})
		if err != nil || len(list.Items) != 1 || list.Items[0].LastUsedAt == nil || !list.Items[0].LastUsedAt.Equal(p.clock.Now()) {
			p.Errorf("listed %+v, %v", list.Items, err)
		}
		for _, bad := range []string{made.Secret + "a", made.Secret[:len(made.Secret)-1], "igny8_live_", "igny8_rt_" + made.Secret[11:]} {
			if _, err := p.s.Authenticate(p.Context(), bad, ""); igny8.KindOf(err) != igny8.Unauthenticated {
				p.Errorf("a key that was changed: %v", err)
			}
		}
	})
}

// The same gate as for people: what the account may not, its keys may not.
func TestAKeyPassesTheGate(t *testing.T) {
	onConsole(t, func(p *people) {
		made := p.key(auth.NewAPIKey{Name: "Plugin"})
		for status, want := range map[string]string{"pending_payment": "payment_required", "cancelled": "account_cancelled"} {
			dbtest.Exec(p, p.d, "UPDATE account SET status = $1 WHERE id = $2", status, p.home)
			a, err := p.s.Authenticate(p.Context(), made.Secret, "")
			if err != nil {
				p.Fatal(err)
			}
			p.code(account.Admit(a, igny8.PermContentWrite, account.NeedWork), want, "work in an account that is "+status)
		}
	})
}

func TestAKeyEnds(t *testing.T) {
	onConsole(t, func(p *people) {
		gone := func(secret, why string) {
			p.Helper()
			if _, err := p.s.Authenticate(p.Context(), secret, ""); igny8.CodeOf(err) != "invalid_token" {
				p.Errorf("%s: %v", why, err)
			}
		}
		soon := p.clock.Now().Add(time.Hour)
		short, long := p.key(auth.NewAPIKey{Name: "short", Expires: &soon}), p.key(auth.NewAPIKey{Name: "long"})
		fresh, err := p.s.RotateKey(p.Context(), p.owner(), long.Key.ID, 2*time.Hour)
		if err != nil || fresh.Key.Name != "long" || fresh.Secret == long.Secret {
			p.Fatalf("rotated: %+v, %v", fresh.Key, err)
		}
		if _, err := p.s.Authenticate(p.Context(), long.Secret, ""); err != nil {
			p.Errorf("the old key within the overlap: %v", err)
		}
		p.clock.Advance(time.Hour)
		gone(short.Secret, "a key at its end")
		p.clock.Advance(time.Hour)
		gone(long.Secret, "the old key after the overlap")
		if _, err := p.s.Authenticate(p.Context(), fresh.Secret, ""); err != nil {
			p.Errorf("the new key: %v", err)
		}
		if err := p.s.RevokeKey(p.Context(), p.owner(), fresh.Key.ID); err != nil {
			p.Fatal(err)
		}
		gone(fresh.Secret, "a revoked key")
		p.code(p.s.RevokeKey(p.Context(), p.owner(), fresh.Key.ID), "not_found", "revoked twice")
		other := p.owner()
		other.Account = igny8.NewID[igny8.AccountID](p.clock.Now())
		p.code(p.s.RevokeKey(p.Context(), other, short.Key.ID), "not_found", "another account's key")
		if list, err := p.s.Keys(p.Context(), other, igny8.Page{}); err != nil || len(list.Items) > 0 {
			p.Errorf("another account sees %d keys, %v", len(list.Items), err)
		}
		p.clock.Advance(-2 * time.Hour)
	})
}

func TestAKeyBoundToNetworks(t *testing.T) {
	onConsole(t, func(p *people) {
		made := p.key(auth.NewAPIKey{Name: "server", Networks: []string{"203.0.113.0/24", "2001:db8::7"}})
		for ip, want := range map[string]string{"203.0.113.200": "", "2001:db8::7": "", "::ffff:203.0.113.9": "", "203.0.114.1": "wrong_network", "2001:db8::8": "wrong_network", "": "wrong_network"} {
			_, err := p.s.Authenticate(p.Context(), made.Secret, ip)
			if want != "" {
				p.code(err, want, "from "+ip)
			} else if err != nil {
				p.Errorf("from %s: %v", ip, err)
			}
		}
		soon := p.clock.Now()
		for what, in := range map[string]auth.NewAPIKey{"no name": {}, "a network that is none": {Name: "x", Networks: []string{"203.0.113.0/33"}},
			"a scope of people": {Name: "x", Scopes: []igny8.Permission{igny8.PermAccountManage}}, "no scope": {Name: "x", Scopes: []igny8.Permission{}}, "an end that is now": {Name: "x", Expires: &soon}} {
			_, err := p.s.CreateKey(p.Context(), p.owner(), in)
			p.code(err, "validation_failed", what)
		}
		_, err := p.s.CreateKey(p.Context(), p.owner(), auth.NewAPIKey{Name: "x", Site: igny8.NewID[igny8.SiteID](p.clock.Now())})
		p.code(err, "not_found", "a site that is not the account's")
	})
}
