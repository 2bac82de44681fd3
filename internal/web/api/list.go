package api

import (
	"context"
	"crypto/sha256"
	"maps"
	"net/url"
	"slices"
	"strconv"

	"igny8"
)

// ListInput is embedded by inputs of lists, which are newest first.
type ListInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"How many at most."`
	Cursor string `query:"cursor" maxLength:"500" doc:"next_cursor of the page before."`
}

// Page returns which rows are asked for, or Malformed "bad_cursor".
func (in ListInput) Page(ctx context.Context) (igny8.Page, error) {
	p := igny8.Page{Limit: in.Limit}
	if in.Cursor == "" {
		return p, nil
	}
	c := callFrom(ctx)
	if c == nil || c.bound == nil {
		return p, errCursor
	}
	var err error
	p.Before, err = c.api.cursors.Decode(c.listName(), c.actor.Account.String(), c.filters(), in.Cursor)
	return p, err
}

// ListBody is a page of a list.
type ListBody[T any] struct {
	Data       []T     `json:"data"`
	HasMore    bool    `json:"has_more"`
	NextCursor *string `json:"next_cursor" doc:"Give it as cursor to get the next page; null on the last one."`
}

// ListOutput is the output of a list.
type ListOutput[T any] struct {
	Link string `header:"Link" doc:"The next page, rel=\"next\", when there is one (RFC 8288)."`
	Body ListBody[T]
}

// List makes the output from a page of rows; wire turns a row into what is sent.
func List[R, T any](ctx context.Context, l igny8.List[R], wire func(R) T) *ListOutput[T] {
	out := &ListOutput[T]{Body: ListBody[T]{Data: each(l.Items, wire), HasMore: l.More}}
	c := callFrom(ctx)
	if !l.More || c == nil || c.bound == nil {
		return out
	}
	next := c.api.cursors.Encode(c.listName(), c.actor.Account.String(), c.filters(), l.Next)
	out.Body.NextCursor = &next
	q := maps.Clone(c.query)
	if q == nil {
		q = url.Values{}
	}
	q.Set("cursor", next)
	out.Link = "<" + (&url.URL{Path: c.path, RawQuery: q.Encode()}).String() + `>; rel="next"`
	return out
}

// Cut makes the output of a list whose rows are all at hand. key names a row; the
// next page begins behind the row that the cursor names, and a cursor whose row is
// gone is Malformed "bad_cursor".
func Cut[R, T any](ctx context.Context, in ListInput, rows []R, key func(R) string, wire func(R) T) (*ListOutput[T], error) {
	p, err := in.Page(ctx)
	if err != nil {
		return nil, err
	}
	if p.Before != "" {
		i := slices.IndexFunc(rows, func(r R) bool { return key(r) == p.Before })
		if i < 0 {
			return nil, errCursor
		}
		rows = rows[i+1:]
	}
	return List(ctx, igny8.NewList(p, rows, key), wire), nil
}

// find makes the output of a route about one of the rows of a list.
func find[R, T any](rows []R, err error, is func(R) bool, wire func(R) T) (*Out[T], error) {
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(rows, is)
	if i < 0 {
		return nil, igny8.ErrNotFound
	}
	return OK(wire(rows[i])), nil
}

// each turns all rows into what is sent, [] for none.
func each[R, T any](rows []R, wire func(R) T) []T {
	out := make([]T, 0, len(rows))
	for _, row := range rows {
		out = append(out, wire(row))
	}
	return out
}

// listName is what a cursor is good for: the route with its concrete path, since
// /sites/a/keywords and /sites/b/keywords are two lists.
func (c *call) listName() string { return "GET " + c.path }

// filters is a hash of the query without what may change from page to page.
func (c *call) filters() string {
	q := maps.Clone(c.query)
	q.Del("cursor")
	q.Del("limit")
	sum := sha256.Sum256([]byte(strconv.Itoa(len(q)) + q.Encode()))
	return string(sum[:])
}
