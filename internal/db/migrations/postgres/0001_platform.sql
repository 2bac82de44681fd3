-- +goose Up
-- platform: rows of the program itself, of no tenant
CREATE TABLE counter (
  name text PRIMARY KEY,
  value bigint NOT NULL
);
CREATE TABLE setting (
  name text PRIMARY KEY,
  value text NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE TABLE throttle (
  key text PRIMARY KEY,
  hits bigint NOT NULL,
  first_at timestamptz NOT NULL,
  blocked_until timestamptz NOT NULL
);
CREATE TABLE idempotency_record (
  principal text NOT NULL,
  route text NOT NULL,
  key_hash text NOT NULL,
  fingerprint text NOT NULL,
  claim text NOT NULL,
  state text NOT NULL CHECK (state IN ('running', 'done')),
  status bigint NOT NULL,
  answer bytea NOT NULL,
  locked_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (principal, route, key_hash)
);
CREATE INDEX idempotency_record_created ON idempotency_record (created_at);

-- +goose Down
DROP TABLE idempotency_record;
DROP TABLE throttle;
DROP TABLE setting;
DROP TABLE counter;
