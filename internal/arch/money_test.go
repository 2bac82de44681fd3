package arch

import (
	"go/ast"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	paymentSet      = regexp.MustCompile(`(?is)\bUPDATE payment SET (.*?)(?:\bWHERE\b|$)`)
	setsStatus      = regexp.MustCompile(`(?i)\bstatus = ([^,\s]+)`)
	paymentInserted = regexp.MustCompile(`(?is)\bINSERT INTO payment\b.*?\bVALUES \((.*?)\)`)
)

// canSucceed reports whether the statement can make a payment succeeded: it sets
// the status to that word, or to something that is not a constant.
func canSucceed(sql string) bool {
	for _, set := range paymentSet.FindAllStringSubmatch(sql, -1) {
		for _, value := range setsStatus.FindAllStringSubmatch(set[1], -1) {
			if value[1] == "'succeeded'" || !strings.HasPrefix(value[1], "'") {
				return true
			}
		}
	}
	for _, values := range paymentInserted.FindAllStringSubmatch(sql, -1) {
		if strings.Contains(values[1], "'succeeded'") || !strings.Contains(values[1], "'pending_approval'") {
			return true
		}
	}
	return false
}

func TestOneStatementMakesAPaymentSucceeded(t *testing.T) {
	var found []string
	for _, q := range queries(t) {
		if canSucceed(q.text) {
			found = append(found, q.file+" "+q.name)
		}
	}
	for _, f := range files(t, func(f file) bool { return handwritten(f) && !strings.HasPrefix(f.dir, "internal/doctor") }) {
		f.literals(func(at token.Pos, text string) {
			if canSucceed(text) {
				found = append(found, f.at(at))
			}
		})
	}
	if want := []string{"internal/billing/queries.sql SucceedPayment"}; !slices.Equal(found, want) {
		t.Errorf("statements that can make a payment succeeded: %v, want %v. Call billing's succeed instead", found, want)
	}
}

func TestAStatementThatSucceedsAPaymentIsSeen(t *testing.T) {
	for sql, want := range map[string]bool{
		"UPDATE payment SET status = 'succeeded' WHERE id = $1":                         true,
		"UPDATE payment SET version = version + 1, status = @status WHERE id = $1":      true,
		"UPDATE payment SET status = 'failed' WHERE status = 'succeeded'":               false,
		"UPDATE payment SET status = 'refunded' WHERE id = $1 AND status = 'succeeded'": false,
		"INSERT INTO payment (id, status) VALUES ($1, 'pending_approval') RETURNING *":  false,
		"INSERT INTO payment (id, status) VALUES ($1, $2)":                              true,
		"INSERT INTO payment_proof (id) VALUES ($1)":                                    false,
		"SELECT count(*) FROM payment WHERE status = 'succeeded'":                       false,
		"UPDATE invoice SET status = 'paid' WHERE id = $1 AND status = @status":         false,
	} {
		if canSucceed(sql) != want {
			t.Errorf("canSucceed(%q) is not %v", sql, want)
		}
	}
}

// callers lists the functions that call a method of this name, in hand-written
// code outside tests, as "folder.function".
func callers(t *testing.T, method string) []string {
	t.Helper()
	var out []string
	for _, f := range files(t, handwritten) {
		for _, d := range f.ast.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			ast.Inspect(fn, func(n ast.Node) bool {
				if sel, ok := n.(*ast.SelectorExpr); ok && sel.Sel.Name == method {
					out = append(out, f.dir+"."+fn.Name.Name)
				}
				return true
			})
		}
	}
	return out
}

func TestMoneyMovesInOnePlace(t *testing.T) {
	for method, want := range map[string][]string{
		"SucceedPayment":    {"internal/billing.succeed"},
		"InsertTransaction": {"internal/credit.write"},
		"InsertLot":         {"internal/credit.grant"},
		"AddToBalance":      {"internal/credit.write"},
		"TakeFromLot":       {"internal/credit.write"},
		"PayInvoice":        {"internal/billing.settle"},
		"InsertPeriod":      {"internal/billing.activateSubscription"},
	} {
		got := callers(t, method)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s is called by %v, want %v alone: one function books this, call that", method, got, want)
		}
	}
}

var ledgerInsert = regexp.MustCompile(`(?i)INSERT INTO (credit_transaction|credit_lot|credit_burn|account_balance_entry|subscription_period|payment_allocation)\b`)

func TestLedgerLinesAreInsertedByOneStatementEach(t *testing.T) {
	found := map[string][]string{}
	for _, q := range queries(t) {
		if m := ledgerInsert.FindStringSubmatch(q.text); m != nil {
			found[m[1]] = append(found[m[1]], q.file+" "+q.name)
		}
	}
	for _, name := range []string{"credit_transaction", "credit_lot", "credit_burn", "account_balance_entry", "subscription_period", "payment_allocation"} {
		if len(found[name]) != 1 {
			t.Errorf("%s is inserted by %v, want exactly one statement", name, found[name])
		}
	}
}
