package doctor

import (
	"fmt"
	"strings"

	"igny8"
	"igny8/internal/tenant"
)

// tenantInvariants are about who owns what, people, sites and the audit log.
func tenantInvariants() []invariant {
	return []invariant{
		{"7 children have their parent's account", "a row points only at rows of its own account", rows(parentsQuery())},

		{"7 rows have an account", "a tenant's row belongs to an account that exists", rows(accountsQuery())},

		{"7 accounts have an owner", "every account has an owner", rows(`
SELECT CAST(a.id AS text), 'no owner' FROM account a WHERE NOT EXISTS (
  SELECT 1 FROM membership m JOIN app_user u ON u.id = m.user_id WHERE m.account_id = a.id AND m.role = 'owner') ORDER BY a.id`)},

		{"7 one usable token per session", "at most one refresh token of a session can still be used", rows(`
SELECT COALESCE(CAST(s.home_account AS text), ''), 'session ' || CAST(s.id AS text) || ' has ' || COUNT(*)
FROM session s JOIN refresh_token t ON t.session_id = s.id AND t.used_at IS NULL
GROUP BY s.id, s.home_account HAVING COUNT(*) > 1`)},

		{"7 one site per domain", "a domain is one site of an account at most", rows(`
SELECT CAST(account_id AS text), domain || ' is ' || COUNT(*) || ' sites' FROM site WHERE deleted_at IS NULL
GROUP BY account_id, domain HAVING COUNT(*) > 1`)},

		{"7 sectors are of the site's industry", "the active sectors of a site are of its industry, and five at most", rows(`
SELECT CAST(s.account_id AS text), 'sector ' || c.slug || ' of ' || s.domain || ' is of another industry'
FROM site_sector c JOIN site s ON s.account_id = c.account_id AND s.id = c.site_id
JOIN industry_sector i ON i.id = c.industry_sector_id WHERE c.active AND i.industry_id <> s.industry_id
UNION ALL
SELECT CAST(c.account_id AS text), 'site ' || CAST(c.site_id AS text) || ' has ' || COUNT(*) || ' active sectors'
FROM site_sector c WHERE c.active GROUP BY c.account_id, c.site_id HAVING COUNT(*) > 5`)},

		{"8 audit chains verify", "every audit chain verifies from its first row to its head", chains},

		{"8 audit rows have a head", "every audit row is in a chain", rows(`
SELECT CAST(e.account_id AS text), COUNT(*) || ' audit rows without a head' FROM audit_event e
WHERE NOT EXISTS (SELECT 1 FROM audit_head h WHERE h.account_id = e.account_id) GROUP BY e.account_id`)},
	}
}

func parentsQuery() string {
	var parts []string
	for _, t := range tenant.Tables() {
		for _, l := range t.Links {
			parts = append(parts, fmt.Sprintf(`SELECT CAST(c.account_id AS text), '%[1]s.%[2]s %[3]s ' || CAST(c.%[2]s AS text)
FROM %[1]s c WHERE c.%[2]s IS NOT NULL AND NOT EXISTS (SELECT 1 FROM %[4]s p WHERE p.account_id = c.account_id AND p.id = c.%[2]s)`,
				t.Name, l.Column, "names what the account does not have:", l.Parent))
		}
	}
	return strings.Join(parts, "\nUNION ALL\n")
}

func accountsQuery() string {
	var parts []string
	for _, t := range tenant.Tables() {
		if t.Name == "account" {
			continue
		}
		parts = append(parts, fmt.Sprintf(`SELECT CAST(c.account_id AS text), '%[1]s: ' || COUNT(*) || ' rows' FROM %[1]s c
WHERE c.account_id <> '%[2]s' AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = c.account_id) GROUP BY c.account_id`,
			t.Name, igny8.Platform.UUID()))
	}
	return strings.Join(parts, "\nUNION ALL\n")
}
