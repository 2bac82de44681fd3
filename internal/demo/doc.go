// Package demo owns the demonstration: a lived-in system made through the same
// services that customers use, and the journey of a new customer played over HTTP.
//
// Its passwords are public. It refuses a database with accounts that are not its
// own, and app lets it listen on a loopback address only.
package demo
