package auth

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/job"
	"igny8/internal/mail"
)

// letterArgs ask for a letter to an address, whoever has it. What answers the
// request is written before anybody looks whether somebody does: known and unknown
// addresses cost the same and are answered alike.
type letterArgs struct {
	Purpose string `json:"purpose"` // of an email_token
	Email   string `json:"email"`   // normalised
}

// Kind names the job.
func (letterArgs) Kind() string { return "auth.letter" }

// Register lets the queue write the letters that were asked for.
func (s *Service) Register(w *job.Workers) { job.Handle(w, s.write) }

// The purposes of links in letters.
const (
	toVerify = "verify"
	toReset  = "reset"
)

// ask enqueues a letter, throttled by address and network.
func (s *Service) ask(ctx context.Context, purpose, email, network string) error {
	e, err := ParseEmail("email", email)
	if err != nil {
		return err
	}
	tries := map[string]rule{purpose + ":addr:" + s.blind(e.Login): letterByAddress, purpose + ":net:" + network: letterByNetwork}
	if err := s.throttle(ctx, tries); err != nil {
		return err
	}
	return s.db.System(ctx, "auth.ask", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		return job.Enqueue(ctx, tx, letterArgs{purpose, e.Login})
	})
}

// Forgot asks for a link that sets a new password. It answers the same whether
// somebody has the address or not.
func (s *Service) Forgot(ctx context.Context, email, network string) error {
	return s.ask(ctx, toReset, email, network)
}

// ResendVerification asks for a new link that proves an address; as Forgot.
func (s *Service) ResendVerification(ctx context.Context, email, network string) error {
	return s.ask(ctx, toVerify, email, network)
}

// write is the job: the letter for who has the address, nothing else.
func (s *Service) write(ctx context.Context, a letterArgs) error {
	return s.db.System(ctx, "auth.letter", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.UserByEmail(ctx, tx, a.Email)
		switch {
		case db.Absent(err):
			return nil
		case err != nil:
			return err
		case u.Status != "active" || a.Purpose == toVerify && u.EmailVerifiedAt != nil:
			return nil
		case a.Purpose == toVerify:
			return s.SendVerification(ctx, tx, u)
		}
		return s.sendLink(ctx, tx, u, toReset, resetWithin, ResetToken, "/reset/")
	})
}

// SendVerification writes the letter that proves control of the address. Older
// links end.
func (s *Service) SendVerification(ctx context.Context, tx *db.Tx, u account.User) error {
	return s.sendLink(ctx, tx, u, toVerify, verifyWithin, VerifyToken, "/verify/")
}

// sendLink writes a letter with a link that is good once; those before it end.
func (s *Service) sendLink(ctx context.Context, tx *db.Tx, u account.User, purpose string, within time.Duration, kind OpaqueKind, path string) error {
	q := authdb.New(tx)
	if err := q.VoidEmailTokens(ctx, authdb.VoidEmailTokensParams{UserID: u.ID, Purpose: purpose, Now: &tx.Now}); err != nil {
		return fmt.Errorf("end older links: %w", err)
	}
	token, hash := NewOpaque(kind)
	err := q.InsertEmailToken(ctx, authdb.InsertEmailTokenParams{Hash: hash, UserID: u.ID, Purpose: purpose,
		EmailNorm: u.EmailNorm, CreatedAt: tx.Now, ExpiresAt: tx.Now.Add(within)})
	if err != nil {
		return fmt.Errorf("insert link: %w", err)
	}
	return mail.Enqueue(ctx, tx, mail.Letter{To: u.Email, Lang: u.Language, Template: purpose, Key: purpose + ":" + hash,
		Data: map[string]any{"Name": u.FirstName, "Link": s.publicURL + path + token}})
}
