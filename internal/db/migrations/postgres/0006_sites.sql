-- +goose Up
-- sites
CREATE TABLE site (
  account_id uuid NOT NULL REFERENCES account (id),
  id uuid NOT NULL,
  name text NOT NULL,
  domain text NOT NULL,
  industry_id uuid NOT NULL REFERENCES industry (id),
  industry_slug text NOT NULL,
  industry_name text NOT NULL,
  active boolean NOT NULL,
  version bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX site_domain ON site (account_id, domain) WHERE deleted_at IS NULL;
CREATE TABLE site_sector (
  account_id uuid NOT NULL,
  site_id uuid NOT NULL,
  industry_sector_id uuid NOT NULL REFERENCES industry_sector (id),
  id uuid NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  active boolean NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, site_id, industry_sector_id),
  FOREIGN KEY (account_id, site_id) REFERENCES site (account_id, id)
);

-- +goose Down
DROP TABLE site_sector;
DROP TABLE site;
