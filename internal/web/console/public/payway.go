package public

import (
	"net/url"
	"strings"

	"igny8/internal/catalog"
	"igny8/internal/web/console/view"
)

// link is the address that opens a payment app with everything filled in, "" when
// the method has none or is not set up. Only upi:// is let through: a template
// comes from the catalogue, and a page must not run what somebody wrote there.
func (v payView) link() string {
	t := v.Method.Submission.LinkTemplate
	if t == "" || v.Method.Placeholder() || !strings.HasPrefix(t, "upi://") {
		return ""
	}
	var pairs []string
	add := func(name, value string) {
		pairs = append(pairs, "{"+name+"}", strings.ReplaceAll(url.QueryEscape(value), "+", "%20"))
	}
	for _, f := range v.Method.Fields {
		add(f.Label, f.Value)
	}
	add("amount", v.due().Amount())
	add("reference", v.Invoice.PayCode)
	return strings.NewReplacer(pairs...).Replace(t)
}

// code is what a QR code of the method holds, "" for none.
func (v payView) code() string {
	switch {
	case v.Method.Placeholder():
		return ""
	case v.Method.QR == catalog.QRLink:
		return v.link()
	case v.Method.QR == catalog.QREPC:
		return v.epc()
	}
	return ""
}

// epc is a SEPA credit transfer for a banking app (EPC069-12, version 002). It is
// for euros only, from 0.01 to 999,999,999.99.
func (v payView) epc() string {
	iban, name, bic := v.value("IBAN"), v.value("Beneficiary"), v.value("BIC")
	if iban == "" || name == "" || v.due().Currency != "EUR" || v.due().Minor < 1 || v.due().Minor > 99_999_999_999 {
		return ""
	}
	return strings.Join([]string{"BCD", "002", "1", "SCT", compact(bic), cut(name, 70), compact(iban), "EUR" + v.due().Amount(),
		"", "", v.Invoice.PayCode, ""}, "\n")
}

func compact(s string) string { return strings.ReplaceAll(s, " ", "") }

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// value is the method's field with this label.
func (v payView) value(label string) string {
	for _, f := range v.Method.Fields {
		if f.Label == label {
			return f.Value
		}
	}
	return ""
}

// methodLink is this page with another method.
func (v payView) methodLink(m catalog.Method) string {
	return "/pay/" + v.Token + "?method=" + url.QueryEscape(m.Slug)
}

// steady reports whether a label's value is for machines: everything but names.
func steady(label string) bool {
	l := strings.ToLower(label)
	for _, word := range []string{"name", "title", "payee", "beneficiary", "recipient", "bank", "contact", "type"} {
		if strings.Contains(l, word) {
			return false
		}
	}
	return true
}

// copied is what a copy button copies: account numbers without their spaces.
func copied(f catalog.MethodField) string {
	if steady(f.Label) {
		return compact(f.Value)
	}
	return f.Value
}

func prefix(v payView) string { return strings.TrimSpace(view.Symbol(v.due().Currency)) }
