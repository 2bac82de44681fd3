package web

import (
	"net/http"
	"strings"
)

// Hide keeps an answer whose address or content is a secret out of search engines,
// and its address from the sites that it leads to. A browser sends the forms of a
// page that says no-referrer with the origin null, and whether they come from here
// is then known by Sec-Fetch-Site alone. Browsers that do not send that, being old or
// reaching us over plain http, keep the address within this site instead.
func Hide(h http.Header, r *http.Request) {
	h.Set("X-Robots-Tag", "noindex, nofollow")
	if r.Header.Get("Sec-Fetch-Site") != "" || !strings.HasPrefix(r.UserAgent(), "Mozilla/") {
		h.Set("Referrer-Policy", "no-referrer")
	}
}
