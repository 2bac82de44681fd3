package doctor

import "igny8"

// paymentInvariants are about decisions and what they switch on, once each.
func paymentInvariants() []invariant {
	return []invariant{
		{"4 one period per paid invoice", "a paid subscription invoice has exactly one period, of its subscription; any other invoice none", rows(`
SELECT CAST(i.account_id AS text), i.number || ', ' || i.type || ', is ' || i.status || CASE WHEN p.invoice_id IS NULL THEN ' without a period' ELSE ' and has a period' END
FROM invoice i LEFT JOIN subscription_period p ON p.account_id = i.account_id AND p.invoice_id = i.id
WHERE (i.status = 'paid' AND i.type = 'subscription') <> (p.invoice_id IS NOT NULL)
  OR p.invoice_id IS NOT NULL AND (i.subscription_id IS NULL OR p.subscription_id <> i.subscription_id) ORDER BY i.account_id, i.id`)},

		{"4 periods come from payments", "a period's payment succeeded and paid the period's invoice", rows(`
SELECT CAST(s.account_id AS text), 'period of invoice ' || CAST(s.invoice_id AS text) || ' names a payment that did not pay it'
FROM subscription_period s LEFT JOIN payment p ON p.account_id = s.account_id AND p.id = s.payment_id AND p.invoice_id = s.invoice_id
  AND p.status IN ('succeeded', 'refunded')
WHERE s.payment_id IS NOT NULL AND p.id IS NULL ORDER BY s.account_id, s.invoice_id`)},

		{"4 one grant per paid invoice", "a paid invoice granted its credits exactly once; an invoice that is not paid none", pairs(`
SELECT CAST(account_id AS text), CAST(id AS text), CASE type WHEN 'subscription' THEN 'plan +' ELSE 'bonus +' END || credits
FROM invoice WHERE status = 'paid' AND credits > 0 AND type IN ('subscription', 'credit_package')`, `
SELECT CAST(account_id AS text), source_id, pool || ' +' || amount FROM credit_transaction WHERE source = 'invoice'`, wire[igny8.InvoiceID])},

		{"4 one grant per trial", "a trial granted its plan's credits exactly once", pairs(`
SELECT CAST(s.account_id AS text), CAST(s.id AS text), 'plan +' || v.included_credits
FROM subscription s JOIN plan_version v ON v.id = s.plan_version_id WHERE s.trial AND v.included_credits > 0`, `
SELECT CAST(account_id AS text), source_id, pool || ' +' || amount FROM credit_transaction WHERE source = 'trial'`, wire[igny8.SubscriptionID])},

		{"4 one event per approval", "a succeeded payment was told exactly once, any other never", pairs(`
SELECT CAST(account_id AS text), CAST(id AS text), 'payment.approved' FROM payment WHERE status IN ('succeeded', 'refunded')`, `
SELECT CAST(account_id AS text), object_id, type FROM outbox_event WHERE type = 'payment.approved'`, wire[igny8.PaymentID])},

		{"4 one audit row per approval", "the audit log names exactly once who approved a payment", pairs(`
SELECT CAST(account_id AS text), CAST(id AS text), 'approved by ' || decided_email FROM payment WHERE status IN ('succeeded', 'refunded')`, `
SELECT CAST(account_id AS text), object_id, 'approved by ' || actor_email FROM audit_event
WHERE action = 'payment.approve' AND object_type = 'payment'`, wire[igny8.PaymentID])},

		{"4 decisions have their facts", "a decided payment says when and by whom; a receipt and an amount received if it succeeded, a reason if it failed", rows(`
SELECT CAST(account_id AS text), CAST(id AS text) || ' is ' || status || ' and lacks facts of its decision, or has those of another' FROM payment
WHERE status = 'pending_approval' AND (decided_at IS NOT NULL OR received_minor IS NOT NULL OR receipt_number IS NOT NULL OR failure_code IS NOT NULL)
  OR status IN ('succeeded', 'refunded') AND (decided_at IS NULL OR received_minor IS NULL OR receipt_number IS NULL OR decided_email = '' OR failure_code IS NOT NULL)
  OR status = 'failed' AND (decided_at IS NULL OR failure_code IS NULL OR received_minor IS NOT NULL OR receipt_number IS NOT NULL)
ORDER BY account_id, id`)},

		{"4 staff approve", "who approved a payment is staff, did not submit it, and is not both of two approvers", rows(`
SELECT CAST(p.account_id AS text), CAST(p.id AS text) || ' was approved by ' || p.decided_email || ', who may not'
FROM payment p LEFT JOIN app_user u ON u.id = p.decided_by
WHERE p.status IN ('succeeded', 'refunded') AND p.decided_by IS NOT NULL
  AND (u.id IS NULL OR NOT u.staff OR p.decided_by = p.submitted_by OR p.decided_by = p.first_approved_by) ORDER BY p.account_id, p.id`)},

		{"4 one payment waits", "at most one payment of an invoice waits for decision, and its invoice is open", rows(`
SELECT CAST(account_id AS text), 'invoice ' || CAST(invoice_id AS text) || ' has ' || COUNT(*) || ' waiting payments'
FROM payment WHERE status = 'pending_approval' GROUP BY account_id, invoice_id HAVING COUNT(*) > 1
UNION ALL
SELECT CAST(p.account_id AS text), CAST(p.id AS text) || ' waits on ' || i.number || ', which is ' || i.status
FROM payment p JOIN invoice i ON i.account_id = p.account_id AND i.id = p.invoice_id
WHERE p.status = 'pending_approval' AND i.status <> 'pending'`)},
	}
}
