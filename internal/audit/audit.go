package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"igny8"
	"igny8/internal/audit/auditdb"
	"igny8/internal/db"
)

// Entry is one thing that was done. Details must hold no secret.
type Entry struct {
	Action     string // "payment.approve"
	ObjectType string // "payment"
	ObjectID   string
	Details    map[string]any
}

// Event is one row of a chain.
type Event = auditdb.AuditEvent

// Record appends an entry to the chain of the transaction's account, or to the
// platform's chain when the transaction has none. Call it last in a story: it
// takes the lock of the chain.
func Record(ctx context.Context, tx *db.Tx, actor igny8.Actor, e Entry) error {
	account := tx.Account
	if account.IsZero() {
		account = igny8.Platform
	}
	q := auditdb.New(tx)
	head, err := q.AdvanceChain(ctx, account)
	if db.Absent(err) {
		if err := q.OpenChain(ctx, account); err != nil {
			return fmt.Errorf("open audit chain: %w", err)
		}
		head, err = q.AdvanceChain(ctx, account)
	}
	if err != nil {
		return fmt.Errorf("advance audit chain: %w", err)
	}
	details := []byte("{}")
	if e.Details != nil {
		if details, err = json.Marshal(e.Details); err != nil {
			return fmt.Errorf("audit details: %w", err)
		}
	}
	role := actor.Role
	if !actor.Impersonator.IsZero() { // staff stay staff when they look in
		role = igny8.RoleDeveloper
	}
	row := auditdb.InsertEventParams{
		AccountID: account, Seq: head.Seq, ID: db.NewID[igny8.AuditID](tx), Action: e.Action,
		ActorID: cmp.Or(actor.User.String(), actor.Key.String()), ActorEmail: actor.Email, ActorRole: string(role), Network: actor.Network,
		ObjectType: e.ObjectType, ObjectID: e.ObjectID, Details: string(details), CreatedAt: tx.Now, PrevHash: head.Hash,
	}
	row.Hash = hash(auditdb.AuditEvent(row))
	if err := q.InsertEvent(ctx, row); err != nil {
		return fmt.Errorf("insert audit event: %w", err)
	}
	return q.CloseChain(ctx, auditdb.CloseChainParams{AccountID: account, Hash: row.Hash})
}

// hash is SHA-256 over the row's facts and the hash before it. Each field is
// preceded by its length, so that no two rows give the same bytes.
func hash(e auditdb.AuditEvent) string {
	h := sha256.New()
	for _, f := range []string{
		e.PrevHash, e.AccountID.String(), fmt.Sprint(e.Seq), e.ID.String(), e.Action, e.ActorID, e.ActorEmail,
		e.ActorRole, e.Network, e.ObjectType, e.ObjectID, e.Details, e.CreatedAt.UTC().Format(time.RFC3339Nano),
	} {
		fmt.Fprintf(h, "%d:%s,", len(f), f)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// List returns the entries of the transaction's account, newest first.
func List(ctx context.Context, tx *db.Tx, p igny8.Page) (igny8.List[Event], error) {
	rows, err := auditdb.New(tx).ListEvents(ctx, auditdb.ListEventsParams{
		AccountID: tx.Account, BeforeSeq: p.BeforeSeq(), PageSize: p.Fetch()})
	return igny8.NewList(p, rows, func(e Event) string { return fmt.Sprint(e.Seq) }), err
}

// Verify checks every chain from its first row to its head, in system scope, and
// describes each break.
func Verify(ctx context.Context, tx *db.Tx) (breaks []string, err error) {
	q := auditdb.New(tx)
	heads, err := q.Heads(ctx)
	if err != nil {
		return nil, fmt.Errorf("read audit heads: %w", err)
	}
	for _, head := range heads {
		found, err := verifyChain(ctx, q, head)
		if err != nil {
			return nil, err
		}
		if found != "" {
			breaks = append(breaks, found)
		}
	}
	return breaks, nil
}

func verifyChain(ctx context.Context, q *auditdb.Queries, head auditdb.AuditHead) (string, error) {
	var seq int64
	last := ""
	for {
		rows, err := q.ChainAfter(ctx, auditdb.ChainAfterParams{AccountID: head.AccountID, AfterSeq: seq})
		if err != nil {
			return "", fmt.Errorf("read audit chain: %w", err)
		}
		for _, row := range rows {
			seq++
			if row.Seq != seq || row.PrevHash != last || row.Hash != hash(row) {
				return fmt.Sprintf("%s: audit row %d does not follow from the one before", head.AccountID, seq), nil
			}
			last = row.Hash
		}
		if len(rows) == 0 {
			break
		}
	}
	if seq != head.Seq || last != head.Hash {
		return fmt.Sprintf("%s: audit chain ends at row %d, its head says %d", head.AccountID, seq, head.Seq), nil
	}
	return "", nil
}
