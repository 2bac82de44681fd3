package job

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"igny8/internal/db"
)

// Args are the parameters of a job; Kind names it.
type Args = river.JobArgs

// Migrate brings the queue's tables to this program's version and lets the
// server's roles enqueue.
func Migrate(ctx context.Context, d *db.DB) error {
	if !d.Postgres() {
		m, err := rivermigrate.New(riversqlite.New(d.Writer()), quiet)
		if err != nil {
			return fmt.Errorf("migrate the queue: %w", err)
		}
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
		return wrap("migrate the queue", err)
	}
	return migratePostgres(ctx, d)
}

// quiet keeps one line a step out of the operator's first screen.
var quiet = &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)}

// migratePostgres lets one server at a time do it, since River's migrator does not.
func migratePostgres(ctx context.Context, d *db.DB) error {
	m, err := rivermigrate.New(riverpgxv5.New(d.Pool()), quiet)
	if err != nil {
		return fmt.Errorf("migrate the queue: %w", err)
	}
	return wrap("migrate the queue", d.Alone(ctx, func(ctx context.Context) error {
		if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
			return err
		}
		_, err := d.Pool().Exec(ctx, `GRANT SELECT, INSERT, UPDATE ON river_job TO igny8_tenant, igny8_system;
			GRANT USAGE ON SEQUENCE river_job_id_seq TO igny8_tenant, igny8_system`)
		return err
	}))
}

func wrap(what string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// The inserting half of River holds no connection: it works on the transaction
// it is given.
var (
	postgresInserter = sync.OnceValues(func() (*river.Client[pgx.Tx], error) {
		return river.NewClient(riverpgxv5.New(nil), &river.Config{})
	})
	sqliteInserter = sync.OnceValues(func() (*river.Client[*sql.Tx], error) {
		return river.NewClient(riversqlite.New(nil), &river.Config{})
	})
)

// Enqueue adds a job in the transaction.
func Enqueue(ctx context.Context, tx *db.Tx, args Args) error {
	if tx.Postgres() {
		c, err := postgresInserter()
		if err == nil {
			_, err = c.InsertTx(ctx, tx.Pgx(), args, nil)
		}
		return wrap("enqueue "+args.Kind(), err)
	}
	c, err := sqliteInserter()
	if err == nil {
		_, err = c.InsertTx(ctx, tx.SQLite(), args, nil)
	}
	return wrap("enqueue "+args.Kind(), err)
}

// Workers is the set of known jobs.
type Workers struct{ set *river.Workers }

// NewWorkers returns an empty set.
func NewWorkers() *Workers { return &Workers{river.NewWorkers()} }

// Handle registers the function that does jobs of one kind. An error makes the
// job run again later with growing delay; Cancel ends it for good.
func Handle[A Args](w *Workers, do func(ctx context.Context, args A) error) {
	river.AddWorker(w.set, river.WorkFunc(func(ctx context.Context, j *river.Job[A]) error {
		return do(db.Patient(ctx, 30*time.Second), j.Args)
	}))
}

// Cancel wraps an error that another try would not mend.
func Cancel(err error) error { return river.JobCancel(err) }

// Periodic is a job that is enqueued every so often by one of the running servers.
type Periodic struct {
	Every time.Duration
	Args  Args
}

// Runner works the queue.
type Runner struct {
	start, stop, cancel func(context.Context) error
}

// NewRunner returns a runner of the known jobs.
func NewRunner(d *db.DB, w *Workers, log *slog.Logger, periodic ...Periodic) (*Runner, error) {
	var ticks []*river.PeriodicJob
	for _, p := range periodic {
		ticks = append(ticks, river.NewPeriodicJob(river.PeriodicInterval(p.Every),
			func() (river.JobArgs, *river.InsertOpts) { return p.Args, nil }, nil))
	}
	cfg := &river.Config{
		Workers: w.set, Logger: log,
		Queues:               map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 4}},
		RescueStuckJobsAfter: 5 * time.Minute,
		// As long as discarded ones: somebody should see them after a weekend.
		CancelledJobRetentionPeriod: 7 * 24 * time.Hour,
		JobTimeout:                  2 * time.Minute,
		PeriodicJobs:                ticks,
		PollOnly:                    d.Pooled(), // behind a pooler nobody hears a NOTIFY
	}
	if d.Postgres() {
		c, err := river.NewClient(riverpgxv5.New(d.Pool()), cfg)
		if err != nil {
			return nil, fmt.Errorf("make the queue runner: %w", err)
		}
		return &Runner{c.Start, c.Stop, c.StopAndCancel}, nil
	}
	// SQLite has one writer and no notifications: look every 250 ms.
	cfg.FetchPollInterval = 250 * time.Millisecond
	c, err := river.NewClient(riversqlite.New(d.Writer()), cfg)
	if err != nil {
		return nil, fmt.Errorf("make the queue runner: %w", err)
	}
	return &Runner{c.Start, c.Stop, c.StopAndCancel}, nil
}

// Start begins to work jobs until Stop.
func (r *Runner) Start(ctx context.Context) error { return wrap("start the queue", r.start(ctx)) }

// Stop waits for running jobs. When ctx is over it cancels them, waits for cut, and
// leaves what still runs for another process.
func (r *Runner) Stop(ctx context.Context, cut time.Duration) error {
	err := r.stop(ctx)
	if ctx.Err() != nil {
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), cut)
		defer cancel()
		err = r.cancel(short)
	}
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return wrap("stop the queue", err)
}
