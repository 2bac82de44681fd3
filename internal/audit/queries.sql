-- name: OpenChain :exec
INSERT INTO audit_head (account_id, seq, hash) VALUES ($1, 0, '') ON CONFLICT (account_id) DO NOTHING;

-- name: AdvanceChain :one
-- Takes the chain's row lock: rows of one account are chained one at a time.
UPDATE audit_head SET seq = seq + 1 WHERE account_id = $1 RETURNING seq, hash;

-- name: CloseChain :exec
UPDATE audit_head SET hash = $2 WHERE account_id = $1;

-- name: InsertEvent :exec
INSERT INTO audit_event (account_id, seq, id, action, actor_id, actor_email, actor_role, network,
  object_type, object_id, details, created_at, prev_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14);

-- name: ListEvents :many
SELECT * FROM audit_event WHERE account_id = @account_id AND seq < @before_seq ORDER BY seq DESC LIMIT @page_size;

-- name: ChainAfter :many
SELECT * FROM audit_event WHERE account_id = @account_id AND seq > @after_seq ORDER BY seq LIMIT 1000;

-- name: Heads :many
-- system scope: the check of all chains looks at every account.
SELECT * FROM audit_head ORDER BY account_id;
