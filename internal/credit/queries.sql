-- name: OpenBalance :exec
INSERT INTO credit_balance (account_id, balance, held, seq, updated_at) VALUES ($1, 0, 0, 0, $2) ON CONFLICT (account_id) DO NOTHING;

-- name: AddToBalance :one
-- The row lock this takes puts all movements of one account in a line.
UPDATE credit_balance SET balance = balance + @amount, seq = seq + 1, updated_at = @now
WHERE account_id = @account_id AND balance - held + @amount >= 0 RETURNING balance, seq;

-- name: LockBalance :one
UPDATE credit_balance SET updated_at = updated_at WHERE account_id = $1 RETURNING balance, held;

-- name: Balance :one
SELECT * FROM credit_balance WHERE account_id = $1;

-- name: OpenLots :many
-- In the order of burning: earliest expiry, plan before bonus, older first.
SELECT * FROM credit_lot WHERE account_id = $1 AND remaining > 0
ORDER BY CASE WHEN expires_at IS NULL THEN 1 ELSE 0 END, expires_at, CASE pool WHEN 'plan' THEN 0 ELSE 1 END, id;

-- name: InsertLot :exec
INSERT INTO credit_lot (account_id, id, pool, source, source_id, amount, remaining, expires_at, created_at)
VALUES ($1, $2, $3, $4, $5, @amount, @amount, $6, $7);

-- name: TakeFromLot :one
UPDATE credit_lot SET remaining = remaining - @amount WHERE account_id = @account_id AND id = @id AND remaining >= @amount RETURNING remaining;

-- name: ProlongLot :exec
UPDATE credit_lot SET expires_at = @expires_at WHERE account_id = @account_id AND source = @source AND source_id = @source_id;

-- name: SpentSoFar :one
-- What work has taken, in all.
SELECT CAST(COALESCE(-SUM(amount), 0) AS bigint) AS spent FROM credit_transaction WHERE account_id = $1 AND type = 'deduction';

-- name: InsertTransaction :exec
INSERT INTO credit_transaction (account_id, seq, id, type, pool, amount, balance_after, description, reference, operation, site_id, user_id, source, source_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: InsertBurn :exec
INSERT INTO credit_burn (account_id, transaction_id, lot_id, amount) VALUES ($1, $2, $3, $4);

-- name: TransactionBySource :one
SELECT * FROM credit_transaction WHERE account_id = $1 AND source = $2 AND source_id = $3;

-- name: GetTransaction :one
SELECT * FROM credit_transaction WHERE account_id = $1 AND id = $2;

-- name: ListTransactions :many
SELECT * FROM credit_transaction WHERE account_id = @account_id AND seq < @before_seq
  AND (CAST(sqlc.narg('type') AS text) IS NULL OR type = CAST(sqlc.narg('type') AS text))
  AND (CAST(sqlc.narg('site') AS text) IS NULL OR CAST(site_id AS text) = CAST(sqlc.narg('site') AS text))
  AND created_at >= @from_at AND created_at < @until_at
ORDER BY seq DESC LIMIT @page_size;
