package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"igny8"
)

// Config is what the common part needs to know.
type Config struct {
	PublicURL string           // where we are reached, without a trailing slash; "" makes relative links
	Log       *slog.Logger     // nil: slog.Default()
	Now       func() time.Time // for durations in the access log
	MaxBody   int64            // bytes no request may exceed; 0: 64 MiB
	Proxies   Proxies          // whose headers about the visitor are believed; nil: nobody's
	Host      string           // the name people reach us by, without a port; "" takes every name

	// ErrorPage answers an error as a page for people, and reports false when the
	// caller is a program, which then gets the problem document. nil: never.
	ErrorPage func(w http.ResponseWriter, r *http.Request, p *Problem) bool
}

const defaultMaxBody = 64 << 20

// Wrap puts the common part around a router: request id, access log, recovery,
// security headers, the outermost body limit, and problem documents for 404 and
// 405.
func Wrap(cfg Config, mux *http.ServeMux) http.Handler {
	cfg.PublicURL = strings.TrimRight(cfg.PublicURL, "/")
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	if cfg.MaxBody == 0 {
		cfg.MaxBody = defaultMaxBody
	}
	h := compressed(rightHost(&cfg, readable(limitBody(cfg.MaxBody, routed(mux)))))
	h = secured(strings.HasPrefix(cfg.PublicURL, "https://"), recovered(h))
	return identified(&cfg, logged(&cfg, h))
}

func identified(cfg *Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		in := newInfo(cfg, r)
		w.Header().Set("X-Request-Id", in.id)
		next.ServeHTTP(w, r.WithContext(contextWith(r, in)))
	})
}

// logged writes one line per request. It has the route, not the path: some paths
// hold a secret (pay links, invitations).
func logged(cfg *Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := cfg.Now()
		sw := &statusWriter{ResponseWriter: w}
		defer func() {
			in := infoFrom(r.Context())
			level := slog.LevelInfo
			if sw.status >= 500 {
				level = slog.LevelWarn
			}
			cfg.Log.LogAttrs(r.Context(), level, "request", append(in.attrs(),
				slog.String("method", r.Method), slog.Int("status", sw.status), slog.Int64("bytes", sw.bytes),
				slog.Duration("took", cfg.Now().Sub(start)), slog.String("ip", in.ip))...)
		}()
		next.ServeHTTP(sw, r)
	})
}

// recovered answers a panic with a problem. If the answer had begun, the
// connection is cut, so that nobody takes half an answer for a whole one.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler {
				panic(v)
			}
			err := fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			if sw, ok := w.(*statusWriter); ok && sw.status != 0 {
				ProblemFor(r.Context(), err) // logs it
				panic(http.ErrAbortHandler)
			}
			WriteError(w, r, err)
		}()
		next.ServeHTTP(w, r)
	})
}

// The content security policies. Pages may load what we serve ourselves, and
// nothing else; answers of the API may load nothing.
const (
	pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
		"connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
	apiPolicy = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

func secured(https bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
		if https || infoFrom(r.Context()).https {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if strings.HasPrefix(r.URL.Path, "/api/") {
			h.Set("Content-Security-Policy", apiPolicy)
			h.Set("Cache-Control", "no-store")
		} else {
			h.Set("Content-Security-Policy", pagePolicy)
		}
		next.ServeHTTP(w, r)
	})
}

func limitBody(n int64, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength > n {
			WriteError(w, r, ErrBodyTooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, n)
		next.ServeHTTP(w, r)
	})
}

// ErrBodyTooLarge refuses a body above the limit of its route.
var ErrBodyTooLarge = igny8.E(igny8.TooLarge, "body_too_large", "The body is larger than this route takes; send less at once.")

var errMethod = igny8.E(igny8.MethodNotAllowed, "method_not_allowed", "This address has other methods; see the Allow header.")

// crooked reports a path with empty, . or .. parts that a program asks for: people are
// sent on to the straight one.
func crooked(r *http.Request) bool {
	straight := path.Clean(r.URL.Path)
	return r.URL.Path != straight && r.URL.Path != straight+"/" &&
		(strings.HasPrefix(straight, "/api/") || !strings.Contains(r.Header.Get("Accept"), "text/html"))
}

// routed serves the router, and turns its plain answers 404 and 405 into problem
// documents.
func routed(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if crooked(r) {
			WriteError(w, r, igny8.ErrNotFound)
			return
		}
		h, pattern := mux.Handler(r)
		if pattern != "" {
			SetRoute(r.Context(), pattern)
			mux.ServeHTTP(w, r)
			return
		}
		probe := &probeWriter{header: http.Header{}}
		h.ServeHTTP(probe, r)
		switch probe.status {
		case http.StatusMethodNotAllowed:
			w.Header().Set("Allow", probe.header.Get("Allow"))
			WriteError(w, r, errMethod)
		case http.StatusNotFound:
			WriteError(w, r, igny8.ErrNotFound)
		default:
			h.ServeHTTP(w, r)
		}
	})
}
