package ops

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/db"
	"igny8/internal/idem"
	"igny8/internal/job"
	"igny8/internal/mail"
	"igny8/internal/ops/opsdb"
)

// Installation is what the settings say, as far as it is looked at here.
type Installation struct {
	Version    string
	PublicURL  bool // is set
	MailServer bool // is set
}

// Service answers staff.
type Service struct {
	db *db.DB
	in Installation
}

// New returns the service.
func New(d *db.DB, in Installation) *Service { return &Service{d, in} }

// MailServer reports whether letters leave; without one they stay in the mailbox.
func (s *Service) MailServer() bool { return s.in.MailServer }

// Jobs lists the queue, newest first; no states means all.
func (s *Service) Jobs(ctx context.Context, states []job.State, p igny8.Page) (list igny8.List[job.Job], err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = job.List(ctx, tx, job.Filter{States: states}, p)
		return err
	})
	return list, err
}

// Job returns one job of the queue.
func (s *Service) Job(ctx context.Context, id int64) (out job.Job, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		out, err = job.Get(ctx, tx, id)
		return err
	})
	return out, err
}

// RetryJob makes a failed job available again. See job.Retry for its refusals.
func (s *Service) RetryJob(ctx context.Context, staff igny8.Actor, id int64) (out job.Job, err error) {
	err = s.db.System(ctx, "ops.retry_job", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		if out, err = job.Retry(ctx, tx, id); err != nil {
			return err
		}
		err := audit.Record(ctx, tx, staff, audit.Entry{Action: "job.retry", ObjectType: "job", ObjectID: strconv.FormatInt(id, 10),
			Details: map[string]any{"kind": out.Kind, "attempt": out.Attempt}})
		if err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

// Health is how the installation stands at one instant.
type Health struct {
	Version   string
	Database  string
	Now       time.Time
	Jobs      []job.Count
	Oldest    *job.Job   // that waits for a worker, nil for none
	Letters   int64      // that have not left, whatever the reason
	LastEvent *time.Time // nil before the first
}

// In counts the jobs in the states given.
func (h Health) In(states ...job.State) (n int64) {
	for _, c := range h.Jobs {
		if slices.Contains(states, c.State) {
			n += c.N
		}
	}
	return n
}

// FailedLetters counts letters whose sending failed and that wait for another try,
// by itself or by staff.
func (h Health) FailedLetters() (n int64) {
	for _, c := range h.Jobs {
		if c.Kind == mail.SendKind && c.State.Failed() {
			n += c.N
		}
	}
	return n
}

// Health looks at the queue, the letters and the outbox.
func (s *Service) Health(ctx context.Context) (h Health, err error) {
	name, err := s.db.Describe(ctx)
	if err != nil {
		return h, err
	}
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		h = Health{Version: s.in.Version, Database: name, Now: tx.Now}
		if h.Jobs, err = job.Counts(ctx, tx); err != nil {
			return err
		}
		if h.Oldest, err = job.Oldest(ctx, tx); err != nil {
			return err
		}
		if h.Letters, err = mail.Unsent(ctx, tx); err != nil {
			return err
		}
		last, err := opsdb.New(tx).LastEvent(ctx)
		if err != nil {
			return fmt.Errorf("read the last event: %w", err)
		}
		if len(last) > 0 {
			h.LastEvent = &last[0]
		}
		return nil
	})
	return h, err
}

const testTemplate = "test"

// The keys of test letters begin so: those for a mail server are told from those
// that stay in the mailbox.
const (
	toServer  = "test:server:"
	toMailbox = "test:mailbox:"
)

// TestLetter is a test letter with what became of it. Kept says that there was no
// mail server, so that it stays in the mailbox.
type TestLetter struct {
	mail.Trace
	Kept bool
}

// SendTest writes a letter to the staff user, to see whether letters arrive.
func (s *Service) SendTest(ctx context.Context, staff igny8.Actor, lang string) error {
	return s.db.System(ctx, "ops.test_letter", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		key := toMailbox
		if s.in.MailServer {
			key = toServer
		}
		key += db.NewID[igny8.MailID](tx).String()
		err := mail.Enqueue(ctx, tx, mail.Letter{To: staff.Email, Lang: lang, Template: testTemplate, Key: key,
			Data: map[string]any{"Version": s.in.Version, "Time": tx.Now.UTC().Format("2006-01-02 15:04:05 UTC")}})
		if err != nil {
			return err
		}
		return audit.Record(ctx, tx, staff, audit.Entry{Action: "mail.test", ObjectType: "user", ObjectID: staff.User.String()})
	})
}

// TestLetters returns the newest test letters to the staff user, and what became
// of them.
func (s *Service) TestLetters(ctx context.Context, staff igny8.Actor) (list []TestLetter, err error) {
	err = s.db.Read(ctx, igny8.Platform, func(ctx context.Context, tx *db.Tx) error {
		traces, err := mail.Traces(ctx, tx, testTemplate, staff.Email, 5)
		list = make([]TestLetter, len(traces))
		for i, t := range traces {
			list[i] = TestLetter{t, strings.HasPrefix(t.DedupKey, toMailbox)}
		}
		return err
	})
	return list, err
}
