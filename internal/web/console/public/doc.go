// Package public owns the pages that need no login: the first page, prices,
// signing up, logging in, confirming an address, and the shareable pay page.
package public
