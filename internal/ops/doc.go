// Package ops owns what the operator of an installation needs to know and to do:
// how the queue and the letters stand, to try a failed job again, a test letter,
// and the list of what is still to be set up.
//
// It reads in system scope and owns no table of the domain. Whether the books are
// right is the doctor's matter, settings are read by package config.
package ops
