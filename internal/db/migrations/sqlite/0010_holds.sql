-- +goose Up
-- An approval that staff may still take back: nothing has happened yet. When it is
-- due, the row goes in the transaction that does what it says.
CREATE TABLE approval_hold (
  account_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  held_by TEXT NOT NULL,
  held_email TEXT NOT NULL,
  received_minor INTEGER NOT NULL CHECK (received_minor > 0),
  evidence TEXT NOT NULL,
  decision_note TEXT NOT NULL,
  overridden BLOB NOT NULL,
  due_at TIMESTAMP NOT NULL,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, payment_id),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id)
);
CREATE INDEX approval_hold_due ON approval_hold (due_at);
-- Live pages read the newest events of all accounts.
CREATE INDEX outbox_event_newest ON outbox_event (id);

-- +goose Down
DROP INDEX outbox_event_newest;
DROP TABLE approval_hold;
