package event

import (
	"context"
	"encoding/json"
	"fmt"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/event/eventdb"
)

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
