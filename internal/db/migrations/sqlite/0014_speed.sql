-- +goose Up
-- Staff name a payment by its id alone, and list accounts by status. Staff themselves are few
-- among many users, and a logout deletes what has expired.
CREATE INDEX payment_by_id ON payment (id);
CREATE INDEX account_by_status ON account (status, id);
CREATE INDEX app_user_staff ON app_user (created_at, id) WHERE staff;
CREATE INDEX console_token_expires ON console_token (expires_at);
-- LIKE 'x%' does not mind case in SQLite, so it uses an index of that order only.
CREATE INDEX app_user_by_email ON app_user (email_norm COLLATE NOCASE);
CREATE INDEX payment_by_reference ON payment (reference_norm COLLATE NOCASE);
CREATE INDEX account_by_slug ON account (slug COLLATE NOCASE);
CREATE INDEX site_by_beginning ON site (domain COLLATE NOCASE);

-- +goose Down
DROP INDEX console_token_expires;
DROP INDEX app_user_staff;
DROP INDEX site_by_beginning;
DROP INDEX account_by_slug;
DROP INDEX payment_by_reference;
DROP INDEX app_user_by_email;
DROP INDEX account_by_status;
DROP INDEX payment_by_id;
