// Package arch holds the tests of the repository itself, and nothing else: the
// ladder that packages stand on, documentation, limits of size, the tenant
// predicate in every query, and what both databases promise.
//
// Each list of exceptions carries a reason; a test whose exception is no longer
// used fails, so that the lists stay short.
package arch
