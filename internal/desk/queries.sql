-- name: WaitingGift :one
SELECT * FROM staff_gift WHERE account_id = $1 AND kind = $2 AND status = 'waiting';

-- name: WaitingGifts :many
SELECT * FROM staff_gift WHERE account_id = $1 AND status = 'waiting' ORDER BY id;

-- name: GivenAlone :one
-- system scope: what one member of staff gave to all accounts without a second person.
SELECT CAST(coalesce(sum(credits), 0) AS bigint) AS credits, CAST(coalesce(sum(months), 0) AS bigint) AS months FROM staff_gift
WHERE given_by = @given_by AND kind = @kind AND status = 'done' AND second_by IS NULL AND created_at > @since;

-- name: InsertGift :exec
INSERT INTO staff_gift (account_id, id, kind, credits, plan, cycle, months, note, status, given_by, given_email, created_at, done_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, @now, @done_at);

-- name: ReplaceGift :exec
UPDATE staff_gift SET status = 'replaced' WHERE account_id = $1 AND kind = $2 AND status = 'waiting';

-- name: ConfirmGift :one
UPDATE staff_gift SET status = 'done', second_by = @second_by, second_email = @second_email, done_at = @now
WHERE account_id = $1 AND id = $2 AND status = 'waiting' RETURNING *;
