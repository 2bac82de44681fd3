// Package credit owns lots, the ledger and the balance of credits.
//
// Credits come in lots of two pools: the plan pool is set by each subscription
// payment, the bonus pool only grows. Spending burns the earliest expiry first,
// plan before bonus, older before newer. Every movement is one line of the
// ledger with the balance after it; lots say which credits a line touched.
//
// It does not own what an operation costs (catalog) nor why credits are granted
// (billing, signup).
package credit
