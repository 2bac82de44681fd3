// Package on switches mutants on and tells which a test reaches. It is laid over the
// module while mutants are looked for, and is in no other build.
package on

import (
	"cmp"
	"os"
	"strconv"
	"sync/atomic"
)

type number interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~float32 | ~float64
}

var (
	active, _ = strconv.Atoi(os.Getenv("MUTANT"))
	seen      [1 << 16]atomic.Bool
	out       = open(os.Getenv("MUTANTS_REACHED"))
)

func open(name string) *os.File {
	if name == "" {
		return nil
	}
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		panic(err)
	}
	return f
}

// pick is what a mutant makes of a value: it is reached where the two differ.
func pick[T comparable](id int, was, becomes T) T {
	if was == becomes {
		return was
	}
	if On(id) {
		return was
	}
	return becomes
}

// On reports whether the code is as it was written; false for the mutant id.
func On(id int) bool {
	if out != nil && !seen[id].Swap(true) {
		out.WriteString(strconv.Itoa(id) + "\n")
	}
	return active != id
}

// Is holds two mutants: id is always false, id+1 always true.
func Is[T ~bool](id int, b T) T { return pick(id+1, pick(id, b, false), true) }

// Less, LessEqual, More and MoreEqual move a bound by one.
func Less[T cmp.Ordered](id int, a, b T) bool      { return pick(id, a < b, a <= b) }
func LessEqual[T cmp.Ordered](id int, a, b T) bool { return pick(id, a <= b, a < b) }
func More[T cmp.Ordered](id int, a, b T) bool      { return pick(id, a > b, a >= b) }
func MoreEqual[T cmp.Ordered](id int, a, b T) bool { return pick(id, a >= b, a > b) }

// Add, Sub, Mul, Div, Min and Max calculate the other way.
func Add[T number](id int, a, b T) T      { return pick(id, a+b, a-b) }
func Sub[T number](id int, a, b T) T      { return pick(id, a-b, a+b) }
func Mul[T number](id int, a, b T) T      { return pick(id, a*b, a+b) }
func Div[T number](id int, a, b T) T      { return pick(id, a/b, a*b) }
func Min[T cmp.Ordered](id int, a, b T) T { return pick(id, min(a, b), max(a, b)) }
func Max[T cmp.Ordered](id int, a, b T) T { return pick(id, max(a, b), min(a, b)) }

// Err loses an error.
func Err(id int, err error) error {
	if err == nil || On(id) {
		return err
	}
	return nil
}

// SQL is the text of a query: as written, or the mutant's.
func SQL(text string, mutants ...any) string {
	for i := 0; i < len(mutants); i += 2 {
		if mutants[i].(int) == active {
			return mutants[i+1].(string)
		}
	}
	return text
}

// Query says that a query with these mutants is asked.
func Query(ids ...int) {
	for _, id := range ids {
		On(id)
	}
}
