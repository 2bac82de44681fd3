package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/db"
)

// Report is what one look at the whole database found.
type Report struct{ Checks []Check }

// Check is one invariant with what breaks it; no Findings is health. The number
// in front of Name is the one in the specification's list.
type Check struct {
	Name     string    `json:"name"`
	Text     string    `json:"text"`
	Findings []Finding `json:"findings"`
}

// Finding is one thing that should not be. Account is the id of the account,
// "platform", or empty for what belongs to none.
type Finding struct {
	Account string `json:"account"`
	Detail  string `json:"detail"`
}

// Count is how many invariants are broken.
func (r Report) Count() (n int) {
	for _, c := range r.Checks {
		if len(c.Findings) > 0 {
			n++
		}
	}
	return n
}

// Run checks all invariants in one read transaction, so that they all see the
// same moment. An error means that it could not look, not that something is
// wrong.
func Run(ctx context.Context, d *db.DB) (r Report, err error) {
	ctx = db.Patient(ctx, 10*time.Minute) // the usual bound is made for requests
	err = d.ReadSystem(ctx, func(ctx context.Context, tx *db.Tx) error {
		r = Report{}
		for _, inv := range invariants() {
			found, err := inv.look(ctx, tx)
			if err != nil {
				return fmt.Errorf("check %q: %w", inv.name, err)
			}
			r.Checks = append(r.Checks, Check{inv.name, inv.text, found})
		}
		return nil
	})
	return r, err
}

// invariant is something that must hold at every moment.
type invariant struct {
	name, text string
	look       looker
}

type looker func(context.Context, *db.Tx) ([]Finding, error)

func invariants() []invariant {
	return slices.Concat(creditInvariants(), moneyInvariants(), paymentInvariants(), stateInvariants(), tenantInvariants())
}

// rows looks with a query that returns what is wrong: the account's uuid as text
// and a detail. The same text runs on both databases.
func rows(query string) looker {
	return func(ctx context.Context, tx *db.Tx) ([]Finding, error) {
		list := []Finding{}
		err := each(ctx, tx, query, func(c [3]string) {
			list = append(list, Finding{accountName(c[0]), c[1]})
		}, 2)
		return list, err
	}
}

// each runs a query of n text columns.
func each(ctx context.Context, tx *db.Tx, query string, f func([3]string), n int) error {
	found, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		var c [3]string
		if err := found.Scan([]any{&c[0], &c[1], &c[2]}[:n]...); err != nil {
			return err
		}
		f(c)
	}
	return found.Err()
}

// pairs compares facts that cannot be joined in SQL, because one side names its
// object by uuid and the other (ledger sources, events, audit rows) by the id of
// the wire. have and want return account, object and fact; what the two do not
// have equally often is wrong. name turns a uuid into the wire's id.
func pairs(want, have string, name func(uuid string) string) looker {
	return func(ctx context.Context, tx *db.Tx) ([]Finding, error) {
		count := map[[3]string]int{}
		err := each(ctx, tx, want, func(c [3]string) { count[[3]string{c[0], name(c[1]), c[2]}]++ }, 3)
		if err != nil {
			return nil, err
		}
		if err := each(ctx, tx, have, func(c [3]string) { count[c]-- }, 3); err != nil {
			return nil, err
		}
		list := []Finding{}
		for c, n := range count {
			switch {
			case n > 0:
				list = append(list, Finding{accountName(c[0]), fmt.Sprintf("%s: %q is missing", c[1], c[2])})
			case n < 0:
				list = append(list, Finding{accountName(c[0]), fmt.Sprintf("%s: %q is too much", c[1], c[2])})
			}
		}
		slices.SortFunc(list, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Detail, b.Detail))
		})
		return list, nil
	}
}

// wire makes the id of the wire of a uuid's text, as in wire[igny8.InvoiceID].
func wire[T any, P interface {
	*T
	Scan(any) error
	String() string
}](uuid string) string {
	var id T
	if err := P(&id).Scan(uuid); err != nil {
		return uuid
	}
	return P(&id).String()
}

func accountName(uuid string) string {
	switch uuid {
	case "":
		return ""
	case igny8.Platform.UUID().String():
		return "platform"
	}
	return wire[igny8.AccountID](uuid)
}

// chains recomputes every audit chain.
func chains(ctx context.Context, tx *db.Tx) ([]Finding, error) {
	breaks, err := audit.Verify(ctx, tx)
	if err != nil {
		return nil, err
	}
	list := []Finding{}
	for _, b := range breaks {
		account, detail := b, ""
		for i := range b {
			if b[i] == ':' {
				account, detail = b[:i], b[min(i+2, len(b)):]
				break
			}
		}
		if account == igny8.Platform.String() {
			account = "platform"
		}
		list = append(list, Finding{account, detail})
	}
	return list, nil
}
