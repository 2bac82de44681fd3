package auth

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/auth/authdb"
	"igny8/internal/db"
	"igny8/internal/idem"
	"igny8/internal/input"
)

// AccessKey is an API key: a service account (system_bot) of one tenant. The secret
// is shown when it is made and never again.
type AccessKey = authdb.ApiKey

// NewAPIKey says what a key is to be like.
type NewAPIKey struct {
	Name     string
	Scopes   []igny8.Permission // of KeyScopes; nil is read and content.write
	Site     igny8.SiteID       // the only site it reaches; zero is all
	Networks []string           // the only addresses it is taken from, as CIDR or alone; empty is everywhere
	Expires  *time.Time         // nil is never
}

// NewSecret is a key that was just made, with its secret.
type NewSecret struct {
	Key    AccessKey
	Secret string
}

// KeyScopes are what a key can be given. billing.write brings billing.read with it.
func KeyScopes() []igny8.Permission {
	return []igny8.Permission{igny8.PermRead, igny8.PermContentWrite, igny8.PermAccountRead, igny8.PermBillingRead, igny8.PermBillingManage}
}

// usualScopes are those of a key for which none are named.
func usualScopes() []igny8.Permission {
	return []igny8.Permission{igny8.PermRead, igny8.PermContentWrite}
}

const (
	startShown   = len(APIKey) + 6    // characters by which people know a key
	touchEvery   = time.Minute        // how exact last_used_at is
	maxOverlap   = 7 * 24 * time.Hour // of a rotation
	maxNetworks  = 20
	scopesJoined = " "
)

// ErrUnverified refuses what needs an address that its person has proved.
var ErrUnverified = igny8.E(igny8.Forbidden, "email_unverified", "Confirm your e-mail address first; ask for a new letter when the link is too old.")

// CreateKey makes a key of the actor's account.
func (s *Service) CreateKey(ctx context.Context, actor igny8.Actor, in NewAPIKey) (out NewSecret, err error) {
	row, err := in.row(s.db.Now())
	if err != nil {
		return out, err
	}
	if err := s.mustBeVerified(ctx, actor.User); err != nil {
		return out, err
	}
	err = s.db.Tenant(ctx, "auth.create_key", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		if n, err := authdb.New(tx).SitesThere(ctx, authdb.SitesThereParams{AccountID: tx.Account, SiteID: in.Site}); err != nil || n == 0 && !in.Site.IsZero() {
			return cmp.Or(err, error(igny8.ErrNotFound))
		}
		if out, err = insertKey(ctx, tx, actor, row); err != nil {
			return err
		}
		if err := recordKey(ctx, tx, actor, "api_key.create", out.Key); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

// mustBeVerified refuses who has not proved their address, where letters are sent.
func (s *Service) mustBeVerified(ctx context.Context, user igny8.UserID) error {
	if !s.verified {
		return nil
	}
	return s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		u, err := account.UserByID(ctx, tx, user)
		if err == nil && u.EmailVerifiedAt == nil {
			err = ErrUnverified
		}
		return err
	})
}

func (in NewAPIKey) row(now time.Time) (row authdb.InsertKeyParams, err error) {
	scopes := in.Scopes
	if scopes == nil {
		scopes = usualScopes()
	}
	row = authdb.InsertKeyParams{SiteID: in.Site, ExpiresAt: in.Expires}
	var faults input.Faults
	row.Name, err = keyName(in.Name)
	faults.Add(err)
	row.Scopes, err = scopeWords(scopes, KeyScopes())
	faults.Add(err)
	row.Networks, err = parseNetworks(in.Networks)
	faults.Add(err)
	faults.Add(checkEnd(in.Expires, now))
	return row, faults.Err()
}

func keyName(name string) (string, error) {
	name = input.Name(name)
	if !input.Visible(name) || len(name) > 100 {
		return name, igny8.InvalidField("name", "required", "Name the key after the program that uses it, in at most 100 characters.")
	}
	if fault, ok := input.Check("name", name); !ok {
		return name, igny8.InvalidField("name", fault.Code, fault.Detail)
	}
	return name, nil
}

// scopeWords is how scopes are stored: sorted, each once.
func scopeWords(scopes, possible []igny8.Permission) (string, error) {
	if len(scopes) == 0 {
		return "", igny8.InvalidField("scopes", "required", "Give the key at least one scope.")
	}
	words := make([]string, len(scopes))
	for i, p := range scopes {
		if words[i] = string(p); !slices.Contains(possible, p) {
			return "", igny8.InvalidField("scopes", "unknown_scope", "Use scopes that the reference lists, and that you have yourself.")
		}
	}
	slices.Sort(words)
	return strings.Join(slices.Compact(words), scopesJoined), nil
}

func checkEnd(ends *time.Time, now time.Time) error {
	if ends != nil && !ends.After(now) {
		return igny8.InvalidField("expires_at", "out_of_range", "The key must end in the future, or never.")
	}
	return nil
}

func parseNetworks(list []string) (string, error) {
	wrong := igny8.InvalidField("networks", "invalid_network", "Write addresses such as 203.0.113.7 or networks such as 203.0.113.0/24, at most 20.")
	if len(list) > maxNetworks {
		return "", wrong
	}
	out := make([]string, len(list))
	for i, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			a, err := netip.ParseAddr(text)
			if err != nil || a.Zone() != "" {
				return "", wrong
			}
			p = netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen())
		}
		out[i] = p.Masked().String()
	}
	return strings.Join(out, scopesJoined), nil
}

func insertKey(ctx context.Context, tx *db.Tx, actor igny8.Actor, row authdb.InsertKeyParams) (out NewSecret, err error) {
	out.Secret, row.Hash = NewOpaque(APIKey)
	row.AccountID, row.ID, row.Start = tx.Account, db.NewID[igny8.APIKeyID](tx), out.Secret[:startShown]
	row.CreatedBy, row.CreatedEmail, row.CreatedAt = actor.User, actor.Email, tx.Now
	out.Key, err = authdb.New(tx).InsertKey(ctx, row)
	if err != nil {
		return out, fmt.Errorf("insert key: %w", err)
	}
	return out, nil
}

func recordKey(ctx context.Context, tx *db.Tx, actor igny8.Actor, action string, k AccessKey) error {
	return audit.Record(ctx, tx, actor, audit.Entry{Action: action, ObjectType: "api_key", ObjectID: k.ID.String(),
		Details: map[string]any{"name": k.Name, "start": k.Start, "scopes": k.Scopes}})
}

// Keys lists the keys of the actor's account, those that ended too, newest first.
func (s *Service) Keys(ctx context.Context, actor igny8.Actor, p igny8.Page) (list igny8.List[AccessKey], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		rows, err := authdb.New(tx).ListKeys(ctx, authdb.ListKeysParams{AccountID: tx.Account, BeforeID: igny8.APIKeyID(p.BeforeID()), PageSize: p.Fetch()})
		list = igny8.NewList(p, rows, func(k AccessKey) string { return k.ID.UUID().String() })
		return err
	})
	return list, err
}

// Key returns one of the account's keys, one that ended too.
func (s *Service) Key(ctx context.Context, actor igny8.Actor, id igny8.APIKeyID) (k AccessKey, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		k, err = authdb.New(tx).GetKey(ctx, authdb.GetKeyParams{AccountID: tx.Account, ID: id})
		return err
	})
	if db.Absent(err) {
		return k, igny8.ErrNotFound
	}
	return k, err
}

// RevokeKey ends a key at once. One that ended before, or is another account's, is
// NotFound.
func (s *Service) RevokeKey(ctx context.Context, actor igny8.Actor, id igny8.APIKeyID) error {
	return s.db.Tenant(ctx, "auth.revoke_key", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		k, err := authdb.New(tx).RevokeKey(ctx, authdb.RevokeKeyParams{AccountID: tx.Account, ID: id, Now: &tx.Now})
		if err != nil {
			return err
		}
		before := k
		before.RevokedAt = nil
		if err := db.Expected(ctx, before); err != nil {
			return err
		}
		return recordKey(ctx, tx, actor, "api_key.revoke", k)
	})
}

// RotateKey makes a key like another one, with its end too, which works on for the overlap, at most
// seven days, so that programs can be given the new one meanwhile.
func (s *Service) RotateKey(ctx context.Context, actor igny8.Actor, id igny8.APIKeyID, overlap time.Duration) (out NewSecret, err error) {
	if overlap < 0 || overlap > maxOverlap {
		return out, igny8.InvalidField("overlap_hours", "out_of_range", "The old key can work on for 0 to 168 hours.")
	}
	err = s.db.Tenant(ctx, "auth.rotate_key", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		out, err = insertLike(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		until := tx.Now.Add(overlap)
		_, err = authdb.New(tx).ShortenKey(ctx, authdb.ShortenKeyParams{AccountID: tx.Account, ID: id, Until: &until, Now: &tx.Now})
		if err != nil {
			return fmt.Errorf("shorten key: %w", err)
		}
		if err := recordKey(ctx, tx, actor, "api_key.rotate", out.Key); err != nil {
			return err
		}
		return idem.StoreAnswer(ctx, tx, out)
	})
	return out, err
}

func insertLike(ctx context.Context, tx *db.Tx, actor igny8.Actor, id igny8.APIKeyID) (out NewSecret, err error) {
	secret, hash := NewOpaque(APIKey)
	out.Secret = secret
	out.Key, err = authdb.New(tx).InsertLikeKey(ctx, authdb.InsertLikeKeyParams{AccountID: tx.Account, ID: id, NewID: db.NewID[igny8.APIKeyID](tx),
		Hash: hash, Start: secret[:startShown], CreatedBy: actor.User, CreatedEmail: actor.Email, Now: tx.Now})
	if db.Absent(err) {
		return out, igny8.ErrNotFound
	}
	return out, err
}

var errNetwork = igny8.E(igny8.Forbidden, "wrong_network", "This key is not taken from your network.")

// authenticateKey reads afresh what a key is, and what state its account is in.
func (s *Service) authenticateKey(ctx context.Context, token, ip string) (actor igny8.Actor, err error) {
	hash, ok := HashOpaque(APIKey, token)
	if !ok {
		return actor, account.ErrToken
	}
	var k AccessKey
	err = s.db.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		row, err := authdb.New(tx).FindKey(ctx, hash)
		if db.Absent(err) {
			return account.ErrToken
		}
		if err != nil {
			return fmt.Errorf("find key: %w", err)
		}
		if k = row.ApiKey; k.RevokedAt != nil || k.ExpiresAt != nil && !tx.Now.Before(*k.ExpiresAt) || !k.SiteID.IsZero() && row.SitesThere == 0 {
			return account.ErrToken
		}
		actor = igny8.Actor{Account: k.AccountID, Role: igny8.RoleBot, Key: k.ID, Email: "key " + k.Name, Network: ip}
		for scope := range strings.FieldsSeq(k.Scopes) {
			actor.Scopes = append(actor.Scopes, igny8.Permission(scope))
		}
		if slices.Contains(actor.Scopes, igny8.PermBillingManage) {
			actor.Scopes = append(actor.Scopes, igny8.PermBillingRead)
		}
		if !k.SiteID.IsZero() {
			actor.Sites = []igny8.SiteID{k.SiteID}
		}
		actor, err = account.LookAccount(ctx, tx, actor)
		return err
	})
	if err != nil {
		return actor, err
	}
	if !within(k.Networks, ip) {
		return actor, errNetwork
	}
	return actor, s.touchKey(ctx, k)
}

func within(networks, ip string) bool {
	if networks == "" {
		return true
	}
	a, err := netip.ParseAddr(ip)
	for text := range strings.FieldsSeq(networks) {
		if p, bad := netip.ParsePrefix(text); bad == nil && err == nil && p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

func (s *Service) touchKey(ctx context.Context, k AccessKey) error {
	if k.LastUsedAt != nil && s.db.Now().Sub(*k.LastUsedAt) < touchEvery {
		return nil
	}
	return s.db.Tenant(ctx, "auth.touch_key", k.AccountID, func(ctx context.Context, tx *db.Tx) error {
		return authdb.New(tx).TouchKey(ctx, authdb.TouchKeyParams{AccountID: tx.Account, ID: k.ID, Now: &tx.Now})
	})
}
