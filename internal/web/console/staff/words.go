package staff

import (
	"context"
	"errors"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/search"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// queueLead says how much waits, and since when.
func queueLead(ctx context.Context, t tray) string {
	if len(t.all) == 0 {
		return ""
	}
	return text.N(ctx, "staff.queue.lead", int64(len(t.all)), view.FormatAge(ctx, t.now.Sub(t.all[0].CreatedAt)), view.FormatAge(ctx, t.target))
}

// seconds is how long until an instant, at least one.
func seconds(ctx context.Context, until, now time.Time) string {
	return view.FormatNumber(ctx, max(1, int64(until.Sub(now)/time.Second)))
}

func queueColumns(ctx context.Context) []string {
	return text.Many(ctx, "staff.col.", "select", "account", "age", "amount", "method", "reference", "look")
}

// held reports whether somebody has the payment open.
func held(p billing.StaffPayment, now time.Time) bool {
	return p.ClaimedUntil != nil && now.Before(*p.ClaimedUntil)
}

func warningTone(w billing.Warning) view.Tone {
	if w.Stops {
		return view.Bad
	}
	return view.Warn
}

// expected is what was due when the payment was told: what is due now, or for a
// decided payment what the invoice asks for.
func expected(o opened) int64 {
	if o.Status == igny8.PaymentPendingApproval {
		return o.Invoice.Due()
	}
	return o.Invoice.TotalMinor
}

func firstAmount(ctx context.Context, o opened) string {
	if o.FirstReceivedMinor == nil {
		return ""
	}
	return view.FormatMoney(ctx, o.Invoice.Money(*o.FirstReceivedMinor))
}

func reasons(ctx context.Context) []view.Option {
	var out []view.Option
	for _, code := range billing.ReasonCodes {
		out = append(out, view.Option{Value: code, Label: text.T(ctx, "staff.reason."+code)})
	}
	return out
}

// whyNot is the sentence of a refusal.
func whyNot(ctx context.Context, err error) string {
	var e *igny8.Error
	if errors.As(err, &e) {
		return text.From(ctx).Error(e.Code, e.Detail)
	}
	return text.T(ctx, "error.500.title")
}

// hitPath is the page of what was found.
func hitPath(h search.Hit) string {
	if h.Kind == "payment" {
		return "/staff/payments/" + h.ID
	}
	return "/staff/accounts/" + h.Account.String()
}

func languageName(tag string) string {
	l, _ := text.Known(tag)
	return l.Name()
}

func languageDir(tag string) string {
	l, _ := text.Known(tag)
	return l.Dir()
}
