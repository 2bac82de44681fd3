-- name: NextNumber :one
INSERT INTO counter (name, value) VALUES ('account', 1)
ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value;

-- name: InsertAccount :one
-- A taken slug gives no row; the caller tries another.
INSERT INTO account (id, number, name, slug, status, country, currency, time_zone, billing, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, @now, @now) ON CONFLICT (slug) DO NOTHING RETURNING *;

-- name: LockAccount :one
-- The first statement of every money story: locks go account, invoice, payment, balance.
UPDATE account SET version = version WHERE id = @account_id RETURNING *;

-- name: GetAccount :one
SELECT * FROM account WHERE id = @account_id;

-- name: SetStatus :one
-- Who pays again is no longer closing the account.
UPDATE account SET status = @to_status, suspended_reason = NULL, status_before = NULL, version = version + 1, updated_at = @now,
  closed_at = CASE WHEN CAST(@to_status AS text) = 'active' THEN NULL ELSE closed_at END,
  erase_at = CASE WHEN CAST(@to_status AS text) = 'active' THEN NULL ELSE erase_at END
WHERE id = @account_id AND status = @from_status RETURNING *;

-- name: Suspend :one
UPDATE account SET status = 'suspended', suspended_reason = @reason, status_before = status, version = version + 1, updated_at = @now
WHERE id = @account_id AND status = @from_status RETURNING *;

-- name: UpdateProfile :one
UPDATE account SET name = @name, time_zone = @time_zone, billing = @billing, version = version + 1, updated_at = @now
WHERE id = @account_id RETURNING *;

-- name: InsertUser :one
INSERT INTO app_user (id, email, email_norm, password_hash, first_name, last_name, language, staff, staff_permissions, status, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'active', @now, @now) ON CONFLICT (email_norm) DO NOTHING RETURNING *;

-- name: GetUser :one
-- system scope: a user is of no tenant.
SELECT * FROM app_user WHERE id = $1;

-- name: UserByEmail :one
-- system scope: login asks before any tenant is known.
SELECT * FROM app_user WHERE email_norm = $1;

-- name: ListStaff :many
SELECT * FROM app_user WHERE staff ORDER BY created_at, id;

-- name: StaffTurn :one
-- Changes of staff go one at a time, so that the last who may everything is known.
INSERT INTO counter (name, value) VALUES ('staff', 1)
ON CONFLICT (name) DO UPDATE SET value = counter.value + 1 RETURNING value;

-- name: SetStaff :one
-- system scope: staff are of no tenant.
UPDATE app_user SET staff_permissions = @permissions, status = @to_status, updated_at = @now
WHERE id = @id AND staff AND status = @from_status RETURNING *;

-- name: LockUser :one
-- system scope: a user is of no tenant.
UPDATE app_user SET updated_at = updated_at WHERE id = $1 RETURNING *;

-- name: UpdateUser :one
-- system scope: a user is of no tenant.
UPDATE app_user SET first_name = @first_name, last_name = @last_name, language = @language, number_style = @number_style, updated_at = @now
WHERE id = @id RETURNING *;

-- name: GetMember :one
SELECT * FROM membership WHERE account_id = $1 AND user_id = $2;

-- name: SeeNotices :one
-- Forward only: who looks in two windows never loses what was read.
UPDATE membership SET notices_seen = @seen WHERE account_id = @account_id AND user_id = @user_id
  AND (notices_seen IS NULL OR notices_seen < @seen) RETURNING id;

-- name: InsertMember :exec
INSERT INTO membership (account_id, id, user_id, role, sites, created_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: Members :many
SELECT sqlc.embed(membership), app_user.first_name, app_user.last_name, app_user.email FROM membership
JOIN app_user ON app_user.id = membership.user_id
WHERE membership.account_id = @account_id AND membership.id < @before_id ORDER BY membership.id DESC LIMIT @page_size;

-- name: Member :one
SELECT sqlc.embed(membership), app_user.first_name, app_user.last_name, app_user.email FROM membership
JOIN app_user ON app_user.id = membership.user_id WHERE membership.account_id = $1 AND membership.id = $2;

-- name: CountMembers :one
SELECT count(*) FROM membership WHERE account_id = $1;

-- name: CountOwners :one
-- Asked under the account's lock, so the answer holds until the commit.
SELECT count(*) FROM membership WHERE account_id = $1 AND role = 'owner';

-- name: SetMember :one
UPDATE membership SET role = @role, sites = @sites WHERE account_id = @account_id AND id = @id AND role = @from_role RETURNING *;

-- name: SetRoleOf :one
UPDATE membership SET role = @role, sites = NULL WHERE account_id = @account_id AND user_id = @user_id AND role = @from_role RETURNING *;

-- name: DeleteMember :one
DELETE FROM membership WHERE account_id = @account_id AND id = @id AND role = @from_role RETURNING *;

-- name: RevokeInvitationsBy :exec
UPDATE invitation SET revoked_at = @now WHERE account_id = @account_id AND invited_by = @invited_by AND accepted_at IS NULL AND revoked_at IS NULL;

-- name: SiteIsThere :one
SELECT count(*) FROM site WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL;

-- name: SeeMember :exec
UPDATE membership SET last_seen_at = @now WHERE account_id = @account_id AND user_id = @user_id
  AND (last_seen_at IS NULL OR last_seen_at < @now);

-- name: MembershipsOf :many
-- system scope: one person's accounts, for login and /me.
SELECT sqlc.embed(membership), sqlc.embed(account) FROM membership JOIN account ON account.id = membership.account_id
WHERE membership.user_id = $1 ORDER BY membership.id;

-- name: Owner :one
SELECT app_user.id, app_user.email, app_user.first_name, app_user.language FROM membership JOIN app_user ON app_user.id = membership.user_id
WHERE membership.account_id = @account_id AND membership.role = 'owner' ORDER BY membership.id LIMIT 1;

-- name: VerifiedOwners :one
SELECT count(*) FROM membership JOIN app_user ON app_user.id = membership.user_id
WHERE membership.account_id = @account_id AND membership.role = 'owner' AND app_user.email_verified_at IS NOT NULL;

-- name: IsMember :one
SELECT count(*) FROM membership WHERE account_id = $1 AND user_id = $2;

-- name: ClaimTrial :one
INSERT INTO trial_claim (person_hash, created_at) VALUES ($1, $2) ON CONFLICT (person_hash) DO NOTHING RETURNING person_hash;

-- name: LookMember :one
-- system scope: the gate finds out whether the caller may see the tenant at all.
-- It reads dates and not only the stored status, and whether a payment waits,
-- because then the overdue clock stands still.
SELECT app_user.email, app_user.status AS user_status, session.revoked_at, session.expires_at, membership.role, membership.sites,
  account.status, account.suspended_reason, account.created_at,
  subscription.current_period_end, subscription.grace_until,
  EXISTS (SELECT 1 FROM payment WHERE payment.account_id = account.id AND payment.status = 'pending_approval') AS waiting
FROM app_user
JOIN session ON session.user_id = app_user.id
JOIN membership ON membership.user_id = app_user.id
JOIN account ON account.id = membership.account_id
LEFT JOIN subscription ON subscription.account_id = account.id AND (subscription.status IN ('active', 'past_due')
  OR account.status = 'pending_payment' AND subscription.status = 'incomplete')
WHERE app_user.id = @user_id AND session.id = @session_id AND session.acting IS NULL AND membership.account_id = @account_id;

-- name: LookActing :one
-- system scope: as LookMember, for staff who look into the account.
SELECT app_user.email, app_user.status AS user_status, app_user.staff_permissions, session.revoked_at, session.expires_at, session.acting,
  account.status, account.suspended_reason, account.created_at,
  subscription.current_period_end, subscription.grace_until,
  EXISTS (SELECT 1 FROM payment WHERE payment.account_id = account.id AND payment.status = 'pending_approval') AS waiting
FROM app_user
JOIN session ON session.user_id = app_user.id
JOIN account ON account.id = session.home_account
LEFT JOIN subscription ON subscription.account_id = account.id AND (subscription.status IN ('active', 'past_due')
  OR account.status = 'pending_payment' AND subscription.status = 'incomplete')
WHERE app_user.id = @user_id AND app_user.staff AND session.id = @session_id AND session.acting IS NOT NULL AND account.id = @account_id;

-- name: LookAccount :one
-- system scope: as LookMember, for an API key, which is nobody's.
SELECT account.status, account.suspended_reason, account.created_at, subscription.current_period_end, subscription.grace_until,
  EXISTS (SELECT 1 FROM payment WHERE payment.account_id = account.id AND payment.status = 'pending_approval') AS waiting
FROM account
LEFT JOIN subscription ON subscription.account_id = account.id AND (subscription.status IN ('active', 'past_due')
  OR account.status = 'pending_payment' AND subscription.status = 'incomplete')
WHERE account.id = @account_id;

-- name: LookStaff :one
-- system scope: staff belong to no tenant.
SELECT app_user.email, app_user.status AS user_status, app_user.staff, app_user.staff_permissions, session.revoked_at, session.expires_at
FROM app_user JOIN session ON session.user_id = app_user.id
WHERE app_user.id = @user_id AND session.id = @session_id AND session.acting IS NULL;

-- name: CountAccounts :one
-- system scope: the demonstration must not mix with real accounts.
SELECT count(*) FROM account;

-- name: InsertStaffChange :exec
-- system scope: staff are of no tenant.
INSERT INTO staff_change (id, user_id, made_by, what, created_at) VALUES ($1, $2, $3, $4, $5);

-- name: StaffMakers :many
-- system scope: who made whose login, or gave it something. The operator's acts make nobody.
SELECT user_id, made_by, created_at FROM staff_change WHERE what IN ('create', 'enable', 'grant', 'reset') AND made_by IS NOT NULL;

-- name: LatestStaffChange :one
-- system scope: when a login was last given to somebody; no row for one that is older than these records.
SELECT created_at FROM staff_change WHERE user_id = $1 AND what IN ('create', 'enable', 'grant', 'reset') ORDER BY created_at DESC LIMIT 1;

-- name: StaffLostSince :one
-- system scope: how many times staff lost rights or access since a time.
SELECT count(*) FROM staff_change WHERE what IN ('disable', 'withdraw') AND created_at > @since;

-- name: StaffChangedSince :one
-- system scope: how many times a login of staff was changed since a time.
SELECT count(*) FROM staff_change WHERE user_id = @user_id AND created_at > @since;
