package public

import (
	"strings"
	"testing"

	"igny8/internal/billing"
	"igny8/internal/catalog"
)

func payable(minor int64, currency string, m catalog.Method) payView {
	var v payView
	v.Invoice = billing.Invoice{}
	v.Invoice.Status, v.Invoice.TotalMinor, v.Invoice.Currency, v.Invoice.PayCode = "pending", minor, currency, "IG9CRB45X5VG"
	v.Method = m
	return v
}

func field(label, value string) catalog.MethodField {
	return catalog.MethodField{Label: label, Value: value, Copy: true}
}

func TestPaymentLink(t *testing.T) {
	upi := catalog.Method{QR: catalog.QRLink, Fields: []catalog.MethodField{field("UPI ID", "acme@bank"), field("Payee", "Acme & Sons (Pvt) Ltd")},
		Submission: catalog.Submission{LinkTemplate: "upi://pay?pa={UPI ID}&pn={Payee}&am={amount}&cu=INR&tn={reference}"}}
	v := payable(742050, "INR", upi)
	const want = "upi://pay?pa=acme%40bank&pn=Acme%20%26%20Sons%20%28Pvt%29%20Ltd&am=7420.50&cu=INR&tn=IG9CRB45X5VG"
	if got := v.link(); got != want || v.code() != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	v.Method.Fields[0].Placeholder = true
	if v.link() != "" || v.code() != "" {
		t.Error("an account that is not set up must not be paid to")
	}
	v.Method.Fields[0].Placeholder = false
	for _, bad := range []string{"javascript:alert(1)", "https://evil.example/{amount}", " upi://x"} {
		v.Method.Submission.LinkTemplate = bad
		if got := v.link(); got != "" {
			t.Errorf("%q becomes the link %q", bad, got)
		}
	}
}

func TestTransferCode(t *testing.T) {
	sepa := catalog.Method{QR: catalog.QREPC, Fields: []catalog.MethodField{field("Beneficiary", "Acme GmbH"), field("IBAN", "DE89 3704 0044 0532 0130 00"), field("BIC", "COBADEFFXXX")}}
	want := strings.Join([]string{"BCD", "002", "1", "SCT", "COBADEFFXXX", "Acme GmbH", "DE89370400440532013000", "EUR82.77", "", "", "IG9CRB45X5VG", ""}, "\n")
	if got := payable(8277, "EUR", sepa).code(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if payable(8277, "USD", sepa).code() != "" || payable(0, "EUR", sepa).code() != "" {
		t.Error("a code for what SEPA does not carry")
	}
}
