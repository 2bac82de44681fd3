-- +goose Up
-- billing
CREATE TABLE subscription (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  plan_id uuid NOT NULL REFERENCES plan (id),
  plan_version_id uuid NOT NULL REFERENCES plan_version (id),
  plan_slug text NOT NULL,
  cycle text NOT NULL CHECK (cycle IN ('monthly', 'annual')),
  status text NOT NULL CHECK (status IN ('incomplete', 'active', 'past_due', 'cancelled', 'expired')),
  trial boolean NOT NULL,
  current_period_start timestamptz,
  current_period_end timestamptz,
  trial_ends_at timestamptz,
  grace_until timestamptz,
  cancel_at_period_end boolean NOT NULL,
  auto_renew boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  CHECK (status = 'incomplete' OR status IN ('cancelled', 'expired') OR current_period_end > current_period_start)
);
CREATE UNIQUE INDEX subscription_live ON subscription (account_id) WHERE status IN ('active', 'past_due');
CREATE UNIQUE INDEX subscription_incomplete ON subscription (account_id) WHERE status = 'incomplete';
CREATE TABLE series (
  account_id uuid NOT NULL REFERENCES account (id),
  name text NOT NULL,
  month text NOT NULL,
  last_value bigint NOT NULL,
  PRIMARY KEY (account_id, name, month)
);
CREATE TABLE invoice (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  number text NOT NULL,
  type text NOT NULL CHECK (type IN ('subscription', 'credit_package', 'addon', 'custom')),
  status text NOT NULL CHECK (status IN ('draft', 'pending', 'paid', 'void', 'uncollectible')),
  currency text NOT NULL,
  subtotal_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  total_minor bigint NOT NULL CHECK (total_minor >= 0),
  amount_paid_minor bigint NOT NULL CHECK (amount_paid_minor >= 0),
  balance_used_minor bigint NOT NULL CHECK (balance_used_minor >= 0),
  base_minor bigint NOT NULL,
  base_currency text NOT NULL,
  rate text NOT NULL,
  rate_source text NOT NULL,
  rate_at timestamptz NOT NULL,
  rounding text NOT NULL,
  billing jsonb NOT NULL,
  pay_code text NOT NULL,
  subscription_id uuid,
  credits bigint NOT NULL,
  due_at timestamptz NOT NULL,
  issued_at timestamptz NOT NULL,
  paid_at timestamptz,
  void_reason text,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, number),
  UNIQUE (account_id, pay_code),
  FOREIGN KEY (account_id, subscription_id) REFERENCES subscription (account_id, id),
  CHECK (subtotal_minor + tax_minor = total_minor),
  CHECK (amount_paid_minor + balance_used_minor <= total_minor),
  CHECK ((status = 'paid') = (paid_at IS NOT NULL))
);
CREATE INDEX invoice_pay_code ON invoice (pay_code);
CREATE TABLE invoice_line (
  account_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  n bigint NOT NULL,
  description text NOT NULL,
  quantity bigint NOT NULL,
  unit_minor bigint NOT NULL,
  amount_minor bigint NOT NULL,
  PRIMARY KEY (account_id, invoice_id, n),
  FOREIGN KEY (account_id, invoice_id) REFERENCES invoice (account_id, id)
);
CREATE TABLE payment (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN ('pending_approval', 'succeeded', 'failed', 'refunded')),
  method text NOT NULL,
  method_name text NOT NULL,
  kind text NOT NULL,
  reference text NOT NULL,
  reference_norm text NOT NULL,
  payer_name text NOT NULL,
  paid_on text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  currency text NOT NULL,
  received_minor bigint CHECK (received_minor > 0),
  notes text NOT NULL,
  submitted_by uuid,
  via text NOT NULL,
  failure_code text,
  failure_reason text,
  evidence text NOT NULL,
  decision_note text NOT NULL,
  overridden jsonb NOT NULL,
  decided_at timestamptz,
  decided_by uuid,
  decided_email text NOT NULL,
  first_approved_by uuid,
  first_approved_at timestamptz,
  first_received_minor bigint,
  claimed_by uuid,
  claimed_email text NOT NULL,
  claimed_until timestamptz,
  refunded_minor bigint NOT NULL CHECK (refunded_minor >= 0),
  receipt_number text,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, receipt_number),
  FOREIGN KEY (account_id, invoice_id) REFERENCES invoice (account_id, id),
  CHECK ((status = 'pending_approval') = (decided_at IS NULL)),
  CHECK ((status IN ('succeeded', 'refunded')) = (received_minor IS NOT NULL))
);
CREATE UNIQUE INDEX payment_waiting ON payment (account_id, invoice_id) WHERE status = 'pending_approval';
CREATE INDEX payment_queue ON payment (status, id);
CREATE INDEX payment_reference ON payment (reference_norm);
CREATE TABLE payment_proof (
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  n bigint NOT NULL,
  sha256 text NOT NULL,
  original_sha256 text NOT NULL,
  content_type text NOT NULL,
  size bigint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, payment_id, n),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id)
);
CREATE INDEX payment_proof_original ON payment_proof (original_sha256);
CREATE TABLE payment_allocation (
  account_id uuid NOT NULL,
  payment_id uuid NOT NULL,
  target text NOT NULL CHECK (target IN ('invoice', 'balance')),
  amount_minor bigint NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (account_id, payment_id, target),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id)
);
CREATE TABLE account_balance (
  account_id uuid NOT NULL REFERENCES account (id),
  currency text NOT NULL,
  balance_minor bigint NOT NULL CHECK (balance_minor >= 0),
  PRIMARY KEY (account_id, currency)
);
CREATE TABLE account_balance_entry (
  account_id uuid NOT NULL,
  id uuid NOT NULL,
  currency text NOT NULL,
  amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
  balance_after_minor bigint NOT NULL,
  reason text NOT NULL,
  payment_id uuid,
  invoice_id uuid,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, currency) REFERENCES account_balance (account_id, currency),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id),
  FOREIGN KEY (account_id, invoice_id) REFERENCES invoice (account_id, id)
);
CREATE TABLE subscription_period (
  account_id uuid NOT NULL,
  invoice_id uuid NOT NULL,
  subscription_id uuid NOT NULL,
  payment_id uuid,
  starts_at timestamptz NOT NULL,
  ends_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, invoice_id),
  FOREIGN KEY (account_id, invoice_id) REFERENCES invoice (account_id, id),
  FOREIGN KEY (account_id, subscription_id) REFERENCES subscription (account_id, id),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id),
  CHECK (ends_at > starts_at)
);
CREATE TABLE account_payment_method (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  method text NOT NULL,
  is_default boolean NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, method)
);
CREATE UNIQUE INDEX account_payment_method_default ON account_payment_method (account_id) WHERE is_default;

-- +goose Down
DROP TABLE account_payment_method;
DROP TABLE subscription_period;
DROP TABLE account_balance_entry;
DROP TABLE account_balance;
DROP TABLE payment_allocation;
DROP TABLE payment_proof;
DROP TABLE payment;
DROP TABLE invoice_line;
DROP TABLE invoice;
DROP TABLE series;
DROP TABLE subscription;
