// Package signup owns the story of a new customer: user, account, membership,
// subscription, credits or invoice, and the first session, in one commit.
package signup
