-- +goose Up
-- People: second factors, passkeys, changes of address, and short-lived states of a
-- login (a code to be typed, a passkey's challenge).
ALTER TABLE app_user ADD COLUMN totp_sealed bytea;
ALTER TABLE app_user ADD COLUMN totp_confirmed_at timestamptz;
ALTER TABLE app_user ADD COLUMN totp_step bigint NOT NULL DEFAULT 0; -- the newest time step whose code was used
ALTER TABLE app_user ADD COLUMN staff_permissions text NOT NULL DEFAULT ''; -- names with spaces between; empty is all
CREATE TABLE recovery_code (
  hash text PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user (id),
  created_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX recovery_code_user ON recovery_code (user_id);
CREATE TABLE passkey (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user (id),
  credential_id text NOT NULL UNIQUE, -- base64url
  credential jsonb NOT NULL,
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  last_used_at timestamptz
);
CREATE INDEX passkey_user ON passkey (user_id);
CREATE TABLE login_challenge (
  hash text PRIMARY KEY,
  user_id uuid REFERENCES app_user (id),
  purpose text NOT NULL,
  data jsonb NOT NULL,
  tries bigint NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE TABLE email_change (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user (id),
  old_email text NOT NULL,
  new_email text NOT NULL,
  new_norm text NOT NULL,
  old_hash text NOT NULL UNIQUE,
  new_hash text NOT NULL UNIQUE,
  undo_hash text NOT NULL UNIQUE,
  old_confirmed_at timestamptz,
  new_confirmed_at timestamptz,
  done_at timestamptz,
  ended_at timestamptz, -- undone, or void
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX email_change_user ON email_change (user_id);
CREATE INDEX email_token_user ON email_token (user_id);

-- Staff who look into an account: a session of theirs on that account.
ALTER TABLE session ADD COLUMN acting text CHECK (acting IN ('read', 'write'));
ALTER TABLE session ADD COLUMN acting_reason text;

-- What staff look into: who came from one network, where logins are tried too often.
CREATE INDEX session_network ON session (network, created_at);
CREATE INDEX throttle_busy ON throttle (first_at) WHERE hits >= 20;

-- Teams.
ALTER TABLE membership ADD COLUMN sites jsonb; -- ids of the only sites it reaches; NULL is all
ALTER TABLE membership ADD COLUMN last_seen_at timestamptz;
ALTER TABLE account ADD COLUMN closed_at timestamptz;
ALTER TABLE account ADD COLUMN erase_at timestamptz;
ALTER TABLE account ADD COLUMN erased_at timestamptz;
CREATE INDEX payment_proof_sha256 ON payment_proof (sha256); -- whose file else
CREATE INDEX account_erase ON account (erase_at) WHERE erase_at IS NOT NULL AND erased_at IS NULL;
CREATE TABLE invitation (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  email text NOT NULL,
  email_norm text NOT NULL,
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
  sites jsonb,
  hash text NOT NULL UNIQUE, -- of the letter's link, which proves the address
  link_hash text NOT NULL UNIQUE, -- of the link that the account's people can copy, which does not
  invited_by uuid NOT NULL,
  invited_email text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  accepted_by uuid,
  revoked_at timestamptz,
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX invitation_open ON invitation (account_id, email_norm) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitation_email ON invitation (email_norm);
CREATE TABLE ownership_transfer (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  from_user uuid NOT NULL,
  to_user uuid NOT NULL,
  hash text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  accepted_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX ownership_transfer_open ON ownership_transfer (account_id) WHERE accepted_at IS NULL AND ended_at IS NULL;

-- Programs.
CREATE TABLE api_key (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  name text NOT NULL,
  hash text NOT NULL UNIQUE,
  start text NOT NULL, -- its first characters, to recognise it by
  scopes text NOT NULL, -- permissions with spaces between
  site_id uuid,
  networks text NOT NULL, -- CIDR with spaces between; empty is everywhere
  created_by uuid NOT NULL,
  created_email text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz,
  last_used_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, site_id) REFERENCES site (account_id, id)
);

-- Allowances of requests, shared by all nodes.
CREATE TABLE rate_window (
  key text NOT NULL,
  started_at timestamptz NOT NULL,
  used bigint NOT NULL,
  PRIMARY KEY (key, started_at)
);
CREATE INDEX rate_window_started ON rate_window (started_at);
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON invitation TO igny8_tenant USING (account_id = nullif(current_setting('app.account', true), '')::uuid) WITH CHECK (account_id = nullif(current_setting('app.account', true), '')::uuid);
CREATE POLICY system ON invitation TO igny8_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON invitation TO igny8_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON invitation TO igny8_system;
ALTER TABLE ownership_transfer ENABLE ROW LEVEL SECURITY;
ALTER TABLE ownership_transfer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ownership_transfer TO igny8_tenant USING (account_id = nullif(current_setting('app.account', true), '')::uuid) WITH CHECK (account_id = nullif(current_setting('app.account', true), '')::uuid);
CREATE POLICY system ON ownership_transfer TO igny8_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON ownership_transfer TO igny8_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON ownership_transfer TO igny8_system;
ALTER TABLE api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_key TO igny8_tenant USING (account_id = nullif(current_setting('app.account', true), '')::uuid) WITH CHECK (account_id = nullif(current_setting('app.account', true), '')::uuid);
CREATE POLICY system ON api_key TO igny8_system USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON api_key TO igny8_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON api_key TO igny8_system;
GRANT DELETE ON membership TO igny8_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON recovery_code, passkey, login_challenge, email_change, rate_window TO igny8_system;

-- +goose Down
REVOKE DELETE ON membership FROM igny8_tenant;
DROP TABLE rate_window;
DROP TABLE api_key;
DROP TABLE ownership_transfer;
DROP TABLE invitation;
DROP INDEX account_erase;
DROP INDEX payment_proof_sha256;
ALTER TABLE account DROP COLUMN erased_at;
ALTER TABLE account DROP COLUMN erase_at;
ALTER TABLE account DROP COLUMN closed_at;
ALTER TABLE membership DROP COLUMN last_seen_at;
ALTER TABLE membership DROP COLUMN sites;
DROP INDEX throttle_busy;
DROP INDEX session_network;
ALTER TABLE session DROP COLUMN acting_reason;
ALTER TABLE session DROP COLUMN acting;
DROP INDEX email_token_user;
DROP TABLE email_change;
DROP TABLE login_challenge;
DROP TABLE passkey;
DROP TABLE recovery_code;
ALTER TABLE app_user DROP COLUMN staff_permissions;
ALTER TABLE app_user DROP COLUMN totp_step;
ALTER TABLE app_user DROP COLUMN totp_confirmed_at;
ALTER TABLE app_user DROP COLUMN totp_sealed;
