-- +goose Up
-- SQLite has no roles; PostgreSQL takes rights away here.
SELECT 1;

-- +goose Down
SELECT 1;
