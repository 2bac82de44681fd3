package staff

import (
	"context"

	"igny8/internal/config"
	"igny8/internal/job"
	"igny8/internal/ops"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// office is the page of the settings.
type office struct {
	settings   []config.Setting
	letters    []ops.TestLetter
	to         string
	mailServer bool
	dismissed  int
}

// settings shows what the program was started with, and sends test letters.
func (h handler) settings(ctx context.Context, r *console.Request) (console.Response, error) {
	letters, err := h.Ops.TestLetters(ctx, r.Actor)
	if err != nil {
		return console.Response{}, err
	}
	if r.Fragment() {
		return console.Fragment(testLetters(letters)).Polled(), nil
	}
	list, err := h.Ops.Checklist(ctx)
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "staff.settings"), "settings",
		settingsPage(office{h.Settings, letters, r.Actor.Email, h.Ops.MailServer(), list.Dismissed})), nil
}

func (h handler) testLetter(ctx context.Context, r *console.Request) (console.Response, error) {
	if err := h.Ops.SendTest(ctx, r.Actor, string(r.Lang())); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther("/staff/settings#test-letter").Saying("test_letter"), nil
}

// checklist dismisses a task of the set-up, or brings back all.
func (h handler) checklist(ctx context.Context, r *console.Request) (console.Response, error) {
	if r.Value("restore") != "" {
		if err := h.Ops.Restore(ctx, r.Actor); err != nil {
			return console.Response{}, err
		}
		return console.SeeOther("/staff").Saying("tasks_restored"), nil
	}
	if err := h.Ops.Dismiss(ctx, r.Actor, r.Value("task")); err != nil {
		return console.Response{}, err
	}
	return console.SeeOther("/staff").Saying("task_dismissed"), nil
}

// firstRun is the list of what is still to be done, nil when nothing is.
func (h handler) firstRun(ctx context.Context) (*ops.Checklist, error) {
	list, err := h.Ops.Checklist(ctx)
	if err != nil || !list.Open() {
		return nil, err
	}
	return &list, nil
}

// unfolded reports whether the list stands open: not in the demonstration, and not
// once most of it is done.
func unfolded(c ops.Checklist, demo bool) bool { return !demo && 2*c.Done() <= len(c.Tasks) }

// letterStatus says what became of a test letter.
func letterStatus(l ops.TestLetter) (view.Tone, string) {
	switch {
	case l.SentAt != nil && l.Kept:
		return view.Info, "kept"
	case l.SentAt != nil:
		return view.OK, "sent"
	case l.Job == nil:
		return view.Bad, "lost"
	case l.Job.State == job.Retryable:
		return view.Warn, "again"
	case l.Job.State.Failed():
		return view.Bad, "failed"
	}
	return view.Info, "waiting"
}

// underway reports whether what became of a letter is still to come.
func underway(list []ops.TestLetter) bool {
	for _, l := range list {
		if l.SentAt == nil {
			return true
		}
	}
	return false
}
