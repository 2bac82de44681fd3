-- name: CountSites :one
-- What counts against the plan's limit: everything that is not deleted.
SELECT count(*) FROM site WHERE account_id = $1 AND deleted_at IS NULL;

-- name: InsertSite :one
-- No row when the account has a site with this domain.
INSERT INTO site (account_id, id, name, domain, industry_id, industry_slug, industry_name, active, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, TRUE, 1, @now, @now)
ON CONFLICT (account_id, domain) WHERE deleted_at IS NULL DO NOTHING RETURNING *;

-- name: GetSite :one
SELECT * FROM site WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL;

-- name: ListSites :many
-- sites is ",id,id,".
SELECT * FROM site WHERE account_id = @account_id AND id < @before_id AND deleted_at IS NULL
  AND (CAST(@all_sites AS boolean) OR CAST(@sites AS text) LIKE '%,' || CAST(id AS text) || ',%') ORDER BY id DESC LIMIT @page_size;

-- name: DomainTaken :one
-- Asked under the account's lock, so the answer holds until the commit.
SELECT count(*) FROM site WHERE account_id = $1 AND domain = $2 AND id <> $3 AND deleted_at IS NULL;

-- name: UpdateSite :one
UPDATE site SET name = @name, domain = @domain, industry_id = @industry_id, industry_slug = @industry_slug,
  industry_name = @industry_name, active = @active, version = version + 1, updated_at = @now
WHERE account_id = @account_id AND id = @id AND deleted_at IS NULL RETURNING *;

-- name: DeleteSite :one
UPDATE site SET active = FALSE, deleted_at = @now, version = version + 1, updated_at = @now
WHERE account_id = @account_id AND id = @id AND deleted_at IS NULL RETURNING *;

-- name: SectorsBetween :many
-- The sectors of the sites of one page, in the order of their making.
SELECT * FROM site_sector WHERE account_id = @account_id AND site_id >= @first AND site_id <= @last ORDER BY site_id, id;

-- name: DeactivateSectors :exec
UPDATE site_sector SET active = FALSE WHERE account_id = $1 AND site_id = $2 AND active;

-- name: ActivateSector :exec
-- A sector that the site had once is the same row again.
INSERT INTO site_sector (account_id, site_id, industry_sector_id, id, slug, name, active, created_at)
VALUES ($1, $2, $3, $4, $5, $6, TRUE, $7)
ON CONFLICT (account_id, site_id, industry_sector_id) DO UPDATE SET active = TRUE, slug = excluded.slug, name = excluded.name;
