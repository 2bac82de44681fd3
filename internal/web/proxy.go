package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"igny8"
)

// Proxies are the networks whose word about a visitor is believed. From anybody else,
// headers that name another visitor, host or scheme are ignored.
type Proxies []netip.Prefix

// trusts reports whether the address belongs to one of the proxies.
func (p Proxies) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(p, func(n netip.Prefix) bool { return n.Contains(ip) })
}

// visitor returns who asks and whether a trusted proxy passed the request on. The
// visitor is the right-most address of X-Forwarded-For that is no trusted proxy: what
// stands further left was written by the visitor, who may write anything. An entry that
// is no address ends the search, and the last address that was good counts.
func (p Proxies) visitor(r *http.Request) (ip netip.Addr, passedOn bool) {
	ip = parseAddr(r.RemoteAddr)
	if !ip.IsValid() || !p.trusts(ip) {
		return ip, false
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		next := parseAddr(strings.TrimSpace(hop))
		if !next.IsValid() {
			break
		}
		ip = next
		if !p.trusts(ip) {
			break
		}
	}
	return ip, true
}

// parseAddr reads an address with or without a port, without its zone; the zero Addr
// when it is none.
func parseAddr(text string) netip.Addr {
	if host, _, err := net.SplitHostPort(text); err == nil {
		text = host
	}
	ip, err := netip.ParseAddr(strings.Trim(text, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}

// forwarded is the right-most value of a header that each proxy on the way adds to.
func forwarded(r *http.Request, name string) string {
	all := strings.Join(r.Header.Values(name), ",")
	return strings.TrimSpace(all[strings.LastIndexByte(all, ',')+1:])
}

var errHost = igny8.E(igny8.Misdirected, "wrong_host",
	"This server is not reached by that name. Whoever runs it: set IGNY8_PUBLIC_URL to the name people use, "+
		"and let the proxy pass the Host header on.")

// named reports whether a Host header is one that this server may be asked by: its own
// name, or a number. A number cannot be pointed here by a stranger; a name can. Where
// no name is set, every name is taken.
func named(name, host string) bool {
	if name == "" || host == "" {
		return true
	}
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == strings.ToLower(name) || host == "localhost" || parseAddr(host).IsValid()
}

// rightHost refuses requests that were meant for another name (RFC 9110, 15.5.20).
// Probes of load balancers use any name they like, so the two health routes take all.
func rightHost(cfg *Config, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !named(cfg.Host, r.Host) && r.URL.Path != "/livez" && r.URL.Path != "/readyz" {
			WriteError(w, r, errHost)
			return
		}
		next.ServeHTTP(w, r)
	})
}
