-- +goose Up
-- The staff's search box looks for these by value or beginning, over all accounts.
CREATE INDEX invoice_number ON invoice (number);
CREATE INDEX payment_receipt ON payment (receipt_number) WHERE receipt_number IS NOT NULL;
CREATE INDEX payment_amount ON payment (amount_minor) WHERE status = 'pending_approval';
CREATE INDEX site_by_domain ON site (domain text_pattern_ops);
-- LIKE 'x%' uses an index in this order only, whatever the database's collation.
CREATE INDEX app_user_by_email ON app_user (email_norm text_pattern_ops);
CREATE INDEX payment_by_reference ON payment (reference_norm text_pattern_ops);
CREATE INDEX account_by_slug ON account (slug text_pattern_ops);

-- +goose Down
DROP INDEX account_by_slug;
DROP INDEX payment_by_reference;
DROP INDEX app_user_by_email;
DROP INDEX site_by_domain;
DROP INDEX payment_amount;
DROP INDEX payment_receipt;
DROP INDEX invoice_number;
