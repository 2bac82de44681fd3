-- name: InsertSubscription :one
INSERT INTO subscription (account_id, id, plan_id, plan_version_id, plan_slug, cycle, status, trial, current_period_start,
  current_period_end, trial_ends_at, cancel_at_period_end, auto_renew, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, FALSE, $12, @now, @now) RETURNING *;

-- name: GetSubscription :one
SELECT * FROM subscription WHERE account_id = $1 AND id = $2;

-- name: CurrentSubscription :one
-- The live one, else the one that waits for payment, else the newest.
SELECT * FROM subscription WHERE account_id = $1
ORDER BY CASE WHEN status IN ('active', 'past_due') THEN 0 WHEN status = 'incomplete' THEN 1 ELSE 2 END, id DESC LIMIT 1;

-- name: EndTrial :exec
UPDATE subscription SET status = 'expired', updated_at = @now WHERE account_id = @account_id AND status = 'active' AND trial;

-- name: ActivateSubscription :one
UPDATE subscription SET status = 'active', current_period_start = @starts_at, current_period_end = @ends_at, grace_until = NULL, updated_at = @now
WHERE account_id = @account_id AND id = @id AND status IN ('incomplete', 'active', 'past_due') RETURNING *;

-- name: GiveTime :exec
UPDATE subscription SET grace_until = @grace_until, updated_at = @now WHERE account_id = @account_id AND id = @id;

-- name: InsertPeriod :exec
INSERT INTO subscription_period (account_id, invoice_id, subscription_id, payment_id, starts_at, ends_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: Limits :one
SELECT subscription.plan_slug, plan_version.max_sites, plan_version.max_users, plan_version.max_sectors
FROM subscription JOIN plan_version ON plan_version.id = subscription.plan_version_id
WHERE subscription.account_id = $1 AND subscription.status IN ('active', 'past_due');

-- name: IncludedCredits :one
SELECT included_credits FROM plan_version WHERE id = $1;

-- name: NextInSeries :one
-- A rolled-back transaction gives its number back, so the series has no gaps.
INSERT INTO series (account_id, name, month, last_value) VALUES ($1, $2, $3, 1)
ON CONFLICT (account_id, name, month) DO UPDATE SET last_value = series.last_value + 1 RETURNING last_value;

-- name: InsertInvoice :one
INSERT INTO invoice (account_id, id, number, type, status, currency, subtotal_minor, tax_minor, total_minor, amount_paid_minor,
  balance_used_minor, base_minor, base_currency, rate, rate_source, rate_at, rounding, billing, pay_code, subscription_id, credits,
  due_at, issued_at, version, created_at, updated_at)
VALUES ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, 0, 0, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, @now, 1, @now, @now) RETURNING *;

-- name: InsertLine :exec
INSERT INTO invoice_line (account_id, invoice_id, n, description, quantity, unit_minor, amount_minor) VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: GetInvoice :one
SELECT * FROM invoice WHERE account_id = $1 AND id = $2;

-- name: GetLines :many
SELECT * FROM invoice_line WHERE account_id = $1 AND invoice_id = $2 ORDER BY n;

-- name: ListInvoices :many
SELECT * FROM invoice WHERE account_id = @account_id AND id < @before_id
  AND (CAST(sqlc.narg('status') AS text) IS NULL OR status = CAST(sqlc.narg('status') AS text))
ORDER BY id DESC LIMIT @page_size;

-- name: PayInvoice :one
-- The whole decision about an invoice in one statement: it takes the money only
-- while it is pending, and is paid when nothing is left.
UPDATE invoice SET amount_paid_minor = amount_paid_minor + @amount,
  status = CASE WHEN amount_paid_minor + balance_used_minor + @amount >= total_minor THEN 'paid' ELSE 'pending' END,
  paid_at = CASE WHEN amount_paid_minor + balance_used_minor + @amount >= total_minor THEN @now ELSE paid_at END,
  version = version + 1, updated_at = @now
WHERE account_id = @account_id AND id = @id AND status = 'pending' RETURNING *;

-- name: InsertPayment :one
-- No row when a payment of this invoice waits already.
INSERT INTO payment (account_id, id, invoice_id, status, method, method_name, kind, reference, reference_norm, payer_name, paid_on,
  amount_minor, currency, notes, submitted_by, via, evidence, decision_note, overridden, decided_email, claimed_email, refunded_minor,
  version, created_at, updated_at)
VALUES ($1, $2, $3, 'pending_approval', $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, '', '', $16, '', '', 0, 1, @now, @now)
ON CONFLICT (account_id, invoice_id) WHERE status = 'pending_approval' DO NOTHING RETURNING *;

-- name: WaitingPayment :one
SELECT * FROM payment WHERE account_id = $1 AND invoice_id = $2 AND status = 'pending_approval';

-- name: InsertProof :exec
INSERT INTO payment_proof (account_id, payment_id, n, sha256, original_sha256, content_type, size, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: GetPayment :one
SELECT * FROM payment WHERE account_id = $1 AND id = $2;

-- name: GetProofs :many
SELECT * FROM payment_proof WHERE account_id = $1 AND payment_id = $2 ORDER BY n;

-- name: ListPayments :many
SELECT * FROM payment WHERE account_id = @account_id AND id < @before_id
  AND (CAST(sqlc.narg('status') AS text) IS NULL OR status = CAST(sqlc.narg('status') AS text))
ORDER BY id DESC LIMIT @page_size;

-- name: SucceedPayment :one
-- The only statement that makes a payment succeeded. Its row is the decision;
-- every effect hangs off it.
UPDATE payment SET status = 'succeeded', received_minor = @received_minor, evidence = @evidence, decision_note = @decision_note,
  overridden = @overridden, decided_at = @now, decided_by = @decided_by, decided_email = @decided_email,
  receipt_number = @receipt_number, version = version + 1, updated_at = @now
WHERE account_id = @account_id AND id = @id AND status = 'pending_approval' AND version = @version RETURNING *;

-- name: FirstApproval :one
UPDATE payment SET first_approved_by = @user_id, first_approved_at = @now, first_received_minor = @received_minor,
  overridden = @overridden, evidence = @evidence, decision_note = @decision_note, version = version + 1, updated_at = @now
WHERE account_id = @account_id AND id = @id AND status = 'pending_approval' AND first_approved_by IS NULL RETURNING *;

-- name: FailPayment :one
UPDATE payment SET status = 'failed', failure_code = @failure_code, failure_reason = @failure_reason, decision_note = @decision_note,
  decided_at = @now, decided_by = @decided_by, decided_email = @decided_email, version = version + 1, updated_at = @now
WHERE account_id = @account_id AND id = @id AND status = 'pending_approval' RETURNING *;

-- name: ClaimPayment :one
UPDATE payment SET claimed_by = @user_id, claimed_email = @claimed_email, claimed_until = @claimed_until
WHERE account_id = @account_id AND id = @id AND status = 'pending_approval'
  AND (claimed_by IS NULL OR claimed_by = @user_id OR claimed_until <= @now) RETURNING *;

-- name: InsertAllocation :exec
INSERT INTO payment_allocation (account_id, payment_id, target, amount_minor) VALUES ($1, $2, $3, $4);

-- name: AddToAccountBalance :one
INSERT INTO account_balance (account_id, currency, balance_minor) VALUES ($1, $2, @amount)
ON CONFLICT (account_id, currency) DO UPDATE SET balance_minor = account_balance.balance_minor + @amount RETURNING balance_minor;

-- name: InsertBalanceEntry :exec
INSERT INTO account_balance_entry (account_id, id, currency, amount_minor, balance_after_minor, reason, payment_id, invoice_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9);

-- name: AccountBalances :many
SELECT * FROM account_balance WHERE account_id = $1 ORDER BY currency;

-- name: SetDefaultMethod :exec
INSERT INTO account_payment_method (account_id, id, method, is_default, created_at) VALUES ($1, $2, $3, TRUE, $4);

-- name: AccountMethods :many
SELECT * FROM account_payment_method WHERE account_id = $1 ORDER BY id;

-- name: SecondApprovalLimit :one
SELECT second_approval_minor FROM currency WHERE code = $1;

-- name: FindPayment :one
-- system scope: staff name a payment by its id alone.
SELECT * FROM payment WHERE id = $1;

-- name: Queue :many
-- system scope: the staff queue shows all accounts, oldest first.
SELECT sqlc.embed(payment), sqlc.embed(invoice), account.name AS account_name, account.number AS account_number, account.country
FROM payment
JOIN invoice ON invoice.account_id = payment.account_id AND invoice.id = payment.invoice_id
JOIN account ON account.id = payment.account_id
WHERE payment.status = @status AND payment.id > @after_id ORDER BY payment.id LIMIT @page_size;

-- name: QueueEntry :one
-- system scope: as Queue, one payment.
SELECT sqlc.embed(payment), sqlc.embed(invoice), account.name AS account_name, account.number AS account_number, account.country
FROM payment
JOIN invoice ON invoice.account_id = payment.account_id AND invoice.id = payment.invoice_id
JOIN account ON account.id = payment.account_id
WHERE payment.id = @id;

-- name: QueueProofs :many
-- system scope: the proofs of one page of the staff queue.
SELECT payment_proof.* FROM payment
JOIN payment_proof ON payment_proof.account_id = payment.account_id AND payment_proof.payment_id = payment.id
WHERE payment.status = @status AND payment.id >= @first_id AND payment.id <= @last_id ORDER BY payment.id, payment_proof.n;

-- name: QueueLines :many
-- system scope: the invoice lines of one page of the staff queue.
SELECT payment.id AS payment_id, sqlc.embed(invoice_line) FROM payment
JOIN invoice_line ON invoice_line.account_id = payment.account_id AND invoice_line.invoice_id = payment.invoice_id
WHERE payment.status = @status AND payment.id >= @first_id AND payment.id <= @last_id ORDER BY payment.id, invoice_line.n;

-- name: QueueSameReference :many
-- system scope: which payments of one page of the queue carry a reference that is
-- in any other payment too, except in failed ones.
SELECT payment.id FROM payment
WHERE payment.status = @status AND payment.id >= @first_id AND payment.id <= @last_id AND EXISTS (
  SELECT 1 FROM payment o WHERE o.reference_norm = payment.reference_norm AND o.id <> payment.id AND o.status <> 'failed');

-- name: QueueSameProof :many
-- system scope: which payments of one page of the queue came with a file that is
-- in any other payment too, but for a refused try to pay the same invoice.
SELECT DISTINCT payment.id FROM payment
JOIN payment_proof m ON m.account_id = payment.account_id AND m.payment_id = payment.id
JOIN payment_proof o ON o.original_sha256 = m.original_sha256 AND o.payment_id <> m.payment_id
JOIN payment p ON p.account_id = o.account_id AND p.id = o.payment_id
WHERE payment.status = @status AND payment.id >= @first_id AND payment.id <= @last_id
  AND NOT (p.status = 'failed' AND p.account_id = payment.account_id AND p.invoice_id = payment.invoice_id);

-- name: ReferenceUsed :one
-- The same reference with another invoice of the account, except in failed payments.
SELECT count(*) FROM payment WHERE account_id = @account_id AND reference_norm = @reference_norm AND invoice_id <> @invoice_id AND status <> 'failed';

-- name: FilesNeeded :many
-- system scope: which files with a hash from first to last came with a payment of an
-- account that is not erased.
SELECT DISTINCT p.sha256 FROM payment_proof p JOIN account a ON a.id = p.account_id
WHERE p.sha256 >= @first AND p.sha256 < @last AND a.erased_at IS NULL;

-- name: FileNeeded :one
-- system scope: as FilesNeeded, for one file.
SELECT count(*) FROM payment_proof p JOIN account a ON a.id = p.account_id WHERE p.sha256 = @sha256 AND a.erased_at IS NULL;

-- name: RecentWaits :many
-- system scope: how long the newest approved payments waited, over all accounts.
SELECT created_at, decided_at FROM payment WHERE status = 'succeeded' ORDER BY id DESC LIMIT 200;

-- name: SiteExists :one
-- For credits spent on a site; the site itself belongs to package site.
SELECT count(*) FROM site WHERE account_id = $1 AND id = $2 AND deleted_at IS NULL;

-- name: InsertHold :one
INSERT INTO approval_hold (account_id, payment_id, held_by, held_email, received_minor, evidence, decision_note, overridden, due_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *;

-- name: GetHold :one
SELECT * FROM approval_hold WHERE account_id = $1 AND payment_id = $2;

-- name: TakeHold :one
-- Whoever deletes the row acts on it: the undo, the decision, the withdrawal.
DELETE FROM approval_hold WHERE account_id = $1 AND payment_id = $2 RETURNING *;

-- name: Holds :many
-- system scope: staff see every account's; there are as many as were approved in the last seconds.
SELECT * FROM approval_hold WHERE due_at <= @until ORDER BY due_at LIMIT 500;

-- name: LiveSubscription :one
SELECT * FROM subscription WHERE account_id = $1 AND status IN ('active', 'past_due');

-- name: ExpireLive :exec
UPDATE subscription SET status = 'expired', updated_at = @now WHERE account_id = @account_id AND status IN ('active', 'past_due');

-- name: EndLive :many
-- Ends what runs, now: a trial is over, a paid subscription is cancelled.
UPDATE subscription SET status = CASE WHEN trial OR status = 'past_due' THEN 'expired' ELSE 'cancelled' END,
  current_period_end = CASE WHEN current_period_start < @now AND current_period_end > @now THEN @now ELSE current_period_end END, updated_at = @now
WHERE account_id = @account_id AND status IN ('active', 'past_due') RETURNING id;

-- name: CutPeriods :exec
-- A paid period ends with its subscription, so that a later one does not overlap it.
UPDATE subscription_period SET ends_at = @now
WHERE account_id = @account_id AND subscription_id = @subscription_id AND starts_at < @now AND ends_at > @now;

-- name: CancelIncomplete :exec
UPDATE subscription SET status = 'cancelled', updated_at = @now WHERE account_id = @account_id AND status = 'incomplete';

-- name: VoidUnpaid :many
UPDATE invoice SET status = 'void', void_reason = @void_reason, version = version + 1, updated_at = @now
WHERE account_id = @account_id AND type = 'subscription' AND status = 'pending' AND amount_paid_minor = 0 AND balance_used_minor = 0 RETURNING *;

-- name: MoneyUnderway :one
-- Money for subscriptions that is not settled: payments that wait, invoices that are
-- paid in part, periods that are paid and have not begun.
SELECT (SELECT count(*) FROM payment p JOIN invoice i ON i.account_id = p.account_id AND i.id = p.invoice_id
    WHERE p.account_id = @account_id AND p.status = 'pending_approval' AND i.type = 'subscription')
  + (SELECT count(*) FROM invoice WHERE invoice.account_id = @account_id AND type = 'subscription' AND invoice.status = 'pending' AND amount_paid_minor + balance_used_minor > 0)
  + (SELECT count(*) FROM subscription_period WHERE subscription_period.account_id = @account_id AND starts_at > @now) AS n;

-- name: LatestTrial :one
-- Unless something was paid or given since.
SELECT * FROM subscription WHERE subscription.account_id = @account_id AND trial AND NOT EXISTS (
  SELECT 1 FROM subscription s WHERE s.account_id = @account_id AND NOT s.trial AND s.current_period_start IS NOT NULL)
ORDER BY id DESC LIMIT 1;

-- name: MoveTrial :one
UPDATE subscription SET status = 'active', current_period_end = @ends_at, trial_ends_at = @ends_at, updated_at = @now
WHERE account_id = @account_id AND id = @id AND trial AND status IN ('active', 'expired') RETURNING *;

-- name: PaymentsWaiting :one
SELECT count(*) FROM payment WHERE account_id = $1 AND status = 'pending_approval';
