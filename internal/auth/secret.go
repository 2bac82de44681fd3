package auth

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"igny8"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
)

// Derive makes a key of 32 bytes for one purpose from the program's secret
// (HKDF-SHA-256, RFC 5869).
func Derive(secret, purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(secret), nil, "igny8 "+purpose, 32)
	if err != nil {
		panic(err) // only for lengths above 8160 bytes
	}
	return key
}

// ErrOtherSecret says that the database belongs to another secret.
var ErrOtherSecret = errors.New("this database was set up with another secret: give every server the same IGNY8_SECRET (or data folder); to replace it, set the old one as IGNY8_SECRET_PREVIOUS")

// BindSecret makes sure that all servers of one database use one secret: the
// first one's fingerprint is kept, another is refused, unless previous is the one
// that is kept and secret replaces it.
func BindSecret(ctx context.Context, d *db.DB, secret, previous string) error {
	const name = "secret_fingerprint"
	print := func(s string) string { return hex.EncodeToString(Derive(s, "fingerprint")[:8]) }
	return d.System(ctx, "auth.bind_secret", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q := authdb.New(tx)
		if err := q.BindSetting(ctx, authdb.BindSettingParams{Name: name, Value: print(secret), UpdatedAt: tx.Now}); err != nil {
			return fmt.Errorf("bind secret: %w", err)
		}
		kept, err := q.GetSetting(ctx, name)
		switch {
		case err != nil:
			return fmt.Errorf("read secret's fingerprint: %w", err)
		case kept == print(secret):
			return nil
		case previous == "" || kept != print(previous):
			return ErrOtherSecret
		}
		return q.ReplaceSetting(ctx, authdb.ReplaceSettingParams{Name: name, Value: print(secret), Now: tx.Now})
	})
}

// Salt returns the installation's random salt for what is remembered of persons,
// and makes it at first. It is no key and outlives the secret: replacing the
// secret must not forget who had a trial.
func Salt(ctx context.Context, d *db.DB) (salt string, err error) {
	const name = "person_salt"
	b := make([]byte, 32)
	rand.Read(b)
	err = d.System(ctx, "auth.salt", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q := authdb.New(tx)
		if err := q.BindSetting(ctx, authdb.BindSettingParams{Name: name, Value: hex.EncodeToString(b), UpdatedAt: tx.Now}); err != nil {
			return fmt.Errorf("bind salt: %w", err)
		}
		salt, err = q.GetSetting(ctx, name)
		return err
	})
	return salt, err
}
