// Package web is what every HTTP answer of igny8 has in common, whether it comes
// from the JSON API or from the console.
//
// It owns: the problem document (RFC 9457) and the one table from igny8.Kind to
// HTTP status; the request id, the access log, recovery from panics, the security
// headers, the outermost limit of a body, the caller's network address, and the
// answers 404 and 405 of the router.
//
// It does not own: routes, authentication, the shape of any object (see web/api
// and web/console), the listener and its time-outs (see app).
//
// Nothing here believes the Host header: links to ourselves are made from
// Config.PublicURL.
package web
