-- +goose Up
-- An approval that staff may still take back: nothing has happened yet. When it is
-- due, the row goes in the transaction that does what it says.
CREATE TABLE approval_hold (
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  held_by uuid NOT NULL,
  held_email text NOT NULL,
  received_minor bigint NOT NULL CHECK (received_minor > 0),
  evidence text NOT NULL,
  decision_note text NOT NULL,
  overridden jsonb NOT NULL,
  due_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, payment_id),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id)
);
CREATE INDEX approval_hold_due ON approval_hold (due_at);
ALTER TABLE approval_hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE approval_hold FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON approval_hold TO igny8_tenant USING (account_id = nullif(current_setting('app.account', true), '')::uuid) WITH CHECK (account_id = nullif(current_setting('app.account', true), '')::uuid);
CREATE POLICY system ON approval_hold TO igny8_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, DELETE ON approval_hold TO igny8_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON approval_hold TO igny8_system;
-- Live pages read the newest events of all accounts.
CREATE INDEX outbox_event_newest ON outbox_event (id);

-- +goose Down
DROP INDEX outbox_event_newest;
DROP TABLE approval_hold;
