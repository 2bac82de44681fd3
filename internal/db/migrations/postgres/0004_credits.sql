-- +goose Up
-- credits
CREATE TABLE credit_balance (
  account_id uuid PRIMARY KEY REFERENCES account (id),
  balance bigint NOT NULL CHECK (balance >= 0),
  held bigint NOT NULL CHECK (held >= 0),
  seq bigint NOT NULL,
  updated_at timestamptz NOT NULL,
  CHECK (held <= balance)
);
CREATE TABLE credit_lot (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  pool text NOT NULL CHECK (pool IN ('plan', 'bonus')),
  source text NOT NULL,
  source_id text NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  remaining bigint NOT NULL,
  expires_at timestamptz,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, source, source_id),
  CHECK (remaining >= 0 AND remaining <= amount)
);
CREATE INDEX credit_lot_open ON credit_lot (account_id, expires_at) WHERE remaining > 0;
CREATE TABLE credit_transaction (
  account_id uuid NOT NULL REFERENCES account (id),
  seq bigint NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL CHECK (type IN ('subscription', 'purchase', 'deduction', 'refund', 'adjustment', 'expiry')),
  pool text NOT NULL CHECK (pool IN ('plan', 'bonus', 'mixed')),
  amount bigint NOT NULL CHECK (amount <> 0),
  balance_after bigint NOT NULL CHECK (balance_after >= 0),
  description text NOT NULL,
  reference text NOT NULL,
  operation text,
  site_id uuid,
  user_id uuid,
  source text NOT NULL,
  source_id text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, seq),
  UNIQUE (account_id, id),
  UNIQUE (account_id, source, source_id)
);
CREATE TABLE credit_burn (
  account_id uuid NOT NULL,
  transaction_id uuid NOT NULL,
  lot_id uuid NOT NULL,
  amount bigint NOT NULL CHECK (amount <> 0),
  PRIMARY KEY (account_id, transaction_id, lot_id),
  FOREIGN KEY (account_id, transaction_id) REFERENCES credit_transaction (account_id, id),
  FOREIGN KEY (account_id, lot_id) REFERENCES credit_lot (account_id, id)
);

-- +goose Down
DROP TABLE credit_burn;
DROP TABLE credit_transaction;
DROP TABLE credit_lot;
DROP TABLE credit_balance;
