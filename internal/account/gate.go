package account

import (
	"igny8"
)

// Need says what an operation asks of the account's state. Every route has one.
type Need uint8

// The needs, from least to most.
const (
	NeedNone    Need = iota // the person's own things: profile, sessions, logout
	NeedOwn                 // see the own account
	NeedBilling             // see what is owed, pay, change plan
	NeedRead                // see sites, content, credits
	NeedWork                // create and change sites, content, team, keys; spend credits
)

// Gate decides whether an account in this state may do what is needed. status is
// the effective one (see Effective), reason why it is suspended.
func Gate(status igny8.AccountStatus, reason string, need Need) error {
	if need == NeedNone || need == NeedOwn {
		return nil
	}
	switch status {
	case igny8.AccountTrial, igny8.AccountActive:
		return nil
	case igny8.AccountSuspended:
		if reason == SuspendedForPayment && need == NeedBilling {
			return nil
		}
		return igny8.E(igny8.Forbidden, "account_suspended",
			"This account is suspended; write to support, or pay what is due.").With("reason", reason)
	}
	if need != NeedWork {
		return nil
	}
	switch status {
	case igny8.AccountPendingPayment:
		return igny8.E(igny8.PaymentRequired, "payment_required",
			"The first payment has not been approved yet; pay the open invoice, then everything opens.")
	case igny8.AccountExpired:
		return igny8.E(igny8.PaymentRequired, "subscription_expired",
			"The subscription is over; choose a plan and pay to go on. Everything can still be read and exported.")
	default:
		return igny8.E(igny8.PaymentRequired, "account_cancelled",
			"The account was cancelled; choose a plan and pay to open it again. Everything can still be read and exported.")
	}
}

// The reasons for which staff suspend an account.
const (
	SuspendedForPayment = "payment"
	SuspendedForPolicy  = "policy"
)
