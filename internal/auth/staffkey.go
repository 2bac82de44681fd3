package auth

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/idem"
	"igny8/internal/input"
)

// StaffAccessKey is an API key of a member of staff: it acts as its person, within
// its scopes, and ends with their access.
type StaffAccessKey = authdb.StaffKey

// NewStaffSecret is a staff key that was just made, with its secret.
type NewStaffSecret struct {
	Key    StaffAccessKey
	Secret string
}

// CreateStaffKey makes a key of the actor's own, after their password. Its scopes are
// platform permissions that the actor has; nil is all of them.
func (s *Service) CreateStaffKey(ctx context.Context, actor igny8.Actor, password string, in NewAPIKey) (out NewStaffSecret, err error) {
	row, err := in.staffRow(actor)
	if err != nil {
		return out, err
	}
	if err := checkEnd(in.Expires, s.db.Now()); err != nil {
		return out, err
	}
	if _, err := s.confirmPassword(ctx, actor, password); err != nil {
		return out, err
	}
	err = s.db.System(ctx, "auth.create_staff_key", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		out.Secret, row.Hash = NewOpaque(StaffKey)
		row.ID, row.UserID, row.Start, row.CreatedAt = db.NewID[igny8.APIKeyID](tx), actor.User, out.Secret[:len(StaffKey)+6], tx.Now
		if out.Key, err = authdb.New(tx).InsertStaffKey(ctx, row); err != nil {
			return fmt.Errorf("insert staff key: %w", err)
		}
		if err := recordStaffKey(ctx, tx, actor, "staff_key.create", out.Key); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func (in NewAPIKey) staffRow(actor igny8.Actor) (row authdb.InsertStaffKeyParams, err error) {
	possible := slices.DeleteFunc(igny8.StaffPermissions(), func(p igny8.Permission) bool { return !actor.Can(p) })
	scopes := in.Scopes
	if scopes == nil {
		scopes = possible
	}
	var faults input.Faults
	row.Name, err = keyName(in.Name)
	faults.Add(err)
	row.Scopes, err = scopeWords(scopes, possible)
	faults.Add(err)
	row.Networks, err = parseNetworks(in.Networks)
	faults.Add(err)
	row.ExpiresAt = in.Expires
	return row, faults.Err()
}

func recordStaffKey(ctx context.Context, tx *db.Tx, actor igny8.Actor, action string, k StaffAccessKey) error {
	return audit.Record(ctx, tx, actor, audit.Entry{Action: action, ObjectType: "staff_key", ObjectID: k.ID.String(),
		Details: map[string]any{"name": k.Name, "start": k.Start, "scopes": k.Scopes}})
}

// StaffKeys lists the actor's own keys, those that ended too, newest first.
func (s *Service) StaffKeys(ctx context.Context, actor igny8.Actor, p igny8.Page) (list igny8.List[StaffAccessKey], err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		rows, err := authdb.New(tx).ListStaffKeys(ctx, authdb.ListStaffKeysParams{UserID: actor.User, BeforeID: igny8.APIKeyID(p.BeforeID()), PageSize: p.Fetch()})
		list = igny8.NewList(p, rows, func(k StaffAccessKey) string { return k.ID.UUID().String() })
		return err
	})
	return list, err
}

// StaffKey reads one of the actor's own keys.
func (s *Service) StaffKey(ctx context.Context, actor igny8.Actor, id igny8.APIKeyID) (k StaffAccessKey, err error) {
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		k, err = authdb.New(tx).GetStaffKey(ctx, authdb.GetStaffKeyParams{UserID: actor.User, ID: id})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		return err
	})
	return k, err
}

// RevokeStaffKey ends a key of the actor's own at once.
func (s *Service) RevokeStaffKey(ctx context.Context, actor igny8.Actor, id igny8.APIKeyID) error {
	return s.db.System(ctx, "auth.revoke_staff_key", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		k, err := authdb.New(tx).RevokeStaffKey(ctx, authdb.RevokeStaffKeyParams{UserID: actor.User, ID: id, Now: &tx.Now})
		if db.Absent(err) {
			return igny8.ErrNotFound
		}
		if err != nil {
			return err
		}
		before := k
		before.RevokedAt = nil
		if err := db.Expected(ctx, before); err != nil {
			return err
		}
		return recordStaffKey(ctx, tx, actor, "staff_key.revoke", k)
	})
}

// authenticateStaffKey reads afresh what a key is, and what its person may.
func (s *Service) authenticateStaffKey(ctx context.Context, token, ip string) (actor igny8.Actor, err error) {
	hash, ok := HashOpaque(StaffKey, token)
	if !ok {
		return actor, account.ErrToken
	}
	var k StaffAccessKey
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		k, err = authdb.New(tx).FindStaffKey(ctx, hash)
		if db.Absent(err) {
			return account.ErrToken
		}
		if err != nil {
			return fmt.Errorf("find staff key: %w", err)
		}
		u, err := account.UserByID(ctx, tx, k.UserID)
		if err != nil {
			return fmt.Errorf("read staff user of a key: %w", err)
		}
		if over := k.ExpiresAt != nil && !tx.Now.Before(*k.ExpiresAt); over || k.RevokedAt != nil || !u.Staff || u.Status != "active" {
			return account.ErrToken
		}
		actor = igny8.Actor{User: k.UserID, Role: igny8.RoleDeveloper, Key: k.ID, Email: u.Email, Network: ip, Scopes: []igny8.Permission{}}
		for scope := range strings.FieldsSeq(k.Scopes) {
			if p := igny8.Permission(scope); account.May(u, p) {
				actor.Scopes = append(actor.Scopes, p)
			}
		}
		if !s.second {
			return nil
		}
		f, err := FactorsOf(ctx, tx, actor.User)
		actor.Unsecured = !f.Any()
		return err
	})
	if err != nil {
		return actor, err
	}
	if !within(k.Networks, ip) {
		return actor, errNetwork
	}
	if k.LastUsedAt != nil && s.db.Now().Sub(*k.LastUsedAt) < touchEvery {
		return actor, nil
	}
	return actor, s.db.System(ctx, "auth.touch_staff_key", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		return authdb.New(tx).TouchStaffKey(ctx, authdb.TouchStaffKeyParams{ID: k.ID, Now: &tx.Now})
	})
}
