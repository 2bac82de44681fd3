-- +goose Up
-- billing
CREATE TABLE subscription (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  plan_id TEXT NOT NULL REFERENCES plan (id),
  plan_version_id TEXT NOT NULL REFERENCES plan_version (id),
  plan_slug TEXT NOT NULL,
  cycle TEXT NOT NULL CHECK (cycle IN ('monthly', 'annual')),
  status TEXT NOT NULL CHECK (status IN ('incomplete', 'active', 'past_due', 'cancelled', 'expired')),
  trial BOOLEAN NOT NULL,
  current_period_start TIMESTAMP,
  current_period_end TIMESTAMP,
  trial_ends_at TIMESTAMP,
  grace_until TIMESTAMP,
  cancel_at_period_end BOOLEAN NOT NULL,
  auto_renew BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, id),
  CHECK (status = 'incomplete' OR status IN ('cancelled', 'expired') OR current_period_end > current_period_start)
);
CREATE UNIQUE INDEX subscription_live ON subscription (account_id) WHERE status IN ('active', 'past_due');
CREATE UNIQUE INDEX subscription_incomplete ON subscription (account_id) WHERE status = 'incomplete';
CREATE TABLE series (
  account_id TEXT NOT NULL REFERENCES account (id),
  name TEXT NOT NULL,
  month TEXT NOT NULL,
  last_value INTEGER NOT NULL,
  PRIMARY KEY (account_id, name, month)
);
CREATE TABLE invoice (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  number TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('subscription', 'credit_package', 'addon', 'custom')),
  status TEXT NOT NULL CHECK (status IN ('draft', 'pending', 'paid', 'void', 'uncollectible')),
  currency TEXT NOT NULL,
  subtotal_minor INTEGER NOT NULL,
  tax_minor INTEGER NOT NULL,
  total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
  amount_paid_minor INTEGER NOT NULL CHECK (amount_paid_minor >= 0),
  balance_used_minor INTEGER NOT NULL CHECK (balance_used_minor >= 0),
  base_minor INTEGER NOT NULL,
  base_currency TEXT NOT NULL,
  rate TEXT NOT NULL,
  rate_source TEXT NOT NULL,
  rate_at TIMESTAMP NOT NULL,
  rounding TEXT NOT NULL,
  billing BLOB NOT NULL,
  pay_code TEXT NOT NULL,
  subscription_id TEXT,
  credits INTEGER NOT NULL,
  due_at TIMESTAMP NOT NULL,
  issued_at TIMESTAMP NOT NULL,
  paid_at TIMESTAMP,
  void_reason TEXT,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
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
  account_id TEXT NOT NULL,
  invoice_id TEXT NOT NULL,
  n INTEGER NOT NULL,
  description TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  unit_minor INTEGER NOT NULL,
  amount_minor INTEGER NOT NULL,
  PRIMARY KEY (account_id, invoice_id, n),
  FOREIGN KEY (account_id, invoice_id) REFERENCES invoice (account_id, id)
);
CREATE TABLE payment (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  invoice_id TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending_approval', 'succeeded', 'failed', 'refunded')),
  method TEXT NOT NULL,
  method_name TEXT NOT NULL,
  kind TEXT NOT NULL,
  reference TEXT NOT NULL,
  reference_norm TEXT NOT NULL,
  payer_name TEXT NOT NULL,
  paid_on TEXT NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  currency TEXT NOT NULL,
  received_minor INTEGER CHECK (received_minor > 0),
  notes TEXT NOT NULL,
  submitted_by TEXT,
  via TEXT NOT NULL,
  failure_code TEXT,
  failure_reason TEXT,
  evidence TEXT NOT NULL,
  decision_note TEXT NOT NULL,
  overridden BLOB NOT NULL,
  decided_at TIMESTAMP,
  decided_by TEXT,
  decided_email TEXT NOT NULL,
  first_approved_by TEXT,
  first_approved_at TIMESTAMP,
  first_received_minor INTEGER,
  claimed_by TEXT,
  claimed_email TEXT NOT NULL,
  claimed_until TIMESTAMP,
  refunded_minor INTEGER NOT NULL CHECK (refunded_minor >= 0),
  receipt_number TEXT,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
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
  account_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  n INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  original_sha256 TEXT NOT NULL,
  content_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, payment_id, n),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id)
);
CREATE INDEX payment_proof_original ON payment_proof (original_sha256);
CREATE TABLE payment_allocation (
  account_id TEXT NOT NULL,
  payment_id TEXT NOT NULL,
  target TEXT NOT NULL CHECK (target IN ('invoice', 'balance')),
  amount_minor INTEGER NOT NULL CHECK (amount_minor > 0),
  PRIMARY KEY (account_id, payment_id, target),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id)
);
CREATE TABLE account_balance (
  account_id TEXT NOT NULL REFERENCES account (id),
  currency TEXT NOT NULL,
  balance_minor INTEGER NOT NULL CHECK (balance_minor >= 0),
  PRIMARY KEY (account_id, currency)
);
CREATE TABLE account_balance_entry (
  account_id TEXT NOT NULL,
  id TEXT NOT NULL,
  currency TEXT NOT NULL,
  amount_minor INTEGER NOT NULL CHECK (amount_minor <> 0),
  balance_after_minor INTEGER NOT NULL,
  reason TEXT NOT NULL,
  payment_id TEXT,
  invoice_id TEXT,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, id),
  FOREIGN KEY (account_id, currency) REFERENCES account_balance (account_id, currency),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id),
  FOREIGN KEY (account_id, invoice_id) REFERENCES invoice (account_id, id)
);
CREATE TABLE subscription_period (
  account_id TEXT NOT NULL,
  invoice_id TEXT NOT NULL,
  subscription_id TEXT NOT NULL,
  payment_id TEXT,
  starts_at TIMESTAMP NOT NULL,
  ends_at TIMESTAMP NOT NULL,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, invoice_id),
  FOREIGN KEY (account_id, invoice_id) REFERENCES invoice (account_id, id),
  FOREIGN KEY (account_id, subscription_id) REFERENCES subscription (account_id, id),
  FOREIGN KEY (account_id, payment_id) REFERENCES payment (account_id, id),
  CHECK (ends_at > starts_at)
);
CREATE TABLE account_payment_method (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  method TEXT NOT NULL,
  is_default BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
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
