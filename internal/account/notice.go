package account

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account/accountdb"
	"igny8/internal/db"
	"igny8/internal/event"
)

// Notice is an event of the account that a person should know of.
type Notice struct {
	ID     igny8.EventID
	Type   string // of the event: payment.approved
	Object string // id of what it is about
	At     time.Time
	Unread bool
	Facts  NoticeFacts
}

// NoticeFacts is what notices tell of an event's data, as far as it has them.
type NoticeFacts struct {
	Invoice     igny8.InvoiceID `json:"invoice"`
	Number      string          `json:"number"`
	AmountMinor int64           `json:"amount_minor"`
	TotalMinor  int64           `json:"total_minor"`
	Currency    igny8.Currency  `json:"currency"`
	Amount      int64           `json:"amount"` // credits
	Domain      string          `json:"domain"`
	Email       string          `json:"email"` // of the member it is about
}

// NoticeTypes are the events that become notices, and what a reader needs. Events
// that only repeat another (invoice.paid beside payment.approved) are not among them.
func NoticeTypes() map[string]igny8.Permission {
	return map[string]igny8.Permission{
		"payment.submitted": igny8.PermBillingRead, "payment.approved": igny8.PermBillingRead, "payment.rejected": igny8.PermBillingRead,
		"payment.withdrawn": igny8.PermBillingRead, "invoice.issued": igny8.PermBillingRead,
		"member.invited": igny8.PermAccountManage, "member.joined": igny8.PermAccountManage, "member.removed": igny8.PermAccountManage,
		"member.role_changed": igny8.PermAccountManage,
		"credits.granted":     igny8.PermRead, "site.created": igny8.PermRead, "site.deleted": igny8.PermRead,
		"account.created": igny8.PermSelf, "account.activated": igny8.PermSelf,
	}
}

// noticesFor are the types that the actor may read, by role and account state.
func noticesFor(actor igny8.Actor) (types []string) {
	need := map[igny8.Permission]Need{igny8.PermBillingRead: NeedBilling, igny8.PermAccountManage: NeedBilling, igny8.PermRead: NeedRead, igny8.PermSelf: NeedOwn}
	for typ, perm := range NoticeTypes() {
		if actor.Sites != nil && strings.HasPrefix(typ, "site.") {
			continue // they may be about sites that the actor does not reach
		}
		if Admit(actor, perm, need[perm]) == nil {
			types = append(types, typ)
		}
	}
	return types
}

// MaxUnread is how many unread notices are counted.
const MaxUnread = igny8.MaxPage

// Notices lists what the actor should know of their account, newest first.
func (s *Service) Notices(ctx context.Context, actor igny8.Actor, p igny8.Page) (list igny8.List[Notice], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		seen, err := seenUpTo(ctx, tx, actor.User)
		if err != nil {
			return err
		}
		events, err := event.ListOf(ctx, tx, noticesFor(actor), igny8.EventID{}, p)
		list = igny8.List[Notice]{More: events.More, Next: events.Next}
		for _, e := range events.Items {
			list.Items = append(list.Items, notice(e, seen))
		}
		return err
	})
	return list, err
}

// Unread lists what the actor has not seen, newest first, at most MaxUnread.
func (s *Service) Unread(ctx context.Context, actor igny8.Actor) (list []Notice, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		seen, err := seenUpTo(ctx, tx, actor.User)
		if err != nil {
			return err
		}
		events, err := event.ListOf(ctx, tx, noticesFor(actor), seen, igny8.Page{Limit: MaxUnread})
		for _, e := range events.Items {
			list = append(list, notice(e, seen))
		}
		return err
	})
	return list, err
}

// SeeNotices remembers that the actor has seen all notices up to this one. An older
// mark than the present one changes nothing.
func (s *Service) SeeNotices(ctx context.Context, actor igny8.Actor, upTo igny8.EventID) error {
	return s.db.Tenant(ctx, "account.see_notices", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		// A mark beyond now would hide what has not happened yet.
		if latest := igny8.NewID[igny8.EventID](tx.Now.Add(time.Millisecond)); upTo.UUID().String() > latest.UUID().String() {
			upTo = latest
		}
		_, err := accountdb.New(tx).SeeNotices(ctx, accountdb.SeeNoticesParams{AccountID: tx.Account, UserID: actor.User, Seen: upTo})
		if db.Absent(err) {
			return nil
		}
		return err
	})
}

// seenUpTo is the member's mark. Who never marked anything has seen what happened
// before they came.
func seenUpTo(ctx context.Context, tx *db.Tx, user igny8.UserID) (igny8.EventID, error) {
	m, err := accountdb.New(tx).GetMember(ctx, accountdb.GetMemberParams{AccountID: tx.Account, UserID: user})
	if db.Absent(err) { // staff who look in: nothing is unread
		return igny8.NewID[igny8.EventID](tx.Now.Add(time.Millisecond)), nil
	}
	if err != nil || !m.NoticesSeen.IsZero() {
		return m.NoticesSeen, err
	}
	return igny8.NewID[igny8.EventID](m.CreatedAt.Add(-time.Millisecond)), nil
}

func notice(e event.Event, seen igny8.EventID) Notice {
	n := Notice{ID: e.ID, Type: e.Type, Object: e.ObjectID, At: e.CreatedAt, Unread: e.ID.UUID().String() > seen.UUID().String()}
	json.Unmarshal(e.Data, &n.Facts) // written by us; what an event does not have stays empty
	return n
}
