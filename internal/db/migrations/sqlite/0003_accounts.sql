-- +goose Up
-- people: a person may be in many accounts, so a user is of no tenant
CREATE TABLE app_user (
  id TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  email_norm TEXT NOT NULL UNIQUE,
  password_hash TEXT NOT NULL,
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  language TEXT NOT NULL,
  staff BOOLEAN NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'disabled')),
  email_verified_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);
CREATE TABLE session (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES app_user (id),
  home_account TEXT,
  remember BOOLEAN NOT NULL,
  user_agent TEXT NOT NULL,
  network TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  last_seen_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  revoked_at TIMESTAMP,
  revoked_reason TEXT
);
CREATE INDEX session_by_user ON session (user_id);
CREATE TABLE refresh_token (
  hash TEXT PRIMARY KEY,
  session_id TEXT NOT NULL REFERENCES session (id),
  child_sealed BLOB,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  used_at TIMESTAMP
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
CREATE UNIQUE INDEX refresh_token_usable ON refresh_token (session_id) WHERE used_at IS NULL;
CREATE TABLE email_token (
  hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES app_user (id),
  purpose TEXT NOT NULL,
  email_norm TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  used_at TIMESTAMP
);
CREATE TABLE trial_claim (
  person_hash TEXT PRIMARY KEY,
  created_at TIMESTAMP NOT NULL
);

-- the tenant
CREATE TABLE account (
  id TEXT PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  name TEXT NOT NULL,
  slug TEXT NOT NULL UNIQUE,
  status TEXT NOT NULL CHECK (status IN ('pending_payment', 'trial', 'active', 'suspended', 'cancelled', 'expired')),
  suspended_reason TEXT CHECK (suspended_reason IN ('payment', 'policy')),
  status_before TEXT,
  country TEXT NOT NULL,
  currency TEXT NOT NULL,
  time_zone TEXT NOT NULL,
  billing BLOB NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  CHECK ((status = 'suspended') = (suspended_reason IS NOT NULL))
);
CREATE TABLE membership (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES app_user (id),
  role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, user_id)
);
CREATE INDEX membership_by_user ON membership (user_id);

-- who did what, and what follows from it
CREATE TABLE audit_head (
  account_id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL
);
CREATE TABLE audit_event (
  account_id TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  action TEXT NOT NULL,
  actor_id TEXT NOT NULL,
  actor_email TEXT NOT NULL,
  actor_role TEXT NOT NULL,
  network TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id TEXT NOT NULL,
  details TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  prev_hash TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (account_id, seq),
  UNIQUE (account_id, id)
);
CREATE TABLE outbox_event (
  account_id TEXT NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL,
  object_id TEXT NOT NULL,
  data BLOB NOT NULL,
  created_at TIMESTAMP NOT NULL,
  delivered_at TIMESTAMP,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX outbox_event_due ON outbox_event (created_at) WHERE delivered_at IS NULL;
CREATE TABLE mail_message (
  account_id TEXT NOT NULL,
  id TEXT NOT NULL,
  dedup_key TEXT NOT NULL,
  template TEXT NOT NULL,
  recipient TEXT NOT NULL,
  subject TEXT NOT NULL,
  body_text TEXT NOT NULL,
  body_html TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  sent_at TIMESTAMP,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, dedup_key)
);
CREATE INDEX mail_message_created ON mail_message (created_at);

-- +goose Down
DROP TABLE mail_message;
DROP TABLE outbox_event;
DROP TABLE audit_event;
DROP TABLE audit_head;
DROP TABLE membership;
DROP TABLE account;
DROP TABLE trial_claim;
DROP TABLE email_token;
DROP TABLE refresh_token;
DROP TABLE session;
DROP TABLE app_user;
