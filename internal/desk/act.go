package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/credit"
	"igny8/internal/db"
	"igny8/internal/event"
	"igny8/internal/idem"
)

// The bounds of what staff give by hand.
const (
	MaxNote    = 1000 // characters of a note
	MaxDays    = 90   // of a longer trial
	MaxMonths  = 36   // of a plan
	MaxCredits = billing.MaxSpend
)

// Outcome is how an account stands after an act of staff.
type Outcome struct {
	Account      account.Account
	Subscription *billing.Subscription
	Credits      credit.Balance
	Waiting      *Gift // nothing was done yet: a second person must confirm this
}

// act is one act of staff upon an account.
type act struct {
	name  string // of the audit row
	event string // of the outbox row, "" when what it calls tells
	note  string
	gives *gift // what it gives, nil for nothing: above a limit two people are needed
	do    func(ctx context.Context, tx *db.Tx, a account.Account) (told map[string]any, err error)
}

// run does an act in one commit: the account locked first, what follows from it
// last. Staff do nothing to an account of their own.
func (s *Service) run(ctx context.Context, actor igny8.Actor, id igny8.AccountID, one act) (out Outcome, err error) {
	if err := checkNote("note", one.note); err != nil {
		return out, err
	}
	scope := s.db.Tenant
	if one.gives != nil {
		scope = s.db.System // the sum of what one gives goes over all accounts
	}
	err = scope(ctx, "desk."+strings.ReplaceAll(one.name, ".", "_"), id, func(ctx context.Context, tx *db.Tx) error {
		out, err = runTx(ctx, tx, actor, id, one)
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func runTx(ctx context.Context, tx *db.Tx, actor igny8.Actor, id igny8.AccountID, one act) (out Outcome, err error) {
	a, err := account.Lock(ctx, tx)
	if err != nil {
		return out, err
	}
	if err := stranger(ctx, tx, actor); err != nil {
		return out, err
	}
	if err := expected(ctx, tx); err != nil {
		return out, err
	}
	told, more := map[string]any{}, map[string]any{}
	var waits *Gift
	if one.gives != nil {
		one.gives.Note = strings.TrimSpace(one.note)
		if waits, more, err = one.gives.allow(ctx, tx, actor); err != nil {
			return out, err
		}
	}
	action := one.name
	if waits != nil {
		action += "_first"
	} else if told, err = one.do(ctx, tx, a); err != nil {
		return out, err
	}
	if one.event != "" && waits == nil {
		if err := event.Emit(ctx, tx, one.event, id.String(), told); err != nil {
			return out, err
		}
	}
	if out, err = outcome(ctx, tx); err != nil {
		return out, err
	}
	out.Waiting = waits
	maps.Copy(told, more)
	told["note"] = strings.TrimSpace(one.note)
	return out, audit.Record(ctx, tx, actor, audit.Entry{Action: action, ObjectType: "account", ObjectID: id.String(), Details: told})
}

func checkNote(field, note string) error {
	if n := utf8.RuneCountInString(strings.TrimSpace(note)); n < 3 || n > MaxNote {
		return igny8.InvalidField(field, "required", "Say why, in 3 to 1000 characters.")
	}
	return nil
}

// stranger refuses staff who belong to the account.
func stranger(ctx context.Context, tx *db.Tx, actor igny8.Actor) error {
	member, err := account.IsMember(ctx, tx, actor.User)
	if err == nil && member {
		err = igny8.E(igny8.Forbidden, "self_approval", "You belong to this account; another member of staff must do it.")
	}
	return err
}

// expected refuses when the account is not as the caller saw it.
func expected(ctx context.Context, tx *db.Tx) error {
	if !db.Expects(ctx) {
		return nil
	}
	now, err := outcome(ctx, tx)
	if err != nil {
		return err
	}
	return db.Expected(ctx, now)
}

func outcome(ctx context.Context, tx *db.Tx) (out Outcome, err error) {
	if out.Account, err = account.Get(ctx, tx); err != nil {
		return out, err
	}
	sub, err := billing.CurrentSubscription(ctx, tx)
	if err == nil {
		out.Subscription = &sub
	} else if igny8.KindOf(err) != igny8.NotFound {
		return out, err
	}
	out.Credits, err = credit.BalanceOf(ctx, tx)
	return out, err
}

// SuspensionReasons are the reasons for which an account is suspended.
var SuspensionReasons = []string{account.SuspendedForPayment, account.SuspendedForPolicy}

// Suspend takes an account's access away at once, on every server.
func (s *Service) Suspend(ctx context.Context, actor igny8.Actor, id igny8.AccountID, reason, note string) (Outcome, error) {
	if !slices.Contains(SuspensionReasons, reason) {
		return Outcome{}, igny8.InvalidField("reason", "unknown_reason", "Use payment or policy.")
	}
	return s.run(ctx, actor, id, act{"account.suspend", "account.suspended", note, nil, func(ctx context.Context, tx *db.Tx, a account.Account) (map[string]any, error) {
		after, err := account.Suspend(ctx, tx, a, reason)
		return map[string]any{"code": reason, "from": a.Status, "to": after.Status}, err
	}})
}

// Reinstate makes a suspended account what it was before, or what its time has made
// of it meanwhile.
func (s *Service) Reinstate(ctx context.Context, actor igny8.Actor, id igny8.AccountID, note string) (Outcome, error) {
	return s.run(ctx, actor, id, act{"account.reinstate", "account.reinstated", note, nil, func(ctx context.Context, tx *db.Tx, a account.Account) (map[string]any, error) {
		to, err := billing.Reinstate(ctx, tx, a)
		return map[string]any{"from": a.Status, "to": to}, err
	}})
}

// ExtendTrial moves the end of a trial, and the expiry of its credits with it.
func (s *Service) ExtendTrial(ctx context.Context, actor igny8.Actor, id igny8.AccountID, days int, note string) (Outcome, error) {
	if days < 1 || days > MaxDays {
		return Outcome{}, igny8.InvalidField("days", "out_of_range", "Send a whole number from 1 to 90.")
	}
	return s.run(ctx, actor, id, act{"account.extend_trial", "", note, nil, func(ctx context.Context, tx *db.Tx, a account.Account) (map[string]any, error) {
		trial, err := billing.ExtendTrial(ctx, tx, a, days)
		if err != nil {
			return nil, err
		}
		return map[string]any{"days": days, "until": trial.CurrentPeriodEnd.UTC(), "from": a.Status, "to": igny8.AccountTrial}, nil
	}})
}

// AdjustCredits gives credits, or takes them when the number is negative. Above the limit
// of a day it waits for a second person (Outcome.Waiting). once names
// the wish: the same name again is 409 already_exists. Empty is a wish of its own.
func (s *Service) AdjustCredits(ctx context.Context, actor igny8.Actor, id igny8.AccountID, credits int64, once, note string) (Outcome, error) {
	if credits == 0 || credits > MaxCredits || credits < -MaxCredits {
		return Outcome{}, igny8.InvalidField("credits", "out_of_range", "Send a whole number from -1000000 to 1000000, and not 0.")
	}
	var gives *gift
	if credits > 0 {
		gives = &gift{Gift: Gift{Kind: giftCredits, Credits: credits}, limit: s.limits.Credits}
	}
	return s.run(ctx, actor, id, act{"account.adjust_credits", "credits.adjusted", note, gives, func(ctx context.Context, tx *db.Tx, _ account.Account) (map[string]any, error) {
		src := credit.Source{Kind: "adjustment", ID: cmp.Or(once, db.NewID[igny8.RowID](tx).String())}
		t, err := credit.Adjust(ctx, tx, credits, src, "Adjusted by staff")
		return map[string]any{"credits": credits, "balance_after": t.BalanceAfter}, err
	}})
}

// AssignPlan gives an account a plan by hand, without an invoice. Above the limit it waits
// for a second person (Outcome.Waiting).
func (s *Service) AssignPlan(ctx context.Context, actor igny8.Actor, id igny8.AccountID, g billing.Gift, note string) (Outcome, error) {
	if g.Cycle != catalog.Monthly && g.Cycle != catalog.Annual {
		return Outcome{}, igny8.InvalidField("cycle", "unknown_cycle", "Use monthly or annual.")
	}
	if g.Months < 0 || g.Months > MaxMonths {
		return Outcome{}, igny8.InvalidField("months", "out_of_range", "Send a whole number from 1 to 36.")
	}
	gives := &gift{Gift: Gift{Kind: giftPlan, Plan: g.Plan, Cycle: g.Cycle, Months: int64(g.Lasts())}, limit: s.limits.Months}
	return s.run(ctx, actor, id, act{"account.assign_plan", "account.activated", note, gives, func(ctx context.Context, tx *db.Tx, a account.Account) (map[string]any, error) {
		sub, err := billing.GivePlan(ctx, tx, a, g)
		if err != nil {
			return nil, err
		}
		return map[string]any{"plan": sub.PlanSlug, "until": sub.CurrentPeriodEnd.UTC(), "from": a.Status, "to": igny8.AccountActive}, nil
	}})
}

// ResetSecondFactor takes the second factor off the login of a member who lost it with
// the recovery codes. That is told in the log of every account of theirs.
func (s *Service) ResetSecondFactor(ctx context.Context, actor igny8.Actor, id igny8.AccountID, user igny8.UserID, note string) (out Outcome, err error) {
	if err := checkNote("note", note); err != nil {
		return out, err
	}
	err = s.db.System(ctx, "desk.reset_second_factor", id, func(ctx context.Context, tx *db.Tx) error {
		if _, err := account.Lock(ctx, tx); err != nil {
			return err
		}
		if err := stranger(ctx, tx, actor); err != nil {
			return err
		}
		if err := expected(ctx, tx); err != nil {
			return err
		}
		if err := s.auth.ResetFactors(ctx, tx, actor, user, strings.TrimSpace(note)); err != nil {
			return err
		}
		if out, err = outcome(ctx, tx); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}
