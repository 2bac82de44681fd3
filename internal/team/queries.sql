-- name: CountOpen :one
-- What takes a seat besides the members: invitations that can still be accepted.
SELECT count(*) FROM invitation WHERE account_id = @account_id AND id <> @except_id AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > @now;

-- name: IsMemberByEmail :one
SELECT count(*) FROM membership JOIN app_user ON app_user.id = membership.user_id
WHERE membership.account_id = @account_id AND lower(app_user.email) = CAST(@email_norm AS text);

-- name: Reader :one
-- What a letter to a person needs.
SELECT email, first_name, language FROM app_user WHERE id = $1;

-- name: RevokeExpired :exec
-- Makes room in the index for another invitation of the same person.
UPDATE invitation SET revoked_at = @now WHERE account_id = @account_id AND email_norm = @email_norm
  AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at <= @now;

-- name: InsertInvitation :one
-- No row when the person has an open invitation.
INSERT INTO invitation (account_id, id, email, email_norm, role, sites, hash, link_hash, invited_by, invited_email, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
ON CONFLICT (account_id, email_norm) WHERE accepted_at IS NULL AND revoked_at IS NULL DO NOTHING RETURNING *;

-- name: ListInvitations :many
-- Those that wait, and those whose time is over.
SELECT * FROM invitation WHERE account_id = @account_id AND id < @before_id AND accepted_at IS NULL AND revoked_at IS NULL
ORDER BY id DESC LIMIT @page_size;

-- name: GetInvitation :one
SELECT * FROM invitation WHERE account_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: RenewInvitation :one
UPDATE invitation SET hash = @hash, link_hash = @link_hash, expires_at = @expires_at
WHERE account_id = @account_id AND id = @id AND accepted_at IS NULL AND revoked_at IS NULL RETURNING *;

-- name: RevokeInvitation :one
UPDATE invitation SET revoked_at = @now WHERE account_id = @account_id AND id = @id AND accepted_at IS NULL AND revoked_at IS NULL RETURNING *;

-- name: FindInvitation :one
-- system scope: who holds the link belongs to no account yet.
SELECT sqlc.embed(invitation), account.name AS account_name FROM invitation JOIN account ON account.id = invitation.account_id
WHERE (invitation.hash = @hash OR invitation.link_hash = @hash) AND invitation.accepted_at IS NULL AND invitation.revoked_at IS NULL
  AND invitation.expires_at > @now AND account.closed_at IS NULL;

-- name: UseInvitation :one
-- Only one of many gets the row.
UPDATE invitation SET accepted_at = @now, accepted_by = @accepted_by WHERE account_id = @account_id AND (hash = @hash OR link_hash = @hash)
  AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > @now RETURNING *;

-- name: PendingFor :many
-- system scope: one person's invitations, of any account.
SELECT sqlc.embed(invitation), account.name AS account_name FROM invitation JOIN account ON account.id = invitation.account_id
WHERE invitation.email_norm = @email_norm AND invitation.accepted_at IS NULL AND invitation.revoked_at IS NULL
  AND invitation.expires_at > @now AND account.closed_at IS NULL ORDER BY invitation.id DESC LIMIT 10;

-- name: EndTransfers :many
UPDATE ownership_transfer SET ended_at = @now WHERE account_id = @account_id AND accepted_at IS NULL AND ended_at IS NULL RETURNING *;

-- name: InsertTransfer :exec
INSERT INTO ownership_transfer (account_id, id, from_user, to_user, hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: OpenTransfer :one
SELECT * FROM ownership_transfer WHERE account_id = @account_id AND accepted_at IS NULL AND ended_at IS NULL AND expires_at > @now;

-- name: UseTransfer :one
UPDATE ownership_transfer SET accepted_at = @now WHERE account_id = @account_id AND hash = @hash AND to_user = @to_user
  AND accepted_at IS NULL AND ended_at IS NULL AND expires_at > @now RETURNING *;
