package browser

import (
	"net/http"
	"strings"
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// ask asks the API with a key and returns the status.
func ask(t *testing.T, base, key, path string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", base+"/api/v1"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// A key is shown once, works at once, is replaced with an overlap, and ends.
func TestKeys(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		logIn(p.Viewport(360), demo.CustomerEmail).Go(p.URL() + "/developers").See("No keys yet").Click("main form.form button[type=submit]").See("Name the key after the program").Axe().FocusKept()
		p.Fill("Name", "WordPress plugin").Click("main form.form button[type=submit]").See("The key WordPress plugin is made", "works").Axe()
		secret := strings.TrimSpace(p.Text(".secret"))
		if got := ask(t, p.Base(), secret, "/credits/balance"); got != 200 {
			t.Errorf("the new key got %d for the balance", got)
		}
		if got := ask(t, p.Base(), secret, "/billing/invoices"); got != 403 {
			t.Errorf("the new key got %d for invoices, want 403", got)
		}
		p.Go(p.URL()).NotSee(secret)
		p.Click(`[aria-label^="Replace the key"]`).See("is made")
		fresh := strings.TrimSpace(p.Text(".secret"))
		if fresh == secret || ask(t, p.Base(), secret, "/credits/balance") != 200 || ask(t, p.Base(), fresh, "/credits/balance") != 200 {
			t.Error("within the overlap both keys must work")
		}
		p.Click(`tbody tr:nth-child(1) [aria-label^="Revoke"]`).See("It opens nothing any more.", "revoked")
		if got := ask(t, p.Base(), fresh, "/credits/balance"); got != 401 {
			t.Errorf("the revoked key got %d, want 401", got)
		}
	})
}
