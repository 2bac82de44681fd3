package browser

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"igny8/internal/demo"
	"igny8/internal/web/console/browsertest"
)

// letterhead is a PDF of one page that says who paid what.
func letterhead(text string) []byte {
	content := "BT /F1 24 Tf 72 720 Td (" + text + ") Tj ET"
	var b strings.Builder
	b.WriteString("%PDF-1.4\n")
	var at []int
	for i, object := range []string{"<</Type/Catalog/Pages 2 0 R/OpenAction[3 0 R/FitH null]>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
		fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", len(content), content)} {
		at = append(at, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	start := b.Len()
	b.WriteString("xref\n0 5\n0000000000 65535 f \n")
	for _, n := range at {
		fmt.Fprintf(&b, "%010d 00000 n \n", n)
	}
	fmt.Fprintf(&b, "trailer\n<</Root 1 0 R/Size 5>>\nstartxref\n%d\n%%%%EOF\n", start)
	return []byte(b.String())
}

// A proof that is a PDF shows beside the payment in the browser's viewer, although its
// answer asks for a sandbox without scripts and an origin.
func TestAProofThatIsAPDF(t *testing.T) {
	p := machine.Start(t).Page()
	newcomer{email: "pdf@example.com", reference: "JC-pdf", business: "Business pdf", proof: letterhead("Paid Rs 24,742 to igny8")}.send(t, p.Base())
	open(logIn(p, demo.StaffEmail), "Business pdf")
	policy := browsertest.Eval[string](p, `fetch(document.querySelector('iframe.proof-pdf').src).then(r => r.headers.get('Content-Security-Policy'))`)
	if !strings.HasPrefix(policy, "sandbox; default-src 'none'") || strings.Contains(policy, "allow-") {
		t.Errorf("the file's policy is %q", policy)
	}
	at := browsertest.Eval[[]float64](p, `(() => { scrollTo(0, 0); const r = document.querySelector('iframe.proof-pdf').getBoundingClientRect(); return [r.left + r.width / 3, r.top + 20] })()`)
	p.Wait("show the file in the browser's viewer", 20*time.Second, func() bool {
		p.Screenshot("proof-pdf")
		data, err := os.ReadFile(filepath.Join(t.ArtifactDir(), "proof-pdf-1366.png"))
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		r, g, b, _ := img.At(int(at[0]), int(at[1])).RGBA() // the viewer's bar is dark; a page that is not shown is light
		return r+g+b < 3*0x6000
	})
}
