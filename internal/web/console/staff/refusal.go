package staff

import (
	"context"
	"slices"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
)

// ready is the text that staff begin with for a reason, in the customer's language.
func ready(lang, code string) string {
	known, _ := text.Known(lang)
	if !slices.Contains(billing.ReasonCodes, code) {
		return ""
	}
	return text.Texts{Lang: known}.T("refusal." + code)
}

// reworded is what staff wrote, or the ready text of the reason they chose while
// what stands there is empty or another reason's ready text.
func reworded(lang, code, written string) string {
	for _, other := range billing.ReasonCodes {
		if written == "" || written == ready(lang, other) {
			return ready(lang, code)
		}
	}
	return written
}

// preview puts the letter of a refusal on the page, as it would be sent.
func (h handler) preview(ctx context.Context, r *console.Request, o *opened) (err error) {
	if o.Status != igny8.PaymentPendingApproval || o.Hold != nil {
		return nil
	}
	if o.letter, err = h.Billing.PreviewRejection(ctx, o.StaffPayment, r.Value("reason")); err != nil {
		return err
	}
	code := r.Value("reason_code")
	if code == "" {
		code = billing.ReasonCodes[0]
	}
	reason := reworded(o.letter.Lang, code, r.Value("reason"))
	o.form.Values.Set("reason_code", code)
	o.form.Values.Set("reason", reason)
	o.letter, err = h.Billing.PreviewRejection(ctx, o.StaffPayment, reason)
	return err
}

// refusal is the part of the page with the text and the letter, while staff choose
// and write.
func (h handler) refusal(ctx context.Context, r *console.Request) (console.Response, error) {
	o, err := h.open(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	o.form = r.Form()
	if err := h.preview(ctx, r, &o); err != nil {
		return console.Response{}, err
	}
	if r.Query("only") == "letter" {
		return console.Fragment(letter(o)), nil
	}
	return console.Fragment(refusalText(o)), nil
}
