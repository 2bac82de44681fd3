-- +goose Up
-- Which run of a server works on a key; empty when that is not known. When the run is
-- over, so is its claim.
ALTER TABLE idempotency_record ADD COLUMN boot text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE idempotency_record DROP COLUMN boot;
