-- name: ListAccounts :many
-- system scope: the staff's list of all accounts. The owner is looked up for each
-- row of the page; a join would be free to read all members first.
SELECT account.*, CAST(COALESCE((SELECT app_user.email FROM membership JOIN app_user ON app_user.id = membership.user_id
  WHERE membership.account_id = account.id AND membership.role = 'owner' ORDER BY membership.id LIMIT 1), '') AS text) AS owner_email
FROM account WHERE account.id < @before_id ORDER BY account.id DESC LIMIT @page_size;

-- name: ListAccountsIn :many
-- system scope: the same in one status; a query of its own, so that its index is used.
SELECT account.*, CAST(COALESCE((SELECT app_user.email FROM membership JOIN app_user ON app_user.id = membership.user_id
  WHERE membership.account_id = account.id AND membership.role = 'owner' ORDER BY membership.id LIMIT 1), '') AS text) AS owner_email
FROM account WHERE account.status = @status AND account.id < @before_id ORDER BY account.id DESC LIMIT @page_size;

-- name: OneAccount :one
-- system scope: staff open any account.
SELECT account.*, app_user.email AS owner_email FROM account
JOIN membership ON membership.account_id = account.id AND membership.role = 'owner'
JOIN app_user ON app_user.id = membership.user_id
WHERE account.id = @account_id ORDER BY membership.id LIMIT 1;

-- name: PaymentWaits :one
SELECT count(*) FROM payment WHERE account_id = $1 AND status = 'pending_approval';

-- What is looked for by its beginning is not sorted before it is limited: a short
-- beginning may be that of most rows. LIKE compares with the parameter itself,
-- because SQLite uses no index for one in a cast; that the parameter is a text,
-- sqlc learns from lower.

-- name: FindAccounts :many
-- system scope: the staff's search.
SELECT account.id, account.number, account.name, account.status FROM account WHERE account.number = @number
UNION SELECT * FROM (SELECT account.id, account.number, account.name, account.status FROM account WHERE lower(@pattern) <> '' AND account.slug LIKE @pattern ESCAPE '\' LIMIT 10) AS begins
ORDER BY id DESC LIMIT 10;

-- name: FindUsers :many
-- system scope: the staff's search.
SELECT app_user.email, account.id, account.name, account.status FROM app_user
JOIN membership ON membership.user_id = app_user.id JOIN account ON account.id = membership.account_id
WHERE lower(@pattern) <> '' AND app_user.email_norm LIKE @pattern ESCAPE '\' LIMIT 10;

-- name: FindInvoices :many
-- system scope: the staff's search, by number or pay code.
SELECT invoice.id, invoice.number, invoice.status, invoice.total_minor, invoice.currency, account.id AS account_id, account.name FROM invoice
JOIN account ON account.id = invoice.account_id
WHERE invoice.number = @number OR invoice.pay_code = @pay_code ORDER BY invoice.id DESC LIMIT 10;

-- name: FindPayments :many
-- system scope: the staff's search, by reference or receipt.
SELECT payment.id, payment.reference, payment.status, payment.amount_minor, payment.currency, account.id AS account_id, account.name FROM payment
JOIN account ON account.id = payment.account_id WHERE payment.receipt_number = @receipt
UNION SELECT * FROM (
  SELECT payment.id, payment.reference, payment.status, payment.amount_minor, payment.currency, account.id AS account_id, account.name FROM payment
  JOIN account ON account.id = payment.account_id WHERE lower(@pattern) <> '' AND payment.reference_norm LIKE @pattern ESCAPE '\' LIMIT 10) AS begins
ORDER BY id DESC LIMIT 10;

-- name: FindAmounts :many
-- system scope: the staff's search, by amount of waiting payments.
SELECT payment.id, payment.reference, payment.status, payment.amount_minor, payment.currency, account.id AS account_id, account.name FROM payment
JOIN account ON account.id = payment.account_id
WHERE payment.status = 'pending_approval' AND payment.amount_minor IN (@minor, @whole) ORDER BY payment.id LIMIT 10;

-- name: FindSites :many
-- system scope: the staff's search.
SELECT site.id, site.domain, account.id AS account_id, account.name FROM site
JOIN account ON account.id = site.account_id
WHERE lower(@pattern) <> '' AND site.domain LIKE @pattern ESCAPE '\' AND site.deleted_at IS NULL LIMIT 10;
