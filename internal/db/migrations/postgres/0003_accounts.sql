-- +goose Up
-- people: a person may be in many accounts, so a user is of no tenant
CREATE TABLE app_user (
  id uuid PRIMARY KEY,
  email text NOT NULL,
  email_norm text NOT NULL UNIQUE,
  password_hash text NOT NULL,
  first_name text NOT NULL,
  last_name text NOT NULL,
  language text NOT NULL,
  staff boolean NOT NULL,
  status text NOT NULL CHECK (status IN ('active', 'disabled')),
  email_verified_at timestamptz,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL
);
CREATE TABLE session (
  id uuid PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user (id),
  home_account uuid,
  remember boolean NOT NULL,
  user_agent text NOT NULL,
  network text NOT NULL,
  created_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  revoked_reason text
);
CREATE INDEX session_by_user ON session (user_id);
CREATE TABLE refresh_token (
  hash text PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES session (id),
  child_sealed bytea,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX refresh_token_session ON refresh_token (session_id);
CREATE UNIQUE INDEX refresh_token_usable ON refresh_token (session_id) WHERE used_at IS NULL;
CREATE TABLE email_token (
  hash text PRIMARY KEY,
  user_id uuid NOT NULL REFERENCES app_user (id),
  purpose text NOT NULL,
  email_norm text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE TABLE trial_claim (
  person_hash text PRIMARY KEY,
  created_at timestamptz NOT NULL
);

-- the tenant
CREATE TABLE account (
  id uuid PRIMARY KEY,
  number bigint NOT NULL UNIQUE,
  name text NOT NULL,
  slug text NOT NULL UNIQUE,
  status text NOT NULL CHECK (status IN ('pending_payment', 'trial', 'active', 'suspended', 'cancelled', 'expired')),
  suspended_reason text CHECK (suspended_reason IN ('payment', 'policy')),
  status_before text,
  country text NOT NULL,
  currency text NOT NULL,
  time_zone text NOT NULL,
  billing jsonb NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK ((status = 'suspended') = (suspended_reason IS NOT NULL))
);
CREATE TABLE membership (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  user_id uuid NOT NULL REFERENCES app_user (id),
  role text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, user_id)
);
CREATE INDEX membership_by_user ON membership (user_id);

-- who did what, and what follows from it
CREATE TABLE audit_head (
  account_id uuid PRIMARY KEY,
  seq bigint NOT NULL,
  hash text NOT NULL
);
CREATE TABLE audit_event (
  account_id uuid NOT NULL,
  seq bigint NOT NULL,
  id uuid NOT NULL,
  action text NOT NULL,
  actor_id text NOT NULL,
  actor_email text NOT NULL,
  actor_role text NOT NULL,
  network text NOT NULL,
  object_type text NOT NULL,
  object_id text NOT NULL,
  details text NOT NULL,
  created_at timestamptz NOT NULL,
  prev_hash text NOT NULL,
  hash text NOT NULL,
  PRIMARY KEY (account_id, seq),
  UNIQUE (account_id, id)
);
CREATE TABLE outbox_event (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  object_id text NOT NULL,
  data jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  delivered_at timestamptz,
  PRIMARY KEY (account_id, id)
);
CREATE INDEX outbox_event_due ON outbox_event (created_at) WHERE delivered_at IS NULL;
CREATE TABLE mail_message (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  dedup_key text NOT NULL,
  template text NOT NULL,
  recipient text NOT NULL,
  subject text NOT NULL,
  body_text text NOT NULL,
  body_html text NOT NULL,
  created_at timestamptz NOT NULL,
  sent_at timestamptz,
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
