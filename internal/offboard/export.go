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
	"igny8/internal/tenant"
)

const about = `This is a copy of everything that igny8 keeps of your account.

data/*.json   one file for each kind of object, with the names and ids of the API;
              times are UTC, amounts are integers in minor units of the currency
              beside them
audit.json    who did what, newest first
proofs/       the receipts that were sent with payments
`

// Export is everything of the actor's account as a ZIP archive. The audit log says that it
// was made.
func (s *Service) Export(ctx context.Context, actor igny8.Actor) ([]byte, error) {
	data, err := s.Copy(ctx, actor)
	if err != nil {
		return nil, err
	}
	return data, s.db.Tenant(ctx, "offboard.export", actor.Account, func(ctx context.Context, tx *db.Tx) error {
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "account.export", ObjectType: "account", ObjectID: tx.Account.String()})
	})
}

// Copy is what Export returns. It only reads, and waits for nobody who writes.
func (s *Service) Copy(ctx context.Context, actor igny8.Actor) ([]byte, error) {
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
	proofs, err := s.addTables(ctx, actor, add)
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

// addTables writes every table of the register as the account may see it, all as they were
// at one instant, and returns the rows of proofs. It reads and holds no writer up.
func (s *Service) addTables(ctx context.Context, actor igny8.Actor, add func(string, []byte) error) (proofs []map[string]any, err error) {
	err = s.db.Read(db.Patient(ctx, 30*time.Second), actor.Account, func(ctx context.Context, tx *db.Tx) error {
		for _, t := range tenant.Tables() {
			if t.Staff {
				continue
			}
			rows, err := copyOf(ctx, tx, t)
			if err != nil {
				return fmt.Errorf("copy %s: %w", t.Name, err)
			}
			if t.Name == "payment_proof" {
				proofs = rows
			}
			data, err := json.MarshalIndent(rows, "", "  ")
			if err != nil {
				return fmt.Errorf("write %s: %w", t.Name, err)
			}
			if err := add("data/"+t.Name+".json", data); err != nil {
				return err
			}
		}
		return nil
	})
	return proofs, err
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
		if err := add(fmt.Sprintf("proofs/%v-%v%s", p["payment"], p["n"], endings[kind]), data); err != nil {
			return err
		}
	}
	return nil
}

// copyOf is every row of the transaction's account in a table, by the names of the API.
func copyOf(ctx context.Context, tx *db.Tx, t tenant.Table) ([]map[string]any, error) {
	rows, err := tx.QueryContext(ctx, "SELECT "+strings.Join(t.Columns(), ", ")+" FROM "+t.Name+" WHERE "+t.Own()+" = $1", tx.Account)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := []map[string]any{}
	for rows.Next() {
		row, err := oneRow(rows, t)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, rows.Err()
}

func oneRow(rows *sql.Rows, t tenant.Table) (map[string]any, error) {
	columns := t.Columns()
	values, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		return nil, err
	}
	row := map[string]any{}
	for i, column := range columns {
		v := plain(values[i])
		if prefix := t.Prefix(column); prefix != "" {
			v = wireID(prefix, v)
		}
		row[t.Wire(column)] = v
	}
	return row, nil
}

// wireID is an id as the API writes it. What is no id, such as nothing, stays.
func wireID(prefix string, v any) any {
	var id igny8.RowID
	if text, ok := v.(string); !ok || id.Scan(text) != nil {
		return v
	}
	_, rest, _ := strings.Cut(id.String(), "_")
	return prefix + "_" + rest
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
