package customer

import (
	"context"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// board is what the page of notices shows.
type board struct {
	notices []account.Notice
	only    bool // unread ones
	unread  bool // whether one of them is
	first   string
	older   string
}

func (h handler) notices(ctx context.Context, r *console.Request) (console.Response, error) {
	b := board{only: r.Query("show") == "unread"}
	var list igny8.List[account.Notice]
	var err error
	if b.only {
		list.Items, err = h.Account.Unread(ctx, r.Actor)
	} else {
		list, err = h.Account.Notices(ctx, r.Actor, r.ListPage())
	}
	if err != nil {
		return console.Response{}, err
	}
	b.notices = list.Items
	for _, n := range list.Items {
		b.unread = b.unread || n.Unread
	}
	if r.Query("before") != "" {
		b.first = r.With("before", "")
	}
	if list.More {
		b.older = r.With("before", list.Next)
	}
	return console.Page(text.T(ctx, "app.notices"), "notices", noticesPage(r, b)), nil
}

// seeNotices marks as read what the page showed, up to its newest notice: one that
// came meanwhile stays unread.
func (h handler) seeNotices(ctx context.Context, r *console.Request) (console.Response, error) {
	upTo, err := igny8.ParseID[igny8.EventID](r.Value("up_to"))
	if err != nil {
		return console.Response{}, igny8.ErrNotFound
	}
	if err := h.Account.SeeNotices(ctx, r.Actor, upTo); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther(r.Here("notices")).Saying("notices_seen"), nil
}

// noticeText is the sentence of a notice.
func noticeText(ctx context.Context, n account.Notice) string {
	f, arg := n.Facts, ""
	switch {
	case f.Number != "":
		return text.T(ctx, "notice."+n.Type, f.Number, view.FormatMoney(ctx, igny8.Money{Minor: f.TotalMinor, Currency: f.Currency}))
	case f.Currency != "":
		arg = view.FormatMoney(ctx, igny8.Money{Minor: f.AmountMinor, Currency: f.Currency})
	case f.Amount != 0:
		arg = view.FormatNumber(ctx, f.Amount)
	case f.Domain != "":
		arg = f.Domain
	case f.Email != "":
		arg = f.Email
	}
	return text.T(ctx, "notice."+n.Type, arg)
}

// noticeHref is where more is to be seen about a notice.
func noticeHref(r *console.Request, n account.Notice) string {
	switch n.Type {
	case "payment.submitted", "payment.approved", "payment.rejected", "payment.withdrawn":
		return r.Here("billing", "invoices", n.Facts.Invoice.String())
	case "invoice.issued":
		return r.Here("billing", "invoices", n.Object)
	case "credits.granted":
		return r.Here("credits")
	case "site.created":
		return r.Here("sites", n.Object)
	case "site.deleted":
		return r.Here("sites")
	}
	if strings.HasPrefix(n.Type, "member.") {
		return r.Here("team")
	}
	return r.Here()
}

// noticeTone says whether it is good news.
func noticeTone(n account.Notice) view.Tone {
	switch n.Type {
	case "payment.approved", "account.activated", "credits.granted":
		return view.OK
	case "payment.rejected":
		return view.Bad
	}
	return view.Info
}
