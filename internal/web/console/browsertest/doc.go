// Package browsertest lets tests use the built program as people do: in
// Debian's chromium, by clicking and typing. It owns the started programs, the
// browser and what is watched on every page without being asked: errors on the
// console, broken rules of the Content-Security-Policy, failed requests,
// requests to other hosts and sideways scrolling. It owns no test of the
// product; those are in test/browser.
//
// Nothing here is part of the program.
//
//	var machine browsertest.Machine
//
//	func TestMain(m *testing.M) { os.Exit(browsertest.Main(m, &machine)) }
//
//	func TestPricing(t *testing.T) {
//		p := machine.Start(t).Page().Viewport(360)
//		p.Go("/pricing")
//		p.Fill("Country", "Pakistan")
//		p.Click("Continue")
//		p.See("PKR 24,742")
//		p.Axe()
//	}
package browsertest
