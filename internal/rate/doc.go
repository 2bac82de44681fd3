// Package rate owns the allowances that several nodes share: how many requests of
// a principal were given out in a window. It does not own what an allowance is or
// who is refused; that is web's.
package rate
