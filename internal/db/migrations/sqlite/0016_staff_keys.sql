-- +goose Up
-- API keys of members of staff: a key is its person, narrowed.
CREATE TABLE staff_key (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES app_user (id),
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  start TEXT NOT NULL, -- its first characters, to recognise it by
  scopes TEXT NOT NULL, -- permissions with spaces between
  networks TEXT NOT NULL, -- CIDR with spaces between; empty is everywhere
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP,
  last_used_at TIMESTAMP,
  revoked_at TIMESTAMP
);
CREATE INDEX staff_key_user ON staff_key (user_id, id);
-- +goose Down
DROP TABLE staff_key;
