package api

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// renamed are schemas whose Go name is not what a reader would call them.
var renamed = map[string]string{
	"AccountMethod": "AccountPaymentMethod", "Acted": "AccountState", "Asked": "LetterSent", "Bulk": "BulkApproval",
	"BulkItem": "BulkApprovalItem", "Ended": "EndedSessions", "Hit": "SearchHit", "Invite": "InvitationOffer",
	"Line": "InvoiceLine", "LinkPayment": "PaymentByLink", "LoggedIn": "Login", "Look": "AccountLook", "Lot": "CreditLot",
	"Match": "StatementMatch", "Method": "PaymentMethod", "MethodField": "PaymentMethodField", "Named": "Named",
	"Offer": "OwnershipOffer", "Package": "CreditPackage", "Registered": "Registration", "Refreshed": "NewTokens",
	"Submission": "PaymentRequirements", "Suspect": "SuspiciousAccount", "Switched": "SwitchedAccount", "TokensOnly": "SessionTokens",
	"SubmissionInput": "PaymentInput",
}

// schemaName is the name of a type in the document: Invoice for InvoiceBody,
// InvoiceList for a page of them.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if row, ok := strings.CutPrefix(name, "ListBody"); ok {
		return readable(row) + "List"
	}
	return readable(name)
}

func readable(name string) string {
	name = strings.TrimSuffix(name, "Body")
	if better := renamed[name]; better != "" {
		return better
	}
	return name
}

// explain completes the schemas that have come: members that can be null say so, and
// every member has a description and, of a plain kind, an example.
func explain(r huma.Registry) {
	known := words()
	for name, s := range r.Map() {
		if t := r.TypeFromRef(schemaPrefix + name); t != nil && !strings.HasSuffix(name, "Input") {
			nullable(s, t)
		}
		for _, member := range slices.Sorted(maps.Keys(s.Properties)) {
			w, ok := known[name+"."+member]
			if !ok {
				w = known[member]
			}
			p := s.Properties[member]
			if p.Format == "" && member == "paid_on" { // said, but not demanded: other digits are read too
				p.Extensions = map[string]any{"format": "date"}
			}
			if p.Description == "" {
				p.Description = w.doc
			}
			if len(p.Examples) == 0 && w.example != nil && shows(p, w.example) {
				p.Examples = []any{w.example}
			}
		}
	}
}

// shows reports whether a value is of the kind that the schema wants.
func shows(s *huma.Schema, v any) bool {
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) || s.Pattern != "" {
		return false
	}
	switch v.(type) {
	case string:
		return s.Type == huma.TypeString
	case int:
		return s.Type == huma.TypeInteger
	case bool:
		return s.Type == huma.TypeBoolean
	case []any:
		return s.Type == huma.TypeArray && s.Items.Type == huma.TypeString
	}
	return s.Type == "" && s.Ref == "" && len(s.AnyOf) == 0
}

// nullable marks the members of an answer that are sent as null: pointers that are
// never left out.
func nullable(s *huma.Schema, t reflect.Type) {
	for _, f := range reflect.VisibleFields(t) {
		name, option, _ := strings.Cut(f.Tag.Get("json"), ",")
		p := s.Properties[name]
		if p == nil || f.Type.Kind() != reflect.Pointer || option != "" || len(p.AnyOf) > 0 {
			continue
		}
		if p.Ref == "" {
			p.Nullable = true
			continue
		}
		s.Properties[name] = &huma.Schema{Description: p.Description, AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
	}
}
