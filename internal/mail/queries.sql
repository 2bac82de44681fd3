-- name: InsertMessage :one
INSERT INTO mail_message (account_id, id, dedup_key, template, recipient, subject, body_text, body_html, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (account_id, dedup_key) DO NOTHING RETURNING id;

-- name: Unsent :one
SELECT * FROM mail_message WHERE account_id = $1 AND id = $2 AND sent_at IS NULL;

-- name: MarkSent :exec
UPDATE mail_message SET sent_at = @now WHERE account_id = @account_id AND id = @id AND sent_at IS NULL;

-- name: Latest :many
-- system scope: the development mailbox shows all letters.
SELECT * FROM mail_message ORDER BY id DESC LIMIT $1;

-- name: CountUnsent :one
-- system scope: staff see how many letters of all accounts have not left.
SELECT count(*) FROM mail_message WHERE sent_at IS NULL;

-- name: LatestTo :many
SELECT * FROM mail_message WHERE account_id = $1 AND template = $2 AND recipient = $3 ORDER BY id DESC LIMIT $4;

-- name: SentWithKey :one
SELECT count(*) FROM mail_message WHERE account_id = @account_id AND dedup_key LIKE CAST(@prefix AS text) || '%' AND sent_at IS NOT NULL;
