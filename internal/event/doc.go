// Package event owns the outbox: what happened, for programs outside.
//
// A row is written in the transaction of the change it tells of, so an event of
// something rolled back never exists. Delivery (webhooks, live pages) reads the
// rows later. It does not own the record for people (package audit).
package event
