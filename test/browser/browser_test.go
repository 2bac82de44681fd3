// Package browser plays what people do, in a browser, against the built program on
// demonstration data. The harness is internal/web/console/browsertest: it watches
// every page for errors, foreign requests and sideways scrolling by itself.
//
//	go test ./test/browser                      needs chromium; make test installs it
//	go test ./test/browser -artifacts           keeps pictures, also of failures
//	IGNY8_PICTURES=1 go test ./test/browser     renews the pictures in docs/pictures
package browser

import (
	"os"
	"testing"

	"igny8/internal/web/console/browsertest"
)

var machine browsertest.Machine

func TestMain(m *testing.M) { os.Exit(browsertest.Main(m, &machine)) }

// Pages for everybody, in all shapes.
func TestDocumentation(t *testing.T) {
	p := machine.Start(t).Page()
	p.Go("/dev/mail").Click("main li:first-child a")
	letter := p.URL()
	p.Sweep("/docs", "/docs/api", "/docs/errors", "/docs/errors/not_found", "/docs/reference", "/docs/search", "/docs/search?q=approve+payment", "/docs/search?q=zzyzx", "/dev/mail", letter)
}
