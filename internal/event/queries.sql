-- name: InsertEvent :exec
INSERT INTO outbox_event (account_id, id, type, object_id, data, created_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: ListEvents :many
SELECT * FROM outbox_event WHERE account_id = @account_id AND id < @before_id ORDER BY id DESC LIMIT @page_size;

-- name: ListOf :many
-- types is ",payment.approved,invoice.issued,". The last condition is that of the index.
SELECT * FROM outbox_event WHERE account_id = @account_id AND id < @before_id AND id > @after_id
  AND CAST(@types AS text) LIKE '%,' || type || ',%' AND type <> 'credits.spent' ORDER BY id DESC LIMIT @page_size;

-- name: Newest :many
-- system scope: live pages of all accounts wait for them.
SELECT id, account_id FROM outbox_event WHERE id > @after_id ORDER BY id DESC LIMIT 2000;
