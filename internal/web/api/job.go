package api

import (
	"context"
	"net/http"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/job"
	"igny8/internal/ops"
)

// RegisterJobs adds the queue of work that happens later, for staff.
func RegisterJobs(a *API, s *ops.Service) {
	h := jobHandler{s}
	route := func(method, path, id, summary, doc string) Route {
		return Route{Method: method, Path: "/admin/jobs" + path, ID: id, Summary: summary, Doc: doc, Tag: "Staff: jobs",
			Perm: igny8.PermPlatform, Need: account.NeedNone}
	}
	Register(a, route(http.MethodGet, "", "listJobs", "List the queue, newest first",
		"Finished jobs leave the list after a day, those that were given up after a week."), h.jobs)
	Register(a, route(http.MethodGet, "/{id}", "getJob", "Read a job", "How often it was tried, and the first line of its last error."), h.job)
	Register(a, route(http.MethodPost, "/{id}/retry", "retryJob", "Try a failed job again",
		"A retryable, discarded or cancelled job becomes available now. Any other answers 409 with its current state."), h.retry)
}

type jobHandler struct{ s *ops.Service }

// JobBody is one piece of work in the queue.
type JobBody struct {
	ID          int64      `json:"id"`
	Kind        string     `json:"kind" example:"mail.send"`
	State       job.State  `json:"state" enum:"available,scheduled,pending,running,retryable,discarded,cancelled,completed"`
	Attempt     int        `json:"attempt" doc:"Tries so far."`
	MaxAttempts int        `json:"max_attempts"`
	LastError   string     `json:"last_error,omitempty" doc:"The first line, without credentials; absent when nothing failed."`
	CreatedAt   time.Time  `json:"created_at"`
	ScheduledAt time.Time  `json:"scheduled_at" doc:"When it is due, or was."`
	FinalizedAt *time.Time `json:"finalized_at" doc:"When it was completed or given up."`
}

func jobBody(j job.Job) JobBody {
	return JobBody{j.ID, j.Kind, j.State, j.Attempt, j.MaxAttempts, j.LastError, j.CreatedAt.UTC(), j.ScheduledAt.UTC(), utc(j.FinalizedAt)}
}

func jobOut(j job.Job) *Out[JobBody] { return OK(jobBody(j)) }

type jobsIn struct {
	ListInput
	State string `query:"state" enum:"available,scheduled,pending,running,retryable,discarded,cancelled,completed"`
}

func (h jobHandler) jobs(ctx context.Context, in *jobsIn) (*ListOutput[JobBody], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	var states []job.State
	if in.State != "" {
		states = append(states, job.State(in.State))
	}
	list, err := h.s.Jobs(ctx, states, p)
	if err != nil {
		return nil, err
	}
	return List(ctx, list, jobBody), nil
}

func (h jobHandler) job(ctx context.Context, in *ByID[int64]) (*Out[JobBody], error) {
	j, err := h.s.Job(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return jobOut(j), nil
}

func (h jobHandler) retry(ctx context.Context, in *ByIDMatch[int64]) (*Out[JobBody], error) {
	j, err := h.s.RetryJob(expect(RenderWith(ctx, jobOut), in.IfMatch, jobBody), ActorFrom(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return jobOut(j), nil
}
