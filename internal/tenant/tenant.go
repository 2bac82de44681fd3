// Package tenant is the register of all tables whose rows are one account's: what the
// account takes along when it leaves, what erasure does to them, and which rows they hang
// at. The export, the erasure, the doctor and the tests of row level security read this one
// list, so that a new table is in all of them, or in none and a test says so.
package tenant

import (
	"slices"
	"strings"
)

// Erasure is what happens to a table's rows 30 days after the account was closed.
type Erasure string

// What erasure does.
const (
	Keeps   Erasure = "keeps"   // books and what belongs to them, without persons
	Deletes Erasure = "deletes" // every row
	Clears  Erasure = "clears"  // rows stay, what tells of persons goes
)

// Link is a column that names a row of another table of the same account.
type Link struct{ Column, Parent string }

// Table is one table of tenants.
type Table struct {
	Name   string
	Shown  string // columns of the export, in this order, with spaces between
	Hidden string // columns that are in no export: hashes, staff's own, what only sorts or joins
	Staff  bool   // the whole table is staff's own, and in no export
	ID     string // prefix of ids in the column id, "" when there is none
	Erased Erasure
	Links  []Link
}

// Own is the column that holds the account.
func (t Table) Own() string {
	if t.Name == "account" {
		return "id"
	}
	return "account_id"
}

// Columns are the names of the export's columns.
func (t Table) Columns() []string { return strings.Fields(t.Shown) }

// All are all columns that the register knows of the table.
func (t Table) All() []string { return append(strings.Fields(t.Shown), strings.Fields(t.Hidden)...) }

// ids are the columns that hold ids of other things, with the prefixes they have in the
// API. A column that ends in _id loses the ending in the export, as in the API.
var ids = map[string]string{
	"account_id": "acc", "user_id": "usr", "submitted_by": "usr", "created_by": "usr", "invited_by": "usr", "accepted_by": "usr",
	"from_user": "usr", "to_user": "usr", "invoice_id": "inv", "payment_id": "pay", "subscription_id": "sub", "plan_id": "plan",
	"plan_version_id": "pv", "site_id": "site", "transaction_id": "ctx", "lot_id": "lot", "notices_seen": "evt",
}

// Prefix is the prefix of the ids in a column, "" for a column of something else.
func (t Table) Prefix(column string) string {
	if column == "id" {
		return t.ID
	}
	return ids[column]
}

// Wire is the name of a column in the export: as the API calls it.
func (t Table) Wire(column string) string {
	if ids[column] != "" {
		return strings.TrimSuffix(column, "_id")
	}
	return column
}

// Named returns a table of the register.
func Named(name string) (Table, bool) {
	all := Tables()
	i := slices.IndexFunc(all, func(t Table) bool { return t.Name == name })
	if i < 0 {
		return Table{}, false
	}
	return all[i], true
}
