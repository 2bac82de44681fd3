package web

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// ETagSuffix is what an entity tag ends with, within its quotes, when the answer was
// compressed: the two are different representations (RFC 9110, 8.8.3.3).
const ETagSuffix = "-gzip"

// minCompressed is the least size in bytes of an answer that is compressed.
const minCompressed = 1024

// compressed sends texts as gzip to whoever takes it. Event streams and files go as
// they are. So does what a browser asks for with a cookie: a page that shows something
// secret beside something a stranger chose would tell the secret by its length.
func compressed(next http.Handler) http.Handler {
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(minCompressed), gzhttp.EnableZstd(false), gzhttp.SuffixETag(ETagSuffix),
		gzhttp.SetContentType(false), gzhttp.ContentTypes([]string{"application/json", ContentTypeProblem, "application/jwk-set+json",
			"application/vnd.oai.openapi+json", "application/vnd.oai.openapi", "text/html", "text/css", "text/csv",
			"text/javascript", "text/plain", "image/svg+xml"}))
	if err != nil {
		panic(err) // the options are ours
	}
	small := wrap(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Cookie") != "" {
			next.ServeHTTP(w, r)
			return
		}
		small.ServeHTTP(w, r)
	})
}
