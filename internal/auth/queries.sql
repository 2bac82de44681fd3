-- name: Hit :one
-- Counts one try, in one statement, unless the key is blocked; then no row. The
-- row stays locked until the delay is written, so parallel tries count one by one. A new
-- key is blocked until long ago: tries that began a moment earlier are let in too.
INSERT INTO throttle (key, hits, first_at, blocked_until) VALUES (@key, 1, @now, @window_start)
ON CONFLICT (key) DO UPDATE SET
  hits = CASE WHEN throttle.first_at <= @window_start THEN 1 ELSE throttle.hits + 1 END,
  first_at = CASE WHEN throttle.first_at <= @window_start THEN @now ELSE throttle.first_at END
WHERE throttle.blocked_until <= @now RETURNING hits, first_at;

-- name: Block :exec
UPDATE throttle SET blocked_until = @blocked_until WHERE key = @key;

-- name: BlockedUntil :one
SELECT blocked_until FROM throttle WHERE key = $1;

-- name: Forget :exec
DELETE FROM throttle WHERE key = $1;

-- name: InsertSession :exec
INSERT INTO session (id, user_id, home_account, remember, user_agent, network, created_at, last_seen_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, @now, @now, $7);

-- name: InsertRefresh :exec
INSERT INTO refresh_token (hash, session_id, created_at, expires_at) VALUES ($1, $2, $3, $4);

-- name: FindRefresh :one
SELECT sqlc.embed(refresh_token), sqlc.embed(session) FROM refresh_token JOIN session ON session.id = refresh_token.session_id
WHERE refresh_token.hash = $1;

-- name: UseRefresh :one
UPDATE refresh_token SET used_at = @now, child_sealed = @child_sealed WHERE hash = @hash AND used_at IS NULL RETURNING hash;

-- name: TouchSession :exec
UPDATE session SET last_seen_at = @now WHERE id = @id;

-- name: RevokeSession :exec
UPDATE session SET revoked_at = @now, revoked_reason = @reason WHERE id = @id AND revoked_at IS NULL;

-- name: RevokeSessionsOf :exec
-- system scope: a person's sessions are of no tenant.
UPDATE session SET revoked_at = @now, revoked_reason = @reason WHERE user_id = @user_id AND revoked_at IS NULL;

-- name: InsertEmailToken :exec
INSERT INTO email_token (hash, user_id, purpose, email_norm, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6);

-- name: UseEmailToken :one
UPDATE email_token SET used_at = @now WHERE hash = @hash AND purpose = @purpose AND used_at IS NULL AND expires_at > @now RETURNING user_id, email_norm;

-- name: PeekEmailToken :one
SELECT user_id FROM email_token WHERE hash = @hash AND purpose = @purpose AND used_at IS NULL AND expires_at > @now;

-- name: MarkVerified :exec
UPDATE app_user SET email_verified_at = @now, updated_at = @now WHERE id = @id AND email_norm = @email_norm AND email_verified_at IS NULL;

-- name: BindSetting :exec
INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING;

-- name: GetSetting :one
SELECT value FROM setting WHERE name = $1;

-- name: ReplaceSetting :exec
UPDATE setting SET value = @value, updated_at = @now WHERE name = @name;

-- name: InsertConsole :exec
INSERT INTO console_token (hash, session_id, created_at, expires_at) VALUES ($1, $2, $3, $4);

-- name: FindConsole :one
SELECT sqlc.embed(console_token), sqlc.embed(session) FROM console_token JOIN session ON session.id = console_token.session_id
WHERE console_token.hash = $1;

-- name: GetSession :one
SELECT * FROM session WHERE id = $1;

-- name: ExtendConsole :exec
UPDATE console_token SET expires_at = @expires_at WHERE hash = @hash;

-- name: ForgetConsole :exec
DELETE FROM console_token WHERE hash = $1 OR expires_at <= @now;

-- name: PutSetting :exec
INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3)
ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value, updated_at = EXCLUDED.updated_at;

-- name: TakeSetting :one
-- Only one of two takers gets the row.
DELETE FROM setting WHERE name = $1 AND value = $2 RETURNING name;

-- name: ActiveStaff :one
-- system scope: staff are of no tenant.
SELECT count(*) FROM app_user WHERE staff AND status = 'active';

-- name: GetSettingRow :one
SELECT * FROM setting WHERE name = $1;

-- name: VoidEmailTokens :exec
-- system scope: a person is of no tenant. A newer link ends the older ones.
UPDATE email_token SET used_at = @now WHERE user_id = @user_id AND purpose = @purpose AND used_at IS NULL;

-- name: SetPassword :one
-- system scope: a person is of no tenant.
UPDATE app_user SET password_hash = @password_hash, updated_at = @now WHERE id = @id AND status = 'active' AND email_norm = @email_norm RETURNING *;

-- name: EndOtherSessions :many
-- system scope: a person's sessions are of no tenant. Of staff's looks into accounts too.
UPDATE session SET revoked_at = @now, revoked_reason = @reason WHERE user_id = @user_id AND id <> @keep AND revoked_at IS NULL RETURNING id;

-- name: EndForeignSessions :exec
-- system scope: as EndOtherSessions.
UPDATE session SET revoked_at = @now, revoked_reason = @reason WHERE user_id = @user_id AND network <> @network AND revoked_at IS NULL;

-- name: EndOneSession :one
-- system scope: as EndOtherSessions.
UPDATE session SET revoked_at = @now, revoked_reason = 'ended by its person' WHERE user_id = @user_id AND id = @id AND revoked_at IS NULL RETURNING *;

-- name: SessionsOf :many
-- system scope: as EndOtherSessions. Those that stand and that something can still use.
SELECT * FROM session WHERE user_id = @user_id AND revoked_at IS NULL AND session.expires_at > @now AND acting IS NULL
  AND (EXISTS (SELECT 1 FROM refresh_token r WHERE r.session_id = session.id AND r.used_at IS NULL AND r.expires_at > @now)
    OR EXISTS (SELECT 1 FROM console_token c WHERE c.session_id = session.id AND c.expires_at > @now))
ORDER BY last_seen_at DESC, id DESC LIMIT 100;

-- name: EndEmailChanges :exec
-- system scope: a person is of no tenant.
UPDATE email_change SET ended_at = @now WHERE user_id = @user_id AND done_at IS NULL AND ended_at IS NULL;

-- name: InsertEmailChange :exec
INSERT INTO email_change (id, user_id, old_email, new_email, new_norm, old_hash, new_hash, undo_hash, old_confirmed_at, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11);

-- name: ConfirmOldEmail :one
-- Each of the two links is good once, while the change is open.
UPDATE email_change SET old_confirmed_at = @now WHERE old_hash = @hash AND old_confirmed_at IS NULL
  AND done_at IS NULL AND ended_at IS NULL AND expires_at > @now RETURNING *;

-- name: ConfirmNewEmail :one
UPDATE email_change SET new_confirmed_at = @now WHERE new_hash = @hash AND new_confirmed_at IS NULL
  AND done_at IS NULL AND ended_at IS NULL AND expires_at > @now RETURNING *;

-- name: FinishEmailChange :one
UPDATE email_change SET done_at = @now WHERE id = @id AND old_confirmed_at IS NOT NULL AND new_confirmed_at IS NOT NULL
  AND done_at IS NULL AND ended_at IS NULL RETURNING *;

-- name: UndoEmailChange :one
-- Before it is done, and for a while after.
UPDATE email_change SET ended_at = @now WHERE undo_hash = @hash AND ended_at IS NULL AND created_at > @since RETURNING *;

-- name: MoveEmail :one
-- system scope: a person is of no tenant. No row: the address is not what it was.
UPDATE app_user SET email = @email, email_norm = @email_norm, email_verified_at = @now, updated_at = @now
WHERE id = @id AND email_norm = @old_norm RETURNING *;

-- name: AddressTaken :one
-- system scope: addresses are one for all.
SELECT count(*) FROM app_user WHERE email_norm = $1;

-- name: FactorsOf :one
-- system scope: a person is of no tenant. The same holds for every query below.
SELECT CAST(u.totp_confirmed_at IS NOT NULL AS boolean) AS totp,
  (SELECT count(*) FROM passkey p WHERE p.user_id = u.id) AS passkeys,
  (SELECT count(*) FROM recovery_code c WHERE c.user_id = u.id AND c.used_at IS NULL) AS codes
FROM app_user u WHERE u.id = @id;

-- name: StartTotp :one
-- system scope: as FactorsOf. No row: a secret is in use, and must be switched off first.
UPDATE app_user SET totp_sealed = @sealed, totp_step = 0, updated_at = @now WHERE id = @id AND totp_confirmed_at IS NULL RETURNING id;

-- name: ConfirmTotp :one
-- system scope: as FactorsOf. For the secret that the code was checked against, once.
UPDATE app_user SET totp_confirmed_at = @now, totp_step = @step, updated_at = @now
WHERE id = @id AND totp_confirmed_at IS NULL AND totp_sealed = @sealed RETURNING id;

-- name: UseTotpStep :one
-- system scope: as FactorsOf. Two logins with one code: the second finds the step used.
UPDATE app_user SET totp_step = @step WHERE id = @id AND totp_step < @step AND totp_sealed = @sealed
  AND totp_confirmed_at IS NOT NULL RETURNING id;

-- name: ClearTotp :exec
-- system scope: as FactorsOf.
UPDATE app_user SET totp_sealed = NULL, totp_confirmed_at = NULL, totp_step = 0, updated_at = @now WHERE id = @id;

-- name: SealedTotp :many
-- system scope: as FactorsOf. For sealing all of them anew.
SELECT * FROM app_user WHERE totp_sealed IS NOT NULL ORDER BY id;

-- name: ResealTotp :exec
-- system scope: as FactorsOf.
UPDATE app_user SET totp_sealed = @sealed WHERE id = @id AND totp_sealed = @old;

-- name: InsertRecoveryCode :exec
INSERT INTO recovery_code (hash, user_id, created_at) VALUES ($1, $2, $3);

-- name: UseRecoveryCode :one
-- system scope: as FactorsOf. Once.
UPDATE recovery_code SET used_at = @now WHERE hash = @hash AND user_id = @user_id AND used_at IS NULL RETURNING hash;

-- name: DeleteRecoveryCodes :exec
-- system scope: as FactorsOf.
DELETE FROM recovery_code WHERE user_id = $1;

-- name: InsertPasskey :one
INSERT INTO passkey (id, user_id, credential_id, credential, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (credential_id) DO NOTHING RETURNING *;

-- name: PasskeysOf :many
-- system scope: as FactorsOf.
SELECT * FROM passkey WHERE user_id = $1 ORDER BY id;

-- name: UsePasskey :one
-- system scope: as FactorsOf. No row: it was removed meanwhile.
UPDATE passkey SET credential = @credential, last_used_at = @now WHERE id = @id AND user_id = @user_id RETURNING id;

-- name: DeletePasskey :one
-- system scope: as FactorsOf.
DELETE FROM passkey WHERE id = $1 AND user_id = $2 RETURNING *;

-- name: DeletePasskeys :exec
-- system scope: as FactorsOf.
DELETE FROM passkey WHERE user_id = $1;

-- name: InsertChallenge :exec
INSERT INTO login_challenge (hash, user_id, purpose, data, tries, created_at, expires_at) VALUES ($1, $2, $3, $4, 0, $5, $6);

-- name: ForgetChallenges :exec
-- Those whose time is over.
DELETE FROM login_challenge WHERE expires_at <= @now;

-- name: EndChallenges :exec
-- system scope: as FactorsOf. Begun logins of a person whose password changed.
DELETE FROM login_challenge WHERE user_id = $1;

-- name: PeekChallenge :one
SELECT * FROM login_challenge WHERE hash = @hash AND purpose = @purpose AND expires_at > @now;

-- name: TryChallenge :one
-- Counts one try, of so many.
UPDATE login_challenge SET tries = tries + 1 WHERE hash = @hash AND purpose = @purpose AND expires_at > @now AND tries < @most RETURNING *;

-- name: TakeChallenge :one
-- Only one of two takers gets the row.
DELETE FROM login_challenge WHERE hash = @hash AND purpose = @purpose AND expires_at > @now RETURNING *;
-- name: InsertKey :one
INSERT INTO api_key (account_id, id, name, hash, start, scopes, site_id, networks, created_by, created_email, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING *;

-- name: InsertLikeKey :one
-- A key like another one that stands, with its end.
INSERT INTO api_key (account_id, id, name, hash, start, scopes, site_id, networks, created_by, created_email, created_at, expires_at)
SELECT old.account_id, @new_id, old.name, @hash, @start, old.scopes, old.site_id, old.networks, @created_by, @created_email, @now, old.expires_at
FROM api_key AS old WHERE old.account_id = @account_id AND old.id = @id AND old.revoked_at IS NULL AND (old.expires_at IS NULL OR old.expires_at > @now)
RETURNING *;

-- name: ListKeys :many
SELECT * FROM api_key WHERE account_id = @account_id AND id < @before_id ORDER BY id DESC LIMIT @page_size;

-- name: GetKey :one
SELECT * FROM api_key WHERE account_id = $1 AND id = $2;

-- name: RevokeKey :one
UPDATE api_key SET revoked_at = @now WHERE account_id = @account_id AND id = @id AND revoked_at IS NULL RETURNING *;

-- name: ShortenKey :one
-- A key that is replaced works on until then, never longer than it would have.
UPDATE api_key SET expires_at = CASE WHEN expires_at IS NOT NULL AND expires_at < @until THEN expires_at ELSE @until END
WHERE account_id = @account_id AND id = @id AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > @now) RETURNING *;

-- name: FindKey :one
-- system scope: the key tells which tenant it is for. Its site must still be there.
SELECT sqlc.embed(api_key), (SELECT count(*) FROM site WHERE site.account_id = api_key.account_id AND site.id = api_key.site_id
  AND site.active AND site.deleted_at IS NULL) AS sites_there
FROM api_key WHERE hash = $1;

-- name: SitesThere :one
SELECT count(*) FROM site WHERE account_id = @account_id AND id = @site_id AND active AND deleted_at IS NULL;

-- name: TouchKey :exec
UPDATE api_key SET last_used_at = @now WHERE account_id = @account_id AND id = @id;

-- name: InsertActing :one
INSERT INTO session (id, user_id, home_account, remember, user_agent, network, created_at, last_seen_at, expires_at, acting, acting_reason)
VALUES ($1, $2, $3, FALSE, $4, $5, @now, @now, $6, $7, $8) RETURNING *;

-- name: EndActing :many
-- system scope: staff are of no tenant. Those that are over by themselves, too.
UPDATE session SET revoked_at = @now, revoked_reason = 'ended' WHERE user_id = @user_id AND acting IS NOT NULL AND revoked_at IS NULL RETURNING *;

-- name: InsertStaffKey :one
-- system scope: staff are of no tenant.
INSERT INTO staff_key (id, user_id, name, hash, start, scopes, networks, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *;

-- name: ListStaffKeys :many
-- system scope: as InsertStaffKey.
SELECT * FROM staff_key WHERE user_id = @user_id AND id < @before_id ORDER BY id DESC LIMIT @page_size;

-- name: GetStaffKey :one
-- system scope: as InsertStaffKey.
SELECT * FROM staff_key WHERE user_id = $1 AND id = $2;

-- name: RevokeStaffKey :one
-- system scope: as InsertStaffKey.
UPDATE staff_key SET revoked_at = @now WHERE user_id = @user_id AND id = @id AND revoked_at IS NULL RETURNING *;

-- name: FindStaffKey :one
-- system scope: as InsertStaffKey.
SELECT * FROM staff_key WHERE hash = $1;

-- name: TouchStaffKey :exec
-- system scope: as InsertStaffKey.
UPDATE staff_key SET last_used_at = @now WHERE id = @id;

-- name: KnownNetwork :one
-- system scope: login asks before any tenant is known. Whether a person logged in from a network before.
SELECT count(*) FROM session JOIN app_user ON app_user.id = session.user_id
WHERE app_user.email_norm = @email_norm AND session.network = @network AND session.created_at > @since AND session.acting IS NULL;

-- name: CleanThrottle :exec
-- system scope: tries are of no tenant. Those that no rule counts any more.
DELETE FROM throttle WHERE first_at < @before AND blocked_until < @before;

-- name: CleanEmailTokens :exec
-- system scope: as CleanThrottle.
DELETE FROM email_token WHERE expires_at < @before;

-- name: CleanRefreshTokens :exec
-- system scope: as CleanThrottle.
DELETE FROM refresh_token WHERE session_id IN (SELECT id FROM session WHERE session.expires_at < @before OR session.revoked_at < @before);

-- name: CleanConsoleTokens :exec
-- system scope: as CleanThrottle.
DELETE FROM console_token WHERE console_token.expires_at < @before
  OR session_id IN (SELECT id FROM session WHERE session.expires_at < @before OR session.revoked_at < @before);

-- name: CleanSessions :exec
-- system scope: as CleanThrottle. Tokens go first.
DELETE FROM session WHERE expires_at < @before OR revoked_at < @before;
