package view

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"igny8"
	"igny8/internal/web/console/text"
)

func TestFormatMoney(t *testing.T) {
	for _, c := range []struct {
		minor    int64
		currency igny8.Currency
		want     string
		plain    string
	}{
		{560000, "PKR", "Rs 5,600", "5600"},
		{560050, "PKR", "Rs 5,600.50", "5600.50"},
		{123456700, "INR", "₹12,34,567", "1234567"},
		{99900, "INR", "₹999", "999"},
		{4900, "USD", "$49.00", "49"},
		{-4905, "USD", "−$49.05", "-49.05"},
		{1234567, "KWD", "KWD 1,234.567", "1234.567"},
		{1234, "JPY", "¥1,234", "1234"},
		{0, "GBP", "£0.00", "0"},
		{100000000, "EUR", "€1,000,000.00", "1000000"},
	} {
		m := igny8.Money{Minor: c.minor, Currency: c.currency}
		if got := FormatMoney(t.Context(), m); got != c.want {
			t.Errorf("%v: %q, want %q", m, got, c.want)
		}
		if got := PlainAmount(m); got != c.plain {
			t.Errorf("%v: plain %q, want %q", m, got, c.plain)
		}
	}
}

// The three styles that people choose, with one sum in several currencies.
func TestNumberStyles(t *testing.T) {
	for style, want := range map[NumberStyle][]string{
		NumbersAuto:     {"Rs 1,234,567.50", "₹12,34,567.50", "€1,234,567.50", "−$49.05", "12,345,678", "−1,000", "999"},
		NumbersLatin:    {"Rs 1,234,567.50", "₹1,234,567.50", "€1,234,567.50", "−$49.05", "12,345,678", "−1,000", "999"},
		NumbersIndian:   {"Rs 12,34,567.50", "₹12,34,567.50", "€12,34,567.50", "−$49.05", "1,23,45,678", "−1,000", "999"},
		NumbersEuropean: {"Rs 1.234.567,50", "₹1.234.567,50", "€1.234.567,50", "−$49,05", "12.345.678", "−1.000", "999"},
	} {
		ctx := WithNumbers(t.Context(), style)
		var got []string
		for _, c := range []igny8.Currency{"PKR", "INR", "EUR"} {
			m := igny8.Money{Minor: 123456750, Currency: c}
			got = append(got, FormatMoney(ctx, m))
			if plain := PlainAmount(m); plain != "1234567.50" {
				t.Errorf("%s: the plain amount is %q", style, plain)
			}
		}
		got = append(got, FormatMoney(ctx, igny8.Money{Minor: -4905, Currency: "USD"}), FormatNumber(ctx, 12345678), FormatNumber(ctx, -1000), FormatNumber(ctx, 999))
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", style, got, want)
		}
	}
}

func TestFormatTimes(t *testing.T) {
	at := time.Date(2026, 11, 24, 18, 59, 0, 0, time.UTC)
	if got := FormatTime(t.Context(), at.In(Zone("Asia/Karachi"))); got != "24 Nov 2026, 23:59 PKT" {
		t.Errorf("got %q", got)
	}
	for d, want := range map[time.Duration]string{30 * time.Second: "just now", 12 * time.Minute: "12 min", 192 * time.Minute: "3 h 12 min", 50 * time.Hour: "2 days"} {
		if got := FormatAge(t.Context(), d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

// Hostile text in every place that shows what somebody wrote.
func TestComponentsEscape(t *testing.T) {
	const evil = `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	f := Filled("a", evil)
	f.Errors = []FieldError{{"a", evil}}
	f.Detail = evil
	f.Kept = map[string]Kept{"a": {evil, []KeptFile{{evil, 1}}}}
	p := FieldProps{Name: "a", Label: evil, Hint: evil}
	var b strings.Builder
	ctx := text.With(context.Background(), text.Urdu)
	for _, err := range []error{
		Field(f, p).Render(ctx, &b), TextArea(f, p).Render(ctx, &b), ErrorSummary(f).Render(ctx, &b), FileUpload(f, p).Render(ctx, &b),
		Select(f, p, []Option{{evil, evil, evil}}).Render(ctx, &b), Radios(f, p, []Option{{evil, evil, evil}}).Render(ctx, &b),
		Machine(evil).Render(ctx, &b), CopyButton(evil, evil).Render(ctx, &b), StatusChip(OK, evil).Render(ctx, &b),
		Empty(EmptyProps{FirstUse, evil, evil, evil, "javascript:alert(1)"}).Render(ctx, &b), Toast(evil, nil).Render(ctx, &b),
		PageHeader(evil, evil).Render(ctx, &b), BarChart(evil, evil, []Bar{{evil, 1}}).Render(ctx, &b),
		Timeline(evil, []Moment{{evil, evil, evil, Now}}).Render(ctx, &b),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if out := b.String(); strings.Contains(out, "<script") || strings.Contains(out, "<img src=x") {
		t.Error("a component lets markup through")
	}
}

func TestQR(t *testing.T) {
	path, size := qrPath("upi://pay?pa=a@b&am=1.00")
	if size < 21 || !strings.HasPrefix(path, "M0 0h7v1h-7z") {
		t.Errorf("size %d, path %.40s", size, path)
	}
	if _, size := qrPath(hex.EncodeToString(make([]byte, 4000))); size != 0 {
		t.Error("a text too long for a code must give none")
	}
}
