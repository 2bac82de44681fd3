-- +goose Up
-- What the database itself refuses, and who sees what.
--
-- Ledgers, audit rows, issued lines and proofs are append-only; an issued
-- invoice keeps its facts; a payment moves along its table of transitions only.
-- +goose StatementBegin
CREATE FUNCTION igny8_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: %', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event FOR EACH ROW EXECUTE FUNCTION igny8_append_only();
CREATE TRIGGER credit_transaction_append_only BEFORE UPDATE OR DELETE ON credit_transaction FOR EACH ROW EXECUTE FUNCTION igny8_append_only();
CREATE TRIGGER credit_burn_append_only BEFORE UPDATE OR DELETE ON credit_burn FOR EACH ROW EXECUTE FUNCTION igny8_append_only();
CREATE TRIGGER account_balance_entry_append_only BEFORE UPDATE OR DELETE ON account_balance_entry FOR EACH ROW EXECUTE FUNCTION igny8_append_only();
CREATE TRIGGER payment_allocation_append_only BEFORE UPDATE OR DELETE ON payment_allocation FOR EACH ROW EXECUTE FUNCTION igny8_append_only();
CREATE TRIGGER invoice_line_append_only BEFORE UPDATE OR DELETE ON invoice_line FOR EACH ROW EXECUTE FUNCTION igny8_append_only();
CREATE TRIGGER payment_proof_append_only BEFORE UPDATE OR DELETE ON payment_proof FOR EACH ROW EXECUTE FUNCTION igny8_append_only();
-- +goose StatementBegin
CREATE FUNCTION igny8_invoice_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.status <> 'draft' AND (NEW.number IS DISTINCT FROM OLD.number OR NEW.type IS DISTINCT FROM OLD.type OR NEW.currency IS DISTINCT FROM OLD.currency OR NEW.subtotal_minor IS DISTINCT FROM OLD.subtotal_minor OR NEW.tax_minor IS DISTINCT FROM OLD.tax_minor OR NEW.total_minor IS DISTINCT FROM OLD.total_minor OR NEW.base_minor IS DISTINCT FROM OLD.base_minor OR NEW.rate IS DISTINCT FROM OLD.rate OR NEW.rate_source IS DISTINCT FROM OLD.rate_source OR NEW.rate_at IS DISTINCT FROM OLD.rate_at OR NEW.billing IS DISTINCT FROM OLD.billing OR NEW.pay_code IS DISTINCT FROM OLD.pay_code OR NEW.subscription_id IS DISTINCT FROM OLD.subscription_id OR NEW.credits IS DISTINCT FROM OLD.credits OR NEW.issued_at IS DISTINCT FROM OLD.issued_at) THEN
    RAISE EXCEPTION 'an issued invoice is frozen' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER invoice_frozen BEFORE UPDATE ON invoice FOR EACH ROW EXECUTE FUNCTION igny8_invoice_frozen();
-- +goose StatementBegin
CREATE FUNCTION igny8_payment_transition() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.status <> OLD.status AND NOT (
    OLD.status = 'pending_approval' AND NEW.status IN ('succeeded', 'failed') OR
    OLD.status = 'succeeded' AND NEW.status = 'refunded') THEN
    RAISE EXCEPTION 'payment transition refused' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER payment_transition BEFORE UPDATE ON payment FOR EACH ROW EXECUTE FUNCTION igny8_payment_transition();

-- Two roles that own nothing and cannot log in. igny8_tenant sees the rows of
-- one account, igny8_system (staff and background work) those of all.
-- +goose StatementBegin
DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['igny8_tenant', 'igny8_system'] LOOP
    BEGIN
      EXECUTE format('CREATE ROLE %I NOLOGIN', r);
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO %I', r, current_user);
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), r);
  END LOOP;
END $$;
-- +goose StatementEnd
GRANT SELECT ON currency, exchange_rate, country, payment_method, plan, plan_version, plan_price, credit_package, credit_cost, industry, industry_sector, seed_keyword, quote, counter, setting TO igny8_tenant;
GRANT UPDATE ON counter TO igny8_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_record, throttle TO igny8_tenant;
-- A tenant sees who its colleagues are, never their password hash.
GRANT SELECT (id, email, first_name, last_name, language, status, email_verified_at, created_at) ON app_user TO igny8_tenant;
GRANT SELECT, INSERT, UPDATE, DELETE ON counter, setting, throttle, idempotency_record, currency, exchange_rate, country, payment_method, plan, plan_version, plan_price, credit_package, credit_cost, industry, industry_sector, seed_keyword, quote, app_user, session, refresh_token, email_token, trial_claim, account, membership, audit_head, audit_event, outbox_event, mail_message, credit_balance, credit_lot, credit_transaction, credit_burn, subscription, series, invoice, invoice_line, payment, payment_proof, payment_allocation, account_balance, account_balance_entry, subscription_period, account_payment_method, site, site_sector TO igny8_system;
-- +goose StatementBegin
DO $$
DECLARE t text; own text;
BEGIN
  FOREACH t IN ARRAY ARRAY[
    'account', 'membership', 'audit_head', 'audit_event', 'outbox_event', 'mail_message',
    'credit_balance', 'credit_lot', 'credit_transaction', 'credit_burn', 'subscription', 'series',
    'invoice', 'invoice_line', 'payment', 'payment_proof', 'payment_allocation', 'account_balance',
    'account_balance_entry', 'subscription_period', 'account_payment_method', 'site', 'site_sector'
  ] LOOP
    own := CASE t WHEN 'account' THEN 'id' ELSE 'account_id' END;
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    -- After a commit the setting is empty and not NULL on a pooled connection.
    EXECUTE format('CREATE POLICY tenant ON %I TO igny8_tenant USING (%I = nullif(current_setting(%L, true), %L)::uuid) WITH CHECK (%I = nullif(current_setting(%L, true), %L)::uuid)',
      t, own, 'app.account', '', own, 'app.account', '');
    EXECUTE format('CREATE POLICY system ON %I TO igny8_system USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO igny8_tenant', t);
  END LOOP;
END $$;
-- +goose StatementEnd
GRANT UPDATE ON account, membership, audit_head, outbox_event, mail_message, credit_balance, credit_lot, subscription, series, invoice, payment, account_balance, subscription_period, account_payment_method, site, site_sector TO igny8_tenant;
GRANT DELETE ON account_payment_method TO igny8_tenant;
ALTER TABLE app_user ENABLE ROW LEVEL SECURITY;
CREATE POLICY colleague ON app_user FOR SELECT TO igny8_tenant USING (EXISTS (
  SELECT 1 FROM membership m WHERE m.user_id = app_user.id
    AND m.account_id = nullif(current_setting('app.account', true), '')::uuid));
CREATE POLICY system ON app_user TO igny8_system USING (true) WITH CHECK (true);

-- +goose Down
DROP POLICY tenant ON account;
DROP POLICY system ON account;
ALTER TABLE account NO FORCE ROW LEVEL SECURITY;
ALTER TABLE account DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON membership;
DROP POLICY system ON membership;
ALTER TABLE membership NO FORCE ROW LEVEL SECURITY;
ALTER TABLE membership DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON audit_head;
DROP POLICY system ON audit_head;
ALTER TABLE audit_head NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_head DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON audit_event;
DROP POLICY system ON audit_event;
ALTER TABLE audit_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_event DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON outbox_event;
DROP POLICY system ON outbox_event;
ALTER TABLE outbox_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE outbox_event DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON mail_message;
DROP POLICY system ON mail_message;
ALTER TABLE mail_message NO FORCE ROW LEVEL SECURITY;
ALTER TABLE mail_message DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON credit_balance;
DROP POLICY system ON credit_balance;
ALTER TABLE credit_balance NO FORCE ROW LEVEL SECURITY;
ALTER TABLE credit_balance DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON credit_lot;
DROP POLICY system ON credit_lot;
ALTER TABLE credit_lot NO FORCE ROW LEVEL SECURITY;
ALTER TABLE credit_lot DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON credit_transaction;
DROP POLICY system ON credit_transaction;
ALTER TABLE credit_transaction NO FORCE ROW LEVEL SECURITY;
ALTER TABLE credit_transaction DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON credit_burn;
DROP POLICY system ON credit_burn;
ALTER TABLE credit_burn NO FORCE ROW LEVEL SECURITY;
ALTER TABLE credit_burn DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON subscription;
DROP POLICY system ON subscription;
ALTER TABLE subscription NO FORCE ROW LEVEL SECURITY;
ALTER TABLE subscription DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON series;
DROP POLICY system ON series;
ALTER TABLE series NO FORCE ROW LEVEL SECURITY;
ALTER TABLE series DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON invoice;
DROP POLICY system ON invoice;
ALTER TABLE invoice NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON invoice_line;
DROP POLICY system ON invoice_line;
ALTER TABLE invoice_line NO FORCE ROW LEVEL SECURITY;
ALTER TABLE invoice_line DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON payment;
DROP POLICY system ON payment;
ALTER TABLE payment NO FORCE ROW LEVEL SECURITY;
ALTER TABLE payment DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON payment_proof;
DROP POLICY system ON payment_proof;
ALTER TABLE payment_proof NO FORCE ROW LEVEL SECURITY;
ALTER TABLE payment_proof DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON payment_allocation;
DROP POLICY system ON payment_allocation;
ALTER TABLE payment_allocation NO FORCE ROW LEVEL SECURITY;
ALTER TABLE payment_allocation DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON account_balance;
DROP POLICY system ON account_balance;
ALTER TABLE account_balance NO FORCE ROW LEVEL SECURITY;
ALTER TABLE account_balance DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON account_balance_entry;
DROP POLICY system ON account_balance_entry;
ALTER TABLE account_balance_entry NO FORCE ROW LEVEL SECURITY;
ALTER TABLE account_balance_entry DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON subscription_period;
DROP POLICY system ON subscription_period;
ALTER TABLE subscription_period NO FORCE ROW LEVEL SECURITY;
ALTER TABLE subscription_period DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON account_payment_method;
DROP POLICY system ON account_payment_method;
ALTER TABLE account_payment_method NO FORCE ROW LEVEL SECURITY;
ALTER TABLE account_payment_method DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON site;
DROP POLICY system ON site;
ALTER TABLE site NO FORCE ROW LEVEL SECURITY;
ALTER TABLE site DISABLE ROW LEVEL SECURITY;
DROP POLICY tenant ON site_sector;
DROP POLICY system ON site_sector;
ALTER TABLE site_sector NO FORCE ROW LEVEL SECURITY;
ALTER TABLE site_sector DISABLE ROW LEVEL SECURITY;
DROP POLICY colleague ON app_user;
DROP POLICY system ON app_user;
ALTER TABLE app_user DISABLE ROW LEVEL SECURITY;
DROP TRIGGER audit_event_append_only ON audit_event;
DROP TRIGGER credit_transaction_append_only ON credit_transaction;
DROP TRIGGER credit_burn_append_only ON credit_burn;
DROP TRIGGER account_balance_entry_append_only ON account_balance_entry;
DROP TRIGGER payment_allocation_append_only ON payment_allocation;
DROP TRIGGER invoice_line_append_only ON invoice_line;
DROP TRIGGER payment_proof_append_only ON payment_proof;
DROP TRIGGER invoice_frozen ON invoice;
DROP TRIGGER payment_transition ON payment;
DROP FUNCTION igny8_append_only;
DROP FUNCTION igny8_invoice_frozen;
DROP FUNCTION igny8_payment_transition;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM igny8_tenant, igny8_system;
