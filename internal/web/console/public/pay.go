package public

import (
	"context"
	"slices"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/billing"
	"igny8/internal/blob"
	"igny8/internal/catalog"
	"igny8/internal/input"
	"igny8/internal/web"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// payView is the pay page. Last is the newest payment that was told for this
// invoice, nil for none. Mine is whether what was sent with it may be shown: to the
// browser that sent it, and to members of the account.
type payView struct {
	billing.PayPage
	Token   string
	Address string // of this page, to be shared
	Method  catalog.Method
	Last    *billing.Payment
	Mine    bool
	Form    view.Form
	Zone    *time.Location
	Home    string        // of the customer's console, "" for whoever else pays
	Usual   time.Duration // how long approval takes, 0 when nobody can tell
}

func (h handler) pay(ctx context.Context, r *console.Request) (console.Response, error) {
	v, err := h.payView(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	v.Form = v.prefilled(h.now())
	r.Offer(&v.Form, "proof", v.sentBefore(ctx))
	return v.response(ctx, r), nil
}

// reference tells a member, when they have typed a reference, that the account used
// it before.
func (h handler) reference(ctx context.Context, r *console.Request) (console.Response, error) {
	used, err := h.Billing.ReferenceUsed(ctx, r.Actor, r.Path("token"), input.Digits(r.Query("reference")))
	if err != nil {
		return console.Response{}, err
	}
	return console.Fragment(referenceNote(used)), nil
}

func (v payView) response(ctx context.Context, r *console.Request) console.Response {
	if r.Fragment() {
		return console.Fragment(payState(v)).Live(v.Invoice.AccountID)
	}
	title := text.T(ctx, "pay.title", view.FormatMoney(ctx, v.due()))
	if v.Invoice.Status == igny8.InvoicePaid {
		title = text.T(ctx, "pay.paid")
	}
	return console.Page(title, "pay", payPage(v)).Showing(v.Form).Plain()
}

func (h handler) payView(ctx context.Context, r *console.Request) (v payView, err error) {
	v.Token = r.Path("token")
	if v.PayPage, err = h.Billing.PayPage(ctx, v.Token); err != nil {
		return v, err
	}
	v.Address = h.absolute("/pay/" + v.Token)
	if v.Zone, err = h.zone(ctx, account.BillingOf(v.Invoice.Billing).Country); err != nil {
		return v, err
	}
	v.Methods = slices.DeleteFunc(v.Methods, catalog.Method.Gateway)
	for i, m := range v.Methods {
		if i == 0 || m.Slug == r.Value("method") {
			v.Method = m
		}
	}
	if r.LoggedIn() && r.Account.ID == v.Invoice.AccountID {
		v.Home = r.Here()
	}
	if v.Usual, _, err = h.Billing.UsualWait(ctx); err != nil {
		return v, err
	}
	if v.Last, err = h.lastPayment(ctx, v.Invoice); err != nil || v.Last == nil {
		return v, err
	}
	sent, ok := r.Unseal(sentHere, r.Remembered(sentCookie))
	v.Mine = ok && string(sent) == v.Last.ID.String() || r.Belongs(v.Invoice.AccountID, igny8.PermBillingRead)
	return v, nil
}

// The cookie that tells which payment a browser sent by a link, and what it is
// sealed for.
const (
	sentCookie = "igny8-sent"
	sentHere   = "payment sent here"
	sentFor    = 90 * 24 * time.Hour
)

// mayTell lets those send a form with files who have a pay link of ours.
func (h handler) mayTell(_ context.Context, r *console.Request) (string, error) {
	_, err := h.Billing.LinkOwner(r.Path("token"))
	return "link " + r.Path("token"), err
}

// lastPayment is the newest payment of the invoice that was not withdrawn. The
// link proves the right to know of this invoice, and of nothing else.
func (h handler) lastPayment(ctx context.Context, inv billing.Invoice) (*billing.Payment, error) {
	list, err := h.Billing.Payments(ctx, igny8.Actor{Account: inv.AccountID}, "", igny8.Page{Limit: igny8.MaxPage})
	if err != nil {
		return nil, err
	}
	for _, p := range list.Items {
		if p.InvoiceID != inv.ID {
			continue
		}
		if p.FailureCode != nil && *p.FailureCode == "withdrawn" {
			return nil, nil
		}
		return &p, nil
	}
	return nil, nil
}

// zone is the time zone of a country, UTC for one that has no row.
func (h handler) zone(ctx context.Context, code string) (*time.Location, error) {
	all, err := h.Catalog.Countries(ctx)
	for _, c := range all {
		if c.Code == code {
			return view.Zone(c.TimeZone), err
		}
	}
	return time.UTC, err
}

func (v payView) due() igny8.Money { return v.Invoice.Money(v.Invoice.Due()) }

func (v payView) open() bool { return v.Invoice.Status == igny8.InvoicePending && !v.Waiting }

// refused reports whether the last try was refused and another is due.
func (v payView) refused() bool {
	return v.open() && v.Last != nil && v.Last.Status == igny8.PaymentFailed
}

// prefilled is the form with what is known: today, what is due, and after a
// refusal what was sent then.
func (v payView) prefilled(now time.Time) view.Form {
	f := view.Filled("method", v.Method.Slug, "amount", view.PlainAmount(v.due()), "paid_on", now.In(v.Zone).Format(time.DateOnly))
	if v.refused() && v.Mine {
		f.Values.Set("reference", v.Last.Reference)
		f.Values.Set("payer_name", v.Last.PayerName)
		f.Values.Set("paid_on", v.Last.PaidOn)
		f.Values.Set("notes", v.Last.Notes)
	}
	return f
}

// sentBefore are the files of the payment that was refused, unless they were
// refused because nobody could read them.
func (v payView) sentBefore(ctx context.Context) (files []blob.Kept) {
	if !v.refused() || !v.Mine || v.Last.FailureCode != nil && *v.Last.FailureCode == "unreadable_proof" {
		return nil
	}
	for _, p := range v.Last.Proofs {
		files = append(files, blob.Kept{SHA256: p.Sha256, OriginalSHA256: p.OriginalSha256, ContentType: p.ContentType,
			Name: text.T(ctx, "pay.proof.n", p.N), Size: p.Size})
	}
	return files
}

// tell records that somebody paid.
func (h handler) tell(ctx context.Context, r *console.Request) (console.Response, error) {
	v, err := h.payView(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	files, err := r.Files(ctx, v.Invoice.AccountID.String(), "proof")
	var sent billing.Payment
	if err == nil {
		sent, err = h.submit(ctx, r, v, files)
	}
	if err != nil {
		f, ok := r.Refused(ctx, err)
		if !ok {
			return console.Response{}, err
		}
		v.Form = f.Rename("amount_minor", "amount")
		if code := igny8.CodeOf(err); code != "invoice_not_payable" && code != "payment_already_pending" &&
			(f.Status == web.Status(igny8.TooLarge) || f.Status == web.Status(igny8.Unsupported) || strings.HasPrefix(code, "file_")) {
			v.Form = f.Blame("proof")
		}
		return v.response(ctx, r), nil
	}
	return console.SeeOther("/pay/"+v.Token).Saying("told").
		Remembering(sentCookie, r.Seal(sentHere, []byte(sent.ID.String())), "/pay/"+v.Token, sentFor), nil
}

// submit checks all fields of the form before the service does, so that everything
// wrong is said at once.
func (h handler) submit(ctx context.Context, r *console.Request, v payView, files []blob.Kept) (billing.Payment, error) {
	in := billing.Submission{Method: r.Value("method"), Reference: input.Digits(r.Value("reference")), PayerName: r.Value("payer_name"),
		PaidOn: input.Code(r.Value("paid_on")), Notes: r.Value("notes"), Kept: files}
	var faults input.Faults
	if v.Method.Submission.ReferenceRequired && in.Reference == "" {
		faults.Field("reference", "reference_required", "Write the reference that your bank or app shows for this payment.")
	}
	if _, err := time.Parse(time.DateOnly, in.PaidOn); err != nil {
		faults.Field("paid_on", "invalid_date", "Choose the day of the payment.")
	}
	if typed := r.Value("amount"); typed == view.PlainAmount(v.due()) {
		in.AmountMinor = v.due().Minor // as the form offered it
	} else if typed != "" {
		var as input.Reading
		in.AmountMinor, as = input.Amount(typed, v.due().Currency)
		switch {
		case as == input.Ambiguous:
			faults.Field("amount", "amount_ambiguous", "This can be read in two ways; write it without marks between the thousands, such as 1234.500.")
		case as != input.Read || in.AmountMinor == 0:
			faults.Field("amount", "amount_format", "Write the amount in digits, such as 5600 or 5600.00.")
		}
	}
	if err := faults.Err(); err != nil {
		return billing.Payment{}, err
	}
	return h.Billing.SubmitByLink(ctx, r.Device(ctx, false).Network, v.Token, in)
}

func (v payView) moments(ctx context.Context) []view.Moment {
	at := func(t time.Time) string { return view.FormatTime(ctx, t.In(v.Zone)) }
	sent := view.Moment{Title: text.T(ctx, "pay.moment.invoice"), Time: at(v.Invoice.IssuedAt), State: view.Done}
	received := view.Moment{Title: text.T(ctx, "pay.moment.received"), State: view.Ahead}
	checking := view.Moment{Title: text.T(ctx, "pay.moment.checking"), State: view.Ahead}
	approved := view.Moment{Title: text.T(ctx, "pay.moment.approved"), State: view.Ahead}
	if v.Last != nil && !v.refused() {
		received.Time, received.State = at(v.Last.CreatedAt), view.Done
	}
	switch {
	case v.Invoice.Status == igny8.InvoicePaid:
		received.State, checking.State, approved.State = view.Done, view.Done, view.Done
		if v.Invoice.PaidAt != nil {
			approved.Time = at(*v.Invoice.PaidAt)
		}
	case v.Waiting:
		received.State, checking.State = view.Done, view.Now
		checking.Text = text.T(ctx, "pay.checking.text")
		if v.Usual > 0 {
			checking.Text += " " + text.T(ctx, "pay.usual", view.FormatAge(ctx, max(v.Usual, time.Minute)))
		}
	default:
		received.State, received.Title = view.Now, text.T(ctx, "pay.moment.your_payment")
	}
	return []view.Moment{sent, received, checking, approved}
}
