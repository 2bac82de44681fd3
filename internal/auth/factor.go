package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/factor"
	"igny8/internal/mail"
)

// Factors are what a person has besides the password.
type Factors struct {
	TOTP     bool  // an authenticator app
	Passkeys int64 // how many
	Codes    int64 // recovery codes that are left
}

// Any reports whether a password alone is not enough for this person.
func (f Factors) Any() bool { return f.TOTP || f.Passkeys > 0 }

var (
	errCode = igny8.InvalidField("code", "invalid_code", "The code is not right, or was used already; wait for the next one.")
	errOn   = igny8.E(igny8.Conflict, "already_exists", "An authenticator app is set up already; switch it off first.")
	errOff  = igny8.E(igny8.Conflict, "no_second_factor", "There is no second factor; set one up first.")
	errNone = igny8.E(igny8.Conflict, "no_second_factor", "This person has no second factor; the password alone lets them in.")

	errOperator = igny8.E(igny8.Forbidden, "operator_only",
		"This person is platform staff: the operator takes their second factor away, with igny8 staff reset-second-factor on the server.")
)

// FactorsOf reads what a person has, in system scope.
func FactorsOf(ctx context.Context, tx *db.Tx, user igny8.UserID) (Factors, error) {
	row, err := authdb.New(tx).FactorsOf(ctx, user)
	if err != nil {
		return Factors{}, fmt.Errorf("read factors: %w", err)
	}
	return Factors{row.Totp, row.Passkeys, row.Codes}, nil
}

// Factors returns what the actor has.
func (s *Service) Factors(ctx context.Context, actor igny8.Actor) (f Factors, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		f, err = FactorsOf(ctx, tx, actor.User)
		return err
	})
	return f, err
}

// SecondFactorRequired reports whether staff must have one.
func (s *Service) SecondFactorRequired() bool { return s.second }

// StartTOTP makes a secret for an authenticator app, for who knows the password. It
// counts for nothing before ConfirmTOTP; a newer one takes its place.
func (s *Service) StartTOTP(ctx context.Context, actor igny8.Actor, password string) (e factor.Enrolment, err error) {
	u, err := s.confirmPassword(ctx, actor, password)
	if err != nil {
		return e, err
	}
	e = factor.Enrol(u.Email, factor.NewSecret())
	sealed, err := s.sealTOTP(u.ID, e.Secret)
	if err != nil {
		return e, err
	}
	err = s.db.System(ctx, "auth.start_totp", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		_, err := authdb.New(tx).StartTotp(ctx, authdb.StartTotpParams{ID: u.ID, Sealed: sealed, Now: tx.Now})
		if db.Absent(err) {
			return errOn
		}
		return err
	})
	return e, err
}

// PendingTOTP is the secret that the actor has begun to set up; NotFound for none.
func (s *Service) PendingTOTP(ctx context.Context, actor igny8.Actor) (e factor.Enrolment, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.UserByID(ctx, tx, actor.User)
		if err != nil {
			return err
		}
		if u.TotpSealed == nil || u.TotpConfirmedAt != nil {
			return igny8.ErrNotFound
		}
		secret, err := s.openTOTP(u.ID, u.TotpSealed)
		e = factor.Enrol(u.Email, secret)
		return err
	})
	return e, err
}

// ConfirmTOTP switches the second factor on, for a code that shows that the app has
// the secret, and returns the recovery codes. Nobody can see them again.
func (s *Service) ConfirmTOTP(ctx context.Context, actor igny8.Actor, code string) (codes []string, err error) {
	if err := s.throttleSecond(ctx, actor.User); err != nil {
		return nil, err
	}
	err = s.db.System(ctx, "auth.confirm_totp", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.LockUser(ctx, tx, actor.User)
		switch {
		case err != nil:
			return err
		case u.TotpConfirmedAt != nil:
			return errOn
		case u.TotpSealed == nil:
			return igny8.ErrNotFound
		}
		step, err := s.stepOf(u, code, tx.Now)
		if err != nil {
			return err
		}
		if step == 0 {
			return errCode
		}
		_, err = authdb.New(tx).ConfirmTotp(ctx, authdb.ConfirmTotpParams{ID: u.ID, Sealed: u.TotpSealed, Step: step, Now: &tx.Now})
		if db.Absent(err) {
			return errOn
		}
		if err != nil {
			return fmt.Errorf("confirm second factor: %w", err)
		}
		if err := forgetSecond(ctx, tx, u.ID); err != nil {
			return err
		}
		if codes, err = newCodes(ctx, tx, u.ID); err != nil {
			return err
		}
		return s.changed(ctx, tx, self(u, actor), u, "totp_on")
	})
	return codes, err
}

// DisableTOTP switches the authenticator app off, for who knows the password and has
// a code of it or a recovery code.
func (s *Service) DisableTOTP(ctx context.Context, actor igny8.Actor, password, code string) error {
	u, err := s.confirmPassword(ctx, actor, password)
	if err != nil {
		return err
	}
	if err := s.throttleSecond(ctx, u.ID); err != nil {
		return err
	}
	return s.db.System(ctx, "auth.disable_totp", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.LockUser(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if u.TotpConfirmedAt == nil {
			return errOff
		}
		f, err := FactorsOf(ctx, tx, u.ID)
		if err == nil {
			err = db.Expected(ctx, f)
		}
		if err != nil {
			return err
		}
		if err := s.spendCode(ctx, tx, u, code); err != nil {
			if igny8.CodeOf(err) == errTOTP.Code {
				err = errCode
			}
			return err
		}
		if err := authdb.New(tx).ClearTotp(ctx, authdb.ClearTotpParams{ID: u.ID, Now: tx.Now}); err != nil {
			return fmt.Errorf("switch second factor off: %w", err)
		}
		if err := dropIdleCodes(ctx, tx, u.ID); err != nil {
			return err
		}
		return s.changed(ctx, tx, self(u, actor), u, "totp_off")
	})
}

// dropIdleCodes deletes recovery codes of who has no second factor any more.
func dropIdleCodes(ctx context.Context, tx *db.Tx, user igny8.UserID) error {
	f, err := FactorsOf(ctx, tx, user)
	if err != nil || f.Any() {
		return err
	}
	return authdb.New(tx).DeleteRecoveryCodes(ctx, user)
}

// NewRecoveryCodes makes ten codes in place of those before.
func (s *Service) NewRecoveryCodes(ctx context.Context, actor igny8.Actor, password string) (codes []string, err error) {
	u, err := s.confirmPassword(ctx, actor, password)
	if err != nil {
		return nil, err
	}
	err = s.db.System(ctx, "auth.recovery_codes", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.LockUser(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		f, err := FactorsOf(ctx, tx, u.ID)
		if err != nil {
			return err
		}
		if !f.Any() {
			return errOff
		}
		if codes, err = newCodes(ctx, tx, u.ID); err != nil {
			return err
		}
		return s.changed(ctx, tx, self(u, actor), u, "codes_new")
	})
	return codes, err
}

// newCodes replaces the recovery codes of a person whose row is locked.
func newCodes(ctx context.Context, tx *db.Tx, user igny8.UserID) ([]string, error) {
	q := authdb.New(tx)
	if err := q.DeleteRecoveryCodes(ctx, user); err != nil {
		return nil, fmt.Errorf("delete recovery codes: %w", err)
	}
	codes := factor.RecoveryCodes()
	for _, c := range codes {
		err := q.InsertRecoveryCode(ctx, authdb.InsertRecoveryCodeParams{Hash: factor.RecoveryHash(user, c), UserID: user, CreatedAt: tx.Now})
		if err != nil {
			return nil, fmt.Errorf("insert recovery code: %w", err)
		}
	}
	return codes, nil
}

// spendCode uses up a code of the app, whose step and all before it are then gone, or
// a recovery code.
func (s *Service) spendCode(ctx context.Context, tx *db.Tx, u account.User, code string) error {
	q := authdb.New(tx)
	if !factor.Short(code) {
		_, err := q.UseRecoveryCode(ctx, authdb.UseRecoveryCodeParams{Hash: factor.RecoveryHash(u.ID, code), UserID: u.ID, Now: &tx.Now})
		if db.Absent(err) {
			return errTOTP
		}
		if err != nil {
			return fmt.Errorf("use recovery code: %w", err)
		}
		if err := forgetSecond(ctx, tx, u.ID); err != nil {
			return err
		}
		return s.changed(ctx, tx, self(u, igny8.Actor{}), u, "code_used")
	}
	if u.TotpConfirmedAt == nil {
		return errTOTP
	}
	step, err := s.stepOf(u, code, tx.Now)
	if err != nil {
		return err
	}
	_, err = q.UseTotpStep(ctx, authdb.UseTotpStepParams{ID: u.ID, Step: step, Sealed: u.TotpSealed})
	if db.Absent(err) {
		return errTOTP
	}
	if err != nil {
		return fmt.Errorf("use a code: %w", err)
	}
	return forgetSecond(ctx, tx, u.ID)
}

// forgetSecond forgets wrong codes after a right one.
func forgetSecond(ctx context.Context, tx *db.Tx, user igny8.UserID) error {
	if err := authdb.New(tx).Forget(ctx, bySecond(user)); err != nil {
		return fmt.Errorf("forget tries: %w", err)
	}
	return nil
}

// stepOf is factor.Step with the person's secret.
func (s *Service) stepOf(u account.User, code string, now time.Time) (int64, error) {
	secret, err := s.openTOTP(u.ID, u.TotpSealed)
	if err != nil {
		return 0, err
	}
	return factor.Step(secret, code, now)
}

// sealTOTP hides a secret in the table: with a key made from the program's secret,
// for this person alone.
func (s *Service) sealTOTP(user igny8.UserID, secret string) ([]byte, error) {
	aead, err := sealer(s.mac("totp", user.String()))
	if err != nil {
		return nil, err
	}
	return aead.Seal(nil, nil, []byte(secret), nil), nil
}

func (s *Service) openTOTP(user igny8.UserID, box []byte) (secret string, err error) {
	for _, key := range [][]byte{s.secret, s.oldSecret} {
		if key == nil {
			continue
		}
		aead, e := sealer(macOf(key, "totp", user.String()))
		if e != nil {
			return "", e
		}
		plain, e := aead.Open(nil, nil, box, nil)
		if e == nil {
			return string(plain), nil
		}
		err = errors.Join(err, e)
	}
	return "", fmt.Errorf("open the sealed secret: %w", err)
}

// Reseal seals again what the secret before sealed, so that it can be forgotten. Who
// has a secret that neither opens needs a reset, and keeps nobody else from theirs.
func (s *Service) Reseal(ctx context.Context) error {
	return s.db.System(ctx, "auth.reseal", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q := authdb.New(tx)
		users, err := q.SealedTotp(ctx)
		if err != nil {
			return fmt.Errorf("read sealed secrets: %w", err)
		}
		for _, u := range users {
			secret, err := s.openTOTP(u.ID, u.TotpSealed)
			if err != nil {
				continue
			}
			sealed, err := s.sealTOTP(u.ID, secret)
			if err != nil {
				return err
			}
			if err := q.ResealTotp(ctx, authdb.ResealTotpParams{ID: u.ID, Sealed: sealed, Old: u.TotpSealed}); err != nil {
				return fmt.Errorf("seal again: %w", err)
			}
		}
		return nil
	})
}

// dropFactors takes away everything besides the password.
func dropFactors(ctx context.Context, tx *db.Tx, user igny8.UserID) error {
	q := authdb.New(tx)
	err := errors.Join(q.ClearTotp(ctx, authdb.ClearTotpParams{ID: user, Now: tx.Now}), q.DeletePasskeys(ctx, user),
		q.DeleteRecoveryCodes(ctx, user), q.EndChallenges(ctx, user))
	if err != nil {
		return fmt.Errorf("drop second factors: %w", err)
	}
	return nil
}

// ResetStaffFactors takes the second factor of a staff user who lost it away and ends
// their sessions. It is the operator's, on the command line.
func (s *Service) ResetStaffFactors(ctx context.Context, email string) error {
	return s.db.System(ctx, "auth.reset_factors", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.UserByEmail(ctx, tx, NormalizeEmail(email))
		if err != nil {
			return err
		}
		if !u.Staff {
			return igny8.ErrNotFound
		}
		if err := account.RecordStaffChange(ctx, tx, igny8.UserID{}, u.ID, account.StaffReset); err != nil {
			return err
		}
		if err := s.takeFactors(ctx, tx, u, "reset"); err != nil {
			return err
		}
		return audit.Record(ctx, tx, igny8.SystemActor, audit.Entry{Action: "staff.reset_second_factor", ObjectType: "user", ObjectID: u.ID.String()})
	})
}

// ResetFactors takes the second factor of a member of the transaction's account away,
// for staff whom the member asked because everything is lost. The password stays. The
// transaction must be in system scope: every account of the person is told.
func (s *Service) ResetFactors(ctx context.Context, tx *db.Tx, staff igny8.Actor, user igny8.UserID, note string) error {
	member, err := account.IsMember(ctx, tx, user)
	if err != nil {
		return err
	}
	if !member {
		return igny8.ErrNotFound
	}
	u, err := account.LockUser(ctx, tx, user) // of two who reset at once, the second finds none
	if err != nil {
		return err
	}
	f, err := FactorsOf(ctx, tx, u.ID)
	switch {
	case err != nil:
		return err
	case u.Staff:
		return errOperator
	case !f.Any():
		return errNone
	}
	if err := s.takeFactors(ctx, tx, u, "reset_by_support"); err != nil {
		return err
	}
	return tellAbout(ctx, tx, staff, u.ID, "user.reset_second_factor", map[string]any{"email": u.Email, "note": note})
}

// takeFactors takes the second factor away, ends the sessions and whatever has begun
// with the login, and tells the person by letter.
func (s *Service) takeFactors(ctx context.Context, tx *db.Tx, u account.User, what string) error {
	if err := dropFactors(ctx, tx, u.ID); err != nil {
		return err
	}
	if err := s.endAll(ctx, tx, u.ID, igny8.SessionID{}, "second factor reset"); err != nil {
		return err
	}
	err := authdb.New(tx).VoidEmailTokens(ctx, authdb.VoidEmailTokensParams{UserID: u.ID, Purpose: toReset, Now: &tx.Now})
	if err != nil {
		return fmt.Errorf("end links: %w", err)
	}
	return s.tellFactor(ctx, tx, u, what)
}

// changed tells the person by letter and writes the audit entries.
func (s *Service) changed(ctx context.Context, tx *db.Tx, actor igny8.Actor, u account.User, what string) error {
	if err := s.tellFactor(ctx, tx, u, what); err != nil {
		return err
	}
	return tellPerson(ctx, tx, actor, "user."+what, nil)
}

// tellFactor writes the letter, which is the person's and of none of their accounts.
func (s *Service) tellFactor(ctx context.Context, tx *db.Tx, u account.User, what string) error {
	before := tx.Account
	defer func() { tx.Account = before }()
	tx.Account = igny8.AccountID{}
	return mail.Enqueue(ctx, tx, mail.Letter{To: u.Email, Lang: u.Language, Template: "second_factor_changed",
		Key:  "second_factor:" + u.ID.String() + ":" + what + ":" + tx.Now.Format(time.RFC3339Nano),
		Data: map[string]any{"Name": u.FirstName, "What": what, "Link": s.publicURL + "/forgot"}})
}
