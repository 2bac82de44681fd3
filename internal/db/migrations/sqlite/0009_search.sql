-- +goose Up
-- The staff's search box looks for these by value or beginning, over all accounts.
CREATE INDEX invoice_number ON invoice (number);
CREATE INDEX payment_receipt ON payment (receipt_number) WHERE receipt_number IS NOT NULL;
CREATE INDEX payment_amount ON payment (amount_minor) WHERE status = 'pending_approval';
CREATE INDEX site_by_domain ON site (domain);

-- +goose Down
DROP INDEX site_by_domain;
DROP INDEX payment_amount;
DROP INDEX payment_receipt;
DROP INDEX invoice_number;
