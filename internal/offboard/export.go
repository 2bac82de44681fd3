package offboard

import (
	"archive/zip"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"igny8"
	"igny8/internal/account"
	"igny8/internal/audit"
	"igny8/internal/blob"
	"igny8/internal/db"
)

// copied are the tables of which the export has every row of the account, and the
// column that holds the account. Hashes of secrets are left out.
var copied = []struct{ table, account string }{
	{"account", "id"}, {"membership", "account_id"}, {"invitation", "account_id"}, {"subscription", "account_id"}, {"invoice", "account_id"},
	{"invoice_line", "account_id"}, {"payment", "account_id"}, {"payment_proof", "account_id"}, {"payment_allocation", "account_id"},
	{"account_balance", "account_id"}, {"account_balance_entry", "account_id"}, {"credit_lot", "account_id"}, {"credit_transaction", "account_id"},
	{"site", "account_id"}, {"site_sector", "account_id"}, {"api_key", "account_id"}, {"mail_message", "account_id"}, {"outbox_event", "account_id"},
}

// secret reports a column that nobody takes along, also not their own: hashes of
// links and keys.
func secret(column string) bool { return strings.HasSuffix(column, "hash") }

const about = `This is a copy of everything that igny8 keeps of your account.

data/*.json   one file for each kind of object; ids are UUIDs, times are UTC,
              amounts are integers in minor units of the currency beside them
audit.json    who did what, newest first
proofs/       the receipts that were sent with payments
`

// Export is everything of the actor's account as a ZIP archive.
func (s *Service) Export(ctx context.Context, actor igny8.Actor) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	add := func(name string, data []byte) error {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: s.db.Now()})
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	}
	if err := add("README.txt", []byte(about)); err != nil {
		return nil, err
	}
	var proofs []map[string]any
	err := s.db.Tenant(db.Patient(ctx, 30*time.Second), "offboard.export", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		for _, c := range copied {
			rows, err := copyOf(ctx, tx, c.table, c.account)
			if err != nil {
				return fmt.Errorf("copy %s: %w", c.table, err)
			}
			if c.table == "payment_proof" {
				proofs = rows
			}
			data, err := json.MarshalIndent(rows, "", "  ")
			if err != nil {
				return fmt.Errorf("write %s: %w", c.table, err)
			}
			if err := add("data/"+c.table+".json", data); err != nil {
				return err
			}
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "account.export", ObjectType: "account", ObjectID: tx.Account.String()})
	})
	if err != nil {
		return nil, err
	}
	if err := s.addLog(ctx, actor, add); err != nil {
		return nil, err
	}
	if err := s.addProofs(ctx, proofs, add); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("end archive: %w", err)
	}
	return b.Bytes(), nil
}

func (s *Service) addLog(ctx context.Context, actor igny8.Actor, add func(string, []byte) error) error {
	log, err := account.NewService(s.db).AuditLog(ctx, actor)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(account.AuditRows(log), "", "  ")
	if err != nil {
		return fmt.Errorf("write log: %w", err)
	}
	return add("audit.json", data)
}

func (s *Service) addProofs(ctx context.Context, proofs []map[string]any, add func(string, []byte) error) error {
	endings := map[string]string{"image/png": ".png", "image/jpeg": ".jpg", "application/pdf": ".pdf"}
	for _, p := range proofs {
		hash, _ := p["sha256"].(string)
		kind, _ := p["content_type"].(string)
		data, err := s.files.Get(ctx, hash)
		if errors.Is(err, blob.ErrMissing) {
			continue
		}
		if err != nil {
			return err
		}
		if err := add(fmt.Sprintf("proofs/%v-%v%s", p["payment_id"], p["n"], endings[kind]), data); err != nil {
			return err
		}
	}
	return nil
}

// copyOf is every row of the transaction's account in a table, by column.
func copyOf(ctx context.Context, tx *db.Tx, table, own string) ([]map[string]any, error) {
	rows, err := tx.QueryContext(ctx, "SELECT * FROM "+table+" WHERE "+own+" = $1", tx.Account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	out := []map[string]any{}
	for rows.Next() {
		row, err := oneRow(rows, names)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

func oneRow(rows *sql.Rows, names []string) (map[string]any, error) {
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	row := map[string]any{}
	for i, name := range names {
		if !secret(name) {
			row[name] = plain(values[i])
		}
	}
	return row, nil
}

// plain is a column's value as JSON shows it, alike from both databases.
func plain(v any) any {
	switch v := v.(type) {
	case []byte:
		if json.Valid(v) {
			return json.RawMessage(v)
		}
		return strings.ToValidUTF8(string(v), "")
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return v
}
