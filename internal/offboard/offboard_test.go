package offboard_test

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"context"
	"errors"
	"igny8"
	"igny8/internal/account"
	"igny8/internal/auth"
	"igny8/internal/billing"
	"igny8/internal/billing/billingtest"
	"igny8/internal/blob"
	"igny8/internal/db"
	"igny8/internal/db/dbtest"
	"igny8/internal/demo"
	"igny8/internal/doctor/doctortest"
	"igny8/internal/job"
	"igny8/internal/offboard"
	"igny8/internal/signup"
	"igny8/internal/tenant"
	"regexp"
)

const password = "tall-giraffe-sings-9"

// leaver is an account that has paid, with its owner, and what is needed to leave.
type leaver struct {
	*testing.T
	d     *db.DB
	s     *offboard.Service
	auth  *auth.Service
	files blob.Store
	clock *dbtest.Clock
	owner igny8.Actor
	inv   billing.Invoice
}

func leaving(t *testing.T, f func(l *leaver)) {
	t.Helper()
	clock := dbtest.NewClock(time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC))
	dbtest.Run(t, func(t *testing.T, d *db.DB) {
		l := &leaver{T: t, d: d, clock: clock}
		l.start()
		f(l)
		doctortest.Assert(t, d)
	}, dbtest.WithClock(clock))
}

func (l *leaver) must(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func (l *leaver) start() {
	billingtest.Seed(l, l.d)
	l.must(job.Migrate(l.Context(), l.d))
	key, err := auth.NewKey(make([]byte, 32))
	l.must(err)
	signer, err := auth.NewSigner("igny8", "igny8/api", key)
	l.must(err)
	l.auth = auth.New(auth.Config{DB: l.d, Signer: signer, Hasher: auth.NewCheapHasher(), Secret: []byte("secret"), Salt: "salt", Unlimited: true})
	l.files, err = blob.OpenFolder(l.TempDir())
	l.must(err)
	l.s = offboard.New(l.d, l.auth, l.files, "http://localhost")
	r, err := signup.New(l.d, l.auth).Register(l.Context(), signup.Form{Email: "nadia@example.com", Password: password, FirstName: "Nadia", LastName: "Qureshi",
		Country: "PK", AccountName: "Nadia Writes", Plan: "starter", Cycle: "monthly", Billing: account.Billing{Line1: "1 Mall Road", City: "Lahore"}})
	l.must(err)
	l.inv = *r.Invoice
	l.owner = igny8.Actor{User: r.User.ID, Account: r.Account.ID, Role: igny8.RoleOwner, Email: r.User.Email}
	bill := billing.New(l.d, l.files, []byte("secret"), "http://localhost")
	p, err := bill.Submit(l.Context(), l.owner, l.inv.ID, billing.Submission{Method: "jazzcash", Reference: "TRX-4711", PayerName: "Nadia's uncle",
		PaidOn: "2026-01-31", Notes: "from my uncle", Files: []blob.Upload{blob.Bytes("one.png", demo.Receipt("one"))}})
	l.must(err)
	_, err = bill.Approve(l.Context(), billingtest.Staff(l, l.d), p.ID, billing.Approval{})
	l.must(err)
}

// text is the one value of a query over the account.
func (l *leaver) text(query string) string {
	l.Helper()
	return dbtest.Value[string](l, l.d, query, l.owner.Account)
}

func (l *leaver) code(err error, want, what string) {
	l.Helper()
	if igny8.CodeOf(err) != want {
		l.Errorf("%s: want %s, got %v", what, want, err)
	}
}

func TestClosingEndsAndCanBeTakenBack(t *testing.T) {
	leaving(t, func(l *leaver) {
		_, err := l.s.Close(l.Context(), l.owner, "not-the-password-1")
		l.code(err, "validation_failed", "without the password")
		made, err := l.auth.CreateKey(l.Context(), l.owner, auth.NewAPIKey{Name: "Plugin"})
		l.must(err)
		a, err := l.s.Close(l.Context(), l.owner, password)
		l.must(err)
		if a.Status != igny8.AccountCancelled || a.EraseAt == nil || !a.EraseAt.Equal(l.clock.Now().Add(offboard.Retention)) {
			l.Errorf("closed: %s, erased at %v", a.Status, a.EraseAt)
		}
		if got := l.text("SELECT status FROM subscription WHERE account_id = $1"); got != "cancelled" {
			l.Errorf("the subscription is %s", got)
		}
		if _, err := l.auth.Authenticate(l.Context(), made.Secret, ""); igny8.KindOf(err) != igny8.Unauthenticated {
			l.Errorf("a key of a closed account: %v", err)
		}
		_, err = l.s.Close(l.Context(), l.owner, password)
		l.code(err, "account_closed", "closed twice")
		a, err = l.s.Reopen(l.Context(), l.owner)
		if err != nil || a.ClosedAt != nil || a.EraseAt != nil || a.Status != igny8.AccountCancelled {
			l.Errorf("opened again: %+v, %v", a, err)
		}
		_, err = l.s.Reopen(l.Context(), l.owner)
		l.code(err, "account_open", "opened twice")
		l.clock.Advance(31 * 24 * time.Hour)
		if n, err := l.s.EraseDue(l.Context()); n != 0 || err != nil {
			l.Errorf("erased %d accounts that were opened again, %v", n, err)
		}
		l.clock.Advance(-31 * 24 * time.Hour)
	})
}

// A payment that came by its pay link meanwhile is decided first: its proof is before staff.
func TestNothingIsErasedWhileAPaymentWaits(t *testing.T) {
	leaving(t, func(l *leaver) {
		proof := l.text("SELECT sha256 FROM payment_proof WHERE account_id = $1")
		_, err := l.s.Close(l.Context(), l.owner, password)
		l.must(err)
		l.clock.Advance(offboard.Retention + time.Second)
		dbtest.Exec(l, l.d, waitingPayment, igny8.NewID[igny8.PaymentID](l.clock.Now()), l.owner.Account)
		if n, err := l.s.EraseDue(l.Context()); n != 0 || err != nil {
			l.Errorf("erased %d, %v", n, err)
		}
		if _, err := l.files.Get(l.Context(), proof); err != nil {
			l.Errorf("the receipt is gone: %v", err)
		}
		dbtest.Exec(l, l.d, "UPDATE payment SET status = 'failed', failure_code = 'other', decided_at = created_at WHERE account_id = $1 AND status = 'pending_approval'", l.owner.Account)
		if n, err := l.s.EraseDue(l.Context()); n != 1 || err != nil {
			l.Errorf("erased %d after the decision, %v", n, err)
		}
	})
}

// waitingPayment copies a payment of the account as one that waits.
const waitingPayment = `INSERT INTO payment (account_id, id, invoice_id, status, method, method_name, kind, reference, reference_norm, payer_name, paid_on,
  amount_minor, currency, notes, via, evidence, decision_note, decided_email, claimed_email, overridden, refunded_minor, version, created_at, updated_at)
SELECT account_id, $1, invoice_id, 'pending_approval', method, method_name, kind, 'again', 'AGAIN', '', paid_on, amount_minor, currency, '', via, '', '', '', '',
  overridden, 0, 1, created_at, updated_at FROM payment WHERE account_id = $2 LIMIT 1`

// After 30 days nothing names the person but what the law asks to keep.
func TestErasureKeepsTheLedgerAndForgetsThePerson(t *testing.T) {
	leaving(t, func(l *leaver) {
		proof := l.text("SELECT sha256 FROM payment_proof WHERE account_id = $1")
		invoice := l.text("SELECT number || total_minor || CAST(billing AS text) FROM invoice WHERE account_id = $1")
		_, err := l.s.Close(l.Context(), l.owner, password)
		l.must(err)
		l.clock.Advance(offboard.Retention - time.Second)
		if n, err := l.s.EraseDue(l.Context()); n != 0 || err != nil {
			l.Errorf("erased %d too early, %v", n, err)
		}
		l.clock.Advance(time.Second)
		if n, err := l.s.EraseDue(l.Context()); n != 1 || err != nil {
			l.Fatalf("erased %d, %v; want 1", n, err)
		}
		if n, err := l.s.EraseDue(l.Context()); n != 0 || err != nil {
			l.Errorf("erased %d twice, %v", n, err)
		}
		if _, err := l.files.Get(l.Context(), proof); err == nil {
			l.Error("the receipt is still there")
		}
		for what, query := range map[string]string{
			"account":  "SELECT name || slug || CAST(billing AS text) FROM account WHERE id = $1",
			"person":   "SELECT email || first_name || last_name || password_hash FROM app_user WHERE id = (SELECT user_id FROM membership WHERE account_id = $1)",
			"payment":  "SELECT payer_name || notes FROM payment WHERE account_id = $1",
			"sessions": "SELECT CAST(count(*) AS text) FROM session WHERE home_account = $1 AND revoked_at IS NULL",
		} {
			got := strings.ToLower(l.text(query))
			if strings.Contains(got, "nadia") || strings.Contains(got, "mall road") || what == "sessions" && got != "0" {
				l.Errorf("%s still says %q", what, got)
			}
		}
		for _, t := range tenant.Tables() {
			if n := l.text("SELECT CAST(count(*) AS text) FROM " + t.Name + " WHERE " + t.Own() + " = $1"); t.Erased == tenant.Deletes && n != "0" {
				l.Errorf("%s still has %s rows", t.Name, n)
			}
		}
		if got := l.text("SELECT number || total_minor || CAST(billing AS text) FROM invoice WHERE account_id = $1"); got != invoice {
			l.Errorf("the issued invoice changed from %s to %s", invoice, got)
		}
		if _, _, err := l.auth.Login(l.Context(), auth.Credentials{Email: "nadia@example.com", Password: password}); igny8.CodeOf(err) != "invalid_credentials" {
			l.Errorf("logging in after the erasure: %v", err)
		}
		_, err = l.s.Reopen(l.Context(), l.owner)
		l.code(err, "account_open", "opened after the erasure")
		l.clock.Advance(-offboard.Retention)
	})
}

func TestNothingIsClosedWhileAPaymentWaits(t *testing.T) {
	leaving(t, func(l *leaver) {
		other, inv := billingtest.Unpaid(l, l.d, "starter", "PK")
		billingtest.Submit(l, l.d, billing.New(l.d, l.files, []byte("secret"), "http://localhost"), other, inv, 0)
		hash, err := l.auth.HashPassword(l.Context(), password, "")
		l.must(err)
		dbtest.Exec(l, l.d, "UPDATE app_user SET password_hash = $1 WHERE id = $2", hash, other.User)
		_, err = l.s.Close(l.Context(), other, password)
		l.code(err, "payment_waiting", "closing while a payment waits")
	})
}

func TestTheExportHasEverythingAndNoSecret(t *testing.T) {
	leaving(t, func(l *leaver) {
		made, err := l.auth.CreateKey(l.Context(), l.owner, auth.NewAPIKey{Name: "Plugin"})
		l.must(err)
		data, err := l.s.Export(l.Context(), l.owner)
		l.must(err)
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		l.must(err)
		all := map[string]string{}
		for _, f := range z.File {
			r, err := f.Open()
			l.must(err)
			content, err := io.ReadAll(r)
			l.must(err)
			all[f.Name] = string(content)
		}
		for name, want := range map[string]string{"README.txt": "everything", "data/account.json": "Nadia Writes", "data/payment.json": "TRX-4711",
			"data/invoice.json": l.inv.Number, "data/credit_transaction.json": "1000", "data/mail_message.json": "nadia@example.com", "data/api_key.json": "Plugin", "audit.json": "payment.submit"} {
			if !strings.Contains(all[name], want) {
				l.Errorf("%s lacks %q: %.200s", name, want, all[name])
			}
		}
		proofs := 0
		for name, content := range all {
			if strings.HasPrefix(name, "proofs/") && len(content) > 100 {
				proofs++
			}
			if strings.Contains(content, made.Secret) || strings.Contains(content, `hash":`) || strings.Contains(content, "argon2") {
				l.Errorf("%s holds a secret", name)
			}
		}
		if proofs != 1 {
			l.Errorf("%d receipts, want 1", proofs)
		}
	})
}

// uuidText is an id as the database has it; the API writes others.
var uuidText = regexp.MustCompile(`"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"`)

// The export has every table of the register, with the API's ids, nothing of staff's own
// and no link that still works; and it waits for nobody who writes.
func TestTheExportIsTheAccountsOwn(t *testing.T) {
	leaving(t, func(l *leaver) {
		staffOnly := []string{"decision_note", "evidence", "decided_email", "overridden", "claimed_email", "first_approved_by", "given_email", "note-of-staff"}
		dbtest.Exec(l, l.d, "UPDATE payment SET decision_note = 'note-of-staff', evidence = 'note-of-staff' WHERE account_id = $1", l.owner.Account)
		var data []byte
		err := l.d.System(l.Context(), "test.writing", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
			if _, err := tx.ExecContext(ctx, "UPDATE app_user SET updated_at = updated_at"); err != nil {
				return err
			}
			var err error
			done := make(chan struct{})
			go func() { // the writer holds on meanwhile
				defer close(done)
				data, err = l.s.Copy(l.Context(), l.owner)
			}()
			select {
			case <-done:
			case <-time.After(20 * time.Second):
				return errors.New("the export waits for a writer")
			}
			return err
		})
		l.must(err)
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		l.must(err)
		have := map[string]bool{}
		for _, f := range z.File {
			r, err := f.Open()
			l.must(err)
			content, err := io.ReadAll(r)
			l.must(err)
			have[f.Name] = true
			if !strings.HasPrefix(f.Name, "data/") {
				continue
			}
			if uuidText.Match(content) {
				l.Errorf("%s has ids that the API does not know: %s", f.Name, uuidText.Find(content))
			}
			for _, word := range append(staffOnly, "https://", "http://", "igny8_") {
				if bytes.Contains(content, []byte(word)) && f.Name != "data/api_key.json" {
					l.Errorf("%s holds %q", f.Name, word)
				}
			}
		}
		if l.d.Postgres() {
			guarded := map[string]bool{}
			names := dbtest.Value[string](l, l.d, "SELECT string_agg(relname, ' ') FROM pg_class WHERE relforcerowsecurity AND relrowsecurity AND relkind = 'r'")
			for name := range strings.FieldsSeq(names) {
				guarded[name] = true
			}
			for _, t := range tenant.Tables() {
				if !guarded[t.Name] {
					l.Errorf("%s has no forced row level security", t.Name)
				}
				delete(guarded, t.Name)
			}
			if len(guarded) > 0 {
				l.Errorf("tables with row level security that the register lacks: %v", guarded)
			}
		}
		for _, t := range tenant.Tables() {
			if have["data/"+t.Name+".json"] == t.Staff {
				l.Errorf("%s: in the export %v", t.Name, !t.Staff)
			}
		}
	})
}
