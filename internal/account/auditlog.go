package account

import (
	"context"
	"encoding/json"
	"time"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/db"
)

// maxLog is how many events one file holds.
const maxLog = 50_000

// AuditEvents lists what was done in the actor's account, newest first.
func (s *Service) AuditEvents(ctx context.Context, actor igny8.Actor, p igny8.Page) (list igny8.List[audit.Event], err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		list, err = audit.List(ctx, tx, p)
		return err
	})
	return list, err
}

// AuditLog is the whole log of the actor's account as its members may see it,
// newest first, 50,000 events at most.
func (s *Service) AuditLog(ctx context.Context, actor igny8.Actor) (all []audit.Event, err error) {
	err = s.db.Read(ctx, actor.Account, func(ctx context.Context, tx *db.Tx) error {
		for p := (igny8.Page{Limit: igny8.MaxPage}); len(all) < maxLog; {
			list, err := audit.List(ctx, tx, p)
			if err != nil {
				return err
			}
			for _, e := range list.Items {
				all = append(all, Shown(e))
			}
			if !list.More {
				return nil
			}
			p.Before = list.Next
		}
		return nil
	})
	return all, err
}

// Shown is an event as the account's members may see it: of platform staff only
// their role, and not their notes.
func Shown(e audit.Event) audit.Event {
	if igny8.Role(e.ActorRole) != igny8.RoleDeveloper {
		return e
	}
	e.ActorID, e.ActorEmail, e.Network = "", "", ""
	var all, kept map[string]any
	if json.Unmarshal([]byte(e.Details), &all) == nil {
		kept = map[string]any{}
		for _, name := range []string{"invoice", "received", "received_minor", "receipt", "code", "n", "from", "to", "days", "until", "credits", "plan", "why", "mode", "email"} {
			if v, ok := all[name]; ok {
				kept[name] = v
			}
		}
	}
	b, err := json.Marshal(kept)
	if err != nil || kept == nil {
		b = []byte("{}")
	}
	e.Details = string(b)
	return e
}

// AuditColumns are the columns of AuditRows.
var AuditColumns = []string{"when", "action", "actor", "role", "network", "object_type", "object", "details"}

// AuditRows are events as rows of a table.
func AuditRows(all []audit.Event) [][]string {
	rows := make([][]string, len(all))
	for i, e := range all {
		rows[i] = []string{e.CreatedAt.UTC().Format(time.RFC3339), e.Action, e.ActorEmail, e.ActorRole, e.Network, e.ObjectType, e.ObjectID, e.Details}
	}
	return rows
}
