package doctor

// creditInvariants are about lots, the ledger and the balance of credits.
func creditInvariants() []invariant {
	return []invariant{
		{"1 balance is the ledger", "an account's credit balance is the sum of its transactions", rows(`
SELECT CAST(a.id AS text), 'the balance says ' || COALESCE(b.balance, 0) || ', the ledger ' || COALESCE(t.total, 0)
FROM account a LEFT JOIN credit_balance b ON b.account_id = a.id
LEFT JOIN (SELECT account_id, SUM(amount) AS total FROM credit_transaction GROUP BY account_id) t ON t.account_id = a.id
WHERE COALESCE(b.balance, 0) <> COALESCE(t.total, 0) ORDER BY a.id`)},

		{"1 balance is the lots", "an account's credit balance is the sum of what remains in its lots", rows(`
SELECT CAST(a.id AS text), 'the balance says ' || COALESCE(b.balance, 0) || ', the lots hold ' || COALESCE(l.total, 0)
FROM account a LEFT JOIN credit_balance b ON b.account_id = a.id
LEFT JOIN (SELECT account_id, SUM(remaining) AS total FROM credit_lot GROUP BY account_id) l ON l.account_id = a.id
WHERE COALESCE(b.balance, 0) <> COALESCE(l.total, 0) ORDER BY a.id`)},

		{"1 held within the balance", "0 ≤ held ≤ balance", rows(`
SELECT CAST(account_id AS text), 'held ' || held || ' of ' || balance FROM credit_balance
WHERE held < 0 OR held > balance ORDER BY account_id`)},

		{"1 lots are their burns", "what remains in a lot is its amount without what was burnt of it, and one line filled it", rows(`
SELECT CAST(l.account_id AS text), 'lot ' || CAST(l.id AS text) || ' of ' || l.amount || ' has ' || l.remaining ||
  ', burnt ' || COALESCE(b.taken, 0) || ', filled ' || COALESCE(b.filled, 0)
FROM credit_lot l LEFT JOIN (
  SELECT account_id, lot_id, SUM(CASE WHEN amount > 0 THEN amount ELSE 0 END) AS taken,
    SUM(CASE WHEN amount < 0 THEN -amount ELSE 0 END) AS filled FROM credit_burn GROUP BY account_id, lot_id) b
  ON b.account_id = l.account_id AND b.lot_id = l.id
WHERE l.remaining <> l.amount - COALESCE(b.taken, 0) OR l.amount <> COALESCE(b.filled, 0) ORDER BY l.account_id, l.id`)},

		{"1 lines are their burns", "a ledger line moves what it burns or fills in lots", rows(`
SELECT CAST(t.account_id AS text), 'line ' || t.seq || ' moves ' || t.amount || ', its lots ' || COALESCE(-b.total, 0)
FROM credit_transaction t LEFT JOIN (
  SELECT account_id, transaction_id, SUM(amount) AS total FROM credit_burn GROUP BY account_id, transaction_id) b
  ON b.account_id = t.account_id AND b.transaction_id = t.id
WHERE t.amount <> COALESCE(-b.total, 0) ORDER BY t.account_id, t.seq`)},

		{"2 running balance", "a ledger line's balance is the one before plus its amount", rows(`
SELECT CAST(x.account_id AS text), 'line ' || x.seq || ' says ' || x.balance_after || ', should be ' || (x.previous + x.amount)
FROM (SELECT account_id, seq, amount, balance_after, COALESCE(LAG(balance_after) OVER w, 0) AS previous
  FROM credit_transaction WINDOW w AS (PARTITION BY account_id ORDER BY seq)) x
WHERE x.balance_after <> x.previous + x.amount ORDER BY x.account_id, x.seq`)},

		{"2 ledger without holes", "the lines of a ledger are numbered 1 to n, and the balance knows n", rows(`
SELECT CAST(x.account_id AS text), 'line ' || x.seq || ' is the ' || x.n || 'th'
FROM (SELECT account_id, seq, ROW_NUMBER() OVER (PARTITION BY account_id ORDER BY seq) AS n FROM credit_transaction) x WHERE x.seq <> x.n
UNION ALL
SELECT CAST(b.account_id AS text), 'the balance is at line ' || b.seq || ', the ledger at ' || COALESCE(t.last, 0)
FROM credit_balance b LEFT JOIN (SELECT account_id, MAX(seq) AS last FROM credit_transaction GROUP BY account_id) t ON t.account_id = b.account_id
WHERE b.seq <> COALESCE(t.last, 0)`)},
	}
}
