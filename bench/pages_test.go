//go:build bench

package bench

import (
	"fmt"
	"net/http"
)

// pages measures staff's pages, on the server with all accounts and on the one
// with few, and `GET /api/v1/me` on the former, each request in turn.
func (b *run) pages(kind string, small, big *server) {
	few, many := small.loginStaff(b.T), big.loginStaff(b.T)
	me := func(int) error { return big.wants(200, big.paid.token, "GET", "/me", nil) }
	for _, w := range []struct{ name, path string }{
		{"queue", "/staff"},
		{"account", "/staff/accounts/"},
		{"payment", "/staff/payments/"},
		{"list of accounts", "/staff/accounts"},
		{"list of accounts in one status", "/staff/accounts?status=suspended"},
		{"search by e-mail", "/staff/search?q=" + label(7) + "paid@"},
		{"search by reference", "/staff/search?q=jc-paid" + label(7)},
		{"search by amount", "/staff/search?q=24,742.00"},
		{"search by account number", "/staff/search?q=%2317"},
		{"search by how most begin", "/staff/search?q=jc"},
		{"search for nothing there", "/staff/search?q=absent-entirely"},
	} {
		open := func(c *http.Client, s *server) func(i int) error {
			return func(i int) error {
				path := w.path
				switch w.name { // those that both servers have
				case "account":
					path += s.paid.copy(1 + i%10).account.String()
				case "payment":
					path += s.waits.copy(1 + i%100).payment.String()
				}
				return page(c, s.base+path)
			}
		}
		cost := result{database: kind, unit: "ms", work: "staff: " + w.name + ", p95", base: "`GET /me`, p95", note: fmt.Sprintf("%d accounts", b.accounts)}
		growth := result{database: kind, unit: "ms", work: cost.work, base: "the same, few accounts", goal: 1.3, note: fmt.Sprintf("P7; %d accounts against 110", b.accounts)}
		for range b.pairs {
			ms := b.p95(b.requests, me, open(few, small), open(many, big))
			cost.add(ms[2], ms[0])
			growth.add(ms[2], ms[1])
		}
		b.note(cost)
		b.note(growth)
	}
}
