package igny8

// MaxPage and DefaultPage bound the rows of one page of a list.
const (
	MaxPage     = 100
	DefaultPage = 20
)

// Page asks for Limit rows that come after the row Before (newest first, so
// "after" means with a smaller id). The zero Before is the first page.
type Page struct {
	Limit  int
	Before UUID
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

// BeforeText is the bound for "id < before" as uuid text, for the first page
// one above every id.
func (p Page) BeforeText() string {
	if p.Before == (UUID{}) {
		return "ffffffff-ffff-ffff-ffff-ffffffffffff"
	}
	return p.Before.String()
}

// List is one page of rows. Next is the id of its last row when more follow.
type List[T any] struct {
	Items []T
	More  bool
	Next  UUID
}

// NewList cuts the rows that Fetch asked for into a page; id tells a row's id.
func NewList[T any](p Page, rows []T, id func(T) UUID) List[T] {
	n := p.Size()
	if len(rows) <= n {
		return List[T]{Items: rows}
	}
	return List[T]{Items: rows[:n], More: true, Next: id(rows[n-1])}
}
