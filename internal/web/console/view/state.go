package view

// stateTone is the meaning of a state of an account, a subscription, an invoice or
// a payment.
func stateTone(state string) Tone {
	switch state {
	case "succeeded", "paid", "active":
		return OK
	case "pending_approval", "pending", "trial", "incomplete":
		return Info
	case "pending_payment", "past_due", "suspended", "refunded":
		return Warn
	case "failed", "expired", "cancelled":
		return Bad
	}
	return Neutral
}
