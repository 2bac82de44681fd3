package auth

import (
	"context"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
)

// SetupWithin is how long a setup link is good.
const SetupWithin = 30 * time.Minute

const setupSetting = "setup_link"

// ErrSetupLink answers a setup link that is not good, or no longer.
var ErrSetupLink = igny8.E(igny8.NotFound, "setup_link_invalid",
	"This setup link is not valid, was used, or is too old. Restart the server for a new one, or run igny8 staff create.")

// NewSetup makes the token of a link with which the first staff user is made in
// a browser: once, within 30 minutes. A newer link ends the older one. "" when
// there is a staff user already.
func (s *Service) NewSetup(ctx context.Context) (token string, err error) {
	err = s.db.System(ctx, "auth.setup_link", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q := authdb.New(tx)
		n, err := q.ActiveStaff(ctx)
		if err != nil || n > 0 {
			return err
		}
		fresh, hash := NewOpaque(SetupToken)
		token = fresh
		return q.PutSetting(ctx, authdb.PutSettingParams{Name: setupSetting, Value: hash, UpdatedAt: tx.Now})
	})
	return token, err
}

// CheckSetup reports whether a setup link is still good.
func (s *Service) CheckSetup(ctx context.Context, token string) error {
	return s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		_, err := goodSetup(ctx, tx, token)
		return err
	})
}

// goodSetup returns the hash that a good link is stored under.
func goodSetup(ctx context.Context, tx *db.Tx, token string) (string, error) {
	hash, ok := HashOpaque(SetupToken, token)
	if !ok {
		return "", ErrSetupLink
	}
	q := authdb.New(tx)
	row, err := q.GetSettingRow(ctx, setupSetting)
	if db.Absent(err) || err == nil && (row.Value != hash || !tx.Now.Before(row.UpdatedAt.Add(SetupWithin))) {
		return "", ErrSetupLink
	}
	if err != nil {
		return "", fmt.Errorf("read setup link: %w", err)
	}
	n, err := q.ActiveStaff(ctx)
	if err == nil && n > 0 {
		err = ErrSetupLink
	}
	return hash, err
}

// Setup makes the first staff user through a setup link and uses the link up.
func (s *Service) Setup(ctx context.Context, token, email, password string) (u account.User, err error) {
	if err := s.CheckSetup(ctx, token); err != nil {
		return u, err
	}
	n, err := s.NewStaff(ctx, email, password)
	if err != nil {
		return u, err
	}
	err = s.db.System(ctx, "auth.setup", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		hash, err := goodSetup(ctx, tx, token)
		if err != nil {
			return err
		}
		_, err = authdb.New(tx).TakeSetting(ctx, authdb.TakeSettingParams{Name: setupSetting, Value: hash})
		if db.Absent(err) {
			return ErrSetupLink // somebody else was faster
		}
		if err != nil {
			return fmt.Errorf("take setup link: %w", err)
		}
		u, err = AddStaff(ctx, tx, igny8.SystemActor, n)
		return err
	})
	return u, err
}
