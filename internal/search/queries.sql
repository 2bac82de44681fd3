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

-- name: UsersOf :many
-- system scope: an account's people, with what protects their logins. Who came first stands first.
SELECT app_user.id, CAST(trim(app_user.first_name || ' ' || app_user.last_name) AS text) AS name, app_user.email, app_user.language, app_user.staff, membership.role, membership.last_seen_at,
  CAST(app_user.totp_confirmed_at IS NOT NULL OR EXISTS (SELECT 1 FROM passkey WHERE passkey.user_id = app_user.id) AS boolean) AS second_factor
FROM membership JOIN app_user ON app_user.id = membership.user_id
WHERE membership.account_id = @account_id ORDER BY membership.id LIMIT 200;

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

-- name: RecentSignups :many
-- system scope: who signed up lately, and from where. The first row of an account's
-- audit log is its signup.
SELECT account.id, account.number, account.name, account.status, account.created_at, audit_event.network,
  CAST(COALESCE((SELECT lower(app_user.first_name || ' ' || app_user.last_name) FROM membership JOIN app_user ON app_user.id = membership.user_id
    WHERE membership.account_id = account.id AND membership.role = 'owner' ORDER BY membership.id LIMIT 1), '') AS text) AS person
FROM account JOIN audit_event ON audit_event.account_id = account.id AND audit_event.seq = 1
WHERE account.id > @since_id AND audit_event.action = 'account.create' ORDER BY account.id DESC LIMIT 5000;

-- name: BusyNetworks :many
-- system scope: networks from which logins were tried very often.
SELECT key, hits, first_at FROM throttle WHERE hits >= 20 AND first_at > @since AND key LIKE 'login:net:%' ORDER BY first_at DESC LIMIT 50;

-- name: AccountsFrom :many
-- system scope: accounts whose people logged in from a network.
SELECT DISTINCT account.id, account.number, account.name, account.status, account.created_at FROM session JOIN account ON account.id = session.home_account
WHERE session.network = @network AND session.acting IS NULL LIMIT 10;

-- name: SharedReferences :many
-- system scope: payments told lately whose reference another account used, too.
SELECT p.reference, p.created_at AS told_at, account.id, account.number, account.name, account.status, account.created_at
FROM payment p JOIN payment o ON o.reference_norm = p.reference_norm AND o.account_id <> p.account_id
JOIN account ON account.id IN (p.account_id, o.account_id)
WHERE p.id > @since_id AND p.reference_norm <> '' LIMIT 500;

-- name: SharedProofs :many
-- system scope: payments told lately that came with a file which another account
-- sent, too. CROSS JOIN because SQLite keeps its order: from the few new payments on.
SELECT m.original_sha256, p.created_at AS told_at, account.id, account.number, account.name, account.status, account.created_at
FROM payment p CROSS JOIN payment_proof m
JOIN payment_proof o ON o.original_sha256 = m.original_sha256 AND o.account_id <> m.account_id
JOIN account ON account.id IN (m.account_id, o.account_id)
WHERE p.id > @since_id AND m.account_id = p.account_id AND m.payment_id = p.id LIMIT 500;
