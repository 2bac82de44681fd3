package browser

import (
	"testing"
	"time"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// An approval turns the customer's open page into the receipt within two seconds.
func TestAnApprovalTurnsTheOpenPageIntoTheReceipt(t *testing.T) {
	p := machine.Start(t).Page().Viewport(360)
	n := newcomer{email: "one@example.com", reference: "JC-one"}.send(t, p.Base())
	p.Go(n.pay).See("We are checking your payment")
	home := machine.Page(t, p.Base())
	home.Go("/login").Fill("E-mail address", n.email).Fill("Password", demo.Password).Click("form.form button[type=submit]")
	home.Go(n.home).See("Your payment is being checked")
	time.Sleep(time.Second) // the streams are open
	focus := func(p *browsertest.Page, selector string) {
		browsertest.Eval[bool](p, `document.querySelector('`+selector+`').focus() ?? true`)
	}
	focus(p, "#pay-state copy-button button, #page-title")
	focus(home, ".next-step a")
	approve(t, p.Base(), n.reference)
	p.SeeWithin(2*time.Second, "Paid. Thank you.")
	home.SeeWithin(2*time.Second, "Add your first site")
	p.FocusKept().Axe()
	home.FocusKept().Axe()
}

// Staff may take back an approval until it takes effect; the customer sees nothing
// of it.
func TestUndo(t *testing.T) {
	for _, script := range []bool{true, false} {
		t.Run(map[bool]string{true: "with JavaScript", false: "without"}[script], func(t *testing.T) {
			undo(t, machine.Start(t, "IGNY8_APPROVAL_HOLD=3s").Page().JavaScript(script))
		})
	}
}

func undo(t *testing.T, p *browsertest.Page) {
	n := three(t, p.Base())[0]
	customer := machine.Page(t, p.Base())
	customer.Go(n.pay).See("We are checking your payment")
	open(logIn(p, demo.StaffEmail), "Business one").Click("Approve").See("It takes effect in a few seconds", "Payment of Business two").Axe()
	if p.Runs() {
		p.Press("z")
	} else {
		p.Click("Undo")
	}
	p.See("Undone.", "Payment of Business one", "Amount received").Axe()
	time.Sleep(4 * time.Second)
	customer.See("We are checking your payment")
	open(p, "Business one").Click("Approve").See("It takes effect in a few seconds")
	customer.SeeWithin(20*time.Second, "Paid. Thank you.") // the hold, and a busy machine
}
