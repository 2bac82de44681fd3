//go:build bench

package bench

import (
	"fmt"
	"net/http"
)

// pages measures staff's pages: against `GET /api/v1/me` on the same server, and
// the server with all accounts against the one with few.
func (b *run) pages(kind string, small, big *server) {
	few, many := small.loginStaff(b.T), big.loginStaff(b.T)
	me := func() float64 {
		return b.p95(2*b.requests, func(int) error { return big.wants(200, big.paid.token, "GET", "/me", nil) })
	}
	for _, w := range []struct {
		name, path string // %d is a number from 1, of the accounts that both have
	}{
		{"queue", "/staff"},
		{"account", "/staff/accounts/"},
		{"payment", "/staff/payments/"},
		{"list of accounts", "/staff/accounts"},
		{"accounts, one status", "/staff/accounts?status=suspended"},
		{"search by e-mail", "/staff/search?q=" + label(7) + "paid@"},
		{"search by reference", "/staff/search?q=jc-paid" + label(7)},
		{"search by amount", "/staff/search?q=24,742.00"},
		{"search by account number", "/staff/search?q=%2317"},
		{"search for nothing there", "/staff/search?q=absent-entirely"},
	} {
		open := func(c *http.Client, s *server) func(i int) error {
			return func(i int) error {
				path := w.path
				switch w.name {
				case "account":
					path += s.paid.copy(1 + i%10).account.String()
				case "payment":
					path += s.waits.copy(1 + i%100).payment.String()
				}
				return page(c, s.base+path)
			}
		}
		full := func() float64 { return b.p95(b.requests, open(many, big)) }
		r := result{database: kind, unit: "ms", work: fmt.Sprintf("staff: %s, p95", w.name), base: "`GET /me`, p95",
			note: fmt.Sprintf("%d accounts", b.accounts)}
		b.compare(r, full, me)
		r.base, r.goal, r.note = "the same, few accounts", 1.3, fmt.Sprintf("%d accounts against 110", b.accounts)
		b.compare(r, full, func() float64 { return b.p95(b.requests, open(few, small)) })
	}
}
