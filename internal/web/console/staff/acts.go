package staff

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"igny8"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/catalog"
	"igny8/internal/desk"
	"igny8/internal/input"
	"igny8/internal/search"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// The acts of staff upon an account. Each has a form on the account's page, whose
// fields begin with its name, since all of them stand on one page.
const (
	actSuspend   = "suspend"
	actReinstate = "reinstate"
	actTrial     = "extend-trial"
	actCredits   = "adjust-credits"
	actPlan      = "assign-plan"
	actLook      = "look"
	actReset     = "reset-second-factor"
)

// begun is what the forms begin with.
var begun = view.Filled("suspend_reason", "payment", "extend-trial_days", "7", "adjust-credits_credits", "100", "assign-plan_cycle", catalog.Monthly)

// possible are the acts that the account's state allows.
func (d dossier) possible() (list []string) {
	suspended := d.Status == igny8.AccountSuspended
	for act, can := range map[string]bool{
		actSuspend:   igny8.Allowed(igny8.AccountTransitions, d.Status, igny8.AccountSuspended),
		actReinstate: suspended,
		actTrial:     (d.Status == igny8.AccountTrial || d.Status == igny8.AccountExpired) && d.Subscription != nil && d.Subscription.Trial,
		actCredits:   true,
		actPlan:      !suspended,
		actLook:      true,
		actReset:     len(d.secured()) > 0,
	} {
		if can {
			list = append(list, act)
		}
	}
	order := []string{actLook, actReinstate, actTrial, actCredits, actPlan, actReset, actSuspend}
	slices.SortFunc(list, func(a, b string) int { return slices.Index(order, a) - slices.Index(order, b) })
	return list
}

func (d dossier) path(act string) string { return "/staff/accounts/" + d.ID.String() + "/" + act }

// do does an act, or shows what it would do.
func (h handler) do(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.AccountID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	act := r.Path("act")
	if r.Value("preview") != "" {
		return h.showAccount(ctx, r, act, r.Form())
	}
	var res console.Response
	if act == actLook {
		res, err = h.look(ctx, r, id)
	} else {
		var out desk.Outcome
		out, err = h.perform(ctx, r, id, act)
		res = console.SeeOther("/staff/accounts/" + id.String()).Saying(said(out))
	}
	f, ok := r.Refused(ctx, err)
	if strings.HasPrefix(igny8.CodeOf(err), "second_approver_") { // somebody else can do it, here
		f, ok = r.RefusedAnyway(ctx, err), true
	}
	if ok && err != nil {
		switch igny8.CodeOf(err) {
		case "invalid_transition":
			f.Detail = text.T(ctx, "staff.act.changed")
		case "already_exists":
			f.Detail = text.T(ctx, "staff.act.done")
		case "no_second_factor":
			f.Detail = text.T(ctx, "staff.act.reset.none")
		}
		for _, name := range []string{"note", "user", "reason", "days", "credits", "plan", "cycle", "months"} {
			f = f.Rename(name, act+"_"+name)
		}
		return h.showAccount(ctx, r, act, f)
	}
	if err != nil {
		return console.Response{}, err
	}
	return res, nil
}

// look opens the account's pages in this browser, as its people see them. It has
// a cookie of its own; a customer's login of the same browser stays.
func (h handler) look(ctx context.Context, r *console.Request, id igny8.AccountID) (console.Response, error) {
	l, err := h.Desk.Impersonate(ctx, r.Actor, auth.Acting{Account: id, Reason: r.Value("look_note"), Write: r.Value("look_write") == "on", Device: r.Device(ctx, false)})
	if igny8.KindOf(err) == igny8.Invalid {
		return console.Response{}, igny8.InvalidField("note", "required", "Say why, in 3 to 1000 characters.")
	}
	if err != nil {
		return console.Response{}, err
	}
	return r.Enter(ctx, l.Tokens.Access, "")
}

// endLook ends the look that the request comes by.
func (h handler) endLook(ctx context.Context, r *console.Request) (console.Response, error) {
	return r.EndLook(ctx)
}

func said(out desk.Outcome) string {
	if out.Waiting != nil {
		return "waits"
	}
	return "acted"
}

// giftTitle, giftAct and giftFields are a gift that waits, as its form has it.
func giftTitle(ctx context.Context, g desk.Gift) string {
	if giftAct(g) == actPlan {
		return text.T(ctx, "staff.gift.plan", g.GivenEmail, g.Plan, view.FormatNumber(ctx, g.Months))
	}
	return text.T(ctx, "staff.gift.credits", g.GivenEmail, view.FormatNumber(ctx, g.Credits))
}

func giftAct(g desk.Gift) string {
	if g.Plan != "" {
		return actPlan
	}
	return actCredits
}

func giftFields(g desk.Gift) [][2]string {
	if giftAct(g) == actPlan {
		return [][2]string{{"plan", g.Plan}, {"cycle", g.Cycle}, {"months", strconv.FormatInt(g.Months, 10)}, {"note", g.Note}}
	}
	return [][2]string{{"credits", strconv.FormatInt(g.Credits, 10)}, {"once", g.ID.String()}, {"note", g.Note}}
}

func (h handler) perform(ctx context.Context, r *console.Request, id igny8.AccountID, act string) (out desk.Outcome, err error) {
	value := func(name string) string { return r.Value(act + "_" + name) }
	note := value("note")
	switch act {
	case actSuspend:
		out, err = h.Desk.Suspend(ctx, r.Actor, id, value("reason"), note)
	case actReinstate:
		out, err = h.Desk.Reinstate(ctx, r.Actor, id, note)
	case actTrial:
		out, err = h.Desk.ExtendTrial(ctx, r.Actor, id, int(whole(value("days"))), note)
	case actCredits:
		out, err = h.Desk.AdjustCredits(ctx, r.Actor, id, whole(value("credits")), once(value("once")), note)
	case actPlan:
		g, ok := gift(value)
		if !ok {
			return out, igny8.InvalidField("months", "out_of_range", "Write a whole number from 1 to 36.")
		}
		out, err = h.Desk.AssignPlan(ctx, r.Actor, id, g, note)
	case actReset:
		user, wrong := igny8.ParseID[igny8.UserID](value("user"))
		if wrong != nil {
			return out, igny8.InvalidField("user", "required", text.T(ctx, "staff.act.reset.required"))
		}
		out, err = h.Desk.ResetSecondFactor(ctx, r.Actor, id, user, note)
	default:
		err = igny8.ErrNotFound
	}
	return out, err
}

// once is the name of a form that was sent, so that a second press does nothing.
func once(sent string) string {
	if _, err := igny8.ParseID[igny8.RowID](sent); err != nil {
		return ""
	}
	return sent
}

// newOnce names the form of an act; one that was refused keeps its name.
func (d dossier) newOnce(act string) string {
	return cmp.Or(once(d.form.Value(act+"_once")), igny8.NewID[igny8.RowID](d.now).String())
}

// whole reads a whole number as people type it, "1,000" or "−50"; 0 for what is none.
func whole(typed string) int64 {
	n, _ := input.Whole(typed)
	return n
}

func gift(value func(string) string) (billing.Gift, bool) {
	g := billing.Gift{Plan: value("plan"), Cycle: value("cycle"), Months: int(whole(value("months")))}
	return g, value("months") == "" || g.Months > 0
}

// effects is the part of the page that tells what a press would do, while staff
// type.
func (h handler) effects(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := console.PathID[igny8.AccountID](r, "id")
	if err != nil {
		return console.Response{}, err
	}
	d := dossier{now: h.c.Now(), form: r.Form()}
	if d.Overview, err = h.Search.Again(ctx, id); err != nil {
		return console.Response{}, err
	}
	if d.plans, err = h.Catalog.Givable(ctx); err != nil {
		return console.Response{}, err
	}
	act := r.Path("act")
	if !slices.Contains(d.possible(), act) {
		return console.Response{}, igny8.ErrNotFound
	}
	return console.Fragment(effectList(d, act)), nil
}

// would tells in words what an act would do with what its form holds.
func (d dossier) would(ctx context.Context, act string) []string {
	value := func(name string) string { return strings.TrimSpace(d.form.Value(act + "_" + name)) }
	switch act {
	case actSuspend:
		return []string{d.becomes(ctx, igny8.AccountSuspended), text.T(ctx, "staff.act.suspend."+reasonOf(value("reason"))), text.T(ctx, "staff.act.keeps")}
	case actReinstate:
		return []string{d.becomes(ctx, d.Reinstated), text.T(ctx, "staff.act.reinstate.clock")}
	case actTrial:
		return d.wouldExtend(ctx, int(whole(value("days"))))
	case actCredits:
		after := d.Credits.Available + whole(value("credits"))
		if after < 0 {
			return []string{text.T(ctx, "staff.act.credits.below", view.FormatNumber(ctx, d.Credits.Available))}
		}
		return []string{text.T(ctx, "staff.act.credits.after", view.FormatNumber(ctx, d.Credits.Available), view.FormatNumber(ctx, after))}
	case actPlan:
		return d.wouldAssign(ctx, value)
	case actReset:
		return d.wouldReset(ctx, value("user"))
	case actLook:
		return []string{text.T(ctx, "staff.act.look.pages", d.Name), text.T(ctx, "staff.act.look.told")}
	}
	return nil
}

func reasonOf(value string) string {
	if slices.Contains(desk.SuspensionReasons, value) {
		return value
	}
	return desk.SuspensionReasons[0]
}

func (d dossier) becomes(ctx context.Context, to igny8.AccountStatus) string {
	return text.T(ctx, "staff.act.status", text.T(ctx, "status."+string(d.Effective)), text.T(ctx, "status."+string(to)))
}

func (d dossier) wouldExtend(ctx context.Context, days int) []string {
	if days < 1 || days > desk.MaxDays || d.Subscription == nil || d.Subscription.CurrentPeriodEnd == nil {
		return []string{text.T(ctx, "staff.act.trial.days")}
	}
	was := *d.Subscription.CurrentPeriodEnd
	out := []string{text.T(ctx, "staff.act.trial.end", d.at(ctx, was), d.at(ctx, billing.TrialEnd(was, d.now, days))),
		text.T(ctx, "staff.act.trial.credits", view.FormatNumber(ctx, d.Credits.Plan))}
	if d.Effective != igny8.AccountTrial {
		out = append([]string{d.becomes(ctx, igny8.AccountTrial)}, out...)
	}
	return out
}

func (d dossier) wouldAssign(ctx context.Context, value func(string) string) []string {
	g, ok := gift(value)
	at := slices.IndexFunc(d.plans, func(p catalog.Plan) bool { return p.Slug == g.Plan })
	if at < 0 && len(d.plans) > 0 && g.Plan == "" {
		at = 0 // the one that stands first in the list
	}
	if !ok || at < 0 || g.Months > desk.MaxMonths {
		return []string{text.T(ctx, "staff.act.plan.months")}
	}
	old := text.T(ctx, "staff.act.plan.none")
	if d.Subscription != nil {
		old = d.Subscription.PlanSlug
	}
	credits := d.plans[at].IncludedCredits * int64(g.Lasts())
	out := []string{text.T(ctx, "staff.act.plan.after", old, d.plans[at].Name, d.at(ctx, g.Ends(d.TimeZone, d.now))),
		text.T(ctx, "staff.act.plan.credits", view.FormatNumber(ctx, d.Credits.Plan), view.FormatNumber(ctx, credits), view.FormatNumber(ctx, d.Credits.Bonus)),
		text.T(ctx, "staff.act.plan.invoices")}
	if d.Effective != igny8.AccountActive {
		out = append([]string{d.becomes(ctx, igny8.AccountActive)}, out...)
	}
	return out
}

// secured are the people whose second factor can be taken away here.
func (d dossier) secured() (list []search.User) {
	for _, u := range d.Users {
		if u.SecondFactor && !u.Staff {
			list = append(list, u)
		}
	}
	return list
}

func (d dossier) wouldReset(ctx context.Context, user string) []string {
	who, lines := text.T(ctx, "staff.act.reset.nobody"), []string{text.T(ctx, "staff.act.reset.ends"), text.T(ctx, "staff.act.reset.told")}
	for _, u := range d.secured() {
		if u.ID.String() == user {
			who = u.Name
			lines = append(lines, text.T(ctx, "staff.act.reset.letter", u.Email, languageName(u.Language)))
		}
	}
	return append([]string{text.T(ctx, "staff.act.reset.login", who)}, lines...)
}

// userOptions are the people to choose from. Nobody is chosen beforehand, not even an
// only one: after a refusal that may be another than before.
func (d dossier) userOptions(ctx context.Context) []view.Option {
	out := []view.Option{{Label: text.T(ctx, "staff.act.reset.choose")}}
	for _, u := range d.secured() {
		out = append(out, view.Option{Value: u.ID.String(), Label: u.Name + " · " + u.Email})
	}
	return out
}

// at writes an instant in the account's time zone.
func (d dossier) at(ctx context.Context, t time.Time) string {
	return view.FormatTime(ctx, t.In(view.Zone(d.TimeZone)))
}

func (d dossier) planOptions() (out []view.Option) {
	for _, p := range d.plans {
		out = append(out, view.Option{Value: p.Slug, Label: p.Name})
	}
	return out
}

// noteHint says who reads the note of an act.
func noteHint(ctx context.Context, act string) string {
	if act == actLook {
		return text.T(ctx, "staff.act.look.note")
	}
	return text.T(ctx, "staff.act.note.hint")
}
