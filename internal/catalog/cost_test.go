package catalog

import (
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestCostOf(t *testing.T) {
	d, err := LoadSeed()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		operation string
		quantity  int64
		want      int64
		err       error
	}{
		{"keyword_clustering", 1, 10, nil}, {"idea_generation", 2, 30, nil}, {"idea_to_task", 50, 0, nil},
		{"content_generation", 1, 1, nil}, {"content_generation", 100, 1, nil}, {"content_generation", 101, 2, nil},
		{"content_generation", 1500, 15, nil}, {"image_prompts", 3, 6, nil}, {"image_basic", 1, 1, nil},
		{"image_premium", 2, 8, nil}, {"optimisation", 200, 1, nil}, {"optimisation", 201, 2, nil},
		{"nothing", 1, 0, ErrUnknownOperation}, {"", 1, 0, ErrUnknownOperation},
		{"image_basic", 0, 0, ErrQuantity}, {"image_basic", -1, 0, ErrQuantity},
		{"image_basic", MaxQuantity + 1, 0, ErrQuantity}, {"image_basic", math.MaxInt64, 0, ErrQuantity},
		{"image_basic", math.MinInt64, 0, ErrQuantity},
	} {
		got, err := CostOf(d.Costs, c.operation, c.quantity)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s × %d: got %d, %v; want %d, %v", c.operation, c.quantity, got, err, c.want, c.err)
		}
	}
}

func TestCostProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := CreditCost{Operation: "x", UnitSize: rapid.Int64Range(1, 1000).Draw(t, "size"),
			Credits: rapid.Int64Range(0, 1000).Draw(t, "credits"), Minimum: rapid.Int64Range(0, 1000).Draw(t, "minimum")}
		q := rapid.Int64Range(1, MaxQuantity-1).Draw(t, "quantity")
		a, err := c.Of(q)
		b, err2 := c.Of(q + 1)
		if err != nil || err2 != nil || a > b || a < c.Minimum || a > c.Minimum && a*c.UnitSize < q*c.Credits {
			t.Fatalf("%+v: %d units cost %d, one more %d (%v, %v)", c, q, a, b, err, err2)
		}
	})
}

func TestCostDoesNotOverflow(t *testing.T) {
	if _, err := (CreditCost{UnitSize: 1, Credits: math.MaxInt64}).Of(2); !errors.Is(err, ErrQuantity) {
		t.Errorf("got %v", err)
	}
}
