package browser

import (
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// The twelve pages by which the product is judged, on a phone and on a desk. The
// pictures are looked at; what a program can see of them the sweeps check.
func TestPictures(t *testing.T) {
	s := machine.Start(t)
	visitor := s.Page()
	shoot(visitor, "/", "landing")
	shoot(visitor, "/pricing?country=PK", "pricing")
	shoot(visitor, "/signup?country=PK", "signup")

	n := newcomer{email: "one@example.com", first: "Sana", last: "Khan", business: "Café Karachi", reference: "24871-66302"}.send(t, s.Base)
	shoot(s.Page(), n.pay, "pay-waiting")
	staff := logIn(s.Page(), demo.StaffEmail)
	shoot(staff, "/staff", "staff-queue")
	shoot(staff, staff.Viewport(1366).Go("/staff").Click("Café Karachi").URL(), "staff-payment")
	approve(t, s.Base, n.reference)
	shoot(s.Page(), n.pay, "pay-receipt")
	shoot(staff, staff.Go("/staff/search?q=one@example.com").Click("main tbody tr:nth-child(1) a[data-row]").URL(), "staff-account")

	owner := create(signUp(s.Page(), "Choose Starter", "zara@example.com")).See("Send the money")
	shoot(owner, owner.URL(), "pay")

	customer := logIn(s.Page(), demo.CustomerEmail)
	home := customer.URL()
	shoot(customer, home, "home")
	shoot(customer, home+"/credits", "credits")
	shoot(customer, home+"/sites", "sites")
	customer.Dark(true).Viewport(1366).Go(home + "/credits").Screenshot("credits")
	s.Page().Language("ur").Viewport(360).Go(n.pay).Screenshot("pay-receipt")
}

func shoot(p *browsertest.Page, path, name string) {
	for _, width := range []int{360, 1366} {
		p.Viewport(width).Go(path).Screenshot(name)
	}
}
