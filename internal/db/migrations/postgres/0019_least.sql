-- +goose Up
-- The role of one account reads and changes no more than its stories need: no settings,
-- no tries, and of stored answers only that it may complete one.
REVOKE ALL ON setting, throttle, idempotency_record FROM igny8_tenant;
GRANT SELECT (principal, route, key_hash, claim, state), UPDATE (state, status, answer) ON idempotency_record TO igny8_tenant;

-- +goose Down
GRANT SELECT ON setting TO igny8_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_record, throttle TO igny8_tenant;
