package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"igny8/internal/db"
)

// approveFiftyTimes sends fifty approvals of one payment at once, each with its
// own key: one does it, the others are told who did.
func approveFiftyTimes(t *testing.T, payment string, servers []*client, staff []string) {
	t.Helper()
	begin := time.Now()
	answers := atOnce(50, func(i int) answer {
		return servers[i%len(servers)].ask("POST", "/admin/payments/"+payment+"/approve", staff[i/len(servers)%len(staff)], `{"evidence":"statement"}`)
	})
	got := tally(answers)
	t.Logf("50 approvals of one payment in %v: %v", time.Since(begin).Round(time.Millisecond), got)
	if got["200"] != 1 || got["409 invalid_transition"] != 49 {
		t.Fatalf("want one 200 and 49 times 409 invalid_transition, got %v", got)
	}
	done := answers[slices.IndexFunc(answers, func(a answer) bool { return a.status == 200 })]
	for _, a := range answers {
		if a.status != 409 {
			continue
		}
		if a.text("current") != "succeeded" || a.text("decided_by") != done.text("decided_by") || a.text("decided_at") != done.text("decided_at") {
			t.Fatalf("a refusal must tell that it is decided, by whom and when (%s, %s): %s", done.text("decided_by"), done.text("decided_at"), a)
		}
	}
}

func TestOnePaymentApprovedFiftyTimesByTwoProcesses(t *testing.T) {
	installations(t, func(t *testing.T, i installation) {
		first := i.start(t)
		servers := []*client{first.client}
		if i.url != "" { // SQLite has one server by design
			servers = append(servers, i.start(t).client)
		}
		d := i.open(t)
		staff := []string{first.login(staffEmail), servers[len(servers)-1].login(staffEmail)}
		approveFiftyTimes(t, first.paying().paid, servers, staff)
		onceEach(t, d)
		healthy(t, d)
	})
}

func TestOnePaymentApprovedFiftyTimes(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		if _, err := w.app.auth.CreateStaff(t.Context(), "second@example.com", password); err != nil {
			t.Fatal(err)
		}
		u := w.paying()
		approveFiftyTimes(t, u.paid, []*client{w.client}, []string{w.staff, w.login("second@example.com")})
		onceEach(t, w.app.db)
		if n := w.must(200, "GET", "/credits/balance", u.token, "").body["available"]; n != 1000.0 {
			t.Errorf("%v credits, want the plan's 1000", n)
		}
	})
}

func TestOneRequestSentFiftyTimesIsDoneOnce(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		u := w.signUp("")
		answers := atOnce(50, func(int) answer {
			return w.ask("POST", "/credits/spend", u.token, `{"credits":10,"reference":"one"}`, "Idempotency-Key: the-same")
		})
		for _, a := range answers {
			if a.status != 201 && a.text("code") != "idempotency_in_progress" {
				t.Errorf("want 201, or 409 while it runs, got %s", a)
			}
		}
		if n := w.count("SELECT count(*) FROM credit_transaction WHERE type = 'deduction'"); n != 1 {
			t.Errorf("%d deductions, want one", n)
		}
	})
}

func TestApproveAgainstRejectAgainstWithdraw(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		won := map[string]int{}
		for range 3 {
			u := w.paying()
			answers := atOnce(12, func(i int) answer {
				switch i % 3 {
				case 0:
					return w.ask("POST", "/admin/payments/"+u.paid+"/approve", w.staff, "")
				case 1:
					return w.ask("POST", "/admin/payments/"+u.paid+"/reject", w.staff, `{"reason_code":"other","reason":"No such transfer"}`)
				}
				return w.ask("POST", "/billing/payments/"+u.paid+"/withdraw", u.token, "")
			})
			if got := tally(answers); got["200"] != 1 || got["409 invalid_transition"] != 11 {
				t.Errorf("want one decision and 11 refusals, got %v", got)
			}
			won[[]string{"approve", "reject", "withdraw"}[slices.IndexFunc(answers, func(a answer) bool { return a.status == 200 })%3]]++
		}
		t.Logf("who was first: %v", won)
		onceEach(t, w.app.db)
	})
}

func TestSpendingNeverTakesMoreThanThereIs(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		u := w.signUp("")
		begin := time.Now()
		answers := atOnce(64, func(i int) answer {
			return w.ask("POST", "/credits/spend", u.token, fmt.Sprintf(`{"credits":10,"reference":"caller %d"}`, i))
		})
		got := tally(answers)
		t.Logf("64 callers, 10 credits each, of 500, in %v: %v", time.Since(begin).Round(time.Millisecond), got)
		if got["201"] != 50 || got["402 insufficient_credits"] != 14 {
			t.Errorf("want 50 times 201 and 14 times 402 insufficient_credits, got %v", got)
		}
		b := w.must(200, "GET", "/credits/balance", u.token, "").body
		if b["balance"] != 0.0 || b["available"] != 0.0 || b["held"] != 0.0 {
			t.Errorf("exactly everything must be spent, got %v", b)
		}
		if n := w.count("SELECT CAST(-SUM(amount) AS bigint) FROM credit_transaction WHERE type = 'deduction'"); n != 500 {
			t.Errorf("%d credits were taken, want 500", n)
		}
	})
}

// ledger counts answers from many goroutines.
type ledger struct {
	mu  sync.Mutex
	got map[string]int
}

func (l *ledger) note(what string, list ...answer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, a := range list {
		l.got[strings.TrimSpace(fmt.Sprint(what, " ", a.status, " ", a.text("code")))]++
	}
}

const (
	raceAccounts = 20
	raceRounds   = 3
)

func TestManyAccountsAtOnce(t *testing.T) {
	onBoth(t, loud, func(t *testing.T, w *world) {
		l := &ledger{got: map[string]int{}}
		customers := make([]customer, raceAccounts)
		for i := range customers {
			customers[i] = w.signUp(starter)
		}
		begin := time.Now()
		atOnce(raceAccounts, func(i int) answer {
			live(w, l, customers[i])
			return answer{}
		})
		sum := 0
		for what, n := range l.got {
			sum += n
			if !slices.Contains(expected, what) {
				t.Errorf("%d answers were %q, which is none of %q", n, what, expected)
			}
		}
		t.Logf("%d submissions, approvals and rejections over %d accounts in %v: %v", sum, raceAccounts, time.Since(begin).Round(time.Millisecond), l.got)
		if n := w.count("SELECT count(*) FROM payment WHERE status = 'succeeded'"); n != int64(l.got["approve 200"]) {
			t.Errorf("%d payments succeeded, but %d approvals were answered", n, l.got["approve 200"])
		}
		if n := w.count("SELECT count(*) FROM payment WHERE status = 'failed'"); n != int64(l.got["reject 200"]) {
			t.Errorf("%d payments failed, but %d rejections were answered", n, l.got["reject 200"])
		}
		contiguous(t, w.app.db, "SELECT number FROM invoice")
		contiguous(t, w.app.db, "SELECT receipt_number FROM payment WHERE receipt_number IS NOT NULL")
		if n := w.count("SELECT max(number) FROM account"); n != raceAccounts {
			t.Errorf("%d accounts have the numbers 1 to %d", raceAccounts, n)
		}
	})
}

var expected = []string{"submit 201", "submit 409 payment_already_pending", "submit 409 invoice_not_payable",
	"approve 200", "approve 409 invalid_transition", "reject 200", "reject 409 invalid_transition"}

// live is one customer's life: submissions of a third of the price, two at once,
// and for each two members of staff who decide differently at the same moment.
func live(w *world, l *ledger, u customer) {
	const third = `,"amount_minor":824733` // of 24742.00 rupees
	for range raceRounds {
		sent := atOnce(2, func(int) answer {
			return w.ask("POST", "/billing/invoices/"+u.invoice+"/payments", u.token, submission(third))
		})
		l.note("submit", sent...)
		i := slices.IndexFunc(sent, func(a answer) bool { return a.status == 201 })
		if i < 0 {
			return // the invoice is paid
		}
		path := "/admin/payments/" + sent[i].text("id")
		head := rand.IntN(2)
		decisions := atOnce(2, func(i int) answer {
			if i == head {
				a := w.ask("POST", path+"/approve", w.staff, `{"evidence":"statement"}`)
				l.note("approve", a)
				return a
			}
			a := w.ask("POST", path+"/reject", w.staff, `{"reason_code":"not_received","reason":"Not on the statement"}`)
			l.note("reject", a)
			return a
		})
		if decisions[0].status+decisions[1].status != 200+409 {
			w.Errorf("two decisions, one must be refused:\n%s\n%s", decisions[0], decisions[1])
		}
	}
}

// contiguous checks that the numbers of each series are 1 to n, each once.
func contiguous(t *testing.T, d *db.DB, query string) {
	t.Helper()
	series := map[string][]string{}
	err := d.ReadSystem(t.Context(), func(ctx context.Context, tx *db.Tx) error {
		rows, err := tx.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var number string
			if err := rows.Scan(&number); err != nil {
				return err
			}
			cut := strings.LastIndexByte(number, '-')
			series[number[:cut]] = append(series[number[:cut]], number[cut+1:])
		}
		return rows.Err()
	})
	if err != nil || len(series) == 0 {
		t.Errorf("%s: %d series, %v", query, len(series), err)
	}
	for name, numbers := range series {
		slices.Sort(numbers)
		for i, n := range numbers {
			if n != fmt.Sprintf("%04d", i+1) {
				t.Errorf("series %s is %v, want 1 to %d without gap", name, numbers, len(numbers))
				break
			}
		}
	}
}
