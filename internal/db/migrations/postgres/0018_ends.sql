-- +goose Up
-- What is long over is looked for every hour.
CREATE INDEX session_ends ON session (expires_at);
CREATE INDEX session_revoked ON session (revoked_at);
CREATE INDEX email_token_ends ON email_token (expires_at);
CREATE INDEX console_token_ends ON console_token (expires_at);
CREATE INDEX quote_ends ON quote (expires_at);

-- +goose Down
DROP INDEX quote_ends;
DROP INDEX console_token_ends;
DROP INDEX email_token_ends;
DROP INDEX session_revoked;
DROP INDEX session_ends;
