package account

import (
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"igny8"
	"igny8/internal/account/accountdb"
	"igny8/internal/db"
	"igny8/internal/input"
)

// MaxName is how many characters a first or last name may have.
const MaxName = 100

// Languages are those that pages and letters speak.
func Languages() []string { return []string{"en", "ur", "ar"} }

// NumberStyles are the ways of grouping numbers; auto goes by the currency.
func NumberStyles() []string { return []string{"auto", "latin", "indian", "european"} }

// UserPatch names what a person may change about themselves; nil leaves a member
// as it is.
type UserPatch struct {
	FirstName, LastName   *string
	Language, NumberStyle *string
}

// LockUser takes the person's row for the rest of the transaction, in system scope.
func LockUser(ctx context.Context, tx *db.Tx, id igny8.UserID) (User, error) {
	return accountdb.New(tx).LockUser(ctx, id)
}

// UpdateUser changes a person who was locked before, in system scope.
func UpdateUser(ctx context.Context, tx *db.Tx, old User, p UserPatch) (User, error) {
	return accountdb.New(tx).UpdateUser(ctx, p.params(old, tx.Now))
}

func (p UserPatch) params(old User, now time.Time) accountdb.UpdateUserParams {
	arg := accountdb.UpdateUserParams{ID: old.ID, FirstName: old.FirstName, LastName: old.LastName, Language: old.Language,
		NumberStyle: old.NumberStyle, Now: now}
	for _, c := range []struct{ to, from *string }{
		{&arg.FirstName, p.FirstName}, {&arg.LastName, p.LastName}, {&arg.Language, p.Language}, {&arg.NumberStyle, p.NumberStyle},
	} {
		if c.from != nil {
			*c.to = input.Name(*c.from)
		}
	}
	return arg
}

// Validate answers with what is wrong, each with its field.
func (p UserPatch) Validate() error {
	var faults input.Faults
	for _, n := range []struct {
		field string
		value *string
		ask   string
	}{{"first_name", p.FirstName, "Give your first name."}, {"last_name", p.LastName, "Give your last name."}} {
		switch {
		case n.value == nil:
		case !input.Visible(*n.value):
			faults.Field(n.field, "required", n.ask)
		case utf8.RuneCountInString(*n.value) > MaxName:
			faults.Field(n.field, "too_long", "Keep the name within 100 characters.")
		default:
			faults.Add(oneLine(n.field, *n.value))
		}
	}
	if p.Language != nil && !slices.Contains(Languages(), *p.Language) {
		faults.Field("language", "unknown_language", "Choose one of en, ur, ar.")
	}
	if p.NumberStyle != nil && !slices.Contains(NumberStyles(), *p.NumberStyle) {
		faults.Field("number_style", "unknown_number_style", "Choose one of auto, latin, indian, european.")
	}
	return faults.Err()
}

// oneLine refuses a name that holds line breaks or control characters.
func oneLine(field, name string) error {
	if fault, ok := input.Check(field, name); !ok {
		return igny8.InvalidField(field, fault.Code, fault.Detail)
	}
	return nil
}
