package browser

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/api/apitest"
)

// api calls the server's API, where a test is not about the page that does the
// same, and decodes the answer into out.
func api(t *testing.T, base, token, method, path string, body, out any) {
	t.Helper()
	var data bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&data).Encode(body); err != nil {
			t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), method, base+"/api/v1"+path, &data)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Idempotency-Key", rand.Text())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer bytes.Buffer
	answer.ReadFrom(resp.Body)
	contract, err := apitest.CheckedIn()
	if err == nil {
		err = contract.Check(method, req.URL.EscapedPath(), resp.StatusCode, resp.Header, answer.Bytes())
	}
	if err != nil {
		t.Error(err)
	}
	if resp.StatusCode >= 300 {
		t.Fatalf("%s %s answered %d: %s", method, path, resp.StatusCode, answer.String())
	}
	if err := json.Unmarshal(answer.Bytes(), out); err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, answer.String())
	}
}

// staff logs in at the API.
func staff(t *testing.T, base string) (token string) {
	t.Helper()
	var in struct{ Tokens struct{ Access string } }
	api(t, base, "", "POST", "/auth/login", map[string]string{"email": demo.StaffEmail, "password": demo.Password}, &in)
	return in.Tokens.Access
}

// approve approves the waiting payment with a reference.
func approve(t *testing.T, base, reference string) {
	t.Helper()
	token := staff(t, base)
	var queue struct {
		Data []struct{ ID, Reference string }
	}
	api(t, base, token, "GET", "/admin/payments?status=pending_approval&limit=100", nil, &queue)
	for _, p := range queue.Data {
		if p.Reference == reference {
			api(t, base, token, "POST", "/admin/payments/"+p.ID+"/approve", map[string]string{}, &struct{}{})
			return
		}
	}
	t.Fatalf("no payment with the reference %s waits: %s", reference, fmt.Sprint(queue.Data))
}

// onePixel is the smallest picture there is.
func onePixel(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
