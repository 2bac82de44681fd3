// Command ogen does the main job with the client that ogen made.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/ogen-go/ogen/http"

	"clients/ogen/api"
	"clients/picture"
)

const password = "correct-horse-battery-9"

// must returns the answer if it is the one of success.
func must[T any](step string, answer any, err error) T {
	out, ok := answer.(T)
	if err != nil || !ok {
		fmt.Fprintf(os.Stderr, "%s: %v, got %T %+v\n", step, err, answer, answer)
		os.Exit(1)
	}
	fmt.Println(step)
	return out
}

// token is sent with every request that needs one.
type token struct{ access string }

func (t *token) Bearer(context.Context, api.OperationName) (api.Bearer, error) {
	return api.Bearer{Token: t.access}, nil
}

func main() {
	ctx, who := context.Background(), &token{}
	c, err := api.NewClient(os.Args[1], who)
	if err != nil {
		panic(err)
	}
	form := &api.RegisterInput{Email: "ogen-trial@example.com", Password: password, FirstName: "Ayesha", LastName: "Khan", Country: "PK"}
	answer, err := c.Register(ctx, form, api.RegisterParams{})
	trial := must[*api.RegistrationHeaders]("trial signup", answer, err)
	if trial.Response.Invoice.Set || trial.Response.Account.Status != api.AccountStatusTrial {
		panic("a trial has nothing to pay")
	}

	form.Email, form.Plan, form.PaymentMethod = "ogen-paid@example.com", api.NewOptString("starter"), api.NewOptString("jazzcash")
	answer, err = c.Register(ctx, form, api.RegisterParams{})
	paid := must[*api.RegistrationHeaders]("paid signup", answer, err)
	owner := paid.Response.Tokens.Access

	who.access = owner
	reply, err := c.SubmitPayment(ctx, &api.SubmitPaymentReqMultipartFormData{Method: "jazzcash", Reference: "TID 0000000012", PayerName: "Ayesha Khan",
		PaidOn: time.Now().UTC(), Proof: []http.MultipartFile{{Name: "receipt.png", File: bytes.NewReader(picture.PNG(2))}}},
		api.SubmitPaymentParams{ID: paid.Response.Invoice.Value.ID, IdempotencyKey: rand.Text()})
	sent := must[*api.PaymentHeaders]("proof", reply, err)

	login, err := c.Login(ctx, &api.LoginInput{Email: "staff@example.com", Password: "not-the-password"}, api.LoginParams{})
	wrong := must[*api.UnauthenticatedHeaders]("wrong password", login, err)
	if wrong.Response.Code != "invalid_credentials" {
		panic("the code of the refusal is lost")
	}
	login, err = c.Login(ctx, &api.LoginInput{Email: "staff@example.com", Password: password}, api.LoginParams{})
	staff := must[*api.LoginHeaders]("staff login", login, err)
	if !staff.Response.Account.Null {
		panic("staff have no account")
	}
	who.access = staff.Response.Tokens.Access
	look, err := c.GetStaffPayment(ctx, api.GetStaffPaymentParams{ID: sent.Response.ID})
	seen := must[*api.StaffPaymentHeaders]("staff look", look, err)
	decision, err := c.ApprovePayment(ctx, api.NewOptApproveInput(api.ApproveInput{Evidence: api.NewOptString("statement")}),
		api.ApprovePaymentParams{ID: sent.Response.ID, IdempotencyKey: rand.Text(), IfMatch: seen.ETag})
	must[*api.ApprovePaymentOK]("approve", decision, err)

	who.access = owner
	made, err := c.CreateSite(ctx, &api.SiteInput{Name: "Shop", Domain: "ogen.example.com", Industry: "fitness-and-sport"}, api.CreateSiteParams{})
	site := must[*api.SiteHeaders]("site", made, err)
	newKey, err := c.CreateAPIKey(ctx, &api.APIKeyInput{Name: "Plugin"}, api.CreateAPIKeyParams{})
	key := must[*api.NewAPIKeyHeaders]("key", newKey, err)
	if !key.Response.Site.Null || key.Response.Secret == "" {
		panic("the secret is lost")
	}
	who.access = key.Response.Secret
	work := api.NewOperationSpendSpendInput(api.OperationSpend{Operation: "keyword_clustering", Quantity: 1, Site: api.NewOptString(site.Response.ID)})
	done, err := c.SpendCredits(ctx, work, api.SpendCreditsParams{IdempotencyKey: rand.Text()})
	if spent := must[*api.CreditTransactionHeaders]("spend", done, err); spent.Response.Amount >= 0 {
		panic("nothing was spent")
	}
	done, err = c.SpendCredits(ctx, api.NewCreditSpendSpendInput(api.CreditSpend{Credits: 1_000_000}), api.SpendCreditsParams{IdempotencyKey: rand.Text()})
	poor := must[*api.PaymentRequiredHeaders]("spend too much", done, err)
	if no := poor.Response; no.Needed.Value != 1_000_000 || !no.Available.Set {
		panic("the refusal does not say how much is needed and available")
	}
}
