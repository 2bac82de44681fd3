-- +goose Up
-- What was done to the logins of staff, by whom: whoever made a login is no second
-- person beside it. made_by is NULL for the operator, on the command line.
CREATE TABLE staff_change (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user (id),
  made_by uuid,
  what text NOT NULL CHECK (what IN ('create', 'enable', 'grant', 'reset', 'disable', 'withdraw')),
  created_at timestamptz NOT NULL
);
CREATE INDEX staff_change_user ON staff_change (user_id);
CREATE INDEX staff_change_lost ON staff_change (created_at) WHERE what IN ('disable', 'withdraw');
GRANT SELECT, INSERT ON staff_change TO igny8_system;
-- What staff gave by hand, or mean to give and another member of staff must confirm.
CREATE TABLE staff_gift (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('credits', 'plan')),
  credits bigint NOT NULL,
  plan text NOT NULL,
  cycle text NOT NULL,
  months bigint NOT NULL,
  note text NOT NULL,
  status text NOT NULL CHECK (status IN ('waiting', 'done', 'replaced')),
  given_by uuid NOT NULL,
  given_email text NOT NULL,
  second_by uuid,
  second_email text,
  created_at timestamptz NOT NULL,
  done_at timestamptz,
  PRIMARY KEY (account_id, id),
  CHECK ((status = 'done') = (done_at IS NOT NULL))
);
CREATE UNIQUE INDEX staff_gift_waiting ON staff_gift (account_id, kind) WHERE status = 'waiting';
CREATE INDEX staff_gift_giver ON staff_gift (given_by, created_at);
ALTER TABLE staff_gift ENABLE ROW LEVEL SECURITY;
ALTER TABLE staff_gift FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON staff_gift TO igny8_tenant USING (account_id = nullif(current_setting('app.account', true), '')::uuid) WITH CHECK (account_id = nullif(current_setting('app.account', true), '')::uuid);
CREATE POLICY system ON staff_gift TO igny8_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON staff_gift TO igny8_system;
-- Two people are needed for what the catalogue sells: the dearer plans by the year.
UPDATE currency SET second_approval_minor = second_approval_minor / 5
WHERE (code, second_approval_minor) IN (VALUES ('USD', 500000), ('GBP', 400000), ('CAD', 700000), ('AUD', 750000), ('INR', 42000000),
  ('PKR', 140000000), ('AED', 1850000), ('EUR', 460000), ('JPY', 760000), ('KWD', 1540000), ('BHD', 1880000), ('OMR', 1925000), ('SAR', 1875000));

-- +goose Down
DROP TABLE staff_gift;
DROP TABLE staff_change;
