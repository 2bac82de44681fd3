package browser

import (
	"testing"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// Leaving takes two steps and can be taken back.
func TestClosingAnAccount(t *testing.T) {
	bothWays(t, func(t *testing.T, p *browsertest.Page) {
		logIn(p.Viewport(360), demo.CustomerEmail)
		home := p.URL()
		p.Go(home + "/settings/account").Click("Save everything, or close the account").See("A copy of everything").Axe()
		p.Fill("password", demo.Password).Click("Close the account").See("Tick the box to say that you mean it.").FocusKept().Axe()
		p.Fill("password", demo.Password).Click("I mean to close this account").Click("Close the account").See("You have 30 days to change your mind.", "The account is closed").Axe()
		p.Go(home+"/sites").NotSee("Add a site").Go(home+"/close").Click("Open it again").See("The account is open again.")
	})
}
