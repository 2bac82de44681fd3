package doctor

// moneyInvariants are about invoices, the division of received money, and the
// series of numbers.
func moneyInvariants() []invariant {
	return []invariant{
		{"3 total is the lines", "an invoice's total is the sum of its lines and the tax", rows(`
SELECT CAST(i.account_id AS text), i.number || ' says ' || i.subtotal_minor || ', its lines ' || COALESCE(l.total, 0)
FROM invoice i LEFT JOIN (
  SELECT account_id, invoice_id, SUM(amount_minor) AS total, SUM(CASE WHEN quantity * unit_minor = amount_minor THEN 0 ELSE 1 END) AS wrong
  FROM invoice_line GROUP BY account_id, invoice_id) l ON l.account_id = i.account_id AND l.invoice_id = i.id
WHERE i.subtotal_minor <> COALESCE(l.total, 0) OR l.wrong > 0 OR i.subtotal_minor + i.tax_minor <> i.total_minor ORDER BY i.account_id, i.id`)},

		{"3 paid means paid", "an invoice is paid if and only if its payments and the balance used reach its total", rows(`
SELECT CAST(account_id AS text), number || ' is ' || status || ' with ' || (amount_paid_minor + balance_used_minor) || ' of ' || total_minor
FROM invoice WHERE status IN ('pending', 'paid') AND ((status = 'paid') <> (amount_paid_minor + balance_used_minor >= total_minor)
  OR (status = 'paid') <> (paid_at IS NOT NULL)) ORDER BY account_id, id`)},

		{"3 paid sum is the allocations", "what an invoice was paid is what succeeded payments gave to it", rows(`
SELECT CAST(i.account_id AS text), i.number || ' says ' || i.amount_paid_minor || ', its payments ' || COALESCE(p.total, 0)
FROM invoice i LEFT JOIN (
  SELECT p.account_id, p.invoice_id, SUM(a.amount_minor) AS total FROM payment p
  JOIN payment_allocation a ON a.account_id = p.account_id AND a.payment_id = p.id AND a.target = 'invoice'
  WHERE p.status IN ('succeeded', 'refunded') GROUP BY p.account_id, p.invoice_id) p ON p.account_id = i.account_id AND p.invoice_id = i.id
WHERE i.amount_paid_minor <> COALESCE(p.total, 0) ORDER BY i.account_id, i.id`)},

		{"3 balance used is booked", "what an invoice took from the account's balance is booked there", rows(`
SELECT CAST(i.account_id AS text), i.number || ' used ' || i.balance_used_minor || ', booked ' || COALESCE(e.total, 0)
FROM invoice i LEFT JOIN (
  SELECT account_id, invoice_id, -SUM(amount_minor) AS total FROM account_balance_entry WHERE amount_minor < 0
  GROUP BY account_id, invoice_id) e ON e.account_id = i.account_id AND e.invoice_id = i.id
WHERE i.balance_used_minor <> COALESCE(e.total, 0) ORDER BY i.account_id, i.id`)},

		{"3 received is allocated", "what was received is allocated in full, and nothing of a payment that did not succeed", rows(`
SELECT CAST(p.account_id AS text), CAST(p.id AS text) || ' is ' || p.status || ', received ' || COALESCE(p.received_minor, 0) || ', allocated ' || COALESCE(a.total, 0)
FROM payment p LEFT JOIN (SELECT account_id, payment_id, SUM(amount_minor) AS total FROM payment_allocation GROUP BY account_id, payment_id) a
  ON a.account_id = p.account_id AND a.payment_id = p.id
WHERE COALESCE(a.total, 0) <> CASE WHEN p.status IN ('succeeded', 'refunded') THEN COALESCE(p.received_minor, 0) ELSE 0 END
ORDER BY p.account_id, p.id`)},

		{"3 account balance is its entries", "an account's money balance is the sum of its entries, and never negative", rows(`
SELECT CAST(b.account_id AS text), b.currency || ' says ' || b.balance_minor || ', entries ' || COALESCE(e.total, 0)
FROM account_balance b LEFT JOIN (SELECT account_id, currency, SUM(amount_minor) AS total FROM account_balance_entry GROUP BY account_id, currency) e
  ON e.account_id = b.account_id AND e.currency = b.currency
WHERE b.balance_minor <> COALESCE(e.total, 0) OR b.balance_minor < 0 ORDER BY b.account_id, b.currency`)},

		{"3 surplus is booked once", "what a payment gave to the account's balance is one entry there", rows(`
SELECT CAST(a.account_id AS text), 'payment ' || CAST(a.payment_id AS text) || ' gave ' || a.amount_minor || ', entries: ' || COUNT(e.id)
FROM payment_allocation a JOIN payment p ON p.account_id = a.account_id AND p.id = a.payment_id
LEFT JOIN account_balance_entry e ON e.account_id = a.account_id AND e.payment_id = a.payment_id AND e.amount_minor = a.amount_minor AND e.currency = p.currency
WHERE a.target = 'balance' GROUP BY a.account_id, a.payment_id, a.amount_minor HAVING COUNT(e.id) <> 1
UNION ALL
SELECT CAST(e.account_id AS text), 'entry ' || CAST(e.id AS text) || ' of ' || e.amount_minor || ' without a payment that gave it'
FROM account_balance_entry e LEFT JOIN payment_allocation a
  ON a.account_id = e.account_id AND a.payment_id = e.payment_id AND a.target = 'balance' AND a.amount_minor = e.amount_minor
WHERE e.amount_minor > 0 AND e.payment_id IS NOT NULL AND a.payment_id IS NULL`)},

		{"3 one currency", "a payment is in its invoice's currency", rows(`
SELECT CAST(p.account_id AS text), CAST(p.id AS text) || ' in ' || p.currency || ' pays ' || i.number || ' in ' || i.currency
FROM payment p JOIN invoice i ON i.account_id = p.account_id AND i.id = p.invoice_id WHERE p.currency <> i.currency ORDER BY p.account_id, p.id`)},

		{"6 numbers without gap", "invoices and receipts are numbered 1 to n per account and month", rows(numbered + `
SELECT CAST(account_id AS text), no || ' should be ' || prefix || month || '-' ||
  CASE WHEN n < 10000 THEN SUBSTR('0000' || n, LENGTH('0000' || n) - 3) ELSE CAST(n AS text) END
FROM counted WHERE no <> prefix || month || '-' || CASE WHEN n < 10000 THEN SUBSTR('0000' || n, LENGTH('0000' || n) - 3) ELSE CAST(n AS text) END
ORDER BY account_id, name, month, n`)},

		{"6 series know their end", "a series' last value is how many numbers it gave", rows(numbered + `,
given AS (SELECT account_id, name, month, COUNT(*) AS n FROM counted GROUP BY account_id, name, month)
SELECT CAST(s.account_id AS text), s.name || ' ' || s.month || ' is at ' || s.last_value || ', given ' || COALESCE(g.n, 0)
FROM series s LEFT JOIN given g ON g.account_id = s.account_id AND g.name = s.name AND g.month = s.month
WHERE s.name IN ('INV', 'RCT') AND s.last_value <> COALESCE(g.n, 0)
UNION ALL
SELECT CAST(g.account_id AS text), g.name || ' ' || g.month || ' has numbers but no series' FROM given g
LEFT JOIN series s ON s.account_id = g.account_id AND s.name = g.name AND s.month = g.month WHERE s.account_id IS NULL`)},
	}
}

// numbered counts the numbers that were given: name-account-month-number.
const numbered = `
WITH numbers AS (
  SELECT account_id, 'INV' AS name, number AS no FROM invoice WHERE status <> 'draft'
  UNION ALL
  SELECT account_id, 'RCT' AS name, receipt_number AS no FROM payment WHERE receipt_number IS NOT NULL),
parts AS (
  SELECT m.account_id, m.name, m.no, m.name || '-' || a.number || '-' AS prefix,
    SUBSTR(m.no, LENGTH(m.name || '-' || a.number || '-') + 1, 6) AS month
  FROM numbers m JOIN account a ON a.id = m.account_id),
counted AS (
  SELECT account_id, name, no, prefix, month, ROW_NUMBER() OVER (PARTITION BY account_id, name, month ORDER BY LENGTH(no), no) AS n FROM parts)`
