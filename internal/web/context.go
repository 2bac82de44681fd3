package web

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"net/netip"
	"regexp"

	"igny8"
)

// info is what is known of one request. One goroutine serves a request, so its
// members need no lock.
type info struct {
	id        string
	trace     string
	path      string
	pattern   string // the route that matched, for logs: a path may hold a secret
	ip        string
	https     bool // a trusted proxy says that the visitor speaks https
	actor     igny8.Actor
	publicURL string
	log       *slog.Logger
	errorPage func(http.ResponseWriter, *http.Request, *Problem) bool
}

type infoKey struct{}

func infoFrom(ctx context.Context) *info {
	if in, ok := ctx.Value(infoKey{}).(*info); ok {
		return in
	}
	return &info{log: slog.Default()}
}

func (in *info) attrs() []slog.Attr {
	a := []slog.Attr{slog.String("request_id", in.id)}
	if in.trace != "" {
		a = append(a, slog.String("trace_id", in.trace))
	}
	if in.pattern != "" {
		a = append(a, slog.String("route", in.pattern))
	}
	if !in.actor.User.IsZero() {
		a = append(a, slog.String("user", in.actor.User.String()))
	}
	if !in.actor.Account.IsZero() {
		a = append(a, slog.String("account", in.actor.Account.String()))
	}
	return a
}

// RequestID returns the id of the request, "" outside one.
func RequestID(ctx context.Context) string { return infoFrom(ctx).id }

// ClientIP returns the caller's network address without the port, "" when it is
// not known. X-Forwarded-For is believed from trusted proxies alone (Config.Proxies).
func ClientIP(ctx context.Context) string { return infoFrom(ctx).ip }

// SetActor notes who asks, for the logs of this request.
func SetActor(ctx context.Context, a igny8.Actor) { infoFrom(ctx).actor = a }

// SetRoute notes which route serves the request, for its logs.
func SetRoute(ctx context.Context, pattern string) { infoFrom(ctx).pattern = pattern }

var (
	saneID      = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
	traceParent = regexp.MustCompile(`^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}`)
)

func newInfo(cfg *Config, r *http.Request) *info {
	in := &info{id: r.Header.Get("X-Request-Id"), path: r.URL.Path,
		publicURL: cfg.PublicURL, log: cfg.Log, errorPage: cfg.ErrorPage}
	ip, passedOn := cfg.Proxies.visitor(r)
	if ip.IsValid() {
		in.ip = ip.String()
	}
	if passedOn {
		in.https = forwarded(r, "X-Forwarded-Proto") == "https"
		if host := forwarded(r, "X-Forwarded-Host"); host != "" {
			r.Host = host
		}
	}
	if !saneID.MatchString(in.id) {
		in.id = "req_" + rand.Text()
	}
	if m := traceParent.FindStringSubmatch(r.Header.Get("Traceparent")); m != nil {
		in.trace = m[1]
	}
	return in
}

// Network is the part of an address that one caller can be held to: an IPv4
// address, or the /64 of an IPv6 one, since who has one address of those has all.
func Network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil || a.Is4() {
		return ip
	}
	p, _ := a.Prefix(64)
	return p.String()
}
