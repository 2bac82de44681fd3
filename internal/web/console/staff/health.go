package staff

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"igny8"
	"igny8/internal/doctor"
	"igny8/internal/job"
	"igny8/internal/ops"
	"igny8/internal/web/console"
	"igny8/internal/web/console/text"
	"igny8/internal/web/console/view"
)

// engine is the queue of jobs as it is shown.
type engine struct {
	ops.Health
	list         igny8.List[job.Job]
	show         string // failed, all, or a state
	tabs         []engineTab
	first, older string
	streams      int64
}

type engineTab struct {
	key  string
	href string
	n    int64
}

const (
	showFailed = "failed"
	showAll    = "all"
)

// health shows how the installation stands: the queue, the letters, the books.
func (h handler) health(ctx context.Context, r *console.Request) (console.Response, error) {
	return h.showHealth(ctx, r, view.Form{})
}

func (h handler) showHealth(ctx context.Context, r *console.Request, f view.Form) (console.Response, error) {
	e, err := h.engine(ctx, r)
	if err != nil {
		return console.Response{}, err
	}
	if r.Fragment() {
		return console.Fragment(engineBody(e)).Polled(), nil
	}
	report, err := h.Doctor(ctx)
	if err != nil {
		return console.Response{}, err
	}
	return console.Page(text.T(ctx, "staff.health"), "health", healthPage(r, e, report, f)).Showing(f), nil
}

func (h handler) engine(ctx context.Context, r *console.Request) (e engine, err error) {
	if e.Health, err = h.Ops.Health(ctx); err != nil {
		return e, err
	}
	e.streams, e.show = h.c.Streams(), r.Query("show")
	var states []job.State
	switch {
	case e.show == showAll:
	case slices.Contains(job.States(), job.State(e.show)):
		states = []job.State{job.State(e.show)}
	default:
		e.show, states = showFailed, job.Failed()
	}
	e.tabs = []engineTab{{showFailed, "/staff/health", e.In(job.Failed()...)}, {showAll, "/staff/health?show=" + showAll, e.In(job.States()...)}}
	for _, s := range job.States() {
		if n := e.In(s); n > 0 || e.show == string(s) {
			e.tabs = append(e.tabs, engineTab{string(s), "/staff/health?show=" + string(s), n})
		}
	}
	if e.list, err = h.Ops.Jobs(ctx, states, r.ListPage()); err != nil {
		return e, err
	}
	if r.Query("before") != "" {
		e.first = r.With("before", "")
	}
	if e.list.More {
		e.older = r.With("before", e.list.Next)
	}
	return e, nil
}

// retry makes a failed job available again and goes back to where the button was.
func (h handler) retry(ctx context.Context, r *console.Request) (console.Response, error) {
	id, err := strconv.ParseInt(r.Path("id"), 10, 64)
	if err != nil {
		return console.Response{}, igny8.ErrNotFound
	}
	_, err = h.Ops.RetryJob(ctx, r.Actor, id)
	var refused *igny8.Error
	if errors.As(err, &refused) && refused.Kind == igny8.Conflict {
		f := r.RefusedAnyway(ctx, err)
		f.Detail = text.T(ctx, "staff.job.late", text.T(ctx, "job."+refused.Facts["current"].(string)))
		return h.showHealth(ctx, r, f)
	}
	if err != nil {
		return console.Response{}, err
	}
	if r.Value("from") == "settings" {
		return console.SeeOther("/staff/settings#test-letter").Saying("job_retried"), nil
	}
	return console.SeeOther("/staff/health").Saying("job_retried"), nil
}

// jobTone is the meaning of a job's state.
func jobTone(s job.State) view.Tone {
	switch s {
	case job.Completed:
		return view.OK
	case job.Available, job.Running:
		return view.Info
	case job.Retryable:
		return view.Warn
	case job.Discarded, job.Cancelled:
		return view.Bad
	}
	return view.Neutral
}

// jobName says in words what a job does, "" for kinds without words.
func jobName(ctx context.Context, kind string) string {
	if key := "job.kind." + kind; text.Has(text.English, key) {
		return text.T(ctx, key)
	}
	return ""
}

// broken are the rules of the books that do not hold.
func broken(r doctor.Report) view.Tone {
	if r.Count() > 0 {
		return view.Bad
	}
	return view.OK
}
