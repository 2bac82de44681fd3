package billing

import (
	"igny8"
	"igny8/internal/billing/billingdb"
	"igny8/internal/blob"
	"igny8/internal/db"
)

// Subscription is an account's claim on one plan version for one period.
type Subscription = billingdb.Subscription

// Invoice is what is owed.
type Invoice struct {
	billingdb.Invoice
	Lines []Line
}

// Line is one line of an invoice.
type Line = billingdb.InvoiceLine

// Payment is one attempt to pay an invoice.
type Payment struct {
	billingdb.Payment
	Proofs []Proof
}

// Proof is a file that came with a payment.
type Proof = billingdb.PaymentProof

// Balance is what an account has to its credit in one currency.
type Balance = billingdb.AccountBalance

// AccountMethod is a payment method that the account uses.
type AccountMethod = billingdb.AccountPaymentMethod

// Service runs the stories of billing.
type Service struct {
	db        *db.DB
	files     blob.Store
	intake    *blob.Intake
	secret    []byte
	publicURL string
	verified  bool // see OnlyVerified
}

// New returns the service. secret signs pay links; publicURL (without a slash at
// its end) begins the links in letters. Files are inspected in this process; see
// InspectWith.
func New(d *db.DB, files blob.Store, secret []byte, publicURL string) *Service {
	return &Service{db: d, files: files, intake: blob.NewIntake(files, nil), secret: secret, publicURL: publicURL}
}

// InspectWith lets files in another way, such as one that inspects them elsewhere.
func (s *Service) InspectWith(intake *blob.Intake) { s.intake = intake }

// OnlyVerified lets accounts whose owners have proved no address spend no more than
// FreeUnverified credits. For installations that send letters: elsewhere nobody
// could prove anything.
func (s *Service) OnlyVerified() { s.verified = true }

// Due is what is still owed on the invoice, in minor units.
func (i Invoice) Due() int64 {
	if i.Status == igny8.InvoicePaid || i.Status == igny8.InvoiceVoid {
		return 0
	}
	return i.TotalMinor - i.AmountPaidMinor - i.BalanceUsedMinor
}

// Total is the amount of the invoice. Every place that shows it asks here.
func (i Invoice) Total() igny8.Money { return i.Money(i.TotalMinor) }

// Money is an amount in the invoice's currency.
func (i Invoice) Money(minor int64) igny8.Money {
	return igny8.Money{Minor: minor, Currency: igny8.Currency(i.Currency)}
}

// Amount is what the customer says was paid.
func (p Payment) Amount() igny8.Money {
	return igny8.Money{Minor: p.AmountMinor, Currency: igny8.Currency(p.Currency)}
}

// BalanceMoney is the amount of a balance with its currency.
func BalanceMoney(b Balance) igny8.Money {
	return igny8.Money{Minor: b.BalanceMinor, Currency: igny8.Currency(b.Currency)}
}
