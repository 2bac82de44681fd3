-- +goose Up
-- The console's login: a cookie names a session, as a refresh token does for the
-- API, so that one revocation ends both.
CREATE TABLE console_token (
  hash TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session (id),
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL
);
CREATE INDEX console_token_session ON console_token (session_id);

-- +goose Down
DROP TABLE console_token;
