package catalog

import (
	"embed"
	"encoding/json"
	"fmt"
	"time"

	"github.com/shopspring/decimal"

	"igny8"
)

//go:embed seed/*.json
var seedFiles embed.FS

// SeedCountry is a row of seed/countries.json.
type SeedCountry struct {
	Code     string         `json:"code"`
	Name     string         `json:"name"`
	Currency igny8.Currency `json:"currency"`
	TimeZone string         `json:"time_zone"`
}

// SeedCurrency is a row of seed/currencies.json.
type SeedCurrency struct {
	Code         igny8.Currency `json:"code"`
	Name         string         `json:"name"`
	Symbol       string         `json:"symbol"`
	RoundToMinor int64          `json:"round_to_minor"`
	Rounding     Rounding       `json:"rounding"`
	// SecondApprovalMinor is the amount from which two members of staff must
	// approve a payment; nil for never.
	SecondApprovalMinor *int64 `json:"second_approval_minor"`
}

// SeedRate is a row of seed/rates.json: units for one US dollar.
type SeedRate struct {
	Currency  igny8.Currency  `json:"currency"`
	Rate      decimal.Decimal `json:"rate"`
	Source    string          `json:"source"`
	ValidFrom time.Time       `json:"valid_from"`
}

// MethodField is one line of payment details shown to the customer.
// Placeholder marks a value that the operator has not set yet; the pay page
// says so.
type MethodField struct {
	Label       string `json:"label"`
	Value       string `json:"value"`
	Copy        bool   `json:"copy"`
	Placeholder bool   `json:"placeholder"`
}

// Submission says what a customer must send after paying.
type Submission struct {
	// LinkTemplate is a link that fills in a payment: {label} stands for a field,
	// {amount} and {reference} for those of the invoice, escaped.
	LinkTemplate      string `json:"link_template,omitempty"`
	ReferenceLabel    string `json:"reference_label"`
	ReferenceRequired bool   `json:"reference_required"`
	ProofRequired     bool   `json:"proof_required"`
}

// SeedMethod is a row of seed/payment_methods.json.
type SeedMethod struct {
	Country      string        `json:"country"`
	Kind         string        `json:"kind"`
	Slug         string        `json:"slug"`
	Name         string        `json:"name"`
	SortOrder    int64         `json:"sort_order"`
	Enabled      bool          `json:"enabled"`
	Instructions string        `json:"instructions"`
	Fields       []MethodField `json:"fields"`
	Submission   Submission    `json:"submission"`
	QR           string        `json:"qr"` // "", "link" or "epc" (EPC069-12)
	Placeholder  bool          `json:"placeholder"`
	Currency     *string       `json:"currency"` // nil for any
}

// SeedPrice is a price of a plan for one cycle.
type SeedPrice struct {
	Cycle       string         `json:"cycle"`
	Currency    igny8.Currency `json:"currency"`
	AmountMinor int64          `json:"amount_minor"`
}

// SeedPlan is a row of seed/plans.json. A nil limit is no limit.
type SeedPlan struct {
	Slug            string      `json:"slug"`
	Name            string      `json:"name"`
	Description     string      `json:"description"`
	SortOrder       int64       `json:"sort_order"`
	Public          bool        `json:"public"`
	TrialDays       int64       `json:"trial_days"`
	IncludedCredits int64       `json:"included_credits"`
	MaxSites        *int64      `json:"max_sites"`
	MaxUsers        *int64      `json:"max_users"`
	MaxSectors      *int64      `json:"max_sectors"`
	Features        []string    `json:"features"`
	Prices          []SeedPrice `json:"prices"`
}

// SeedPackage is a row of seed/credit_packages.json.
type SeedPackage struct {
	Slug      string `json:"slug"`
	Name      string `json:"name"`
	Credits   int64  `json:"credits"`
	USDMinor  int64  `json:"usd_minor"`
	SortOrder int64  `json:"sort_order"`
}

// SeedSector is one sector of a SeedIndustry.
type SeedSector struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// SeedIndustry is a row of seed/industries.json.
type SeedIndustry struct {
	Slug      string       `json:"slug"`
	Name      string       `json:"name"`
	SortOrder int64        `json:"sort_order"`
	Sectors   []SeedSector `json:"sectors"`
}

// SeedKeywords is a row of seed/keywords.json.
type SeedKeywords struct {
	Industry string   `json:"industry"`
	Sector   string   `json:"sector"`
	Keywords []string `json:"keywords"`
}

// SeedData is what an empty catalogue begins with.
type SeedData struct {
	Countries  []SeedCountry
	Currencies []SeedCurrency
	Rates      []SeedRate
	Methods    []SeedMethod
	Plans      []SeedPlan
	Packages   []SeedPackage
	Costs      []CreditCost
	Industries []SeedIndustry
	Keywords   []SeedKeywords
}

// LoadSeed reads the embedded files, strictly: an unknown member is an error.
func LoadSeed() (*SeedData, error) {
	var d SeedData
	for name, dst := range map[string]any{
		"countries": &d.Countries, "currencies": &d.Currencies, "rates": &d.Rates, "payment_methods": &d.Methods,
		"plans": &d.Plans, "credit_packages": &d.Packages, "credit_costs": &d.Costs, "industries": &d.Industries,
		"keywords": &d.Keywords,
	} {
		f, err := seedFiles.Open("seed/" + name + ".json")
		if err != nil {
			return nil, err
		}
		dec := json.NewDecoder(f)
		dec.DisallowUnknownFields()
		err = dec.Decode(dst)
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("catalog: seed %s: %w", name, err)
		}
	}
	return &d, nil
}
