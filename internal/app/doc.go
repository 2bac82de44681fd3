// Package app puts the program together: settings, database, services, server
// and the commands. It is the only package that knows every other.
package app
