package ops

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/mail"
	"igny8/internal/ops/opsdb"
)

// Task is one thing to do before the first customer. It ticks itself.
type Task struct {
	Key  string
	Done bool
	Href string // the page where it is done, or where it is explained
}

// Checklist is what a new installation needs. Dismissed tasks are not in Tasks.
type Checklist struct {
	Tasks     []Task
	Dismissed int
}

// Done counts the tasks that are ticked.
func (c Checklist) Done() (n int) {
	for _, t := range c.Tasks {
		if t.Done {
			n++
		}
	}
	return n
}

// Open reports whether anything is left to do.
func (c Checklist) Open() bool { return c.Done() < len(c.Tasks) }

const dismissed = "setup.dismissed."

// Checklist looks at the settings and the database.
func (s *Service) Checklist(ctx context.Context) (c Checklist, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		tasks, err := s.tasks(ctx, tx)
		if err != nil {
			return err
		}
		gone, err := opsdb.New(tx).Dismissed(ctx)
		if err != nil {
			return fmt.Errorf("read dismissed tasks: %w", err)
		}
		c = Checklist{Dismissed: len(gone)}
		c.Tasks = slices.DeleteFunc(tasks, func(t Task) bool { return slices.Contains(gone, dismissed+t.Key) })
		return nil
	})
	return c, err
}

func (s *Service) tasks(ctx context.Context, tx *db.Tx) ([]Task, error) {
	q := opsdb.New(tx)
	priced, err := q.PricedPlans(ctx)
	if err != nil {
		return nil, fmt.Errorf("count priced plans: %w", err)
	}
	payable, err := catalog.Payable(ctx, tx)
	if err != nil {
		return nil, err
	}
	approved, err := q.ApprovedBefore(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for an approval: %w", err)
	}
	tested, err := mail.SentWithKey(ctx, tx, igny8.Platform, toServer)
	if err != nil {
		return nil, err
	}
	return []Task{
		{"plan", priced > 0, "/staff/catalogue"},
		{"method", payable, "/staff/catalogue"},
		{"address", s.in.PublicURL, "/staff/settings#IGNY8_PUBLIC_URL"},
		{"mail", s.in.MailServer && tested, "/staff/settings#test-letter"},
		{"approval", approved, "/docs/approving"},
	}, nil
}

// Dismiss takes a task off the list for the whole installation. A task that is
// dismissed already stays so; 404 for one that there is not.
func (s *Service) Dismiss(ctx context.Context, staff igny8.Actor, key string) error {
	return s.db.System(ctx, "ops.dismiss_task", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		tasks, err := s.tasks(ctx, tx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(tasks, func(t Task) bool { return t.Key == key }) {
			return igny8.ErrNotFound
		}
		_, err = opsdb.New(tx).Dismiss(ctx, opsdb.DismissParams{Name: dismissed + key, Value: staff.Email, UpdatedAt: tx.Now})
		if db.Absent(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("dismiss task: %w", err)
		}
		return audit.Record(ctx, tx, staff, audit.Entry{Action: "setup.dismiss", ObjectType: "setup", ObjectID: key})
	})
}

// Restore brings all dismissed tasks back.
func (s *Service) Restore(ctx context.Context, staff igny8.Actor) error {
	return s.db.System(ctx, "ops.restore_tasks", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		back, err := opsdb.New(tx).Restore(ctx)
		if err != nil {
			return fmt.Errorf("restore tasks: %w", err)
		}
		for _, name := range back {
			err := audit.Record(ctx, tx, staff, audit.Entry{Action: "setup.restore", ObjectType: "setup", ObjectID: strings.TrimPrefix(name, dismissed)})
			if err != nil {
				return err
			}
		}
		return nil
	})
}
