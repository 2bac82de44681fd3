package ops_test

import (
	"testing"

	"igny8"
	"igny8/internal/catalog"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/job"
	"igny8/internal/mail"
	"igny8/internal/ops"
)

var staff = igny8.Actor{User: igny8.UserID{15: 1}, Role: igny8.RoleDeveloper, Email: "staff@example.com", Network: "test"}

// office is an installation under test.
type office struct {
	*testing.T
	d *db.DB
	s *ops.Service
}

func onOffice(t *testing.T, in ops.Installation, f func(office)) {
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		o := office{t, d, ops.New(d, in)}
		o.must(job.Migrate(t.Context(), d))
		o.must(catalog.New(d).Seed(t.Context()))
		f(o)
	})
}

func (o office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// exec changes the database behind the program's back.
func (o office) exec(query string) {
	o.Helper()
	dbtest.Exec(o, o.d, query)
}

// list is the checklist by key.
func (o office) list() (c ops.Checklist, done map[string]bool) {
	o.Helper()
	c, err := o.s.Checklist(o.Context())
	o.must(err)
	done = map[string]bool{}
	for _, t := range c.Tasks {
		done[t.Key] = t.Done
	}
	return c, done
}

func TestTheChecklistTicksItself(t *testing.T) {
	onOffice(t, ops.Installation{PublicURL: true, MailServer: true}, func(o office) {
		if _, done := o.list(); len(done) != 5 || !done["plan"] || done["method"] || !done["address"] || done["mail"] || done["approval"] {
			o.Errorf("at first: %v", done)
		}
		o.must(o.s.SendTest(o.Context(), staff, "ur"))
		if _, done := o.list(); done["mail"] {
			o.Error("mail is ticked before the letter left")
		}
		o.exec("UPDATE mail_message SET sent_at = created_at")
		o.exec("UPDATE payment_method SET fields = '[]' WHERE slug = 'raast'")
		c, done := o.list()
		if !done["mail"] || !done["method"] || c.Done() != 4 || !c.Open() {
			o.Errorf("after a test letter and an account number: %v", done)
		}
		o.exec("UPDATE plan SET archived_at = CURRENT_TIMESTAMP")
		if _, done := o.list(); done["plan"] {
			o.Error("a plan is ticked when all are archived")
		}
	})
}

// A test letter that only went to the mailbox says nothing of a mail server.
func TestTheMailboxIsNoMailServer(t *testing.T) {
	onOffice(t, ops.Installation{}, func(o office) {
		o.must(o.s.SendTest(o.Context(), staff, "en"))
		o.exec("UPDATE mail_message SET sent_at = created_at")
		o.s = ops.New(o.d, ops.Installation{MailServer: true})
		if _, done := o.list(); done["mail"] || done["address"] {
			o.Errorf("%v", done)
		}
	})
}

func TestTasksAreDismissedForAll(t *testing.T) {
	onOffice(t, ops.Installation{}, func(o office) {
		for range 2 {
			o.must(o.s.Dismiss(o.Context(), staff, "address"))
		}
		if err := o.s.Dismiss(o.Context(), staff, "nothing"); igny8.KindOf(err) != igny8.NotFound {
			o.Errorf("an unknown task: %v", err)
		}
		c, done := o.list()
		if _, there := done["address"]; there || c.Dismissed != 1 || len(c.Tasks) != 4 {
			o.Errorf("after dismissing: %+v", c)
		}
		o.must(o.s.Restore(o.Context(), staff))
		if c, _ := o.list(); c.Dismissed != 0 || len(c.Tasks) != 5 {
			o.Errorf("after restoring: %+v", c)
		}
	})
}

func TestHealthTellsOfQueueAndLetters(t *testing.T) {
	onOffice(t, ops.Installation{Version: "1.2.3"}, func(o office) {
		h, err := o.s.Health(o.Context())
		o.must(err)
		if h.Version != "1.2.3" || h.Database == "" || len(h.Jobs) != 0 || h.Oldest != nil || h.LastEvent != nil || h.Letters != 0 {
			o.Errorf("at first: %+v", h)
		}
		o.must(o.s.SendTest(o.Context(), staff, "ar"))
		o.must(o.s.SendTest(o.Context(), staff, "en"))
		o.exec("UPDATE river_job SET state = 'cancelled', finalized_at = CURRENT_TIMESTAMP WHERE id = (SELECT max(id) FROM river_job)")
		h, err = o.s.Health(o.Context())
		o.must(err)
		if h.In(job.Available) != 1 || h.In(job.Failed()...) != 1 || h.FailedLetters() != 1 || h.Letters != 2 || h.Oldest == nil || h.Oldest.Kind != mail.SendKind {
			o.Errorf("with one letter that waits and one that failed: %+v", h)
		}
		list, err := o.s.TestLetters(o.Context(), staff)
		o.must(err)
		if len(list) != 2 || list[0].Job == nil || list[0].Job.State != job.Cancelled || list[1].Job == nil || list[1].Job.State != job.Available {
			o.Fatalf("test letters: %+v", list)
		}
		j, err := o.s.RetryJob(o.Context(), staff, list[0].Job.ID)
		if err != nil || j.State != job.Available {
			o.Errorf("retry: %+v, %v", j, err)
		}
		if none, err := o.s.TestLetters(o.Context(), igny8.Actor{Email: "other@example.com"}); err != nil || len(none) != 0 {
			o.Errorf("letters of a colleague: %v, %v", none, err)
		}
	})
}
