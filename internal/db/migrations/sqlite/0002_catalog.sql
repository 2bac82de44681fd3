-- +goose Up
-- catalogue: what is sold, where, for how much; read by everybody
CREATE TABLE currency (
  code TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  symbol TEXT NOT NULL,
  round_to_minor INTEGER NOT NULL CHECK (round_to_minor > 0),
  rounding TEXT NOT NULL CHECK (rounding IN ('half_up', 'half_even', 'up')),
  second_approval_minor INTEGER,
  enabled BOOLEAN NOT NULL,
  position INTEGER NOT NULL
);
CREATE TABLE exchange_rate (
  id TEXT PRIMARY KEY,
  currency TEXT NOT NULL REFERENCES currency (code),
  rate TEXT NOT NULL,
  source TEXT NOT NULL,
  valid_from TIMESTAMP NOT NULL,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (currency, valid_from)
);
CREATE TABLE country (
  code TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  currency TEXT NOT NULL REFERENCES currency (code),
  time_zone TEXT NOT NULL,
  enabled BOOLEAN NOT NULL,
  position INTEGER NOT NULL
);
CREATE TABLE payment_method (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL,
  country TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('stripe', 'paypal', 'bank_transfer', 'local_wallet', 'manual')),
  name TEXT NOT NULL,
  instructions TEXT NOT NULL,
  fields BLOB NOT NULL,
  submission BLOB NOT NULL,
  qr TEXT NOT NULL,
  currency TEXT,
  min_minor INTEGER,
  max_minor INTEGER,
  enabled BOOLEAN NOT NULL,
  position INTEGER NOT NULL,
  UNIQUE (slug)
);
CREATE INDEX payment_method_country ON payment_method (country, position);
CREATE TABLE plan (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  public BOOLEAN NOT NULL,
  trial BOOLEAN NOT NULL,
  position INTEGER NOT NULL,
  archived_at TIMESTAMP
);
CREATE TABLE plan_version (
  id TEXT PRIMARY KEY,
  plan_id TEXT NOT NULL REFERENCES plan (id),
  version INTEGER NOT NULL,
  included_credits INTEGER NOT NULL CHECK (included_credits >= 0),
  trial_days INTEGER NOT NULL,
  max_sites INTEGER,
  max_users INTEGER,
  max_sectors INTEGER,
  features BLOB NOT NULL,
  created_at TIMESTAMP NOT NULL,
  UNIQUE (plan_id, version)
);
CREATE TABLE plan_price (
  plan_version_id TEXT NOT NULL REFERENCES plan_version (id),
  cycle TEXT NOT NULL CHECK (cycle IN ('monthly', 'annual')),
  currency TEXT NOT NULL REFERENCES currency (code),
  amount_minor INTEGER NOT NULL CHECK (amount_minor >= 0),
  PRIMARY KEY (plan_version_id, cycle, currency)
);
CREATE TABLE credit_package (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  credits INTEGER NOT NULL CHECK (credits > 0),
  price_minor INTEGER NOT NULL CHECK (price_minor > 0),
  enabled BOOLEAN NOT NULL,
  position INTEGER NOT NULL
);
CREATE TABLE credit_cost (
  id TEXT PRIMARY KEY,
  operation TEXT NOT NULL,
  name TEXT NOT NULL,
  unit TEXT NOT NULL,
  unit_size INTEGER NOT NULL CHECK (unit_size > 0),
  credits INTEGER NOT NULL CHECK (credits >= 0),
  minimum INTEGER NOT NULL CHECK (minimum >= 0),
  version INTEGER NOT NULL,
  valid_from TIMESTAMP NOT NULL,
  UNIQUE (operation, version)
);
CREATE TABLE industry (
  id TEXT PRIMARY KEY,
  slug TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  position INTEGER NOT NULL
);
CREATE TABLE industry_sector (
  id TEXT PRIMARY KEY,
  industry_id TEXT NOT NULL REFERENCES industry (id),
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  position INTEGER NOT NULL,
  UNIQUE (industry_id, slug)
);
CREATE TABLE seed_keyword (
  id TEXT PRIMARY KEY,
  industry_sector_id TEXT NOT NULL REFERENCES industry_sector (id),
  keyword TEXT NOT NULL,
  UNIQUE (industry_sector_id, keyword)
);
CREATE TABLE quote (
  id TEXT PRIMARY KEY,
  plan_version_id TEXT NOT NULL REFERENCES plan_version (id),
  plan_slug TEXT NOT NULL,
  cycle TEXT NOT NULL,
  country TEXT NOT NULL,
  currency TEXT NOT NULL,
  total_minor INTEGER NOT NULL,
  base_minor INTEGER NOT NULL,
  base_currency TEXT NOT NULL,
  rate TEXT NOT NULL,
  rate_source TEXT NOT NULL,
  rate_at TIMESTAMP NOT NULL,
  rounding TEXT NOT NULL,
  created_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL
);

-- +goose Down
DROP TABLE quote;
DROP TABLE seed_keyword;
DROP TABLE industry_sector;
DROP TABLE industry;
DROP TABLE credit_cost;
DROP TABLE credit_package;
DROP TABLE plan_price;
DROP TABLE plan_version;
DROP TABLE plan;
DROP TABLE payment_method;
DROP TABLE country;
DROP TABLE exchange_rate;
DROP TABLE currency;
