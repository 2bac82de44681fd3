-- name: PricedPlans :one
SELECT count(*) FROM plan_price JOIN plan_version ON plan_version.id = plan_price.plan_version_id JOIN plan ON plan.id = plan_version.plan_id
WHERE plan.archived_at IS NULL AND plan_price.amount_minor > 0;

-- name: ApprovedBefore :one
-- system scope: whether staff have ever approved a payment, of whichever account.
SELECT EXISTS (SELECT 1 FROM payment WHERE status IN ('succeeded', 'refunded'));

-- name: LastEvent :many
-- system scope: when anything last happened, in whichever account.
SELECT created_at FROM outbox_event ORDER BY id DESC LIMIT 1;

-- name: Dismissed :many
SELECT name FROM setting WHERE name LIKE 'setup.dismissed.%';

-- name: Dismiss :one
INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING RETURNING name;

-- name: Restore :many
DELETE FROM setting WHERE name LIKE 'setup.dismissed.%' RETURNING name;
