package signup_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing/billingtest"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/desk"
	"igny8/internal/doctor/doctortest"
	"igny8/internal/signup"
)

const password = "tall-giraffe-sings-9"

type world struct {
	*testing.T
	d      *db.DB
	clock  *dbtest.Clock
	auth   *auth.Service
	signup *signup.Service
}

// on runs f on both databases with throttling as given.
func on(t *testing.T, unlimited bool, f func(w world)) {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		billingtest.Seed(t, d)
		key, err := auth.NewKey(make([]byte, 32))
		if err != nil {
			t.Fatal(err)
		}
		signer, err := auth.NewSigner("igny8", "igny8/api", key)
		if err != nil {
			t.Fatal(err)
		}
		a := auth.New(auth.Config{DB: d, Signer: signer, Hasher: auth.NewCheapHasher(), Secret: []byte("secret"), Salt: "salt",
			PublicURL: "http://localhost", Unlimited: unlimited})
		f(world{t, d, clock, a, signup.New(d, a)})
		doctortest.Assert(t, d)
	}, dbtest.WithClock(clock))
}

func form(email string) signup.Form {
	return signup.Form{Email: email, Password: password, FirstName: "Nadia", LastName: "Qureshi", Country: "PK",
		Device: auth.Device{Network: "127.0.0.1"}}
}

func (w world) register(f signup.Form) signup.Result {
	w.Helper()
	r, err := w.signup.Register(w.Context(), f)
	if err != nil {
		w.Fatal(err)
	}
	return r
}

func TestANewCustomerIsLoggedInAtOnce(t *testing.T) {
	on(t, true, func(w world) {
		r := w.register(form("nadia@example.com"))
		actor, err := w.auth.Authenticate(w.Context(), r.Tokens.Access, "")
		if err != nil || actor.User != r.User.ID || actor.Account != r.Account.ID || actor.Role != igny8.RoleOwner || actor.Status != igny8.AccountTrial {
			w.Errorf("%+v, %v", actor, err)
		}
		// At the second the trial ends, the answer changes, with nobody storing it.
		w.clock.Advance(7 * 24 * time.Hour)
		tokens, err := w.auth.Refresh(w.Context(), r.Tokens.Refresh)
		if err == nil {
			w.Fatal("a refresh token outlived its week")
		}
		_, tokens, err = w.auth.Login(w.Context(), auth.Credentials{Email: "NADIA@example.com", Password: password})
		if err != nil {
			w.Fatal(err)
		}
		if actor, err = w.auth.Authenticate(w.Context(), tokens.Access, ""); err != nil || actor.Status != igny8.AccountExpired {
			w.Errorf("after the trial: %s, %v", actor.Status, err)
		}
	})
}

func TestNothingIsHalfMade(t *testing.T) {
	on(t, true, func(w world) {
		w.register(form("nadia@example.com"))
		for name, change := range map[string]func(*signup.Form){
			"email_taken":            func(f *signup.Form) { f.Email = "Nadia@Example.com" },
			"trial_already_used":     func(f *signup.Form) { f.Email = "nadia+second@example.com" },
			"unknown_plan":           func(f *signup.Form) { f.Plan = "enterprise" },
			"unknown_cycle":          func(f *signup.Form) { f.Plan, f.Cycle = "starter", "weekly" },
			"unknown_country":        func(f *signup.Form) { f.Country = "XX" },
			"unknown_payment_method": func(f *signup.Form) { f.Plan, f.PaymentMethod = "starter", "upi" },
		} {
			f := form(strings.ReplaceAll(name, "_", "") + "@example.com")
			change(&f)
			if _, err := w.signup.Register(w.Context(), f); igny8.CodeOf(err) != name {
				w.Errorf("%s: got %v", name, err)
			}
		}
		var users, accounts int
		err := w.d.ReadSystem(w.Context(), func(ctx context.Context, tx *db.Tx) error {
			return tx.QueryRowContext(ctx, "SELECT (SELECT count(*) FROM app_user), (SELECT count(*) FROM account)").Scan(&users, &accounts)
		})
		if err != nil || users != 1 || accounts != 1 {
			w.Errorf("%d users, %d accounts, %v", users, accounts, err)
		}
	})
}

func TestTwentyEqualSignupsMakeOneAccount(t *testing.T) {
	on(t, true, func(w world) {
		var wg sync.WaitGroup
		made := make(chan igny8.AccountID, 20)
		for range 20 {
			wg.Go(func() {
				r, err := w.signup.Register(w.Context(), form("race@example.com"))
				switch {
				case err == nil:
					made <- r.Account.ID
				case igny8.CodeOf(err) != "email_taken" && igny8.CodeOf(err) != "busy":
					w.Errorf("%v", err)
				}
			})
		}
		wg.Wait()
		if len(made) != 1 {
			w.Errorf("%d accounts", len(made))
		}
	})
}

func TestSameNameGetsANumberedSlug(t *testing.T) {
	on(t, true, func(w world) {
		f := form("one@example.com")
		f.AccountName = "Käse & Söhne"
		one := w.register(f)
		f.Email = "two@example.com"
		two := w.register(f)
		if one.Account.Slug == two.Account.Slug || !strings.HasPrefix(two.Account.Slug, one.Account.Slug) {
			w.Errorf("%q, %q", one.Account.Slug, two.Account.Slug)
		}
	})
}

// Sixty people an hour may share one network, as they do behind a mobile network. Who
// tries addresses that are taken is told so five times.
func TestSignupsAreThrottledPerNetwork(t *testing.T) {
	on(t, false, func(w world) {
		for n := range 60 {
			w.register(form(fmt.Sprintf("n%d@example.com", n)))
		}
		_, err := w.signup.Register(w.Context(), form("n60@example.com"))
		if igny8.KindOf(err) != igny8.TooMany {
			w.Errorf("sixty-first signup of the hour: %v", err)
		}
		other := form("n61@example.com")
		other.Device.Network = "192.0.2.1"
		w.register(other)
		w.clock.Advance(2 * time.Hour)
		w.register(form("n62@example.com"))
	})
}

func TestTakenAddressesAreToldFiveTimesAnHour(t *testing.T) {
	on(t, false, func(w world) {
		for n := range 6 {
			w.register(form(fmt.Sprintf("n%d@example.com", n)))
		}
		for n, want := range []string{"email_taken", "email_taken", "email_taken", "email_taken", "email_taken", "too_many_attempts"} {
			f := form(fmt.Sprintf("n%d@example.com", n))
			f.Device.Network = "192.0.2.1"
			if _, err := w.signup.Register(w.Context(), f); igny8.CodeOf(err) != want {
				w.Errorf("taken address %d: %v, want %s", n+1, err, want)
			}
		}
		f := form("new@example.com")
		f.Device.Network = "192.0.2.1"
		w.register(f)
	})
}

func TestRefreshTokensAreGoodOnce(t *testing.T) {
	on(t, true, func(w world) {
		first := w.register(form("nadia@example.com")).Tokens
		var wg sync.WaitGroup
		children := make(chan string, 20)
		for range 20 { // tabs, retries, lost replies
			wg.Go(func() {
				tokens, err := w.auth.Refresh(w.Context(), first.Refresh)
				if err != nil {
					w.Errorf("refresh: %v", err)
				}
				children <- tokens.Refresh
			})
		}
		wg.Wait()
		close(children)
		child := <-children
		for c := range children {
			if c != child {
				w.Fatal("two children of one refresh token")
			}
		}
		w.clock.Advance(11 * time.Second)
		if _, err := w.auth.Refresh(w.Context(), first.Refresh); igny8.CodeOf(err) != "token_reused" {
			w.Errorf("reuse: %v", err)
		}
		if letters := dbtest.Value[int](w, w.d, "SELECT count(*) FROM mail_message WHERE template = 'session_reused'"); letters != 1 {
			w.Errorf("%d letters tell of the reuse, want one", letters)
		}
		// The thief's find ends the session for everybody.
		if _, err := w.auth.Refresh(w.Context(), child); igny8.CodeOf(err) != "invalid_token" {
			w.Errorf("child after reuse: %v", err)
		}
		if _, err := w.auth.Authenticate(w.Context(), first.Access, ""); igny8.CodeOf(err) != "invalid_token" {
			w.Errorf("access token after reuse: %v", err)
		}
	})
}

func TestWrongPasswordsWaitLongerAndLonger(t *testing.T) {
	on(t, false, func(w world) {
		w.register(form("nadia@example.com"))
		try := func(password string) error {
			_, _, err := w.auth.Login(w.Context(), auth.Credentials{Email: "nadia@example.com", Password: password, Device: auth.Device{Network: "192.0.2.9"}})
			return err
		}
		for range 5 {
			if err := try("wrong-horse-battery-1"); igny8.CodeOf(err) != "invalid_credentials" {
				w.Fatalf("within the free tries: %v", err)
			}
		}
		if err := try(password); igny8.KindOf(err) != igny8.TooMany {
			w.Errorf("the right password during the delay: %v", err)
		}
		w.clock.Advance(3 * time.Second)
		if err := try(password); err != nil {
			w.Errorf("after the delay: %v", err)
		}
		for range 5 { // a success forgets the failures
			if err := try("wrong-horse-battery-1"); igny8.CodeOf(err) != "invalid_credentials" {
				w.Errorf("after a success: %v", err)
			}
		}
	})
}

func TestDisabledStaffAreOutAtOnce(t *testing.T) {
	on(t, true, func(w world) {
		for _, email := range []string{"clerk@example.com", "chief@example.com"} {
			if _, err := w.auth.CreateStaff(w.Context(), email, "quiet-harbour-lamp-7"); err != nil {
				w.Fatal(err)
			}
		}
		_, tokens, err := w.auth.Login(w.Context(), auth.Credentials{Email: "clerk@example.com", Password: "quiet-harbour-lamp-7"})
		if err != nil {
			w.Fatal(err)
		}
		actor, err := w.auth.Authenticate(w.Context(), tokens.Access, "")
		if err != nil || !actor.Staff() || account.Admit(actor, igny8.PermPlatform, account.NeedNone) != nil {
			w.Fatalf("%+v %v", actor, err)
		}
		if err := desk.New(w.d, w.auth, desk.Limits{}).DisableStaff(w.Context(), "clerk@example.com"); err != nil {
			w.Fatal(err)
		}
		if _, err := w.auth.Authenticate(w.Context(), tokens.Access, ""); igny8.CodeOf(err) != "invalid_token" {
			w.Errorf("after disabling: %v", err)
		}
	})
}

func TestTheSetupLinkMakesOneStaffUser(t *testing.T) {
	on(t, true, func(w world) {
		older, err := w.auth.NewSetup(w.Context())
		if err != nil || older == "" {
			w.Fatal(older, err)
		}
		token, err := w.auth.NewSetup(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		use := func(token, email string) error {
			_, err := w.auth.Setup(w.Context(), token, email, "quiet-harbour-lamp-7")
			return err
		}
		if err := use(older, "a@example.com"); igny8.CodeOf(err) != "setup_link_invalid" {
			w.Errorf("a link that a newer one ended: %v", err)
		}
		if _, err := w.auth.Setup(w.Context(), token, "a@example.com", "short"); igny8.KindOf(err) != igny8.Invalid {
			w.Errorf("a weak password: %v", err)
		}
		var wg sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			wg.Go(func() { errs[i] = use(token, fmt.Sprintf("s%d@example.com", i)) })
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			switch {
			case err == nil:
				made++
			case igny8.CodeOf(err) != "setup_link_invalid":
				w.Errorf("%v", err)
			}
		}
		if made != 1 {
			w.Errorf("%d staff users by one link", made)
		}
		if again, err := w.auth.NewSetup(w.Context()); err != nil || again != "" {
			w.Errorf("a link although there is staff: %q, %v", again, err)
		}
	})
}

func TestASetupLinkGetsOld(t *testing.T) {
	on(t, true, func(w world) {
		token, err := w.auth.NewSetup(w.Context())
		if err != nil {
			w.Fatal(err)
		}
		w.clock.Advance(30 * time.Minute)
		if err := w.auth.CheckSetup(w.Context(), token); igny8.CodeOf(err) != "setup_link_invalid" {
			w.Errorf("after half an hour: %v", err)
		}
	})
}

// One person has one trial, however the address is written.
func TestOneTrialPerPerson(t *testing.T) {
	on(t, true, func(w world) {
		for first, again := range map[string][]string{
			"nadia.qureshi@gmail.com": {"nadiaqureshi@gmail.com", "Nadia.Qureshi+two@gmail.com", "n.a.d.i.a.qureshi@googlemail.com", "NADIAQURESHI+x+y@GoogleMail.com"},
			"hamza.ali@example.com":   {"hamza.ali+test@example.com", "hamza.ali+@example.com", "Hamza.Ali+1@EXAMPLE.com"},
		} {
			w.register(form(first))
			for _, email := range again {
				if _, err := w.signup.Register(w.Context(), form(email)); igny8.CodeOf(err) != "trial_already_used" {
					w.Errorf("%s after %s: %v", email, first, err)
				}
			}
		}
		w.register(form("hamzaali@example.com")) // dots count there
	})
}
