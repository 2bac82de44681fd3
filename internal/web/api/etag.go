package api

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"igny8"
	"igny8/internal/db"
	"igny8/internal/web"
)

// etag is a strong entity tag (RFC 9110, 8.8.3) of a rendered object. The account
// is part of it, so that equal objects of two tenants have unequal tags.
func etag(account igny8.AccountID, body []byte) string {
	h := sha256.New()
	hashText(h, account.String())
	h.Write(body)
	return `"` + base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:18]) + `"`
}

// ETag returns the entity tag that a GET of this object has for the caller. body
// is what the GET handler answers with as its Body.
func ETag(ctx context.Context, body any) (string, error) {
	b, err := render(body)
	if err != nil {
		return "", err
	}
	return etag(ActorFrom(ctx).Account, b), nil
}

var errStale = igny8.E(igny8.Stale, "stale", "The object changed since you read it; read it again and decide from there.")

// CheckIfMatch compares the If-Match header with the object's present entity tag:
// nil if there is no header or one of its tags is the present one, else Stale. The
// comparison is the strong one (RFC 9110, 13.1.1).
func CheckIfMatch(ifMatch, etag string) error {
	if ifMatch == "" || matches(ifMatch, etag, false) {
		return nil
	}
	return errStale
}

// matches looks a tag up in a list of tags. weak compares without regard to W/.
func matches(list, tag string, weak bool) bool {
	if strings.TrimSpace(list) == "*" {
		return true
	}
	for one := range strings.SplitSeq(list, ",") {
		one = strings.TrimSpace(one)
		if weak {
			one = strings.TrimPrefix(one, "W/")
		}
		if plain, ok := strings.CutSuffix(one, web.ETagSuffix+`"`); ok {
			one = plain + `"`
		}
		if one != "" && one == tag {
			return true
		}
	}
	return false
}

// twoPartTag is the entity tag of an object whose revision alone decides whether it
// is the one that somebody saw: the revision, and the hash of the whole, so that the
// tag is a strong one.
func twoPartTag(revision string, body any) string {
	b, err := render(body)
	if err != nil {
		return "" // sending it fails just the same
	}
	return `"` + revision + "." + strings.Trim(etag(igny8.AccountID{}, b), `"`) + `"`
}

// isRevision refuses when none of the caller's tags is of this revision.
func (m IfMatch) isRevision(revision string) error {
	if m.IfMatch == "" || strings.TrimSpace(m.IfMatch) == "*" {
		return nil
	}
	for one := range strings.SplitSeq(m.IfMatch, ",") {
		if strings.HasPrefix(strings.TrimSpace(one), `"`+revision+".") {
			return nil
		}
	}
	return errStale
}

// IfMatch is embedded by inputs of routes that change an object.
type IfMatch struct {
	IfMatch string `header:"If-Match" doc:"The ETag of the object as you read it; 412 if it changed since."`
}

// expect returns a context in which the story that a handler calls holds the object
// it changes to the caller's tag: wire makes of it the body that a GET of the object
// answers with. See db.Expected.
func expect[R, T any](ctx context.Context, m IfMatch, wire func(R) T) context.Context {
	if m.IfMatch == "" {
		return ctx
	}
	return db.Expecting(ctx, func(current any) error {
		r, ok := current.(R)
		if !ok {
			return fmt.Errorf("the story read %T, and %T was expected", current, r)
		}
		return m.Check(ctx, wire(r))
	})
}

// Check refuses when the caller's tag is not that of current, the body that a GET
// of the object answers with at this moment. To be safe against two at once, call
// it inside the transaction that changes the object.
func (m IfMatch) Check(ctx context.Context, current any) error {
	if m.IfMatch == "" {
		return nil
	}
	tag, err := ETag(ctx, current)
	if err != nil {
		return err
	}
	return CheckIfMatch(m.IfMatch, tag)
}
