package catalog

import "igny8"

// CreditCost is what one operation costs: Credits for every UnitSize units
// started, at least Minimum. 0 credits and 0 minimum is a free operation.
type CreditCost struct {
	Operation string `json:"operation"`
	Name      string `json:"name"`
	Unit      string `json:"unit"` // what is counted: request, word, image …
	UnitSize  int64  `json:"unit_size"`
	Credits   int64  `json:"credits"`
	Minimum   int64  `json:"minimum"`
}

// MaxQuantity bounds the units of one operation.
const MaxQuantity = 1_000_000

// The refusals of CostOf.
var (
	ErrUnknownOperation = igny8.E(igny8.Invalid, "unknown_operation", "There is no such operation; GET /api/v1/credit-costs lists them.").
				WithField("operation", "unknown_operation", "Use one of the listed operations.")
	ErrQuantity = igny8.E(igny8.Invalid, "invalid_quantity", "The quantity must be a whole number from 1 to 1000000.").
			WithField("quantity", "invalid_quantity", "Send a whole number from 1 to 1000000.")
)

// CostOf returns the credits for a quantity of an operation. Units that are
// started count in full: 101 words at 1 credit per 100 cost 2.
func CostOf(costs []CreditCost, operation string, quantity int64) (int64, error) {
	for _, c := range costs {
		if c.Operation == operation {
			return c.Of(quantity)
		}
	}
	return 0, ErrUnknownOperation
}

// Of returns the credits for a quantity of this operation.
func (c CreditCost) Of(quantity int64) (int64, error) {
	if quantity < 1 || quantity > MaxQuantity || c.UnitSize < 1 || c.Credits < 0 {
		return 0, ErrQuantity
	}
	credits, ok := mulCredits((quantity+c.UnitSize-1)/c.UnitSize, c.Credits)
	if !ok {
		return 0, ErrQuantity
	}
	return max(credits, c.Minimum), nil
}
