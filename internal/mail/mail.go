package mail

import (
	"context"
	"fmt"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/job"
	"igny8/internal/mail/maildb"
)

// Message is a letter as it is sent.
type Message = maildb.MailMessage

// Sender hands a letter to a mail server. An error means: try again later.
type Sender interface {
	Send(ctx context.Context, m Message) error
}

// Letter is what a feature asks for.
type Letter struct {
	To       string
	Lang     string         // of the recipient (BCP 47); English when there are no templates in it
	Template string         // a name in templates
	Key      string         // one letter per key and account
	Data     map[string]any // what the template needs
}

type sendArgs struct {
	Account igny8.AccountID `json:"account"`
	Mail    igny8.MailID    `json:"mail"`
}

// SendKind is the kind of the jobs that send letters.
const SendKind = "mail.send"

// Kind names the job.
func (sendArgs) Kind() string { return SendKind }

// Enqueue writes the letter and the job that sends it. A second letter with the
// same key is silently not written.
func Enqueue(ctx context.Context, tx *db.Tx, l Letter) error {
	account := tx.Account
	if account.IsZero() {
		account = igny8.Platform
	}
	text, err := Render(l)
	if err != nil {
		return err
	}
	id, err := maildb.New(tx).InsertMessage(ctx, maildb.InsertMessageParams{
		AccountID: account, ID: db.NewID[igny8.MailID](tx), DedupKey: l.Key, Template: l.Template, Recipient: l.To,
		Subject: text.Subject, BodyText: text.Plain, BodyHtml: text.HTML, CreatedAt: tx.Now})
	if db.Absent(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("insert letter: %w", err)
	}
	return job.Enqueue(ctx, tx, sendArgs{account, id})
}

// Register lets the queue send letters through s.
func Register(w *job.Workers, d *db.DB, s Sender) {
	job.Handle(w, func(ctx context.Context, a sendArgs) error {
		var m Message
		err := d.Read(ctx, a.Account, func(ctx context.Context, tx *db.Tx) (err error) {
			m, err = maildb.New(tx).Unsent(ctx, maildb.UnsentParams{AccountID: a.Account, ID: a.Mail})
			return err
		})
		if igny8.KindOf(err) == igny8.NotFound {
			return nil // sent before
		}
		if err != nil {
			return err
		}
		if err := s.Send(ctx, m); err != nil {
			return fmt.Errorf("send letter: %w", err)
		}
		return d.Tenant(ctx, "mail.sent", a.Account, func(ctx context.Context, tx *db.Tx) error {
			return maildb.New(tx).MarkSent(ctx, maildb.MarkSentParams{AccountID: a.Account, ID: a.Mail, Now: &tx.Now})
		})
	})
}

// Mailbox is the sender without a mail server: letters stay in the database,
// where /dev/mail shows them.
type Mailbox struct{}

// Send does nothing; the row is the letter.
func (Mailbox) Send(context.Context, Message) error { return nil }

// Latest returns the newest letters of all accounts, for the development mailbox.
func Latest(ctx context.Context, d *db.DB, n int32) (list []Message, err error) {
	err = d.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		list, err = maildb.New(tx).Latest(ctx, n)
		return err
	})
	return list, err
}
