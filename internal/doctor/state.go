package doctor

// stateInvariants are about the states of accounts and subscriptions, and their
// periods.
func stateInvariants() []invariant {
	return []invariant{
		{"5 active has its subscription", "an active account has exactly one running subscription that is no trial", rows(`
SELECT CAST(a.id AS text), 'running: ' || COUNT(s.id) FROM account a
LEFT JOIN subscription s ON s.account_id = a.id AND s.status IN ('active', 'past_due') AND NOT s.trial
WHERE a.status = 'active' GROUP BY a.id HAVING COUNT(s.id) <> 1`)},

		{"5 trial has its subscription", "an account on trial has exactly one running trial", rows(`
SELECT CAST(a.id AS text), 'running: ' || COUNT(s.id) FROM account a
LEFT JOIN subscription s ON s.account_id = a.id AND s.status = 'active' AND s.trial
WHERE a.status = 'trial' GROUP BY a.id HAVING COUNT(s.id) <> 1`)},

		{"5 pending has nothing yet", "an account that owes its first payment has one incomplete subscription, none that runs, and no credits of a plan", rows(`
SELECT CAST(a.id AS text), 'pending_payment, but not with one incomplete subscription and nothing else' FROM account a
WHERE a.status = 'pending_payment' AND (
  (SELECT COUNT(*) FROM subscription s WHERE s.account_id = a.id AND s.status = 'incomplete') <> 1
  OR EXISTS (SELECT 1 FROM subscription s WHERE s.account_id = a.id AND s.status IN ('active', 'past_due'))
  OR EXISTS (SELECT 1 FROM credit_transaction t WHERE t.account_id = a.id AND t.type = 'subscription')) ORDER BY a.id`)},

		{"5 who paid is let in", "no account that owes its first payment has a paid subscription invoice", rows(`
SELECT CAST(a.id AS text), i.number || ' is paid' FROM account a JOIN invoice i ON i.account_id = a.id AND i.status = 'paid' AND i.type = 'subscription'
WHERE a.status = 'pending_payment' ORDER BY a.id, i.id`)},

		{"5 over means over", "an expired or cancelled account has no running subscription", rows(`
SELECT CAST(a.id AS text), a.status || ', but subscription ' || CAST(s.id AS text) || ' is ' || s.status
FROM account a JOIN subscription s ON s.account_id = a.id AND s.status IN ('active', 'past_due')
WHERE a.status IN ('expired', 'cancelled') ORDER BY a.id`)},

		{"5 one subscription runs", "at most one subscription of an account runs, and at most one waits for its first payment", rows(`
SELECT CAST(account_id AS text), COUNT(*) || ' run' FROM subscription WHERE status IN ('active', 'past_due') GROUP BY account_id HAVING COUNT(*) > 1
UNION ALL
SELECT CAST(account_id AS text), COUNT(*) || ' are incomplete' FROM subscription WHERE status = 'incomplete' GROUP BY account_id HAVING COUNT(*) > 1`)},

		{"5 subscription is in its last period", "a running subscription that was paid stands in the last period it was paid for", rows(`
SELECT CAST(s.account_id AS text), 'subscription ' || CAST(s.id AS text) || ' does not end with its last period'
FROM subscription s JOIN (SELECT account_id, subscription_id, MAX(ends_at) AS ends FROM subscription_period GROUP BY account_id, subscription_id) p
  ON p.account_id = s.account_id AND p.subscription_id = s.id
WHERE s.status IN ('active', 'past_due') AND (s.current_period_end IS NULL OR s.current_period_end <> p.ends) ORDER BY s.account_id, s.id`)},

		{"6 periods do not overlap", "no two paid periods of an account overlap", rows(`
SELECT CAST(x.account_id AS text), 'periods of invoices ' || CAST(x.invoice_id AS text) || ' and ' || CAST(y.invoice_id AS text)
FROM subscription_period x JOIN subscription_period y ON y.account_id = x.account_id AND y.invoice_id > x.invoice_id
  AND x.starts_at < y.ends_at AND y.starts_at < x.ends_at ORDER BY x.account_id`)},
	}
}
