-- +goose Up
-- What the database itself refuses. Who sees what is PostgreSQL's part: SQLite
-- has no roles, so here a missing tenant predicate shows other tenants' rows,
-- and the test fails. That is wanted.
-- +goose StatementBegin
CREATE TRIGGER audit_event_no_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_event_no_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_transaction_no_update BEFORE UPDATE ON credit_transaction BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_transaction_no_delete BEFORE DELETE ON credit_transaction BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_burn_no_update BEFORE UPDATE ON credit_burn BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER credit_burn_no_delete BEFORE DELETE ON credit_burn BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER account_balance_entry_no_update BEFORE UPDATE ON account_balance_entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER account_balance_entry_no_delete BEFORE DELETE ON account_balance_entry BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_allocation_no_update BEFORE UPDATE ON payment_allocation BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_allocation_no_delete BEFORE DELETE ON payment_allocation BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_line_no_update BEFORE UPDATE ON invoice_line BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_line_no_delete BEFORE DELETE ON invoice_line BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_proof_no_update BEFORE UPDATE ON payment_proof BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_proof_no_delete BEFORE DELETE ON payment_proof BEGIN SELECT RAISE(ABORT, 'append-only'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER invoice_frozen BEFORE UPDATE ON invoice WHEN OLD.status <> 'draft' AND (NEW.number IS NOT OLD.number OR NEW.type IS NOT OLD.type OR NEW.currency IS NOT OLD.currency OR NEW.subtotal_minor IS NOT OLD.subtotal_minor OR NEW.tax_minor IS NOT OLD.tax_minor OR NEW.total_minor IS NOT OLD.total_minor OR NEW.base_minor IS NOT OLD.base_minor OR NEW.rate IS NOT OLD.rate OR NEW.rate_source IS NOT OLD.rate_source OR NEW.rate_at IS NOT OLD.rate_at OR NEW.billing IS NOT OLD.billing OR NEW.pay_code IS NOT OLD.pay_code OR NEW.subscription_id IS NOT OLD.subscription_id OR NEW.credits IS NOT OLD.credits OR NEW.issued_at IS NOT OLD.issued_at)
BEGIN SELECT RAISE(ABORT, 'an issued invoice is frozen'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER payment_transition BEFORE UPDATE ON payment WHEN NEW.status <> OLD.status AND NOT (
  OLD.status = 'pending_approval' AND NEW.status IN ('succeeded', 'failed') OR
  OLD.status = 'succeeded' AND NEW.status = 'refunded')
BEGIN SELECT RAISE(ABORT, 'payment transition refused'); END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER audit_event_no_update;
DROP TRIGGER audit_event_no_delete;
DROP TRIGGER credit_transaction_no_update;
DROP TRIGGER credit_transaction_no_delete;
DROP TRIGGER credit_burn_no_update;
DROP TRIGGER credit_burn_no_delete;
DROP TRIGGER account_balance_entry_no_update;
DROP TRIGGER account_balance_entry_no_delete;
DROP TRIGGER payment_allocation_no_update;
DROP TRIGGER payment_allocation_no_delete;
DROP TRIGGER invoice_line_no_update;
DROP TRIGGER invoice_line_no_delete;
DROP TRIGGER payment_proof_no_update;
DROP TRIGGER payment_proof_no_delete;
DROP TRIGGER invoice_frozen;
DROP TRIGGER payment_transition;
