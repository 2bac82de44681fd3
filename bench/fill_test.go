//go:build bench

package bench

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/billing"
	"igny8/internal/blob"
	"igny8/internal/credit"
	"igny8/internal/db"
)

// person is an owner with what is needed to be them.
type person struct {
	email, token string
	user         igny8.UserID
	account      igny8.AccountID
	session      igny8.SessionID
	payment      igny8.PaymentID
}

// copy is the n-th copy of the person that fill made.
func (p person) copy(n int) person {
	return person{email: label(n) + p.email, user: copied(p.user, n), account: copied(p.account, n),
		session: copied(p.session, n), payment: copied(p.payment, n)}
}

// copied is the id of the n-th copy of a row: its last six bytes are n.
func copied[T ~[16]byte](id T, n int) T {
	var tail [8]byte
	binary.BigEndian.PutUint64(tail[:], uint64(n))
	copy(id[10:], tail[2:])
	return id
}

// label makes texts of copies unlike each other.
func label(n int) string { return fmt.Sprintf("c%07d", n) }

// copies says what changes in a copied row: ids get a new end, texts a label
// before or behind them. All else stays as the program wrote it.
var copies = []struct {
	table       string
	ids, before []string
	behind      []string
}{
	{"app_user", []string{"id"}, []string{"email", "email_norm"}, nil},
	{"account", []string{"id"}, []string{"name", "slug"}, nil},
	{"membership", []string{"account_id", "id", "user_id"}, nil, nil},
	{"session", []string{"id", "user_id", "home_account"}, nil, nil},
	{"audit_head", []string{"account_id"}, nil, nil},
	{"audit_event", []string{"account_id", "id"}, nil, nil},
	{"outbox_event", []string{"account_id", "id"}, nil, nil},
	{"mail_message", []string{"account_id", "id"}, []string{"recipient"}, nil},
	{"credit_balance", []string{"account_id"}, nil, nil},
	{"credit_lot", []string{"account_id", "id"}, nil, nil},
	{"credit_transaction", []string{"account_id", "id", "user_id"}, nil, nil},
	{"credit_burn", []string{"account_id", "transaction_id", "lot_id"}, nil, nil},
	{"subscription", []string{"account_id", "id"}, nil, nil},
	{"series", []string{"account_id"}, nil, nil},
	{"invoice", []string{"account_id", "id", "subscription_id"}, nil, []string{"number", "pay_code"}},
	{"invoice_line", []string{"account_id", "invoice_id"}, nil, nil},
	{"payment", []string{"account_id", "id", "invoice_id", "submitted_by"}, nil, []string{"reference", "reference_norm", "receipt_number"}},
	{"payment_proof", []string{"account_id", "payment_id"}, nil, []string{"sha256", "original_sha256"}},
	{"payment_allocation", []string{"account_id", "payment_id"}, nil, nil},
	{"subscription_period", []string{"account_id", "invoice_id", "subscription_id", "payment_id"}, nil, nil},
	{"account_payment_method", []string{"account_id", "id"}, nil, nil},
	{"site", []string{"account_id", "id"}, []string{"domain"}, nil},
}

// fill makes two accounts through the API, one that has paid and one whose payment
// waits, and copies all their rows in the database.
func (i *installation) fill(t *testing.T, paid, waiting int) {
	t.Helper()
	s := i.start(t)
	s.loginStaff(t)
	i.paid, i.waits = s.customer(t, "paid"), s.customer(t, "waits")
	s.must(t, s.staff, "POST", "/admin/payments/"+i.paid.payment.String()+"/approve", map[string]string{}, &struct{}{})
	s.must(t, i.paid.token, "POST", "/sites", map[string]string{"name": "Bakery", "domain": "bakery.example.com", "industry": "automotive"}, &struct{}{})
	s.must(t, i.paid.token, "POST", "/credits/spend", map[string]any{"credits": 1, "reference": "first"}, &struct{}{})
	time.Sleep(300 * time.Millisecond) // the letters leave
	s.stop()
	i.rich(t)
	d := i.raw(t)
	defer d.Close()
	i.numbers(t, d, max(paid, waiting, 20))
	for _, c := range copies {
		own := map[string]string{"app_user": "id = %[2]s", "session": "user_id = %[2]s", "account": "id = %[1]s"}[c.table]
		if own == "" {
			own = "account_id = %[1]s"
		}
		for n, p := range map[int]person{paid: i.paid, waiting: i.waits} {
			where := fmt.Sprintf(own, i.literal(p.account.UUID()), i.literal(p.user.UUID()))
			i.copyRows(t, d, c.table, c.ids, c.before, c.behind, where+fmt.Sprintf(" AND nth <= %d", n))
		}
	}
	// One account with a whole page of sites.
	i.copyRows(t, d, "site", []string{"id"}, []string{"domain"}, nil, "account_id = "+i.literal(i.paid.account.UUID())+" AND nth <= 19")
	if i.url != "" {
		i.exec(t, d, "ANALYZE") // as autovacuum does
	}
}

// rich gives the paid account credits that a benchmark cannot use up.
func (i *installation) rich(t *testing.T) {
	t.Helper()
	d := i.open(t)
	defer d.Close()
	err := d.Tenant(t.Context(), "bench.rich", i.paid.account, func(ctx context.Context, tx *db.Tx) error {
		return credit.AddBonus(ctx, tx, 1_000_000_000, credit.Source{Kind: "bench", ID: "rich"}, "for the benchmark")
	})
	if err != nil {
		t.Fatal(err)
	}
}

// numbers makes a table of 1, 2, 3 … with the texts that copies need.
func (i *installation) numbers(t *testing.T, d *sql.DB, n int) {
	t.Helper()
	if i.url == "" {
		i.exec(t, d, "PRAGMA foreign_keys = 0")
		i.exec(t, d, fmt.Sprintf(`CREATE TEMP TABLE numbers AS WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < %d)
			SELECT n AS nth, printf('%%012x', n) AS tail, printf('c%%07d', n) AS label FROM s`, n))
		return
	}
	i.exec(t, d, "SET session_replication_role = replica") // rows of ours are right; checking each reference takes minutes
	i.exec(t, d, fmt.Sprintf(`CREATE TEMP TABLE numbers AS SELECT n AS nth, lpad(to_hex(n), 12, '0') AS tail, 'c' || lpad(n::text, 7, '0') AS label
		FROM generate_series(1, %d) n`, n))
}

func (i *installation) copyRows(t *testing.T, d *sql.DB, table string, ids, before, behind []string, where string) {
	t.Helper()
	rows, err := d.Query("SELECT * FROM " + table + " LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	columns, err := rows.Columns()
	rows.Close()
	if err != nil {
		t.Fatal(err)
	}
	values := make([]string, len(columns))
	for k, c := range columns {
		switch {
		case slices.Contains(ids, c) && i.url == "":
			values[k] = "substr(" + c + ", 1, 24) || tail"
		case slices.Contains(ids, c):
			values[k] = "(substr(" + c + "::text, 1, 24) || tail)::uuid"
		case slices.Contains(before, c):
			values[k] = "label || " + c
		case slices.Contains(behind, c):
			values[k] = c + " || label"
		case table == "account" && c == "number":
			values[k] = "number + 2 * nth"
		default:
			values[k] = c
		}
	}
	i.exec(t, d, "INSERT INTO "+table+" ("+strings.Join(columns, ", ")+") SELECT "+strings.Join(values, ", ")+
		" FROM "+table+" CROSS JOIN numbers WHERE "+where+" ORDER BY nth")
}

func (i *installation) literal(id igny8.UUID) string { return "'" + id.String() + "'" }

func (i *installation) exec(t *testing.T, d *sql.DB, q string) {
	t.Helper()
	if _, err := d.ExecContext(t.Context(), q); err != nil {
		t.Fatalf("%v\n%s", err, q)
	}
}

// customer signs somebody up for a plan in rupees, who then sends a payment with
// proof.
func (s *server) customer(t *testing.T, name string) person {
	t.Helper()
	p := person{email: name + "@bench.example"}
	var in struct {
		User    struct{ ID igny8.UserID }
		Account struct{ ID igny8.AccountID }
		Tokens  struct{ Access string }
		Invoice struct{ ID, Total string }
	}
	s.must(t, "", "POST", "/auth/register", map[string]any{"email": p.email, "password": password, "first_name": "Zara", "last_name": name,
		"country": "PK", "account_name": name + " studio", "plan": "starter", "cycle": "monthly", "payment_method": "jazzcash",
		"billing": map[string]string{"line1": "12 Zamzama Boulevard", "city": "Karachi", "country": "PK"}}, &in)
	p.user, p.account, p.token = in.User.ID, in.Account.ID, in.Tokens.Access
	claims, err := signer(t).Verify(p.token, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	p.session = claims.Session
	invoice, err := igny8.ParseID[igny8.InvoiceID](in.Invoice.ID)
	if err != nil {
		t.Fatal(err)
	}
	p.payment = s.submit(t, p, invoice, name)
	return p
}

// submit sends a payment through the service, as the page and the API do.
func (s *server) submit(t *testing.T, p person, invoice igny8.InvoiceID, name string) igny8.PaymentID {
	t.Helper()
	d := s.open(t)
	defer d.Close()
	files, err := blob.OpenFolder(filepath.Join(s.data, "files"))
	if err != nil {
		t.Fatal(err)
	}
	bill := billing.New(d, files, nil, "")
	actor := igny8.Actor{User: p.user, Account: p.account, Role: igny8.RoleOwner, Email: p.email, Network: "bench"}
	due, err := bill.Invoice(t.Context(), actor, invoice)
	if err != nil {
		t.Fatal(err)
	}
	m := image.NewGray(image.Rect(0, 0, 20, 20))
	m.Pix[0] = byte(len(name))
	var picture bytes.Buffer
	if err := png.Encode(&picture, m); err != nil {
		t.Fatal(err)
	}
	sent, err := bill.Submit(t.Context(), actor, invoice, billing.Submission{Method: "jazzcash", Reference: "JC-" + name,
		PayerName: "Zara Sheikh", PaidOn: time.Now().UTC().Format(time.DateOnly), AmountMinor: due.Due(), Files: []blob.Upload{blob.Bytes("receipt.png", picture.Bytes())}})
	if err != nil {
		t.Fatal(err)
	}
	return sent.ID
}
