package api

import "net/http"

// openCache is how long answers of open routes may be kept: prices go by rates that
// change once a day at most.
const openCache = "public, max-age=300"

// opened lets pages of any origin read an answer. No credential goes with such a
// request, so they read what everybody can.
func opened(h http.Header) {
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "ETag, Link, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
}

// preflight answers a browser that asks before it reads an open route (Fetch
// standard, 4.8).
func preflight(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	opened(h)
	h.Set("Allow", "GET, HEAD, OPTIONS")
	h.Set("Access-Control-Allow-Methods", "GET, HEAD")
	h.Set("Access-Control-Allow-Headers", "If-None-Match, X-Request-Id")
	h.Set("Access-Control-Max-Age", "86400")
	w.WriteHeader(http.StatusNoContent)
}
