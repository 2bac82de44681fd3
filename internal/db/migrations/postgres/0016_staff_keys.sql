-- +goose Up
-- API keys of members of staff: a key is its person, narrowed.
CREATE TABLE staff_key (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user (id),
  name text NOT NULL,
  hash text NOT NULL UNIQUE,
  start text NOT NULL, -- its first characters, to recognise it by
  scopes text NOT NULL, -- permissions with spaces between
  networks text NOT NULL, -- CIDR with spaces between; empty is everywhere
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz
);
CREATE INDEX staff_key_user ON staff_key (user_id, id);
GRANT SELECT, INSERT, UPDATE ON staff_key TO igny8_system;
-- +goose Down
DROP TABLE staff_key;
