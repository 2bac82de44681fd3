package staff

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/mail"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// tray is the queue as it is shown: all that waits, and the rows of one tab.
type tray struct {
	all  []billing.StaffPayment
	rows []billing.StaffPayment
	more bool   // older ones wait than are shown
	tab  string // key of the tab
	tabs []tab
	now  time.Time

	target time.Duration // within which they should be decided
}

func (t tray) late(p billing.StaffPayment) bool { return t.now.Sub(p.CreatedAt) > t.target }

// tab is a choice of rows.
type tab struct {
	key  string
	href string
	rows []billing.StaffPayment
}

// queue is staff's home page: what waits, oldest first.
func (h handler) queue(ctx context.Context, r *console.Request) (console.Response, error) {
	list, err := h.Billing.Queue(ctx, igny8.PaymentPendingApproval, igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return console.Response{}, err
	}
	t := tray{all: list.Items, more: list.More, tab: r.Query("show"), now: h.c.Now(), target: h.Target}
	t.sort(r)
	body := queueList(t)
	if r.Fragment() {
		return console.Fragment(body).Polled(), nil
	}
	setup, err := h.firstRun(ctx)
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "staff.queue"), "queue", queuePage(r, t, body, setup, h.Demo)), nil
}

// sort puts the rows into the tabs: those that the reader has open or confirmed
// first, those with a warning that stops approval or that wait for a second person.
func (t *tray) sort(r *console.Request) {
	only := func(wanted func(billing.StaffPayment) bool) (out []billing.StaffPayment) {
		for _, p := range t.all {
			if wanted(p) {
				out = append(out, p)
			}
		}
		return out
	}
	t.tabs = []tab{{"", r.With("show", ""), t.all},
		{"mine", r.With("show", "mine"), only(func(p billing.StaffPayment) bool { return held(p, t.now) && p.ClaimedBy == r.Actor.User })},
		{"flagged", r.With("show", "flagged"), only(func(p billing.StaffPayment) bool {
			return !p.FirstApprovedBy.IsZero() || slices.ContainsFunc(p.Warnings, func(w billing.Warning) bool { return w.Stops })
		})}}
	t.rows = t.all
	for _, one := range t.tabs {
		if one.key == t.tab {
			t.rows = one.rows
		}
	}
}

// opened is a payment on the screen, with what the page needs around it.
type opened struct {
	billing.StaffPayment
	approved, failed int // payments of the account before
	reject           bool
	form             view.Form
	letter           mail.Preview // that a refusal would send
	actor            igny8.UserID
	now              time.Time
}

// payment opens one payment and reserves it: colleagues see for five minutes who
// has it. That somebody else has it does not keep anybody from looking.
func (h handler) payment(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.PaymentID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	if _, err := h.Billing.OpenPayment(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	o, err := h.open(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	if o.Status == igny8.PaymentPendingApproval {
		claimed, err := h.Billing.Claim(ctx, r.Actor, o.ID)
		switch {
		case err == nil:
			o.Payment = claimed.Payment
		case igny8.KindOf(err) != igny8.Conflict:
			return console.Response{}, err
		}
	}
	o.form = view.Filled("version", strconv.FormatInt(o.Version, 10), "received", o.Amount().Amount())
	return h.show(ctx, r, o)
}

func (h handler) open(ctx context.Context, r *console.Request) (o opened, err error) {
	id, err := console.PathID[igny8.PaymentID](r, "id")
	if err != nil {
		return o, err
	}
	o.actor, o.now = r.Actor.User, h.c.Now()
	if o.StaffPayment, err = h.Billing.StaffPayment(ctx, id); err != nil {
		return o, err
	}
	before, err := h.Billing.Payments(ctx, igny8.Actor{Account: o.AccountID}, "", igny8.Page{Limit: igny8.MaxPage})
	for _, p := range before.Items {
		switch p.Status {
		case igny8.PaymentSucceeded, igny8.PaymentRefunded:
			o.approved++
		case igny8.PaymentFailed:
			o.failed++
		}
	}
	return o, err
}

func (h handler) show(ctx context.Context, r *console.Request, o opened) (console.Response, error) {
	if err := h.preview(ctx, r, &o); err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "staff.payment", o.AccountName), "queue", paymentPage(o)).Showing(o.form), nil
}

// proof shows a proof's picture, or hands out its file. Each look is in the
// account's audit log.
func (h handler) proof(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.PaymentID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	n, err := strconv.ParseInt(r.Path("n"), 10, 64)
	if err != nil {
		return console.Response{}, igny8.ErrNotFound
	}
	p, data, err := h.Billing.ProofFile(ctx, r.Actor, id, n)
	if err != nil {
		return console.Response{}, err
	}
	ending := map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "application/pdf": ".pdf"}[p.ContentType]
	return console.Attached("proof-"+id.String()+"-"+strconv.FormatInt(n, 10)+ending, p.ContentType, data), nil
}

// proofPage shows a proof that is a PDF within the page of its payment. The file
// has an address and a policy of its own, so nothing in it runs as a page of ours.
func (h handler) proofPage(ctx context.Context, r *console.Request) (console.Response, error) {
	res, err := h.proof(ctx, r)
	if err != nil {
		return res, err
	}
	return res.Framed(), nil
}

// unchanged refuses when the payment is not what the page showed.
func unchanged(r *console.Request) func(billing.Payment, []billing.Warning) error {
	seen := r.Value("version")
	return func(p billing.Payment, _ []billing.Warning) error {
		if strconv.FormatInt(p.Version, 10) == seen {
			return nil
		}
		return igny8.E(igny8.Stale, "stale", "The payment changed since you opened it; look at it again, then decide.")
	}
}

func (h handler) approve(ctx context.Context, r *console.Request) (console.Response, error) {
	o, err := h.open(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	received, err := amount(r.Value("received"), o.Amount())
	var out billing.StaffPayment
	if err == nil {
		out, err = h.Billing.Approve(ctx, r.Actor, o.ID, billing.Approval{ReceivedMinor: received, Evidence: r.Value("evidence"),
			Note: r.Value("note"), OverrideWarnings: r.Values()["override"], Hold: h.Hold, Check: unchanged(r)})
	}
	if err != nil {
		return h.refused(ctx, r, o, err)
	}
	said := "approved"
	switch {
	case out.Hold != nil:
		res, err := h.next(ctx, o.ID, "approved_held")
		return res.Undoable(o.ID), err
	case out.Status == igny8.PaymentPendingApproval:
		said = "approved_first"
	case out.Invoice.Status == igny8.InvoicePending:
		said = "approved_part"
	}
	return h.next(ctx, o.ID, said)
}

// undo takes back an approval that has not taken effect.
func (h handler) undo(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.PaymentID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	if _, err := h.Billing.UndoApproval(ctx, r.Actor, id); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther("/staff/payments/" + id.String()).Saying("approval_undone"), nil
}

// paymentNews tells on an open payment what colleagues and the customer do
// meanwhile, beside what is being typed.
func (h handler) paymentNews(ctx context.Context, r *console.Request) (console.Response, error) {
	o, err := h.open(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	return console.Fragment(news(o, r.Query("v"))).Live(o.AccountID), nil
}

func (h handler) reject(ctx context.Context, r *console.Request) (console.Response, error) {
	o, err := h.open(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	if r.Value("preview") != "" {
		o.reject, o.form = true, r.Form()
		return h.show(ctx, r, o)
	}
	_, err = h.Billing.Reject(ctx, r.Actor, o.ID, billing.Rejection{Code: r.Value("reason_code"), Reason: r.Value("reason"),
		Note: r.Value("note"), Check: unchanged(r)})
	if err != nil {
		o.reject = true
		return h.refused(ctx, r, o, err)
	}
	return h.next(ctx, o.ID, "rejected")
}

// refused shows the payment again as it is now, with what was typed and why it
// did not work: also when a colleague was faster, and then who, and when.
func (h handler) refused(ctx context.Context, r *console.Request, o opened, err error) (console.Response, error) {
	if igny8.KindOf(err) == igny8.Internal || igny8.KindOf(err) == igny8.NotFound {
		return console.Response{}, err
	}
	o.form = r.RefusedAnyway(ctx, err)
	var e *igny8.Error
	if errors.As(err, &e) && e.Kind == igny8.Forbidden {
		o.form.Status = http.StatusForbidden
	}
	o.form.Values.Set("version", strconv.FormatInt(o.Version, 10))
	return h.show(ctx, r, o)
}

// next leads to the payment after this one, or back to the list.
func (h handler) next(ctx context.Context, after igny8.PaymentID, said string) (console.Response, error) {
	list, err := h.Billing.Queue(ctx, igny8.PaymentPendingApproval, igny8.Page{Limit: 20, Before: after.UUID().String()})
	if err != nil {
		return console.Response{}, err
	}
	to := "/staff"
	for _, p := range list.Items {
		if p.Hold == nil {
			to = "/staff/payments/" + p.ID.String()
			break
		}
	}
	return console.SeeOther(to).Saying(said), nil
}

// bulk shows what was selected before anything is done.
func (h handler) bulk(ctx context.Context, r *console.Request) (console.Response, error) {
	var chosen []billing.StaffPayment
	totals := map[igny8.Currency]int64{}
	for _, s := range r.HTTP.URL.Query()["id"] {
		id, err := igny8.ParseID[igny8.PaymentID](s)
		if err != nil || len(chosen) == billing.MaxBulk {
			continue
		}
		p, err := h.Billing.StaffPayment(ctx, id)
		if err != nil {
			return console.Response{}, err
		}
		chosen = append(chosen, p)
		totals[igny8.Currency(p.Currency)] += p.AmountMinor
	}
	var sums []igny8.Money
	for c, minor := range totals {
		sums = append(sums, igny8.Money{Minor: minor, Currency: c})
	}
	slices.SortFunc(sums, func(a, b igny8.Money) int { return int(a.Currency[0]) - int(b.Currency[0]) })
	return console.Page(text.T(ctx, "staff.bulk"), "queue", bulkPage(chosen, sums)), nil
}

func (h handler) bulkApprove(ctx context.Context, r *console.Request) (console.Response, error) {
	var ids []igny8.PaymentID
	for _, s := range r.Values()["id"] {
		if id, err := igny8.ParseID[igny8.PaymentID](s); err == nil {
			ids = append(ids, id)
		}
	}
	results, err := h.Billing.BulkApprove(ctx, r.Actor, ids, r.Value("evidence"), "")
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "staff.bulk.result"), "queue", bulkResultPage(results)), nil
}
