package account

import "igny8/internal/input"

// BillingPatch names the members of a billing profile that change; nil leaves a
// member as it is (RFC 7396).
type BillingPatch struct {
	Name, Line1, Line2, City, Region, PostalCode, Country, TaxID, Email *string
}

// On returns the profile with the patch applied.
func (p BillingPatch) On(b Billing) Billing {
	for _, c := range []struct{ to, from *string }{
		{&b.Name, p.Name}, {&b.Line1, p.Line1}, {&b.Line2, p.Line2}, {&b.City, p.City}, {&b.Region, p.Region},
		{&b.PostalCode, p.PostalCode}, {&b.Country, p.Country}, {&b.TaxID, p.TaxID}, {&b.Email, p.Email},
	} {
		if c.from != nil {
			*c.to = input.Name(*c.from)
		}
	}
	b.TaxID, b.Email, b.Country = input.Machine(b.TaxID), input.Machine(b.Email), input.Machine(b.Country)
	return b
}
