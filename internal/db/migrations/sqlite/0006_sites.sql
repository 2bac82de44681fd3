-- +goose Up
-- sites
CREATE TABLE site (
  account_id TEXT NOT NULL REFERENCES account (id),
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  domain TEXT NOT NULL,
  industry_id TEXT NOT NULL REFERENCES industry (id),
  industry_slug TEXT NOT NULL,
  industry_name TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  version INTEGER NOT NULL,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  deleted_at TIMESTAMP,
  PRIMARY KEY (account_id, id)
);
CREATE UNIQUE INDEX site_domain ON site (account_id, domain) WHERE deleted_at IS NULL;
CREATE TABLE site_sector (
  account_id TEXT NOT NULL,
  site_id TEXT NOT NULL,
  industry_sector_id TEXT NOT NULL REFERENCES industry_sector (id),
  id TEXT NOT NULL,
  slug TEXT NOT NULL,
  name TEXT NOT NULL,
  active BOOLEAN NOT NULL,
  created_at TIMESTAMP NOT NULL,
  PRIMARY KEY (account_id, id),
  UNIQUE (account_id, site_id, industry_sector_id),
  FOREIGN KEY (account_id, site_id) REFERENCES site (account_id, id)
);

-- +goose Down
DROP TABLE site_sector;
DROP TABLE site;
