package demo

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

// Journey plays a new customer's way over HTTP against the server at Base and
// prints each step with its status and amount.
type Journey struct {
	Base string
	Out  io.Writer
	Now  func() time.Time

	step    int
	run     string // makes addresses and references of this run unlike any other's
	trial   string // access tokens
	paid    string
	staff   string
	invoice answer
	payment string
	site    string
}

// Play runs all steps and stops at the first that is not as it should be; the
// error names it.
func (j *Journey) Play(ctx context.Context) error {
	b := make([]byte, 5)
	rand.Read(b)
	j.run = hex.EncodeToString(b)
	steps := []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"trial signup", j.trialSignup},
		{"still logged in", j.stillLoggedIn},
		{"price in rupees", j.price},
		{"paid signup", j.paidSignup},
		{"nothing before payment", j.siteRefused},
		{"payment sent with proof", j.submit},
		{"staff login", j.staffLogin},
		{"staff sees it in the queue", j.queue},
		{"staff approves", j.approve},
		{"everything is active", j.active},
		{"approving again changes nothing", j.approveAgain},
		{"site", j.createSite},
		{"sectors", j.sectors},
		{"credits spent", j.spend},
		{"ledger explains the balance", j.ledger},
	}
	for i, s := range steps {
		j.step = i + 1
		said, err := s.do(ctx)
		if err != nil {
			fmt.Fprintf(j.Out, "%2d/%d  %-32s FAILED: %v\n", j.step, len(steps), s.name, err)
			return fmt.Errorf("step %q: %w", s.name, err)
		}
		fmt.Fprintf(j.Out, "%2d/%d  %-32s %s\n", j.step, len(steps), s.name, said)
	}
	return nil
}

func (j *Journey) email(who string) string { return who + "-" + j.run + "@demo.example" }

func (j *Journey) person(who string) map[string]any {
	return map[string]any{"email": j.email(who), "password": Password, "first_name": "Zara", "last_name": "Sheikh", "country": "PK"}
}

func (j *Journey) trialSignup(ctx context.Context) (string, error) {
	a, err := j.post(ctx, 201, "", "/auth/register", j.person("trial"))
	if err != nil {
		return "", err
	}
	j.trial = a.text("tokens", "access")
	balance, err := j.get(ctx, 200, j.trial, "/credits/balance")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("201  account %s, subscription %s, %v credits", a.text("account", "status"), a.text("subscription", "status"), balance.at("available")),
		first(a.is("trial", "account", "status"), balance.is(500.0, "available"))
}

func (j *Journey) stillLoggedIn(ctx context.Context) (string, error) {
	a, err := j.get(ctx, 200, j.trial, "/me")
	return "200  " + a.text("user", "email"), first(err, a.is(j.email("trial"), "user", "email"))
}

func (j *Journey) price(ctx context.Context) (string, error) {
	a, err := j.get(ctx, 200, "", "/plans?country=PK")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("200  %d plans", len(a.list("data"))), nil
}

func (j *Journey) paidSignup(ctx context.Context) (string, error) {
	p := j.person("paid")
	p["plan"], p["cycle"], p["payment_method"] = "starter", "monthly", "jazzcash"
	p["billing"] = map[string]any{"line1": "12 Zamzama Boulevard", "city": "Karachi", "country": "PK"}
	a, err := j.post(ctx, 201, "", "/auth/register", p)
	if err != nil {
		return "", err
	}
	j.paid, j.invoice = a.text("tokens", "access"), a.object("invoice")
	total := j.invoice.text("total")
	return fmt.Sprintf("201  account %s, invoice %s, %s %s", a.text("account", "status"), j.invoice.text("number"), j.invoice.text("currency"), total),
		first(a.is("pending_payment", "account", "status"), j.invoice.is("PKR", "currency"), j.invoice.is(total, "total_amount"), positive(j.invoice, "total_minor"))
}

func (j *Journey) siteRefused(ctx context.Context) (string, error) {
	a, err := j.post(ctx, 402, j.paid, "/sites", j.newSite())
	return "402  " + a.text("code"), first(err, a.is("payment_required", "code"))
}

func (j *Journey) submit(ctx context.Context) (string, error) {
	a, err := j.upload(ctx, 201, "/billing/invoices/"+j.invoice.text("id")+"/payments", map[string]string{
		"method": "jazzcash", "reference": "JC-" + j.run, "payer_name": "Zara Sheikh", "paid_on": j.Now().Format(time.DateOnly),
	}, Receipt(j.run))
	if err != nil {
		return "", err
	}
	j.payment = a.text("id")
	return fmt.Sprintf("201  %s, %s %s", a.text("status"), a.text("currency"), a.text("amount")),
		first(a.is("pending_approval", "status"), a.is(j.invoice.text("total"), "amount"))
}

func (j *Journey) staffLogin(ctx context.Context) (string, error) {
	a, err := j.post(ctx, 200, "", "/auth/login", map[string]any{"email": StaffEmail, "password": Password})
	j.staff = a.text("tokens", "access")
	return "200  " + a.text("user", "email"), err
}

func (j *Journey) queue(ctx context.Context) (string, error) {
	cursor, waiting := "", 0
	for {
		a, err := j.get(ctx, 200, j.staff, "/admin/payments?status=pending_approval&limit=100"+cursor)
		if err != nil {
			return "", err
		}
		for _, p := range a.list("data") {
			waiting++
			m, _ := p.(map[string]any)
			entry := answer{m}
			if entry.text("id") == j.payment {
				return fmt.Sprintf("200  %d waiting, oldest first; this one has %d warnings", waiting, len(entry.list("warnings"))), nil
			}
		}
		if a.at("has_more") != true {
			return "", fmt.Errorf("payment %s is not in the queue", j.payment)
		}
		cursor = "&cursor=" + a.text("next_cursor")
	}
}

func (j *Journey) approve(ctx context.Context) (string, error) {
	a, err := j.post(ctx, 200, j.staff, "/admin/payments/"+j.payment+"/approve", map[string]any{"evidence": "JazzCash statement", "note": "demo"})
	return fmt.Sprintf("200  %s, %s %s received", a.text("status"), a.text("currency"), a.text("amount")), first(err, a.is("succeeded", "status"))
}

func (j *Journey) active(ctx context.Context) (string, error) {
	acc, err1 := j.get(ctx, 200, j.paid, "/account")
	inv, err2 := j.get(ctx, 200, j.paid, "/billing/invoices/"+j.invoice.text("id"))
	sub, err3 := j.get(ctx, 200, j.paid, "/billing/subscription")
	bal, err4 := j.get(ctx, 200, j.paid, "/credits/balance")
	if err := first(err1, err2, err3, err4); err != nil {
		return "", err
	}
	return fmt.Sprintf("200  invoice %s, subscription %s, account %s, %v credits", inv.text("status"), sub.text("status"), acc.text("status"), bal.at("available")),
		first(acc.is("active", "status"), inv.is("paid", "status"), sub.is("active", "status"), bal.is(1000.0, "available"))
}

func (j *Journey) approveAgain(ctx context.Context) (string, error) {
	a, err := j.post(ctx, 409, j.staff, "/admin/payments/"+j.payment+"/approve", map[string]any{})
	return fmt.Sprintf("409  decided by %s", a.text("decided_by")), first(err, a.is("invalid_transition", "code"))
}

func (j *Journey) newSite() map[string]any {
	return map[string]any{"name": "Zara's garage", "domain": "https://Www.Garage-" + j.run + ".example.com/home?x=1", "industry": "automotive"}
}

func (j *Journey) createSite(ctx context.Context) (string, error) {
	a, err := j.post(ctx, 201, j.paid, "/sites", j.newSite())
	j.site = a.text("id")
	return "201  " + a.text("domain"), err
}

func (j *Journey) sectors(ctx context.Context) (string, error) {
	a, err := j.send(ctx, 200, j.paid, "PUT", "/sites/"+j.site+"/sectors",
		map[string]any{"industry": "automotive", "sectors": []string{"car-repair-and-servicing", "used-car-sales"}})
	return fmt.Sprintf("200  %d sectors of %s", len(a.list("sectors")), a.text("industry", "name")), err
}

func (j *Journey) spend(ctx context.Context) (string, error) {
	a, err := j.post(ctx, 201, j.paid, "/credits/spend", map[string]any{"operation": "keyword_clustering", "quantity": 1, "reference": "demo " + j.run})
	return fmt.Sprintf("201  %v credits, balance %v", a.at("amount"), a.at("balance_after")), first(err, a.is(-10.0, "amount"), a.is(990.0, "balance_after"))
}

func (j *Journey) ledger(ctx context.Context) (string, error) {
	a, err := j.get(ctx, 200, j.paid, "/credits/transactions")
	if err != nil {
		return "", err
	}
	sum := 0.0
	for _, t := range a.list("data") {
		n, _ := t.(map[string]any)["amount"].(float64)
		sum += n
	}
	if sum != 990 {
		return "", fmt.Errorf("ledger sums to %v, the balance is 990", sum)
	}
	return fmt.Sprintf("200  %d lines, sum %v", len(a.list("data")), sum), nil
}

// answer is a JSON object.
type answer struct{ m map[string]any }

func (a answer) at(path ...string) any {
	var v any = a.m
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

func (a answer) text(path ...string) string { s, _ := a.at(path...).(string); return s }
func (a answer) list(path ...string) []any  { l, _ := a.at(path...).([]any); return l }
func (a answer) object(path ...string) answer {
	m, _ := a.at(path...).(map[string]any)
	return answer{m}
}
func (a answer) is(want any, path ...string) error {
	if got := a.at(path...); got != want {
		return fmt.Errorf("%v is %v, want %v", path, got, want)
	}
	return nil
}

func positive(a answer, path ...string) error {
	if n, _ := a.at(path...).(float64); n <= 0 {
		return fmt.Errorf("%v is %v, want more than 0", path, a.at(path...))
	}
	return nil
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func (j *Journey) get(ctx context.Context, status int, token, path string) (answer, error) {
	return j.send(ctx, status, token, "GET", path, nil)
}

func (j *Journey) post(ctx context.Context, status int, token, path string, body any) (answer, error) {
	return j.send(ctx, status, token, "POST", path, body)
}

func (j *Journey) send(ctx context.Context, status int, token, method, path string, body any) (answer, error) {
	if body == nil {
		return j.do(ctx, status, token, method, path, "", nil)
	}
	data, err := json.Marshal(body)
	if err != nil {
		return answer{}, err
	}
	return j.do(ctx, status, token, method, path, "application/json", bytes.NewReader(data))
}

func (j *Journey) upload(ctx context.Context, status int, path string, fields map[string]string, file []byte) (answer, error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, value := range fields {
		w.WriteField(name, value) // to memory: cannot fail
	}
	part, err := w.CreateFormFile("proof", "receipt.png")
	if err != nil {
		return answer{}, err
	}
	part.Write(file)
	w.Close()
	return j.do(ctx, status, j.paid, "POST", path, w.FormDataContentType(), &b)
}

func (j *Journey) do(ctx context.Context, status int, token, method, path, contentType string, body io.Reader) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, j.Base+"/api/v1"+path, body)
	if err != nil {
		return answer{}, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	if method == "POST" {
		req.Header.Set("Idempotency-Key", fmt.Sprintf("%s-%d-%s", j.run, j.step, path))
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := json.Unmarshal(data, &a.m); err != nil && len(data) > 0 {
		return a, fmt.Errorf("%s %s answered %d with no JSON: %w", method, path, resp.StatusCode, err)
	}
	if resp.StatusCode != status {
		return a, fmt.Errorf("%s %s answered %d %s, want %d: %s", method, path, resp.StatusCode, a.text("code"), status, a.text("detail"))
	}
	return a, nil
}
