-- +goose Up
-- catalogue: what is sold, where, for how much; read by everybody
CREATE TABLE currency (
  code text PRIMARY KEY,
  name text NOT NULL,
  symbol text NOT NULL,
  round_to_minor bigint NOT NULL CHECK (round_to_minor > 0),
  rounding text NOT NULL CHECK (rounding IN ('half_up', 'half_even', 'up')),
  second_approval_minor bigint,
  enabled boolean NOT NULL,
  position bigint NOT NULL
);
CREATE TABLE exchange_rate (
  id uuid PRIMARY KEY,
  currency text NOT NULL REFERENCES currency (code),
  rate text NOT NULL,
  source text NOT NULL,
  valid_from timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (currency, valid_from)
);
CREATE TABLE country (
  code text PRIMARY KEY,
  name text NOT NULL,
  currency text NOT NULL REFERENCES currency (code),
  time_zone text NOT NULL,
  enabled boolean NOT NULL,
  position bigint NOT NULL
);
CREATE TABLE payment_method (
  id uuid PRIMARY KEY,
  slug text NOT NULL,
  country text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('stripe', 'paypal', 'bank_transfer', 'local_wallet', 'manual')),
  name text NOT NULL,
  instructions text NOT NULL,
  fields jsonb NOT NULL,
  submission jsonb NOT NULL,
  qr text NOT NULL,
  currency text,
  min_minor bigint,
  max_minor bigint,
  enabled boolean NOT NULL,
  position bigint NOT NULL,
  UNIQUE (slug)
);
CREATE INDEX payment_method_country ON payment_method (country, position);
CREATE TABLE plan (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  description text NOT NULL,
  public boolean NOT NULL,
  trial boolean NOT NULL,
  position bigint NOT NULL,
  archived_at timestamptz
);
CREATE TABLE plan_version (
  id uuid PRIMARY KEY,
  plan_id uuid NOT NULL REFERENCES plan (id),
  version bigint NOT NULL,
  included_credits bigint NOT NULL CHECK (included_credits >= 0),
  trial_days bigint NOT NULL,
  max_sites bigint,
  max_users bigint,
  max_sectors bigint,
  features jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  UNIQUE (plan_id, version)
);
CREATE TABLE plan_price (
  plan_version_id uuid NOT NULL REFERENCES plan_version (id),
  cycle text NOT NULL CHECK (cycle IN ('monthly', 'annual')),
  currency text NOT NULL REFERENCES currency (code),
  amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
  PRIMARY KEY (plan_version_id, cycle, currency)
);
CREATE TABLE credit_package (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  credits bigint NOT NULL CHECK (credits > 0),
  price_minor bigint NOT NULL CHECK (price_minor > 0),
  enabled boolean NOT NULL,
  position bigint NOT NULL
);
CREATE TABLE credit_cost (
  id uuid PRIMARY KEY,
  operation text NOT NULL,
  name text NOT NULL,
  unit text NOT NULL,
  unit_size bigint NOT NULL CHECK (unit_size > 0),
  credits bigint NOT NULL CHECK (credits >= 0),
  minimum bigint NOT NULL CHECK (minimum >= 0),
  version bigint NOT NULL,
  valid_from timestamptz NOT NULL,
  UNIQUE (operation, version)
);
CREATE TABLE industry (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE,
  name text NOT NULL,
  active boolean NOT NULL,
  position bigint NOT NULL
);
CREATE TABLE industry_sector (
  id uuid PRIMARY KEY,
  industry_id uuid NOT NULL REFERENCES industry (id),
  slug text NOT NULL,
  name text NOT NULL,
  active boolean NOT NULL,
  position bigint NOT NULL,
  UNIQUE (industry_id, slug)
);
CREATE TABLE seed_keyword (
  id uuid PRIMARY KEY,
  industry_sector_id uuid NOT NULL REFERENCES industry_sector (id),
  keyword text NOT NULL,
  UNIQUE (industry_sector_id, keyword)
);
CREATE TABLE quote (
  id uuid PRIMARY KEY,
  plan_version_id uuid NOT NULL REFERENCES plan_version (id),
  plan_slug text NOT NULL,
  cycle text NOT NULL,
  country text NOT NULL,
  currency text NOT NULL,
  total_minor bigint NOT NULL,
  base_minor bigint NOT NULL,
  base_currency text NOT NULL,
  rate text NOT NULL,
  rate_source text NOT NULL,
  rate_at timestamptz NOT NULL,
  rounding text NOT NULL,
  created_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
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
