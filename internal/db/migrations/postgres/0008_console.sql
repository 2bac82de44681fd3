-- +goose Up
-- The console's login: a cookie names a session, as a refresh token does for the
-- API, so that one revocation ends both.
CREATE TABLE console_token (
  hash text PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES session (id),
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX console_token_session ON console_token (session_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON console_token TO igny8_system;

-- +goose Down
DROP TABLE console_token;
