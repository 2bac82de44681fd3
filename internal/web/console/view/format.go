package view

import (
	"context"
	"strconv"
	"strings"
	"time"

	"igny8"
	"igny8/internal/web/console/text"
)

// Symbol stands before an amount instead of the currency's code, with a space
// where one belongs.
func Symbol(c igny8.Currency) string {
	switch c {
	case "USD":
		return "$"
	case "GBP":
		return "£"
	case "EUR":
		return "€"
	case "CAD":
		return "CA$"
	case "AUD":
		return "A$"
	case "INR":
		return "₹"
	case "PKR":
		return "Rs "
	case "JPY":
		return "¥"
	}
	return string(c) + " "
}

// FormatMoney writes an amount for people, in the number style of the page's
// reader: "Rs 5,600", "$49.00", "₹12,34,567". Decimals are left out only where they
// are nought and the currency is used in whole units. The value is never rounded.
func FormatMoney(ctx context.Context, m igny8.Money) string {
	amount, neg := m.Amount(), ""
	if strings.HasPrefix(amount, "-") {
		amount, neg = amount[1:], "\u2212"
	}
	whole, frac, _ := strings.Cut(amount, ".")
	if strings.Trim(frac, "0") == "" && (m.Currency == "PKR" || m.Currency == "INR") {
		frac = ""
	}
	style := numbersOf(ctx)
	if style == NumbersAuto && m.Currency == "INR" {
		style = NumbersIndian
	}
	s := neg + Symbol(m.Currency) + style.group(whole)
	if frac != "" {
		s += style.point() + frac
	}
	return s
}

// PlainAmount is what a banking app takes: no grouping, no decimals that are nought.
func PlainAmount(m igny8.Money) string {
	whole, frac, _ := strings.Cut(m.Amount(), ".")
	if strings.Trim(frac, "0") == "" {
		return whole
	}
	return whole + "." + frac
}

// FormatNumber writes a count in the number style of the page's reader.
func FormatNumber(ctx context.Context, n int64) string {
	if n < 0 {
		return "\u2212" + numbersOf(ctx).group(strconv.FormatInt(-n, 10))
	}
	return numbersOf(ctx).group(strconv.FormatInt(n, 10))
}

// FormatSize writes a number of bytes as KB or MB.
func FormatSize(n int64) string {
	if n < 1<<20 {
		return strconv.FormatInt(max(1, n>>10), 10) + " KB"
	}
	return strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64) + " MB"
}

// Zone is the time zone with this name, UTC for unknown ones.
func Zone(name string) *time.Location {
	if z, err := time.LoadLocation(name); err == nil {
		return z
	}
	return time.UTC
}

// FormatDay writes a date in words of the page's language: "24 Nov 2026".
func FormatDay(ctx context.Context, at time.Time) string {
	month := text.T(ctx, "month."+strconv.Itoa(int(at.Month())))
	return strconv.Itoa(at.Day()) + " " + month + " " + strconv.Itoa(at.Year())
}

// FormatTime writes an instant with its zone: "24 Nov 2026, 23:59 PKT".
func FormatTime(ctx context.Context, at time.Time) string {
	return text.T(ctx, "time.at", FormatDay(ctx, at), at.Format("15:04 MST"))
}

// FormatAge writes how long ago something was: "3 h 12 min".
func FormatAge(ctx context.Context, d time.Duration) string {
	switch {
	case d < time.Minute:
		return text.T(ctx, "age.now")
	case d < time.Hour:
		return text.T(ctx, "age.minutes", int(d.Minutes()))
	case d < 24*time.Hour && int(d.Minutes())%60 == 0:
		return text.T(ctx, "age.hours.whole", int(d.Hours()))
	case d < 24*time.Hour:
		return text.T(ctx, "age.hours", int(d.Hours()), int(d.Minutes())%60)
	}
	return text.T(ctx, "age.days", int(d.Hours())/24)
}
