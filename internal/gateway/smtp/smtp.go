// Package smtp sends letters through a mail server. It implements mail.Sender.
package smtp

import (
	"context"
	"errors"
	"fmt"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"igny8/internal/job"
	"igny8/internal/mail"
)

// Sender holds where and as whom to send.
type Sender struct {
	host   string
	from   string
	domain string // of the sender's address
	opts   []gomail.Option
}

// New reads an address such as smtp://user:password@host:587?from=billing@example.com.
// smtps means TLS from the first byte; smtp uses STARTTLS when the server offers
// it, and insists on it when there is a password.
func New(address string) (*Sender, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, errors.New("the SMTP address cannot be read") // the error would quote the password
	}
	s := &Sender{host: u.Hostname(), from: u.Query().Get("from"), opts: []gomail.Option{gomail.WithTimeout(20 * time.Second)}}
	if s.from == "" {
		return nil, errors.New("the SMTP address needs ?from=the sender's address")
	}
	from, err := netmail.ParseAddress(s.from)
	if err != nil {
		return nil, errors.New("?from= of the SMTP address must be an e-mail address, such as billing@example.com")
	}
	s.domain = from.Address[strings.LastIndexByte(from.Address, '@')+1:]
	policy := gomail.TLSOpportunistic
	if password, ok := u.User.Password(); ok {
		s.opts = append(s.opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
		policy = gomail.TLSMandatory
	}
	if u.Scheme == "smtps" {
		s.opts = append(s.opts, gomail.WithSSL())
	} else {
		s.opts = append(s.opts, gomail.WithTLSPolicy(policy))
	}
	if port, err := strconv.Atoi(u.Port()); err == nil {
		s.opts = append(s.opts, gomail.WithPort(port))
	}
	return s, nil
}

// Send delivers one letter. A recipient or content that the server refuses for
// good is not tried again.
func (s *Sender) Send(ctx context.Context, m mail.Message) error {
	msg := gomail.NewMsg()
	if err := errors.Join(msg.From(s.from), msg.To(m.Recipient)); err != nil {
		return job.Cancel(fmt.Errorf("address a letter: %w", err))
	}
	msg.Subject(m.Subject)
	msg.SetMessageIDWithValue(m.ID.String() + "@" + s.domain) // the same letter, sent twice, can be told
	msg.SetGenHeader("Auto-Submitted", "auto-generated")      // RFC 3834: no out-of-office answers
	msg.SetGenHeader("X-Auto-Response-Suppress", "DR, RN, NRN, OOF, AutoReply")
	msg.SetBodyString(gomail.TypeTextPlain, m.BodyText)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.BodyHtml)
	client, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return fmt.Errorf("mail client: %w", err)
	}
	if err := client.DialAndSendWithContext(ctx, msg); err != nil {
		var refused *gomail.SendError
		if errors.As(err, &refused) && !refused.IsTemp() && refused.ErrorCode() >= 500 {
			return job.Cancel(err)
		}
		return fmt.Errorf("send mail: %w", err)
	}
	return nil
}
