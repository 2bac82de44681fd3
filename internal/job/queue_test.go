package job_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/job"
)

type task struct {
	Name string `json:"name"`
}

func (task) Kind() string { return "test.task" }

// queue is a queue under test, on one database.
type queue struct {
	*testing.T
	d *db.DB
}

func onQueue(t *testing.T, f func(queue)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		if err := job.Migrate(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		f(queue{t, d})
	})
}

func (q queue) enqueue(names ...string) {
	q.Helper()
	err := q.d.System(q.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		for _, n := range names {
			if err := job.Enqueue(ctx, tx, task{n}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		q.Fatal(err)
	}
}

func (q queue) list(f job.Filter, p igny8.Page) (out igny8.List[job.Job]) {
	q.Helper()
	err := q.d.ReadSystem(q.Context(), func(ctx context.Context, tx *db.Tx) (err error) {
		out, err = job.List(ctx, tx, f, p)
		return err
	})
	if err != nil {
		q.Fatal(err)
	}
	return out
}

func (q queue) retry(id int64) (j job.Job, err error) {
	err = q.d.System(q.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) (err error) {
		j, err = job.Retry(ctx, tx, id)
		return err
	})
	return j, err
}

// exhaust leaves a job as it is after its last try.
func (q queue) exhaust(id int64) {
	q.Helper()
	err := q.d.System(q.Context(), "test", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE river_job SET state = 'discarded', attempt = max_attempts, finalized_at = CURRENT_TIMESTAMP WHERE id = $1", id)
		return err
	})
	if err != nil {
		q.Fatal(err)
	}
}

// work runs the queue with a worker until done says so.
func (q queue) work(do func(context.Context, task) error, done func() bool) {
	q.Helper()
	w := job.NewWorkers()
	job.Handle(w, do)
	r, err := job.NewRunner(q.d, w, slog.New(slog.DiscardHandler))
	if err != nil {
		q.Fatal(err)
	}
	if err := r.Start(context.WithoutCancel(q.Context())); err != nil {
		q.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); !done(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			q.Fatal("the queue does not get there")
		}
	}
	if err := r.Stop(context.WithoutCancel(q.Context()), time.Second); err != nil {
		q.Fatal(err)
	}
}

func (q queue) in(states ...job.State) int {
	return len(q.list(job.Filter{States: states}, igny8.Page{}).Items)
}

// Three ends of a job, and what staff see of them and may do about them.
func TestFailedJobsAreSeenAndTriedAgain(t *testing.T) {
	onQueue(t, func(q queue) {
		q.enqueue("good", "bad", "hopeless")
		broken := errors.New("smtp://mailer:s3cret@host:25 refused igny8_ev_0123456789abcdef\nDear Sana, your password")
		q.work(func(_ context.Context, a task) error {
			switch a.Name {
			case "bad":
				return broken
			case "hopeless":
				return job.Cancel(errors.New("nobody there"))
			}
			return nil
		}, func() bool { return q.in(job.Completed) == 1 && q.in(job.Retryable) == 1 && q.in(job.Cancelled) == 1 })

		one := q.list(job.Filter{Kind: "test.task", Arg: "name", Value: "bad"}, igny8.Page{}).Items
		if len(one) != 1 || one[0].State != job.Retryable || one[0].Attempt < 1 || !one[0].ScheduledAt.After(one[0].CreatedAt) {
			q.Fatalf("%+v", one)
		}
		if got := one[0].LastError; got != "smtp://…@host:25 refused igny8_…" {
			q.Errorf("the error is shown as %q", got)
		}
		hopeless := q.list(job.Filter{States: []job.State{job.Cancelled}}, igny8.Page{}).Items[0]
		if !strings.Contains(hopeless.LastError, "nobody there") || hopeless.FinalizedAt == nil {
			q.Errorf("%+v", hopeless)
		}
		q.exhaust(one[0].ID)
		for _, j := range []job.Job{one[0], hopeless} {
			if got, err := q.retry(j.ID); err != nil || got.State != job.Available || got.FinalizedAt != nil || got.MaxAttempts <= got.Attempt {
				q.Errorf("retry of %s: %+v, %v", j.State, got, err)
			}
			_, err := q.retry(j.ID)
			var e *igny8.Error
			if !errors.As(err, &e) || e.Code != "invalid_transition" || e.Facts["current"] != "available" {
				q.Errorf("a second retry: %v", err)
			}
		}
		q.work(func(context.Context, task) error { return nil }, func() bool { return q.in(job.Completed) == 3 })
		done := q.list(job.Filter{}, igny8.Page{}).Items[0]
		if _, err := q.retry(done.ID); igny8.CodeOf(err) != "invalid_transition" {
			q.Errorf("retry of a completed job: %v", err)
		}
		if _, err := q.retry(987654); !errors.Is(err, igny8.ErrNotFound) {
			q.Errorf("retry of nothing: %v", err)
		}
	})
}

func TestRunningJobsAreNotTriedAgain(t *testing.T) {
	onQueue(t, func(q queue) {
		q.enqueue("slow")
		asked, answer := make(chan error, 1), false
		q.work(func(context.Context, task) error {
			_, err := q.retry(q.list(job.Filter{}, igny8.Page{}).Items[0].ID)
			asked <- err
			return nil
		}, func() bool {
			select {
			case err := <-asked:
				var e *igny8.Error
				if !errors.As(err, &e) || e.Facts["current"] != "running" {
					q.Errorf("retry of a running job: %v", err)
				}
				answer = true
			default:
			}
			return answer
		})
	})
}

func TestTheQueueIsReadInPages(t *testing.T) {
	onQueue(t, func(q queue) {
		for i := range 5 {
			q.enqueue(fmt.Sprint("n", i))
		}
		var seen []int64
		p := igny8.Page{Limit: 2}
		for {
			list := q.list(job.Filter{States: []job.State{job.Available}}, p)
			for _, j := range list.Items {
				seen = append(seen, j.ID)
			}
			if p.Before = list.Next; !list.More {
				break
			}
		}
		if len(seen) != 5 || seen[0] != seen[4]+4 {
			q.Errorf("the pages hold %v, want five, newest first", seen)
		}
		if n := q.in(job.Failed()...); n != 0 {
			q.Errorf("%d failed jobs, want none", n)
		}
		err := q.d.ReadSystem(q.Context(), func(ctx context.Context, tx *db.Tx) error {
			counts, err := job.Counts(ctx, tx)
			if err != nil || len(counts) != 1 || counts[0] != (job.Count{Kind: "test.task", State: job.Available, N: 5}) {
				q.Errorf("counts: %v, %v", counts, err)
			}
			oldest, err := job.Oldest(ctx, tx)
			if err != nil || oldest == nil || strconv.FormatInt(oldest.ID, 10) != fmt.Sprint(seen[4]) {
				q.Errorf("oldest: %+v, %v", oldest, err)
			}
			return nil
		})
		if err != nil {
			q.Error(err)
		}
	})
}
