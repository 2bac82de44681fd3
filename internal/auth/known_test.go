package auth_test

import (
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/db/dbtest"
)

// limited turns the limits on.
func (p *people) limited() {
	p.config.Unlimited = false
	p.s = auth.New(p.config)
}

// A stranger's tries keep strangers waiting, and not the person at a device or in a network
// that they logged in from before.
func TestAStrangerLocksNobodyOut(t *testing.T) {
	onConsole(t, func(p *people) {
		p.limited()
		const email = "ayesha@example.com"
		login := func(password string, dev auth.Device) error {
			_, _, err := p.s.Login(p.Context(), auth.Credentials{Email: email, Password: password, Device: dev})
			return err
		}
		home := auth.Device{Network: "203.0.113.1"}
		if err := login(consolePassword, home); err != nil {
			t.Fatal(err)
		}
		stranger := func(n int) error {
			return login("wrong-horse-battery-9", auth.Device{Network: "198.51.100." + string(rune('0'+n%10))})
		}
		for n := range 12 {
			if err := stranger(n); igny8.KindOf(err) != igny8.Unauthenticated && igny8.KindOf(err) != igny8.TooMany {
				t.Fatal(err)
			}
		}
		if err := stranger(0); igny8.KindOf(err) != igny8.TooMany {
			t.Errorf("a stranger tries on: %v", err)
		}
		elsewhere := auth.Device{Network: "192.0.2.1"}
		if err := login(consolePassword, elsewhere); igny8.KindOf(err) != igny8.TooMany {
			t.Errorf("the right password from an unknown place waits, too: %v", err)
		}
		forged := auth.Device{Network: "192.0.2.9", Known: "forged." + strings.Repeat("0", 32)}
		others := auth.Device{Network: "192.0.2.9", Known: p.s.NewDevice("staff@example.com")}
		for what, dev := range map[string]auth.Device{"forged": forged, "somebody else's": others} {
			if err := login(consolePassword, dev); igny8.KindOf(err) != igny8.TooMany {
				t.Errorf("a device that is %s: %v", what, err)
			}
		}
		if err := login(consolePassword, home); err != nil {
			t.Errorf("the network that is known: %v", err)
		}
		elsewhere.Known = p.s.NewDevice("Ayesha@Example.com")
		if err := login(consolePassword, elsewhere); err != nil {
			t.Errorf("the device that is known: %v", err)
		}
		// A known device is no master key: its own tries count.
		for range 8 {
			login("wrong-horse-battery-9", elsewhere)
		}
		if err := login(consolePassword, elsewhere); igny8.KindOf(err) != igny8.TooMany {
			t.Errorf("a known device that tries on and on: %v", err)
		}
	})
}

func TestKeysOfStaff(t *testing.T) {
	onConsole(t, func(p *people) {
		staff := p.actor("staff@example.com")
		ends := p.clock.Now().Add(48 * time.Hour)
		make := func(in auth.NewAPIKey) (auth.NewStaffSecret, error) {
			return p.s.CreateStaffKey(p.Context(), staff, consolePassword, in)
		}
		if _, err := p.s.CreateStaffKey(p.Context(), staff, "wrong-horse-battery-9", auth.NewAPIKey{Name: "x"}); igny8.CodeOf(err) == "" || err == nil {
			t.Error("a key without the password")
		}
		for what, in := range map[string]auth.NewAPIKey{"no name": {}, "no scope": {Name: "x", Scopes: []igny8.Permission{}},
			"a tenant's scope": {Name: "x", Scopes: []igny8.Permission{igny8.PermRead}}, "oneself": {Name: "x", Scopes: []igny8.Permission{igny8.PermStaff}}} {
			_, err := make(in)
			p.code(err, "validation_failed", what)
		}
		out, err := make(auth.NewAPIKey{Name: "bank", Scopes: []igny8.Permission{igny8.PermPayments}, Networks: []string{"203.0.113.0/24"}, Expires: &ends})
		if err != nil {
			t.Fatal(err)
		}
		a, err := p.s.Authenticate(p.Context(), out.Secret, "203.0.113.9")
		if err != nil || a.User != staff.User || a.Key != out.Key.ID || !a.Can(igny8.PermPayments) || a.Can(igny8.PermPlatform) || a.Can(igny8.PermSelf) || a.Can(igny8.PermStaff) {
			t.Errorf("%+v %v", a, err)
		}
		if err := account.Admit(a, igny8.PermPlatform, account.NeedNone); igny8.CodeOf(err) != "forbidden" {
			t.Errorf("beyond its scopes: %v", err)
		}
		_, err = p.s.Authenticate(p.Context(), out.Secret, "203.0.114.9")
		p.code(err, "wrong_network", "from elsewhere")
		p.exec("UPDATE app_user SET staff_permissions = 'platform' WHERE id = $1", staff.User)
		if a, err := p.s.Authenticate(p.Context(), out.Secret, "203.0.113.9"); err != nil || a.Can(igny8.PermPayments) {
			t.Errorf("a key keeps what its person lost: %+v %v", a, err)
		}
		p.exec("UPDATE app_user SET status = 'disabled' WHERE id = $1", staff.User)
		if _, err := p.s.Authenticate(p.Context(), out.Secret, "203.0.113.9"); igny8.KindOf(err) != igny8.Unauthenticated {
			t.Errorf("a key outlives the access of its person: %v", err)
		}
		p.exec("UPDATE app_user SET status = 'active' WHERE id = $1", staff.User)
		p.clock.Advance(49 * time.Hour)
		if _, err := p.s.Authenticate(p.Context(), out.Secret, "203.0.113.9"); igny8.KindOf(err) != igny8.Unauthenticated {
			t.Errorf("a key after its end: %v", err)
		}
		p.clock.Advance(-49 * time.Hour)
		if err := p.s.RevokeStaffKey(p.Context(), staff, out.Key.ID); err != nil {
			t.Fatal(err)
		}
		p.code(p.s.RevokeStaffKey(p.Context(), staff, out.Key.ID), "not_found", "twice")
		if _, err := p.s.Authenticate(p.Context(), out.Secret, "203.0.113.9"); igny8.KindOf(err) != igny8.Unauthenticated {
			t.Errorf("a revoked key: %v", err)
		}
	})
}

// A key is replaced by one with the same end, and what a key may it may, and no more.
func TestARotatedKeyKeepsItsEnd(t *testing.T) {
	onConsole(t, func(p *people) {
		ends := p.clock.Now().Add(72 * time.Hour)
		old := p.key(auth.NewAPIKey{Name: "server", Scopes: []igny8.Permission{igny8.PermBillingManage, igny8.PermAccountRead}, Expires: &ends})
		made, err := p.s.RotateKey(p.Context(), p.owner(), old.Key.ID, 24*time.Hour)
		if err != nil || made.Key.ExpiresAt == nil || !made.Key.ExpiresAt.Equal(ends) || made.Key.Scopes != old.Key.Scopes {
			t.Fatalf("%+v %v", made.Key, err)
		}
		a, err := p.s.Authenticate(p.Context(), made.Secret, "")
		if err != nil || !a.Can(igny8.PermBillingManage) || !a.Can(igny8.PermBillingRead) || !a.Can(igny8.PermAccountRead) || a.Can(igny8.PermContentWrite) || a.Can(igny8.PermRead) {
			t.Errorf("%+v %v", a, err)
		}
		p.clock.Advance(25 * time.Hour)
		if _, err := p.s.Authenticate(p.Context(), old.Secret, ""); igny8.KindOf(err) != igny8.Unauthenticated {
			t.Errorf("the old key after the overlap: %v", err)
		}
		p.clock.Advance(48 * time.Hour)
		if _, err := p.s.Authenticate(p.Context(), made.Secret, ""); igny8.KindOf(err) != igny8.Unauthenticated {
			t.Errorf("the new key after its end: %v", err)
		}
		p.clock.Advance(-73 * time.Hour)
		usual := p.key(auth.NewAPIKey{Name: "usual"})
		if a, err := p.s.Authenticate(p.Context(), usual.Secret, ""); err != nil || a.Can(igny8.PermBillingRead) || !a.Can(igny8.PermRead) {
			t.Errorf("the usual scopes: %+v %v", a, err)
		}
	})
}

func (p *people) exec(query string, args ...any) { dbtest.Exec(p, p.d, query, args...) }
