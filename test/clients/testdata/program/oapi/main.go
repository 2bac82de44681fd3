// Command oapi does the main job with the client that oapi-codegen made.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"time"

	"clients/oapi/api"
	"clients/picture"
)

const password = "correct-horse-battery-9"

func check(step string, err error, status int, want int, body []byte) {
	if err != nil || status != want {
		fmt.Fprintf(os.Stderr, "%s: %d, want %d: %v %s\n", step, status, want, err, body)
		os.Exit(1)
	}
	fmt.Println(step, status)
}

// as sends an access token with a request.
func as(token string) api.RequestEditorFn {
	return func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token)
		return nil
	}
}

func p[T any](v T) *T { return &v }

func main() {
	ctx, base := context.Background(), os.Args[1]
	c, err := api.NewClientWithResponses(base)
	if err != nil {
		panic(err)
	}
	form := api.RegisterInput{Email: "oapi-trial@example.com", Password: password, FirstName: "Ayesha", LastName: "Khan", Country: "PK"}
	trial, err := c.RegisterWithResponse(ctx, nil, form)
	check("trial signup", err, trial.StatusCode(), 201, trial.Body)
	if trial.JSON201.Invoice != nil || trial.JSON201.Account.Status != "trial" {
		panic("a trial has nothing to pay")
	}

	form.Email, form.Plan, form.PaymentMethod = "oapi-paid@example.com", p("starter"), p("jazzcash")
	paid, err := c.RegisterWithResponse(ctx, nil, form)
	check("paid signup", err, paid.StatusCode(), 201, paid.Body)
	owner := as(paid.JSON201.Tokens.Access)

	body, kind := proof()
	sent, err := c.SubmitPaymentWithBodyWithResponse(ctx, paid.JSON201.Invoice.Id, &api.SubmitPaymentParams{IdempotencyKey: rand.Text()}, kind, body, owner)
	check("proof", err, sent.StatusCode(), 201, sent.Body)

	wrong, err := c.LoginWithResponse(ctx, nil, api.LoginInput{Email: "staff@example.com", Password: "not-the-password"})
	check("wrong password", err, wrong.StatusCode(), 401, wrong.Body)
	if wrong.ApplicationproblemJSON401.Code != "invalid_credentials" {
		panic("the code of the refusal is lost")
	}
	staff, err := c.LoginWithResponse(ctx, nil, api.LoginInput{Email: "staff@example.com", Password: password})
	check("staff login", err, staff.StatusCode(), 200, staff.Body)
	if staff.JSON200.Account != nil {
		panic("staff have no account")
	}
	clerk := as(staff.JSON200.Tokens.Access)
	seen, err := c.GetStaffPaymentWithResponse(ctx, sent.JSON201.Id, clerk)
	check("staff look", err, seen.StatusCode(), 200, seen.Body)
	approved, err := c.ApprovePaymentWithResponse(ctx, sent.JSON201.Id,
		&api.ApprovePaymentParams{IdempotencyKey: rand.Text(), IfMatch: p(seen.HTTPResponse.Header.Get("ETag"))}, api.ApproveInput{Evidence: p("statement")}, clerk)
	check("approve", err, approved.StatusCode(), 200, approved.Body)

	site, err := c.CreateSiteWithResponse(ctx, nil, api.SiteInput{Name: "Shop", Domain: "oapi.example.com", Industry: "fitness-and-sport"}, owner)
	check("site", err, site.StatusCode(), 201, site.Body)
	key, err := c.CreateAPIKeyWithResponse(ctx, nil, api.APIKeyInput{Name: "Plugin"}, owner)
	check("key", err, key.StatusCode(), 201, key.Body)
	if key.JSON201.Site != nil || key.JSON201.Secret == "" {
		panic("the secret is lost")
	}
	var work api.SpendInput
	if err := work.FromOperationSpend(api.OperationSpend{Operation: "keyword_clustering", Quantity: 1, Site: &site.JSON201.Id}); err != nil {
		panic(err)
	}
	spent, err := c.SpendCreditsWithResponse(ctx, &api.SpendCreditsParams{IdempotencyKey: rand.Text()}, work, as(key.JSON201.Secret))
	check("spend", err, spent.StatusCode(), 201, spent.Body)
	if spent.JSON201.Amount >= 0 {
		panic("nothing was spent")
	}
	if err := work.FromCreditSpend(api.CreditSpend{Credits: 1_000_000}); err != nil {
		panic(err)
	}
	poor, err := c.SpendCreditsWithResponse(ctx, &api.SpendCreditsParams{IdempotencyKey: rand.Text()}, work, owner)
	check("spend too much", err, poor.StatusCode(), 402, poor.Body)
	if no := poor.ApplicationproblemJSON402; no.Needed == nil || *no.Needed != 1_000_000 || no.Available == nil {
		panic("the refusal does not say how much is needed and available")
	}
}

func proof() (*bytes.Buffer, string) {
	var b bytes.Buffer
	mw := multipart.NewWriter(&b)
	for name, value := range map[string]string{"method": "jazzcash", "reference": "TID 0000000011", "payer_name": "Ayesha Khan", "paid_on": time.Now().UTC().Format(time.DateOnly)} {
		mw.WriteField(name, value)
	}
	f, err := mw.CreateFormFile("proof", "receipt.png")
	if err != nil {
		panic(err)
	}
	f.Write(picture.PNG(1))
	mw.Close()
	return &b, mw.FormDataContentType()
}
