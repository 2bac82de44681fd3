// Package auth knows who is asking: passwords, access tokens, opaque tokens and
// e-mail addresses.
//
// It owns how a credential is made, checked and stored. It does not own what the
// credential's holder may do: that is the gate of package account, which decides
// afresh at every request and believes nothing a token says of role or state.
package auth
