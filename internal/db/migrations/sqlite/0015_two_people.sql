-- +goose Up
-- What was done to the logins of staff, by whom: whoever made a login is no second
-- person beside it. made_by is NULL for the operator, on the command line.
CREATE TABLE staff_change (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES app_user (id),
  made_by TEXT,
  what TEXT NOT NULL CHECK (what IN ('create', 'enable', 'grant', 'reset', 'disable', 'withdraw')),
  created_at TIMESTAMP NOT NULL
);
CREATE INDEX staff_change_user ON staff_change (user_id);
CREATE INDEX staff_change_lost ON staff_change (created_at) WHERE what IN ('disable', 'withdraw');
-- What staff gave by hand, or mean to give and another member of staff must confirm.
CREATE TABLE staff_gift (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('credits', 'plan')),
  credits INTEGER NOT NULL,
  plan TEXT NOT NULL,
  cycle TEXT NOT NULL,
  months INTEGER NOT NULL,
  note TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('waiting', 'done', 'replaced')),
  given_by TEXT NOT NULL,
  given_email TEXT NOT NULL,
  second_by TEXT,
  second_email TEXT,
  created_at TIMESTAMP NOT NULL,
  done_at TIMESTAMP,
  PRIMARY KEY (account_id, id),
  CHECK ((status = 'done') = (done_at IS NOT NULL))
);
CREATE UNIQUE INDEX staff_gift_waiting ON staff_gift (account_id, kind) WHERE status = 'waiting';
CREATE INDEX staff_gift_giver ON staff_gift (given_by, created_at);
-- Two people are needed for what the catalogue sells: the dearer plans by the year.
UPDATE currency SET second_approval_minor = second_approval_minor / 5
WHERE (code, second_approval_minor) IN (VALUES ('USD', 500000), ('GBP', 400000), ('CAD', 700000), ('AUD', 750000), ('INR', 42000000),
  ('PKR', 140000000), ('AED', 1850000), ('EUR', 460000), ('JPY', 760000), ('KWD', 1540000), ('BHD', 1880000), ('OMR', 1925000), ('SAR', 1875000));

-- +goose Down
DROP TABLE staff_gift;
DROP TABLE staff_change;
