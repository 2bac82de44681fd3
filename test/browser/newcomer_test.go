package browser

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"igny8/internal/demo"
)

// newcomer is a customer in Pakistan on the starter plan, whose payment waits.
// Names that are empty get one that nobody remembers.
type newcomer struct {
	email, first, last, business string
	payer, reference, notes      string
	proof                        []byte // a picture of a receipt unless it is set

	token   string // of the API
	home    string // path of the console
	pay     string // path of the pay page
	invoice string // id
}

// send signs the newcomer up and sends the payment, with a receipt, for those
// tests that are about what happens then.
func (n newcomer) send(t *testing.T, base string) newcomer {
	t.Helper()
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	var in struct {
		Tokens  struct{ Access string }
		Account struct{ Slug string }
		Invoice struct {
			ID     string
			PayURL string `json:"pay_url"`
		}
	}
	api(t, base, "", "POST", "/auth/register", map[string]any{"email": n.email, "password": demo.Password, "first_name": or(n.first, "Noor"),
		"last_name": or(n.last, "Shah"), "account_name": or(n.business, "Studio "+n.reference), "country": "PK", "plan": "starter",
		"cycle": "monthly", "payment_method": "jazzcash", "billing": map[string]string{"line1": "1 Mall Road", "city": "Lahore", "country": "PK"}}, &in)
	at, err := url.Parse(in.Invoice.PayURL)
	if err != nil {
		t.Fatal(err)
	}
	n.token, n.home, n.pay, n.invoice = in.Tokens.Access, "/app/"+in.Account.Slug, at.Path, in.Invoice.ID
	n.submit(t, base, map[string]string{"method": "jazzcash", "reference": n.reference, "payer_name": or(n.payer, "Noor Shah"),
		"paid_on": time.Now().UTC().Format(time.DateOnly), "notes": n.notes})
	return n
}

func (n newcomer) submit(t *testing.T, base string, fields map[string]string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		w.WriteField(name, value)
	}
	part, err := w.CreateFormFile("proof", "receipt.png")
	if err != nil {
		t.Fatal(err)
	}
	if n.proof == nil {
		n.proof = demo.Receipt(n.email)
	}
	part.Write(n.proof)
	w.Close()
	req, err := http.NewRequestWithContext(t.Context(), "POST", base+"/api/v1/billing/invoices/"+n.invoice+"/payments", &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", w.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+n.token)
	req.Header.Set("Idempotency-Key", "send-"+n.email)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct{ Status, Amount, Detail string }
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusCreated {
		t.Fatalf("the payment of %s was answered %d: %+v %v", n.email, resp.StatusCode, answer, err)
	}
	if want := strings.ReplaceAll(starter, ",", "") + ".00"; answer.Status != "pending_approval" || answer.Amount != want {
		t.Fatalf("the payment of %s is %+v, want pending_approval of %s", n.email, answer, want)
	}
}

// three are newcomers whose payments wait one after the other, last in the queue.
func three(t *testing.T, base string) []newcomer {
	t.Helper()
	return waiting(t, base, "one", "two", "three")
}

// waiting are newcomers of these names.
func waiting(t *testing.T, base string, names ...string) (out []newcomer) {
	t.Helper()
	for _, name := range names {
		out = append(out, newcomer{email: name + "@example.com", reference: "JC-" + name, business: "Business " + name}.send(t, base))
	}
	return out
}
