package app

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"igny8/internal/config"
	"igny8/internal/db/dbtest"
	"igny8/internal/demo"
)

// The pages of the login show the demonstration's logins, each those that work
// there, and show nothing of them anywhere else.
func TestTheDemonstrationShowsItsLogins(t *testing.T) {
	for _, on := range []bool{true, false} {
		d := dbtest.Open(t, dbtest.SQLiteURL(t))
		if err := migrate(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		cfg, err := config.Load(nil, "", map[string]string{"IGNY8_DATA": t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		if on {
			cfg = cfg.Demonstration()
		}
		a, err := build(t.Context(), cfg, "http://127.0.0.1", slog.New(slog.DiscardHandler), d)
		if err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string][]string{"/login": {demo.CustomerEmail}, "/staff/login": {demo.StaffEmail, demo.SecondEmail}} {
			w := httptest.NewRecorder()
			a.api.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil))
			for _, login := range []string{demo.CustomerEmail, demo.StaffEmail, demo.SecondEmail, demo.Password} {
				expected := on && (login == demo.Password || slices.Contains(want, login))
				if got := strings.Contains(w.Body.String(), `data-value="`+login+`"`); got != expected || !expected && strings.Contains(w.Body.String(), login) {
					t.Errorf("demonstration %v: %s shows %s: %v, want %v", on, path, login, got, expected)
				}
			}
		}
	}
}
