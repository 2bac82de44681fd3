-- name: Claim :one
INSERT INTO idempotency_record (principal, route, key_hash, fingerprint, claim, state, status, answer, locked_at, created_at, boot)
VALUES (@principal, @route, @key_hash, @fingerprint, @claim, 'running', 0, @answer, @locked_at, @locked_at, @boot)
ON CONFLICT (principal, route, key_hash) DO NOTHING RETURNING claim;

-- name: Find :one
SELECT * FROM idempotency_record WHERE principal = $1 AND route = $2 AND key_hash = $3;

-- name: TakeOver :one
UPDATE idempotency_record SET claim = @new_claim, boot = @boot, locked_at = @locked_at, created_at = @locked_at, fingerprint = @fingerprint, state = 'running', status = 0
WHERE principal = @principal AND route = @route AND key_hash = @key_hash AND claim = @old_claim RETURNING claim;

-- name: Store :one
UPDATE idempotency_record SET state = 'done', status = @status, answer = @answer
WHERE principal = @principal AND route = @route AND key_hash = @key_hash AND claim = @claim AND state = 'running' RETURNING claim;

-- name: Drop :exec
DELETE FROM idempotency_record WHERE principal = $1 AND route = $2 AND key_hash = $3 AND claim = $4 AND state = 'running';

-- name: DeleteBefore :execrows
DELETE FROM idempotency_record WHERE created_at < $1;
