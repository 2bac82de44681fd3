package app

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
)

// Threat A6: links in letters begin with the configured address, whatever the
// request says of its host.
func TestLinksInLettersAreNotOfTheRequestsHost(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		u := w.signUp("")
		a := w.ask("POST", "/auth/register", "", form(newEmail(), ""), "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example;proto=https", "X-Forwarded-Proto: https")
		if a.status != 201 {
			t.Fatal(a)
		}
		err := w.app.db.ReadSystem(w.Context(), func(ctx context.Context, tx *db.Tx) error {
			var evil, ours int
			err := tx.QueryRowContext(ctx, "SELECT count(*) FROM mail_message WHERE body_text LIKE '%evil%'").Scan(&evil)
			if err == nil {
				err = tx.QueryRowContext(ctx, "SELECT count(*) FROM mail_message WHERE body_text LIKE '%http://localhost/verify/%'").Scan(&ours)
			}
			if evil != 0 || ours != 2 {
				t.Errorf("%d letters lead elsewhere, %d to the configured address; want 0 and 2 (%s)", evil, ours, u.email)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Threat E6: no credential of one kind opens what is for another.
func TestNoTokenPassesForAnother(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		o := w.paidUp()
		key := w.must(201, "POST", "/account/api-keys", o.token, `{"name":"Plugin"}`).text("secret")
		_, link, _ := strings.Cut(o.signup.text("invoice/pay_url"), "/pay/")
		kinds := map[string]string{"access": o.token, "refresh": o.signup.text("tokens/refresh"), "key": key, "pay link": link,
			"reset": "igny8_reset_" + strings.Repeat("A", 43), "invitation": "igny8_invite_" + strings.Repeat("A", 43), "verification": "igny8_verify_" + strings.Repeat("A", 43)}
		for kind, token := range kinds {
			if a := w.ask("GET", "/me", token, ""); kind != "access" && a.status < 400 {
				t.Errorf("a token of kind %s opens /me: %s", kind, a)
			}
			if a := w.ask("POST", "/auth/refresh", "", `{"refresh":"`+token+`"}`); kind != "refresh" && a.status != 401 && a.status != 422 {
				t.Errorf("a token of kind %s refreshes: %s", kind, a)
			}
			for path, body := range map[string]string{"/auth/email/verify": `{"token":"` + token + `"}`, "/auth/email/confirm": `{"token":"` + token + `"}`,
				"/auth/password/reset": `{"token":"` + token + `","password":"quiet-otter-paints-31"}`} {
				if len(token) > 200 {
					continue // refused by its length
				}
				if a := w.ask("POST", path, "", body); a.status != 422 || a.text("code") != "link_invalid" {
					t.Errorf("a token of kind %s at %s: %s", kind, path, a)
				}
			}
			if a := w.ask("GET", "/pay/"+token, "", ""); kind != "pay link" && a.status != 404 {
				t.Errorf("a token of kind %s opens a pay page: %s", kind, a)
			}
		}
	})
}

// Threat A16: who belongs to no account is told so, and gets no token.
func TestWhoBelongsToNoAccountGetsNoToken(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		hash, err := w.app.auth.HashPassword(t.Context(), password, "")
		if err != nil {
			t.Fatal(err)
		}
		email := newEmail()
		err = w.app.db.System(t.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			_, err := account.CreateUser(ctx, tx, account.NewUser{Email: email, EmailNorm: email, PasswordHash: hash, FirstName: "A", LastName: "B", Language: "en"})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if a := w.ask("POST", "/auth/login", "", `{"email":"`+email+`","password":"`+password+`"}`); a.status != 403 || a.text("code") != "no_account" {
			t.Error(a)
		}
	})
}

// Threats A15, E7, E8: what one node takes away, another refuses at once: the gate,
// the role, the session and the key are read afresh for each request.
func TestWhatOneNodeTakesAwayTheOtherRefuses(t *testing.T) {
	url := dbtest.PostgresURL(t)
	one, two := startTest(t, url, loud), startTest(t, url, loud)
	// refused asks the other node until a second after the commit, and then once.
	refused := func(what string, ask func() answer) {
		t.Helper()
		since := time.Now()
		for time.Since(since) < time.Second {
			if a := ask(); a.status >= 400 {
				t.Logf("%s: refused after %v", what, time.Since(since).Round(time.Millisecond))
				break
			}
		}
		if a := ask(); a.status < 400 || a.status >= 500 {
			t.Errorf("%s: a second later the other node still answers %s", what, a)
		}
	}
	works := func(what string, ask func() answer) {
		t.Helper()
		if a := ask(); a.status >= 300 {
			t.Fatalf("%s: before anything is taken away the other node answers %s", what, a)
		}
	}
	o := one.paidUp()
	admin, editor := one.member(o.account, igny8.RoleAdmin), one.member(o.account, igny8.RoleEditor)
	key := one.must(201, "POST", "/account/api-keys", o.token, `{"name":"Plugin"}`)

	asKey := func() answer { return two.ask("GET", "/credits/balance", key.text("secret"), "") }
	works("key", asKey)
	one.must(204, "DELETE", "/account/api-keys/"+key.text("id"), o.token, "")
	refused("key revoked", asKey)

	asAdmin := func() answer { return two.ask("GET", "/account/api-keys", admin, "") }
	works("role", asAdmin)
	one.exec("UPDATE membership SET role = 'viewer' WHERE account_id = $1 AND role = 'admin'", o.account)
	refused("role lowered", asAdmin)

	asEditor := func() answer { return two.ask("GET", "/sites", editor, "") }
	works("member", asEditor)
	one.exec("DELETE FROM membership WHERE account_id = $1 AND role = 'editor'", o.account)
	refused("member removed", asEditor)

	asOwner := func() answer { return two.ask("GET", "/sites", o.token, "") }
	works("account", asOwner)
	one.put(o.account, "suspended", "policy")
	refused("account suspended", asOwner)
	one.put(o.account, "active", "")

	other := one.must(200, "POST", "/auth/login", "", `{"email":"`+o.email+`","password":"`+password+`"}`).text("tokens/access")
	asOther := func() answer { return two.ask("GET", "/me", other, "") }
	works("session", asOther)
	one.must(200, "DELETE", "/me/sessions", o.token, "")
	refused("session ended", asOther)
}

// lockedBuffer takes the lines of a log from many goroutines.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// exec changes rows of an account behind the program's back.
func (w *world) exec(query, accountID string) {
	w.Helper()
	id, err := igny8.ParseID[igny8.AccountID](accountID)
	if err != nil {
		w.Fatal(err)
	}
	dbtest.Exec(w, w.app.db, query, id)
}

// Threat E9: no credential is ever written into the log, whatever happens to the
// request that brings it.
func TestNoCredentialIsLogged(t *testing.T) {
	var log lockedBuffer
	w := startTest(t, dbtest.SQLiteURL(t), func(*testing.T) slog.Handler {
		return slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})
	})
	o := w.paidUp()
	key := w.must(201, "POST", "/account/api-keys", o.token, `{"name":"Plugin"}`).text("secret")
	_, link, _ := strings.Cut(o.signup.text("invoice/pay_url"), "/pay/")
	refresh := o.signup.text("tokens/refresh")
	secrets := []string{password, o.token, refresh, key, link}
	for _, s := range secrets {
		w.ask("GET", "/me", s, "")
		w.ask("GET", "/pay/"+s, "", "")
		w.ask("POST", "/auth/login", "", `{"email":"`+o.email+`","password":"`+s+`","more":"`+s+`"}`)
		w.ask("POST", "/auth/refresh", "", `{"refresh":"`+s+`"`)
	}
	for i, s := range secrets {
		if strings.Contains(log.String(), s) {
			t.Errorf("credential %d of %d stands in the log", i+1, len(secrets))
		}
	}
	if !strings.Contains(log.String(), "/api/v1/pay/{token}") {
		t.Error("the log does not name routes by their pattern; this test looks at nothing")
	}
}
