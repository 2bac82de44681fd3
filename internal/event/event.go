package event

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/event/eventdb"
)

// Event is one row of the outbox.
type Event = eventdb.OutboxEvent

// Emit writes one event of the transaction's account. typ is "payment.approved";
// data is the object as the API shows it, or a thin part of it.
func Emit(ctx context.Context, tx *db.Tx, typ, objectID string, data map[string]any) error {
	body, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("event data: %w", err)
	}
	err = eventdb.New(tx).InsertEvent(ctx, eventdb.InsertEventParams{
		AccountID: tx.Account, ID: db.NewID[igny8.EventID](tx), Type: typ, ObjectID: objectID, Data: body, CreatedAt: tx.Now})
	if err != nil {
		return fmt.Errorf("insert event: %w", err)
	}
	return nil
}

// ListOf lists the events of these types of the transaction's account that came
// after one, the zero id for all, newest first. credits.spent is never among them.
func ListOf(ctx context.Context, tx *db.Tx, types []string, after igny8.EventID, p igny8.Page) (igny8.List[Event], error) {
	if after.IsZero() { // which would be NULL
		after = igny8.EventID{15: 1}
	}
	rows, err := eventdb.New(tx).ListOf(ctx, eventdb.ListOfParams{AccountID: tx.Account, BeforeID: igny8.EventID(p.BeforeID()),
		AfterID: after, Types: "," + strings.Join(types, ",") + ",", PageSize: p.Fetch()})
	if err != nil {
		return igny8.List[Event]{}, fmt.Errorf("list events: %w", err)
	}
	return igny8.NewList(p, rows, func(e Event) string { return e.ID.UUID().String() }), nil
}
