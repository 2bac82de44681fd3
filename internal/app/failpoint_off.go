//go:build !failpoint || !unix

package app

// failpoint is nil: the program that is shipped has no failpoints.
func failpoint() func(string, int, bool) error { return nil }
