-- name: ListAccounts :many
-- system scope: the staff's list of all accounts.
SELECT account.*, app_user.email AS owner_email FROM account
JOIN membership ON membership.account_id = account.id AND membership.role = 'owner'
JOIN app_user ON app_user.id = membership.user_id
WHERE account.id < @before_id AND (CAST(sqlc.narg('status') AS text) IS NULL OR account.status = CAST(sqlc.narg('status') AS text))
ORDER BY account.id DESC LIMIT @page_size;

-- name: OneAccount :one
-- system scope: staff open any account.
SELECT account.*, app_user.email AS owner_email FROM account
JOIN membership ON membership.account_id = account.id AND membership.role = 'owner'
JOIN app_user ON app_user.id = membership.user_id
WHERE account.id = @account_id ORDER BY membership.id LIMIT 1;

-- name: PaymentWaits :one
SELECT count(*) FROM payment WHERE account_id = $1 AND status = 'pending_approval';

-- name: FindAccounts :many
-- system scope: the staff's search.
SELECT id, number, name, status FROM account
WHERE number = @number OR slug LIKE CAST(@pattern AS text) ESCAPE '\' ORDER BY id DESC LIMIT 10;

-- name: FindUsers :many
-- system scope: the staff's search.
SELECT app_user.email, account.id, account.name, account.status FROM app_user
JOIN membership ON membership.user_id = app_user.id JOIN account ON account.id = membership.account_id
WHERE app_user.email_norm LIKE CAST(@pattern AS text) ESCAPE '\' ORDER BY app_user.email_norm LIMIT 10;

-- name: FindInvoices :many
-- system scope: the staff's search, by number or pay code.
SELECT invoice.id, invoice.number, invoice.status, invoice.total_minor, invoice.currency, account.id AS account_id, account.name FROM invoice
JOIN account ON account.id = invoice.account_id
WHERE invoice.number = @number OR invoice.pay_code = @pay_code ORDER BY invoice.id DESC LIMIT 10;

-- name: FindPayments :many
-- system scope: the staff's search, by reference or receipt.
SELECT payment.id, payment.reference, payment.status, payment.amount_minor, payment.currency, account.id AS account_id, account.name FROM payment
JOIN account ON account.id = payment.account_id
WHERE payment.reference_norm LIKE CAST(@pattern AS text) ESCAPE '\' OR payment.receipt_number = @receipt
ORDER BY payment.id DESC LIMIT 10;

-- name: FindAmounts :many
-- system scope: the staff's search, by amount of waiting payments.
SELECT payment.id, payment.reference, payment.status, payment.amount_minor, payment.currency, account.id AS account_id, account.name FROM payment
JOIN account ON account.id = payment.account_id
WHERE payment.status = 'pending_approval' AND payment.amount_minor IN (@minor, @whole) ORDER BY payment.id LIMIT 10;

-- name: FindSites :many
-- system scope: the staff's search.
SELECT site.id, site.domain, account.id AS account_id, account.name FROM site
JOIN account ON account.id = site.account_id
WHERE site.domain LIKE CAST(@pattern AS text) ESCAPE '\' AND site.deleted_at IS NULL ORDER BY site.domain LIMIT 10;
