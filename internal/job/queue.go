package job

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"igny8"
	"igny8/internal/db"
)

// State is where a job stands.
type State string

// The states. Available, scheduled and pending jobs wait; a retryable one failed
// and is tried again by itself; the queue gave up a discarded one, and a cancelled
// one said itself that another try would not mend it.
const (
	Available State = "available"
	Scheduled State = "scheduled"
	Pending   State = "pending"
	Running   State = "running"
	Retryable State = "retryable"
	Discarded State = "discarded"
	Cancelled State = "cancelled"
	Completed State = "completed"
)

// States lists all, those that ask for somebody first.
func States() []State {
	return []State{Retryable, Discarded, Cancelled, Available, Scheduled, Pending, Running, Completed}
}

// Failed are the states of jobs that did not work, and that Retry takes.
func Failed() []State { return []State{Retryable, Discarded, Cancelled} }

// Failed reports whether a job in this state did not work.
func (s State) Failed() bool { return slices.Contains(Failed(), s) }

// Job is one piece of work in the queue. Its arguments are not shown: they belong
// to the feature. Finished jobs leave the queue after a day, those that were given
// up after a week.
type Job struct {
	ID          int64
	Kind        string
	State       State
	Attempt     int
	MaxAttempts int
	LastError   string // see cleaned; "" when the last try did not fail
	CreatedAt   time.Time
	ScheduledAt time.Time
	FinalizedAt *time.Time
}

// Filter says which jobs are meant; its zero value means all.
type Filter struct {
	States []State
	Kind   string
	Arg    string // a name and value among the arguments: Arg "mail", Value "mail_…"
	Value  string
}

// List returns jobs of the whole installation, newest first.
func List(ctx context.Context, tx *db.Tx, f Filter, p igny8.Page) (igny8.List[Job], error) {
	params := river.NewJobListParams().OrderBy(river.JobListOrderByID, river.SortOrderDesc).First(int(p.Fetch())).
		Where("id < @before_id", river.NamedArgs{"before_id": p.BeforeSeq()})
	if len(f.States) > 0 {
		var states []rivertype.JobState
		for _, s := range f.States {
			states = append(states, rivertype.JobState(s))
		}
		params = params.States(states...)
	}
	if f.Kind != "" {
		params = params.Kinds(f.Kind)
	}
	if f.Arg != "" {
		params = params.Where("args ->> @arg = @value", river.NamedArgs{"arg": f.Arg, "value": f.Value})
	}
	rows, err := list(ctx, tx, params)
	if err != nil {
		return igny8.List[Job]{}, err
	}
	return igny8.NewList(p, rows, func(j Job) string { return strconv.FormatInt(j.ID, 10) }), nil
}

// Oldest returns the job that waits longest for a worker, nil when none waits.
func Oldest(ctx context.Context, tx *db.Tx) (*Job, error) {
	rows, err := list(ctx, tx, river.NewJobListParams().States(rivertype.JobStateAvailable).
		OrderBy(river.JobListOrderByScheduledAt, river.SortOrderAsc).First(1))
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

func list(ctx context.Context, tx *db.Tx, params *river.JobListParams) ([]Job, error) {
	var found *river.JobListResult
	var err error
	if tx.Postgres() {
		c, e := postgresInserter()
		if err = e; err == nil {
			found, err = c.JobListTx(ctx, tx.Pgx(), params)
		}
	} else {
		c, e := sqliteInserter()
		if err = e; err == nil {
			found, err = c.JobListTx(ctx, tx.SQLite(), params)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	out := make([]Job, len(found.Jobs))
	for i, j := range found.Jobs {
		out[i] = shown(j)
	}
	return out, nil
}

func get(ctx context.Context, tx *db.Tx, id int64) (Job, error) {
	var row *rivertype.JobRow
	var err error
	if tx.Postgres() {
		c, e := postgresInserter()
		if err = e; err == nil {
			row, err = c.JobGetTx(ctx, tx.Pgx(), id)
		}
	} else {
		c, e := sqliteInserter()
		if err = e; err == nil {
			row, err = c.JobGetTx(ctx, tx.SQLite(), id)
		}
	}
	if errors.Is(err, rivertype.ErrNotFound) {
		return Job{}, igny8.ErrNotFound
	}
	if err != nil {
		return Job{}, fmt.Errorf("read job: %w", err)
	}
	return shown(row), nil
}

func shown(r *rivertype.JobRow) Job {
	j := Job{ID: r.ID, Kind: r.Kind, State: State(r.State), Attempt: r.Attempt, MaxAttempts: r.MaxAttempts,
		CreatedAt: r.CreatedAt, ScheduledAt: r.ScheduledAt, FinalizedAt: r.FinalizedAt}
	if n := len(r.Errors); n > 0 && j.State != Completed {
		j.LastError = cleaned(r.Errors[n-1].Error)
	}
	return j
}

const maxError = 300 // characters of an error that are shown

var (
	credentials = regexp.MustCompile(`//[^/\s@]*@`)            // of an address
	ourTokens   = regexp.MustCompile(`igny8_[a-z]+_[\w-]{8,}`) // see auth.NewOpaque
)

// cleaned is the first line of an error, without credentials in addresses and
// without tokens of ours. What follows the first line may be anything.
func cleaned(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	s = credentials.ReplaceAllString(s, "//…@")
	s = ourTokens.ReplaceAllString(s, "igny8_…")
	if r := []rune(s); len(r) > maxError {
		s = string(r[:maxError]) + "…"
	}
	return s
}

// Count is how many jobs of a kind stand in a state.
type Count struct {
	Kind  string
	State State
	N     int64
}

// Counts counts the whole queue.
func Counts(ctx context.Context, tx *db.Tx) (out []Count, err error) {
	rows, err := tx.QueryContext(ctx, "SELECT kind, CAST(state AS text), count(*) FROM river_job GROUP BY kind, state ORDER BY kind, state")
	if err != nil {
		return nil, fmt.Errorf("count jobs: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var c Count
		if err := rows.Scan(&c.Kind, &c.State, &c.N); err != nil {
			return nil, fmt.Errorf("count jobs: %w", err)
		}
		out = append(out, c)
	}
	return out, rows.Err()
}

// again makes one failed job available. What was tried as often as allowed gets
// one try more.
const again = `UPDATE river_job SET state = 'available', scheduled_at = CURRENT_TIMESTAMP, finalized_at = NULL,
	max_attempts = CASE WHEN attempt >= max_attempts THEN attempt + 1 ELSE max_attempts END
	WHERE id = $1 AND state IN ('retryable', 'discarded', 'cancelled') RETURNING id`

// Retry makes a failed job available again, now. 409 invalid_transition with the
// current state for a job that waits, runs or is done, 404 for one that is not
// there.
func Retry(ctx context.Context, tx *db.Tx, id int64) (Job, error) {
	if db.Expects(ctx) {
		before, err := get(ctx, tx, id)
		if err == nil {
			err = db.Expected(ctx, before)
		}
		if err != nil {
			return Job{}, err
		}
	}
	err := tx.QueryRowContext(ctx, again, id).Scan(&id)
	if err != nil && !db.Absent(err) {
		return Job{}, fmt.Errorf("retry job: %w", err)
	}
	refused := err != nil
	j, err := get(ctx, tx, id)
	if err == nil && refused {
		err = igny8.InvalidTransition(j.State)
	}
	return j, err
}

// Get returns one job; 404 for one that is not there.
func Get(ctx context.Context, tx *db.Tx, id int64) (Job, error) { return get(ctx, tx, id) }
