package igny8

import "strconv"

// MaxPage and DefaultPage bound the rows of one page of a list.
const (
	MaxPage     = 100
	DefaultPage = 20
)

// Page asks for Limit rows, newest first, that come after the position Before:
// the uuid text of a row's id, or its sequence number in decimal. The empty
// Before is the first page.
type Page struct {
	Limit  int
	Before string
}

// Size returns the limit, within bounds.
func (p Page) Size() int {
	switch {
	case p.Limit <= 0:
		return DefaultPage
	case p.Limit > MaxPage:
		return MaxPage
	}
	return p.Limit
}

// Fetch is the number of rows to read: one more than Size, which tells whether
// another page follows.
func (p Page) Fetch() int32 { return int32(p.Size() + 1) }

// BeforeID is the bound of "id < before"; for the first page it is above every id.
func (p Page) BeforeID() UUID {
	u, err := parseUUID(p.Before)
	if err != nil {
		u = UUID{}
		for i := range u {
			u[i] = 0xff
		}
	}
	return u
}

// BeforeSeq is the bound of "seq < before" for lists that are ordered by a
// sequence number.
func (p Page) BeforeSeq() int64 {
	n, err := strconv.ParseInt(p.Before, 10, 64)
	if err != nil || n <= 0 {
		return 1<<63 - 1
	}
	return n
}

// List is one page of rows. Next is the position of its last row when more follow.
type List[T any] struct {
	Items []T
	More  bool
	Next  string
}

// NewList cuts the rows that Fetch asked for into a page; position tells where a
// row stands.
func NewList[T any](p Page, rows []T, position func(T) string) List[T] {
	n := p.Size()
	if len(rows) <= n {
		return List[T]{Items: rows}
	}
	return List[T]{Items: rows[:n], More: true, Next: position(rows[n-1])}
}
