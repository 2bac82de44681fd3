package igny8

// The states of the core models, with the exact words that are stored and sent.
// Each model has one table of allowed transitions; the documentation's pictures
// are drawn from these tables, and anything not listed is refused with the code
// invalid_transition.

// AccountStatus is where a tenant stands.
type AccountStatus string

// The account states.
const (
	AccountPendingPayment AccountStatus = "pending_payment"
	AccountTrial          AccountStatus = "trial"
	AccountActive         AccountStatus = "active"
	AccountSuspended      AccountStatus = "suspended"
	AccountCancelled      AccountStatus = "cancelled"
	AccountExpired        AccountStatus = "expired"
)

// SubscriptionStatus is where a subscription stands.
type SubscriptionStatus string

// The subscription states.
const (
	SubscriptionIncomplete SubscriptionStatus = "incomplete"
	SubscriptionActive     SubscriptionStatus = "active"
	SubscriptionPastDue    SubscriptionStatus = "past_due"
	SubscriptionCancelled  SubscriptionStatus = "cancelled"
	SubscriptionExpired    SubscriptionStatus = "expired"
)

// InvoiceStatus is where an invoice stands.
type InvoiceStatus string

// The invoice states.
const (
	InvoiceDraft         InvoiceStatus = "draft"
	InvoicePending       InvoiceStatus = "pending"
	InvoicePaid          InvoiceStatus = "paid"
	InvoiceVoid          InvoiceStatus = "void"
	InvoiceUncollectible InvoiceStatus = "uncollectible"
)

// PaymentStatus is where a payment stands.
type PaymentStatus string

// The payment states.
const (
	PaymentPendingApproval PaymentStatus = "pending_approval"
	PaymentSucceeded       PaymentStatus = "succeeded"
	PaymentFailed          PaymentStatus = "failed"
	PaymentRefunded        PaymentStatus = "refunded"
)

// Transition is one allowed change of a state. From is empty at the beginning.
type Transition[S ~string] struct {
	From  S
	Event string
	To    S
}

// AccountTransitions, SubscriptionTransitions, InvoiceTransitions and
// PaymentTransitions are the tables.
var (
	AccountTransitions = []Transition[AccountStatus]{
		{"", "trial signup", AccountTrial},
		{"", "paid signup", AccountPendingPayment},
		{AccountPendingPayment, "subscription payment succeeds, or staff give a plan", AccountActive},
		{AccountTrial, "subscription payment succeeds, or staff give a plan", AccountActive},
		{AccountExpired, "subscription payment succeeds, or staff give a plan", AccountActive},
		{AccountCancelled, "subscription payment succeeds, or staff give a plan", AccountActive},
		{AccountTrial, "trial period over", AccountExpired},
		{AccountPendingPayment, "unpaid for 14 days", AccountExpired},
		{AccountActive, "grace over", AccountExpired},
		{AccountActive, "customer cancels", AccountCancelled},
		{AccountTrial, "customer cancels", AccountCancelled},
		{AccountPendingPayment, "customer cancels", AccountCancelled},
		{AccountPendingPayment, "staff suspend", AccountSuspended},
		{AccountTrial, "staff suspend", AccountSuspended},
		{AccountActive, "staff suspend", AccountSuspended},
		{AccountExpired, "staff suspend", AccountSuspended},
		{AccountSuspended, "staff reinstate", AccountPendingPayment},
		{AccountSuspended, "staff reinstate", AccountTrial},
		{AccountSuspended, "staff reinstate", AccountActive},
		{AccountSuspended, "staff reinstate", AccountExpired},
		{AccountExpired, "staff extend the trial", AccountTrial},
	}
	SubscriptionTransitions = []Transition[SubscriptionStatus]{
		{"", "paid signup or change", SubscriptionIncomplete},
		{"", "trial signup, or staff give a plan", SubscriptionActive},
		{SubscriptionIncomplete, "paid", SubscriptionActive},
		{SubscriptionIncomplete, "unpaid for 14 days", SubscriptionExpired},
		{SubscriptionIncomplete, "cancelled", SubscriptionCancelled},
		{SubscriptionActive, "period over, renewal unpaid", SubscriptionPastDue},
		{SubscriptionActive, "trial period over", SubscriptionExpired},
		{SubscriptionActive, "period end, refund or staff", SubscriptionCancelled},
		{SubscriptionExpired, "staff extend the trial", SubscriptionActive},
		{SubscriptionPastDue, "late payment inside grace", SubscriptionActive},
		{SubscriptionPastDue, "grace over", SubscriptionExpired},
	}
	InvoiceTransitions = []Transition[InvoiceStatus]{
		{"", "drafted", InvoiceDraft},
		{"", "issued", InvoicePending},
		{InvoiceDraft, "issued", InvoicePending},
		{InvoicePending, "paid in full", InvoicePaid},
		{InvoicePending, "cancelled or expired", InvoiceVoid},
		{InvoicePending, "given up", InvoiceUncollectible},
		{InvoicePaid, "payment reversed", InvoicePending},
	}
	PaymentTransitions = []Transition[PaymentStatus]{
		{"", "submitted", PaymentPendingApproval},
		{PaymentPendingApproval, "approved", PaymentSucceeded},
		{PaymentPendingApproval, "rejected or withdrawn", PaymentFailed},
		{PaymentSucceeded, "refunded in full", PaymentRefunded},
	}
)

// Allowed reports whether the table has a transition from one state to another.
func Allowed[S ~string](table []Transition[S], from, to S) bool {
	for _, t := range table {
		if t.From == from && t.To == to {
			return true
		}
	}
	return false
}

// InvalidTransition is the refusal of a change that no table lists. It names
// the current state, so it is for callers who may read the object.
func InvalidTransition[S ~string](current S) *Error {
	return E(Conflict, "invalid_transition", "The object's state does not allow this; read it again and decide from there.").
		With("current", string(current))
}
