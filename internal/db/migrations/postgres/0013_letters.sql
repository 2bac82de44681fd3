-- +goose Up
-- Staff see at a glance how many letters have not left.
CREATE INDEX mail_message_unsent ON mail_message (created_at) WHERE sent_at IS NULL;

-- +goose Down
DROP INDEX mail_message_unsent;
