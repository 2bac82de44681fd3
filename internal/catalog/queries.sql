-- The catalogue has no tenant: everybody reads it, only igny8_system writes it.

-- name: CountCurrencies :one
SELECT count(*) FROM currency;

-- name: ListCurrencies :many
SELECT * FROM currency WHERE enabled ORDER BY position, code;

-- name: GetCurrency :one
SELECT * FROM currency WHERE code = $1;

-- name: GetRate :one
SELECT * FROM exchange_rate WHERE currency = $1 AND valid_from <= $2 ORDER BY valid_from DESC LIMIT 1;

-- name: ListCountries :many
SELECT * FROM country WHERE enabled ORDER BY position, code;

-- name: GetCountry :one
SELECT * FROM country WHERE code = $1 AND enabled;

-- name: ListMethods :many
SELECT * FROM payment_method
WHERE enabled AND (country = @country OR country = '*') AND (currency IS NULL OR currency = CAST(@currency AS text))
ORDER BY position, slug;

-- name: ListPlans :many
SELECT sqlc.embed(plan), sqlc.embed(plan_version) FROM plan JOIN plan_version ON plan_version.plan_id = plan.id
WHERE plan.archived_at IS NULL
  AND plan_version.version = (SELECT max(v.version) FROM plan_version v WHERE v.plan_id = plan.id)
ORDER BY plan.position, plan.slug;

-- name: GetPlanVersion :one
SELECT sqlc.embed(plan), sqlc.embed(plan_version) FROM plan JOIN plan_version ON plan_version.plan_id = plan.id
WHERE plan_version.id = $1;

-- name: ListPlanPrices :many
SELECT * FROM plan_price WHERE plan_version_id = $1 ORDER BY cycle DESC, currency;

-- name: ListPackages :many
SELECT * FROM credit_package WHERE enabled ORDER BY position, slug;

-- name: ListCosts :many
-- Of every operation the newest version that holds at the instant given.
SELECT c.* FROM credit_cost c
WHERE c.version = (SELECT max(v.version) FROM credit_cost v WHERE v.operation = c.operation AND v.valid_from <= @at)
ORDER BY c.operation;

-- name: ListIndustries :many
SELECT * FROM industry WHERE active ORDER BY position, slug;

-- name: GetIndustry :one
SELECT * FROM industry WHERE slug = $1 AND active;

-- name: GetIndustryByID :one
SELECT * FROM industry WHERE id = $1;

-- name: ListIndustrySectors :many
SELECT * FROM industry_sector WHERE industry_id = $1 AND active ORDER BY position, slug;

-- name: ListSeedKeywords :many
SELECT keyword FROM seed_keyword WHERE industry_sector_id = $1 ORDER BY keyword;

-- name: InsertQuote :exec
INSERT INTO quote (id, plan_version_id, plan_slug, cycle, country, currency, total_minor, base_minor, base_currency, rate,
  rate_source, rate_at, rounding, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15);

-- name: GetQuote :one
SELECT * FROM quote WHERE id = $1;

-- name: SeedCurrency :exec
INSERT INTO currency (code, name, symbol, round_to_minor, rounding, second_approval_minor, enabled, position)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING;

-- name: SeedRate :exec
INSERT INTO exchange_rate (id, currency, rate, source, valid_from, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING;

-- name: SeedCountry :exec
INSERT INTO country (code, name, currency, time_zone, enabled, position) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING;

-- name: SeedMethod :exec
INSERT INTO payment_method (id, slug, country, kind, name, instructions, fields, submission, qr, currency, enabled, position)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING;

-- name: SeedPlan :exec
INSERT INTO plan (id, slug, name, description, public, trial, position) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING;

-- name: SeedPlanVersion :exec
INSERT INTO plan_version (id, plan_id, version, included_credits, trial_days, max_sites, max_users, max_sectors, features, created_at)
VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING;

-- name: SeedPlanPrice :exec
INSERT INTO plan_price (plan_version_id, cycle, currency, amount_minor) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;

-- name: SeedPackage :exec
INSERT INTO credit_package (id, slug, name, credits, price_minor, enabled, position) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING;

-- name: SeedCost :exec
INSERT INTO credit_cost (id, operation, name, unit, unit_size, credits, minimum, version, valid_from)
VALUES ($1, $2, $3, $4, $5, $6, $7, 1, $8) ON CONFLICT DO NOTHING;

-- name: SeedIndustry :exec
INSERT INTO industry (id, slug, name, active, position) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING;

-- name: SeedSector :exec
INSERT INTO industry_sector (id, industry_id, slug, name, active, position) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING;

-- name: SeedKeyword :exec
INSERT INTO seed_keyword (id, industry_sector_id, keyword) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: SetMethodFields :one
UPDATE payment_method SET fields = @fields WHERE slug = @slug RETURNING *;

-- name: GetMethod :one
SELECT * FROM payment_method WHERE slug = $1;

-- name: ListEnabledMethods :many
SELECT * FROM payment_method WHERE enabled ORDER BY country, position;

-- name: CleanQuotes :exec
-- system scope: quotes are of no tenant. An invoice holds a copy of what its quote said.
DELETE FROM quote WHERE expires_at < @before;
