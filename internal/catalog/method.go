package catalog

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"igny8"
	"igny8/internal/audit"
	"igny8/internal/catalog/catalogdb"
	"igny8/internal/db"
)

// The kinds of QR code a method can have.
const (
	QRNone = ""
	QRLink = "link" // the method's link
	QREPC  = "epc"  // a SEPA credit transfer, EPC069-12
)

// Method is a way to pay. It is configuration: what it does follows from its
// kind and its rows, never from its slug.
type Method struct {
	ID           igny8.MethodID
	Slug         string
	Country      string // Everywhere for all
	Kind         string // stripe, paypal, bank_transfer, local_wallet or manual
	Name         string
	Instructions string
	Fields       []MethodField
	Submission   Submission
	QR           string
	Currency     igny8.Currency // "" for any
	MinMinor     *int64         // of the invoice's total; nil for no bound
	MaxMinor     *int64
	Position     int64
}

// Gateway reports whether the customer pays on a gateway's pages, so that there
// is nothing to submit here.
func (m Method) Gateway() bool { return m.Kind == "stripe" || m.Kind == "paypal" }

// Placeholder reports whether the operator has not yet set an account value. The
// pay page then warns: nobody must send money there.
func (m Method) Placeholder() bool {
	for _, f := range m.Fields {
		if f.Placeholder {
			return true
		}
	}
	return false
}

// ErrUnknownMethod refuses what is no enabled method of the country.
var ErrUnknownMethod = igny8.E(igny8.Invalid, "unknown_payment_method", "This payment method is not offered in the country; GET /api/v1/payment-methods?country= lists those that are.").
	WithField("payment_method", "unknown_payment_method", "Use the slug or id of a listed method.")

func method(row catalogdb.PaymentMethod) (Method, error) {
	m := Method{ID: row.ID, Slug: row.Slug, Country: row.Country, Kind: row.Kind, Name: row.Name,
		Instructions: row.Instructions, Fields: []MethodField{}, QR: row.Qr, MinMinor: row.MinMinor, MaxMinor: row.MaxMinor,
		Position: row.Position}
	if row.Currency != nil {
		m.Currency = igny8.Currency(*row.Currency)
	}
	if err := json.Unmarshal(row.Fields, &m.Fields); err != nil {
		return Method{}, fmt.Errorf("fields of payment method %s: %w", row.Slug, err)
	}
	if err := json.Unmarshal(row.Submission, &m.Submission); err != nil {
		return Method{}, fmt.Errorf("submission of payment method %s: %w", row.Slug, err)
	}
	return m, nil
}

func methods(rows []catalogdb.PaymentMethod) (out []Method, err error) {
	out = make([]Method, len(rows))
	for i, r := range rows {
		if out[i], err = method(r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// MethodsForCountry returns the enabled methods of a country and of everywhere
// that take its currency, in their order.
func MethodsForCountry(ctx context.Context, tx *db.Tx, code string) ([]Method, error) {
	c, err := place(ctx, tx, code)
	if err != nil {
		return nil, err
	}
	rows, err := catalogdb.New(tx).ListMethods(ctx, catalogdb.ListMethodsParams{Country: c.Code, Currency: string(c.Currency)})
	if err != nil {
		return nil, fmt.Errorf("payment methods: %w", err)
	}
	return methods(rows)
}

// MethodForCountry returns one of MethodsForCountry by its slug or id.
func MethodForCountry(ctx context.Context, tx *db.Tx, slugOrID, country string) (Method, error) {
	if err := CheckCountry(country); err != nil {
		return Method{}, err
	}
	all, err := MethodsForCountry(ctx, tx, country)
	if err != nil {
		return Method{}, err
	}
	for _, m := range all {
		if m.Slug == slugOrID || m.ID.String() == slugOrID {
			return m, nil
		}
	}
	return Method{}, ErrUnknownMethod
}

// Placeholders lists the enabled methods, of all countries, whose account values
// the operator has not set.
func (s *Service) Placeholders(ctx context.Context) (out []Method, err error) {
	return read(ctx, s, func(ctx context.Context, tx *db.Tx) ([]Method, error) {
		all, err := enabledMethods(ctx, tx)
		return slices.DeleteFunc(all, func(m Method) bool { return !m.Placeholder() }), err
	})
}

// SetMethodValues sets the account values that a method shows, by their labels:
// the operator's own instead of the seed's placeholders. The whole list of fields
// is written, so of two at once the later stands. A label that the method lacks is
// refused, and nothing changes.
func (s *Service) SetMethodValues(ctx context.Context, actor igny8.Actor, slug string, values map[string]string) (m Method, err error) {
	err = s.db.System(ctx, "catalog.set_method_values", igny8.AccountID{}, func(ctx context.Context, tx *db.Tx) error {
		q := catalogdb.New(tx)
		row, err := q.GetMethod(ctx, slug)
		if err != nil {
			return err
		}
		if m, err = method(row); err != nil {
			return err
		}
		if err := setValues(m.Fields, values); err != nil {
			return err
		}
		fields, err := json.Marshal(m.Fields)
		if err != nil {
			return fmt.Errorf("fields of payment method %s: %w", slug, err)
		}
		if _, err := q.SetMethodFields(ctx, catalogdb.SetMethodFieldsParams{Slug: slug, Fields: fields}); err != nil {
			return fmt.Errorf("set fields of payment method %s: %w", slug, err)
		}
		return audit.Record(ctx, tx, actor, audit.Entry{Action: "payment_method.values", ObjectType: "payment_method", ObjectID: m.ID.String(),
			Details: map[string]any{"slug": slug}})
	})
	return m, err
}

func setValues(fields []MethodField, values map[string]string) error {
	for label, value := range values {
		i := slices.IndexFunc(fields, func(f MethodField) bool { return f.Label == label })
		if i < 0 || strings.TrimSpace(value) == "" || len(value) > 200 {
			return igny8.InvalidField("fields", "unknown_field", "Give a value of at most 200 characters for labels that the method has.")
		}
		fields[i].Value, fields[i].Placeholder = strings.TrimSpace(value), false
	}
	return nil
}

// Payable reports whether customers of any country can pay: whether an enabled
// method shows the operator's account and not a placeholder.
func Payable(ctx context.Context, tx *db.Tx) (bool, error) {
	all, err := enabledMethods(ctx, tx)
	return slices.ContainsFunc(all, func(m Method) bool { return !m.Placeholder() }), err
}

func enabledMethods(ctx context.Context, tx *db.Tx) ([]Method, error) {
	rows, err := catalogdb.New(tx).ListEnabledMethods(ctx)
	if err != nil {
		return nil, fmt.Errorf("payment methods: %w", err)
	}
	return methods(rows)
}
