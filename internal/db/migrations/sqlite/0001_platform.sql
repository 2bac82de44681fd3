-- +goose Up
-- platform: rows of the program itself, of no tenant
CREATE TABLE counter (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
);
CREATE TABLE setting (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE TABLE throttle (
  key TEXT PRIMARY KEY,
  hits INTEGER NOT NULL,
  first_at TIMESTAMP NOT NULL,
  blocked_until TIMESTAMP NOT NULL
);
CREATE TABLE idempotency_record (
  principal TEXT NOT NULL,
  route TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  claim TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'done')),
  status INTEGER NOT NULL,
  answer BLOB NOT NULL,
  locked_at TIMESTAMP NOT NULL,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (principal, route, key_hash)
);
CREATE INDEX idempotency_record_created ON idempotency_record (created_at);

-- +goose Down
DROP TABLE idempotency_record;
DROP TABLE throttle;
DROP TABLE setting;
DROP TABLE counter;
