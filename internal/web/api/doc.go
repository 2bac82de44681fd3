// Package api is the JSON API's foundation: what every route under /api/v1 does
// before and after its handler, so that a route is one entry of a table and a
// handler is a function from an input to an output.
//
// It owns: Route and Register; authentication and the call of the gate; strict
// JSON and uploads; idempotency keys on the wire; cursors, lists, entity tags and
// rate limits; the OpenAPI document and the pages /, /docs/api, /livez and
// /readyz.
//
// It does not own: any route of the domain (see web/api/routes), who an access
// token belongs to and what an account may do (Config.Authenticate and
// Config.Admit), or where answers are kept for replay (Idempotency).
//
// The order in which a request is judged: credential (401), rate limit (429),
// permission and account state (402, 403), idempotency key (400), body (400, 413,
// 415), earlier answer (replay, 409, 422), fields (404, 422), handler.
package api
