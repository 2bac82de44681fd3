package api

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"igny8"
	"igny8/internal/web"
)

// newRegistry returns the schemas' registry with the glossary's types in it, as
// they are on the wire.
func newRegistry() huma.Registry {
	r := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	alias[igny8.AccountID, idOf[igny8.AccountID]](r)
	alias[igny8.UserID, idOf[igny8.UserID]](r)
	alias[igny8.MembershipID, idOf[igny8.MembershipID]](r)
	alias[igny8.SessionID, idOf[igny8.SessionID]](r)
	alias[igny8.PasskeyID, idOf[igny8.PasskeyID]](r)
	alias[igny8.InvitationID, idOf[igny8.InvitationID]](r)
	alias[igny8.PlanID, idOf[igny8.PlanID]](r)
	alias[igny8.PlanVersionID, idOf[igny8.PlanVersionID]](r)
	alias[igny8.QuoteID, idOf[igny8.QuoteID]](r)
	alias[igny8.SubscriptionID, idOf[igny8.SubscriptionID]](r)
	alias[igny8.InvoiceID, idOf[igny8.InvoiceID]](r)
	alias[igny8.PaymentID, idOf[igny8.PaymentID]](r)
	alias[igny8.MethodID, idOf[igny8.MethodID]](r)
	alias[igny8.CreditID, idOf[igny8.CreditID]](r)
	alias[igny8.LotID, idOf[igny8.LotID]](r)
	alias[igny8.SiteID, idOf[igny8.SiteID]](r)
	alias[igny8.SectorID, idOf[igny8.SectorID]](r)
	alias[igny8.EventID, idOf[igny8.EventID]](r)
	alias[igny8.AuditID, idOf[igny8.AuditID]](r)
	alias[igny8.MailID, idOf[igny8.MailID]](r)
	alias[igny8.RowID, idOf[igny8.RowID]](r)
	alias[igny8.Money, Money](r)
	r.Schema(reflect.TypeFor[web.Problem](), true, "")
	r.Map()["Problem"].AdditionalProperties = true // the facts
	return r
}

func alias[T, As any](r huma.Registry) {
	r.RegisterTypeAlias(reflect.TypeFor[T](), reflect.TypeFor[As]())
}

// idOf stands for a typed id in the schemas.
type idOf[T interface {
	~[16]byte
	String() string
}] struct{}

// exampleID is any id of version 7, to show what one looks like.
var exampleID = [16]byte{0x01, 0x9b, 0x2a, 0x5c, 0x8e, 0x10, 0x7a, 0x3b, 0x9c, 0x4d, 0x5e, 0x6f, 0x70, 0x81, 0x92, 0xa3}

// Schema describes the text form (TypeID): a prefix and 26 characters.
func (idOf[T]) Schema(huma.Registry) *huma.Schema {
	example := T(exampleID).String()
	prefix := example[:len(example)-26]
	return &huma.Schema{Type: huma.TypeString, Pattern: "^" + prefix + "[0-7][0-9a-hjkmnp-tv-z]{25}$",
		PatternDescription: "an id that begins with " + prefix, Examples: []any{example}}
}

// Money is igny8.Money as it is on the wire.
type Money struct {
	AmountMinor int64  `json:"amount_minor" doc:"Amount in minor units of the currency." example:"2474200"`
	Currency    string `json:"currency" doc:"ISO 4217 code." example:"PKR"`
	Amount      string `json:"amount" doc:"The same as a decimal text." example:"24742.00"`
}
