// Package doctor looks whether everything is all right.
//
// It owns the invariants: what must hold at every moment, also right after a
// crash, as queries that return what breaks them. They read all accounts in one
// transaction and repair nothing; an account that breaks one is for people to
// look at. It owns no table.
//
// Every invariant has a mutation in the tests: a corruption of a healthy
// database that it must find.
package doctor
