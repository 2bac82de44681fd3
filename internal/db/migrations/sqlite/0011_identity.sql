-- +goose Up
-- People: second factors, passkeys, changes of address, and short-lived states of a
-- login (a code to be typed, a passkey's challenge).
ALTER TABLE app_user ADD COLUMN totp_sealed BLOB;
ALTER TABLE app_user ADD COLUMN totp_confirmed_at TIMESTAMP;
ALTER TABLE app_user ADD COLUMN totp_step INTEGER NOT NULL DEFAULT 0; -- the newest time step whose code was used
ALTER TABLE app_user ADD COLUMN staff_permissions TEXT NOT NULL DEFAULT ''; -- names with spaces between; empty is all
CREATE TABLE recovery_code (
  hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES app_user (id),
  created_at TIMESTAMP NOT NULL,
  used_at TIMESTAMP
);
CREATE INDEX recovery_code_user ON recovery_code (user_id);
CREATE TABLE passkey (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES app_user (id),
  credential_id TEXT NOT NULL UNIQUE, -- base64url
  credential BLOB NOT NULL,
  name TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  last_used_at TIMESTAMP
);
CREATE INDEX passkey_user ON passkey (user_id);
CREATE TABLE login_challenge (
  hash TEXT PRIMARY KEY,
  user_id TEXT REFERENCES app_user (id),
  purpose TEXT NOT NULL,
  data BLOB NOT NULL,
  tries INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL
);
CREATE TABLE email_change (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES app_user (id),
  old_email TEXT NOT NULL,
  new_email TEXT NOT NULL,
  new_norm TEXT NOT NULL,
  old_hash TEXT NOT NULL UNIQUE,
  new_hash TEXT NOT NULL UNIQUE,
  undo_hash TEXT NOT NULL UNIQUE,
  old_confirmed_at TIMESTAMP,
  new_confirmed_at TIMESTAMP,
  done_at TIMESTAMP,
  ended_at TIMESTAMP, -- undone, or void
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL
);
CREATE INDEX email_change_user ON email_change (user_id);
CREATE INDEX email_token_user ON email_token (user_id);

-- Staff who look into an account: a session of theirs on that account.
ALTER TABLE session ADD COLUMN acting TEXT CHECK (acting IN ('read', 'write'));
ALTER TABLE session ADD COLUMN acting_reason TEXT;

-- What staff look into: who came from one network, where logins are tried too often.
CREATE INDEX session_network ON session (network, created_at);
CREATE INDEX throttle_busy ON throttle (first_at) WHERE hits >= 20;

-- Teams.
ALTER TABLE membership ADD COLUMN sites BLOB; -- ids of the only sites it reaches; NULL is all
ALTER TABLE membership ADD COLUMN last_seen_at TIMESTAMP;
ALTER TABLE account ADD COLUMN closed_at TIMESTAMP;
ALTER TABLE account ADD COLUMN erase_at TIMESTAMP;
ALTER TABLE account ADD COLUMN erased_at TIMESTAMP;
CREATE INDEX payment_proof_sha256 ON payment_proof (sha256); -- whose file else
CREATE INDEX account_erase ON account (erase_at) WHERE erase_at IS NOT NULL AND erased_at IS NULL;
CREATE TABLE invitation (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  email TEXT NOT NULL,
  email_norm TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
  sites BLOB,
  hash TEXT NOT NULL UNIQUE, -- of the letter's link, which proves the address
  link_hash TEXT NOT NULL UNIQUE, -- of the link that the account's people can copy, which does not
  invited_by TEXT NOT NULL,
  invited_email TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  accepted_at TIMESTAMP,
  accepted_by TEXT,
  revoked_at TIMESTAMP,
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX invitation_open ON invitation (account_id, email_norm) WHERE accepted_at IS NULL AND revoked_at IS NULL;
CREATE INDEX invitation_email ON invitation (email_norm);
CREATE TABLE ownership_transfer (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  from_user TEXT NOT NULL,
  to_user TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  accepted_at TIMESTAMP,
  ended_at TIMESTAMP,
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX ownership_transfer_open ON ownership_transfer (account_id) WHERE accepted_at IS NULL AND ended_at IS NULL;

-- Programs.
CREATE TABLE api_key (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL UNIQUE,
  start TEXT NOT NULL, -- its first characters, to recognise it by
  scopes TEXT NOT NULL, -- permissions with spaces between
  site_id TEXT,
  networks TEXT NOT NULL, -- CIDR with spaces between; empty is everywhere
  created_by TEXT NOT NULL,
  created_email TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP,
  last_used_at TIMESTAMP,
  revoked_at TIMESTAMP,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, site_id) REFERENCES site (account_id, id)
);

-- Allowances of requests, shared by all nodes.
CREATE TABLE rate_window (
  key TEXT NOT NULL,
  started_at TIMESTAMP NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (key, started_at)
);
CREATE INDEX rate_window_started ON rate_window (started_at);

-- +goose Down
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
