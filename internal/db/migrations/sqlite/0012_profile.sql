-- +goose Up
-- How a person wants numbers grouped; auto goes by the currency.
ALTER TABLE app_user ADD COLUMN number_style TEXT NOT NULL DEFAULT 'auto' CHECK (number_style IN ('auto', 'latin', 'indian', 'european'));
-- The newest event of the account that the member has seen among the notices.
ALTER TABLE membership ADD COLUMN notices_seen TEXT;
-- Notices are events, but for the many that tell of credits spent.
CREATE INDEX outbox_event_notices ON outbox_event (account_id, id) WHERE type <> 'credits.spent';

-- +goose Down
DROP INDEX outbox_event_notices;
ALTER TABLE membership DROP COLUMN notices_seen;
ALTER TABLE app_user DROP COLUMN number_style;
