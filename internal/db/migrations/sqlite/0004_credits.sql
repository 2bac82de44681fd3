-- +goose Up
-- credits
CREATE TABLE credit_balance (
  account_id TEXT PRIMARY KEY REFERENCES account (id),
  balance INTEGER NOT NULL CHECK (balance >= 0),
  held INTEGER NOT NULL CHECK (held >= 0),
  seq INTEGER NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  CHECK (held <= balance)
);
CREATE TABLE credit_lot (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  pool TEXT NOT NULL CHECK (pool IN ('plan', 'bonus')),
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  remaining INTEGER NOT NULL,
  expires_at TIMESTAMP,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, source, source_id),
  CHECK (remaining >= 0 AND remaining <= amount)
);
CREATE INDEX credit_lot_open ON credit_lot (account_id, expires_at) WHERE remaining > 0;
CREATE TABLE credit_transaction (
  account_id TEXT NOT NULL REFERENCES account (id),
  seq INTEGER NOT NULL,
  id TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('subscription', 'purchase', 'deduction', 'refund', 'adjustment', 'expiry')),
  pool TEXT NOT NULL CHECK (pool IN ('plan', 'bonus', 'mixed')),
  amount INTEGER NOT NULL CHECK (amount <> 0),
  balance_after INTEGER NOT NULL CHECK (balance_after >= 0),
  description TEXT NOT NULL,
  reference TEXT NOT NULL,
  operation TEXT,
  site_id TEXT,
  user_id TEXT,
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, seq),
  UNIQUE (account_id, id),
  UNIQUE (account_id, source, source_id)
);
CREATE TABLE credit_burn (
  account_id TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  lot_id TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount <> 0),
  PRIMARY KEY (account_id, transaction_id, lot_id),
  FOREIGN KEY (account_id, transaction_id) REFERENCES credit_transaction (account_id, id),
  FOREIGN KEY (account_id, lot_id) REFERENCES credit_lot (account_id, id)
);

-- +goose Down
DROP TABLE credit_burn;
DROP TABLE credit_transaction;
DROP TABLE credit_lot;
DROP TABLE credit_balance;
