-- name: Close :one
UPDATE account SET closed_at = @now, erase_at = @erase_at, version = version + 1, updated_at = @now
WHERE id = @account_id AND closed_at IS NULL RETURNING *;

-- name: Reopen :one
UPDATE account SET closed_at = NULL, erase_at = NULL, version = version + 1, updated_at = @now
WHERE id = @account_id AND closed_at IS NOT NULL AND erased_at IS NULL AND erase_at > @now RETURNING *;

-- name: CancelSubscriptions :exec
UPDATE subscription SET status = 'cancelled', updated_at = @now WHERE account_id = @account_id AND status IN ('active', 'past_due', 'incomplete');

-- name: VoidInvoices :exec
-- What was paid in part stays open: that money is owed or due.
UPDATE invoice SET status = 'void', void_reason = 'account closed' WHERE account_id = @account_id AND status = 'pending' AND amount_paid_minor = 0;

-- name: WaitingPayments :one
SELECT count(*) FROM payment WHERE account_id = $1 AND status = 'pending_approval';

-- name: RevokeKeys :exec
UPDATE api_key SET revoked_at = @now WHERE account_id = @account_id AND revoked_at IS NULL;

-- name: RevokeInvitations :exec
UPDATE invitation SET revoked_at = @now WHERE account_id = @account_id AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: Due :many
-- system scope: the job looks over all accounts for those whose time is over.
-- While a payment waits for a decision nothing is erased: its proof is before staff.
SELECT account.id FROM account WHERE erase_at IS NOT NULL AND erased_at IS NULL AND erase_at <= @now AND account.status <> 'active'
  AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.account_id = account.id AND payment.status = 'pending_approval') ORDER BY erase_at LIMIT 100;

-- name: OwnFiles :many
-- system scope: files that no other account's payment came with.
SELECT DISTINCT p.sha256 FROM payment_proof p WHERE p.account_id = @account_id
  AND NOT EXISTS (SELECT 1 FROM payment_proof o WHERE o.sha256 = p.sha256 AND o.account_id <> p.account_id);

-- name: OnlyHere :many
-- system scope: people of the account who belong to no other one, and to no staff.
SELECT m.user_id FROM membership m JOIN app_user u ON u.id = m.user_id WHERE m.account_id = @account_id AND NOT u.staff
  AND NOT EXISTS (SELECT 1 FROM membership o WHERE o.user_id = m.user_id AND o.account_id <> m.account_id);

-- name: ErasePerson :exec
-- system scope: a person is of no tenant.
UPDATE app_user SET email = @email, email_norm = @email, password_hash = 'erased', first_name = 'Erased', last_name = 'Person', status = 'disabled',
  email_verified_at = NULL, totp_sealed = NULL, totp_confirmed_at = NULL, updated_at = @now WHERE id = @id;

-- name: EraseSessions :exec
-- system scope: as ErasePerson.
UPDATE session SET user_agent = '', network = '', revoked_at = COALESCE(revoked_at, @now), revoked_reason = COALESCE(revoked_reason, 'account erased') WHERE user_id = @user_id;

-- name: ErasePasskeys :exec
DELETE FROM passkey WHERE user_id = $1;

-- name: EraseRecoveryCodes :exec
DELETE FROM recovery_code WHERE user_id = $1;

-- name: EraseLinks :exec
DELETE FROM email_token WHERE user_id = $1;

-- name: EraseChanges :exec
DELETE FROM email_change WHERE user_id = $1;

-- name: ErasePayers :exec
UPDATE payment SET payer_name = '', notes = '' WHERE account_id = $1;

-- name: EraseSites :exec
UPDATE site SET name = 'erased', domain = 'erased-' || CAST(id AS text), active = FALSE, deleted_at = COALESCE(deleted_at, @now) WHERE account_id = @account_id;

-- name: EraseAccount :one
UPDATE account SET name = @name, slug = @slug, billing = @billing, erased_at = @now, version = version + 1, updated_at = @now
WHERE account.id = @account_id AND erased_at IS NULL AND erase_at <= @now AND account.status <> 'active'
  AND NOT EXISTS (SELECT 1 FROM payment WHERE payment.account_id = @account_id AND payment.status = 'pending_approval') RETURNING *;
