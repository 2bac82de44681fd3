-- +goose Up
-- Staff name a payment by its id alone, and list accounts by status. Staff themselves are few
-- among many users, and a logout deletes what has expired.
CREATE INDEX payment_by_id ON payment (id);
CREATE INDEX account_by_status ON account (status, id);
CREATE INDEX app_user_staff ON app_user (created_at, id) WHERE staff;
CREATE INDEX console_token_expires ON console_token (expires_at);

-- +goose Down
DROP INDEX console_token_expires;
DROP INDEX app_user_staff;
DROP INDEX account_by_status;
DROP INDEX payment_by_id;
