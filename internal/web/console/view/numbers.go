package view

import "context"

// NumberStyle is how numbers and amounts are grouped for one reader. What is made
// to be copied (PlainAmount, QR codes, fields of forms) has no style.
type NumberStyle string

// The number styles. A person chooses one in their profile.
const (
	NumbersAuto     NumberStyle = "auto"     // by the currency: lakhs for rupees of India
	NumbersLatin    NumberStyle = "latin"    // 1,234,567.50
	NumbersIndian   NumberStyle = "indian"   // 12,34,567.50
	NumbersEuropean NumberStyle = "european" // 1.234.567,50
)

type numbersKey struct{}

// WithNumbers returns a context whose pages write numbers in this style.
func WithNumbers(ctx context.Context, s NumberStyle) context.Context {
	return context.WithValue(ctx, numbersKey{}, s)
}

// numbersOf is the style of the page, NumbersAuto where nobody chose one.
func numbersOf(ctx context.Context) NumberStyle {
	if s, ok := ctx.Value(numbersKey{}).(NumberStyle); ok && s != "" {
		return s
	}
	return NumbersAuto
}

// point stands before the decimals.
func (s NumberStyle) point() string {
	if s == NumbersEuropean {
		return ","
	}
	return "."
}

// group puts marks between thousands or, for Indian numbers, between lakhs.
func (s NumberStyle) group(digits string) string {
	if len(digits) <= 3 {
		return digits
	}
	mark, step := ",", 3
	switch s {
	case NumbersIndian:
		step = 2
	case NumbersEuropean:
		mark = "."
	}
	head, tail := digits[:len(digits)-3], digits[len(digits)-3:]
	for len(head) > step {
		tail = head[len(head)-step:] + mark + tail
		head = head[:len(head)-step]
	}
	return head + mark + tail
}
