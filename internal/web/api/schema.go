package api

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"igny8"
	"igny8/internal/web"
)

// newRegistry returns the schemas' registry with the glossary's types in it, as
// they are on the wire.
func newRegistry() huma.Registry {
	r := huma.NewMapRegistry(schemaPrefix, schemaName)
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
	alias[igny8.APIKeyID, idOf[igny8.APIKeyID]](r)
	alias[igny8.Money, Money](r)
	r.Schema(reflect.TypeFor[web.Problem](), true, "")
	problemFacts(r.Map()["Problem"])
	r.Map()["FieldError"].Properties["code"].Enum = asEnum(FieldCodes())
	return r
}

const schemaPrefix = "#/components/schemas/"

// facts are the further members of problems: which of them one has goes by its code.
type facts struct {
	Needed        *int64    `json:"needed,omitempty" doc:"insufficient_credits: what it would cost." example:"10"`
	Available     *int64    `json:"available,omitempty" doc:"insufficient_credits, credits_below_zero: the credits that can be spent." example:"4"`
	Limit         string    `json:"limit,omitempty" doc:"limit_reached: what the plan limits." enum:"sites,sectors,users"`
	Allowed       *int64    `json:"allowed,omitempty" doc:"limit_reached, email_unverified: how many there may be." example:"3"`
	Used          *int64    `json:"used,omitempty" doc:"limit_reached, email_unverified: how many there are." example:"3"`
	Requested     *int64    `json:"requested,omitempty" doc:"limit_reached: how many were asked for." example:"6"`
	Plan          string    `json:"plan,omitempty" doc:"limit_reached: the slug of the plan." example:"growth"`
	Reason        string    `json:"reason,omitempty" doc:"account_suspended: why." enum:"payment,policy"`
	Current       string    `json:"current,omitempty" doc:"invalid_transition, invoice_not_payable: the object's status." example:"succeeded"`
	DecidedBy     string    `json:"decided_by,omitempty" doc:"invalid_transition, approval_held: the e-mail address of whoever decided; for staff." example:"staff@example.com"`
	DecidedAt     time.Time `json:"decided_at,omitempty" doc:"invalid_transition, approval_held: when."`
	EffectiveAt   time.Time `json:"effective_at,omitempty" doc:"approval_held: when the approval takes effect."`
	ClaimedBy     string    `json:"claimed_by,omitempty" doc:"claimed: the e-mail address of whoever has it open." example:"staff@example.com"`
	ClaimedUntil  time.Time `json:"claimed_until,omitempty" doc:"claimed: until when."`
	Warnings      []string  `json:"warnings,omitempty" doc:"warnings_not_overridden: the codes that override_warnings lacks." example:"duplicate_reference"`
	Payment       string    `json:"payment,omitempty" doc:"payment_already_pending: the id of the payment that waits." example:"pay_01kcn5s3ggf8xsrkaydxr834n3"`
	Currency      string    `json:"currency,omitempty" doc:"currency_mismatch: the invoice's." example:"PKR"`
	RequiredScope string    `json:"required_scope,omitempty" doc:"forbidden, for an API key: the scope that it lacks." example:"billing.read"`
	From          time.Time `json:"from,omitempty" doc:"second_approver_too_new: from when on the login counts."`
	FirstReceived *int64    `json:"first_received_minor,omitempty" doc:"differs_from_first: what the first approval says arrived." example:"2474200"`
}

// problemFacts adds the further members and the list of codes to the schema of
// problems. A later version may add members, so others are allowed.
func problemFacts(s *huma.Schema) {
	own := huma.NewMapRegistry(schemaPrefix, schemaName)
	maps.Copy(s.Properties, own.Schema(reflect.TypeFor[facts](), false, "").Properties)
	s.AdditionalProperties = true
	s.Properties["code"].Enum = asEnum(codes())
}

func codes() []string {
	var list []string
	for _, c := range ErrorCodes() {
		if !slices.Contains(list, c.Code) {
			list = append(list, c.Code)
		}
	}
	return list
}

func asEnum(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
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
