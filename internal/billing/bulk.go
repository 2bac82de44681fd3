package billing

import (
	"context"

	"igny8"
	"igny8/internal/idem"
)

// BulkResult is what became of one payment of a bulk approval.
type BulkResult struct {
	ID      igny8.PaymentID
	Payment StaffPayment // when Err is nil
	Err     error
}

// MaxBulk is how many payments one bulk approval may name.
const MaxBulk = 100

// BulkApprove approves payments one by one, each in its own commit, as the
// customers stated them. One that cannot be approved, for whatever reason, does
// not stop the others: what was done before it is committed and must be told.
func (s *Service) BulkApprove(ctx context.Context, actor igny8.Actor, ids []igny8.PaymentID, evidence, note string) ([]BulkResult, error) {
	if len(ids) == 0 || len(ids) > MaxBulk {
		return nil, igny8.InvalidField("payments", "out_of_range", "Name 1 to 100 payments.")
	}
	ctx = idem.Detach(ctx) // the stored answer is that of the whole, not of its first part
	out := make([]BulkResult, len(ids))
	for i, id := range ids {
		p, err := s.Approve(ctx, actor, id, Approval{Evidence: evidence, Note: note})
		out[i] = BulkResult{ID: id, Payment: p, Err: err}
	}
	return out, nil
}
